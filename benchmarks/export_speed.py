"""Pages a second that are exported, and the memory for it: `make exports`.

    PYTHONPATH=contract:ocr:tools .venv/test/bin/python benchmarks/export_speed.py [--pages 10000]

A made-up archive of one-page scans: 20 lines and 120 words a page, a quarter of them slanting;
all are links to one JPEG of A4 at 200 dpi. `ocrctl export` makes a zip of each format, its start
included, of a tenth of the pages and of all: the second peak beside the first tells whether memory
grows with the number of pages. Of PDFs it makes a tenth as many. Pages a second are by the clock,
as a user waits for them; beside them stands what other work took of the processors meanwhile, and
the processor time of all the processes, which that does not change much. A result goes to
`benchmarks/results/`.
"""

import argparse
import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from bench_tables import markdown
from machine import describe
from ocr_contract.data_folder import DATABASE_NAME
from ocr_contract.schema import SCHEMA_VERSION, schema_sql
from ocr_contract.word_boxes import to_text
from other_load import OtherLoad
from process_memory import PeakWatch
from project import ROOT
from result_files import write_results

FORMATS = {"txt": 1, "alto": 1, "pdf": 10}
"""Each with the share of the pages that it is made of: one in so many."""
_WANTED = {"txt": 5000, "alto": 500, "pdf": 20}
"""Pages a second."""
_SIZE = (1654, 2339)
_LINES, _WORDS = 20, 6
_SLANTING = 4
"""One line in so many."""
_VOCABULARY = ("the", "harbour", "office", "counted", "12,50", "of", "quarterly", "invoice", "pier")


class Made(NamedTuple):
    """One export."""

    format: str
    pages: int
    seconds: float
    """By the clock."""
    other_share: float
    """Of the processors' time that other work took meanwhile, 0 to 1."""
    cpu_s: float
    """Processor time of all its processes, user and system."""
    bytes: int
    peak_mb: float

    @property
    def pages_per_second(self) -> float:
        """By the clock."""
        return self.pages / self.seconds


def main() -> int:
    """Print the table and keep it; returns 1 when a format is slower than it should be."""
    parser = argparse.ArgumentParser(description="Speed and memory of exports.")
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--formats", nargs="+", choices=tuple(FORMATS), default=tuple(FORMATS))
    options = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="ocr-bench-") as folder:
        for pages in (options.pages // 10, options.pages):
            scene = Path(folder) / str(pages)
            build(scene, pages)
            found += [exported(scene, name, pages // FORMATS[name]) for name in options.formats]
    shown = table(found)
    print(f"{describe()}\n\n{shown}")
    path = write_results("exports", {"exports": [each._asdict() for each in found]}, shown)
    print(f"\n{path}")
    return int(
        any(each.pages_per_second < _WANTED[each.format] for each in found[len(found) // 2 :])
    )


def build(folder: Path, pages: int) -> None:
    """An image folder and a database of that many images, numbered from 1."""
    images, data = folder / "images", folder / "data"
    images.mkdir(parents=True)
    data.mkdir()
    content = _scan()
    (images / "0.jpg").write_bytes(content)
    database = sqlite3.connect(data / DATABASE_NAME, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript(schema_sql())
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    chance = random.Random(19)
    database.execute("BEGIN")
    for number in range(1, pages + 1):
        name = f"{number}.jpg"
        os.link(images / "0.jpg", images / name)
        _insert(
            database, "images", id=number, path=name.encode(), name=name, size_bytes=len(content),
            mtime_ns=1, ctime_ns=1, inode=1, sha256=hashlib.sha256(content).hexdigest(),
            status="done", found_at="2026-01-31", updated_at="2026-01-31",
        )  # fmt: skip
        texts = [" ".join(chance.choices(_VOCABULARY, k=_WORDS)) for _ in range(_LINES)]
        _insert(
            database, "pages", id=number, image_id=number, number=1, width=_SIZE[0],
            height=_SIZE[1], rotation=0, text="\n".join(texts), line_count=_LINES, confidence=0.9,
        )  # fmt: skip
        for line, text in enumerate(texts, 1):
            _insert(
                database, "lines", page_id=number, number=line, text=text, confidence=0.9,
                polygon=json.dumps(_polygon(line)), paragraph=(line + 3) // 4,
                words=to_text(_places(_WORDS)),
            )  # fmt: skip
    database.execute("COMMIT")
    database.close()


def _scan() -> bytes:
    """A page with bars for lines of text."""
    page = np.full((_SIZE[1], _SIZE[0], 3), 240, dtype=np.uint8)
    for line in range(1, _LINES + 1):
        cv2.fillPoly(page, [np.array(_polygon(line)).round().astype(np.int32)], (30, 30, 30))
    return cv2.imencode(".jpg", page)[1].tobytes()


def _polygon(line: int) -> list[list[float]]:
    top, slant = 100.0 * line, 0.0 if line % _SLANTING else 12.0
    left, right = 150.0, 1450.0
    return [[left, top], [right, top + slant], [right, top + slant + 40], [left, top + 40]]


def _places(words: int) -> Iterator[int]:
    step = 1000 // words
    for word in range(words):
        yield from (word * step, word * step + step - 20)


def _insert(database: sqlite3.Connection, table: str, **row: Any) -> None:
    marks = ", ".join("?" * len(row))
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*row.values()])


def exported(scene: Path, name: str, pages: int) -> Made:
    """The first pages as a zip of that format, by a process of its own.

    Raises:
        RuntimeError: not all could be made.
    """
    command = [
        sys.executable,
        str(ROOT / "ocr" / "ocrctl.py"),
        "export",
        "--format",
        name,
        "--to=-.zip",
    ]
    if FORMATS[name] > 1:
        command += ["--ids", *map(str, range(1, pages + 1))]
    environment = os.environ | {
        "OCR_IMAGE_FOLDER": str(scene / "images"), "OCR_DATA_FOLDER": str(scene / "data"),
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("contract", "ocr")),
    }  # fmt: skip
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        started = time.monotonic()
        with OtherLoad() as others:
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=said)
            with PeakWatch(process.pid) as watch:
                _, status, used = os.wait4(process.pid, 0)
                seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(said.read()[-500:].decode("utf-8", "replace"))
        size = out.seek(0, os.SEEK_END)
    cpu_s = used.ru_utime + used.ru_stime
    return Made(name, pages, seconds, others.share, cpu_s, size, watch.peak_mb)


def table(found: list[Made]) -> str:
    """A row for each export."""
    head = [
        "exports", "pages", "pages/s", "wanted", "other work", "processor ms/page", "kB/page",
        "peak MiB",
    ]  # fmt: skip
    return markdown(head, [
        [
            each.format, f"{each.pages:,}", f"{each.pages_per_second:,.0f}",
            f"{_WANTED[each.format]:,}", f"{each.other_share:.0%}",
            f"{1000 * each.cpu_s / each.pages:.2f}",
            f"{each.bytes / each.pages / 1000:.1f}", f"{each.peak_mb:.0f}",
        ]
        for each in found
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
