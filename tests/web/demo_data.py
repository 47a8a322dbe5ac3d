"""A realistic database without ocr_service: for the tests here, and to look at the page by hand:

    PYTHONPATH=contract python tests/web/demo_data.py FOLDER-WITH-JPEGS-AND-CSVS DATA-FOLDER

Pictures are copied as they are, never decoded. Each `NNN.jpg` needs a `NNN.csv` with lines of
`x1,y1,…,x4,y4,text`.
"""

import hashlib
import json
import shutil
import sqlite3
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from indexing_connection import IndexingConnection

from ocr_contract.data_folder import DATABASE_NAME, PREVIEWS_FOLDER
from ocr_contract.schema import SCHEMA_VERSION, schema_sql

Line = tuple[str, float, list[list[int]]]
"""Text, confidence, polygon."""


class DemoDatabase:
    """Writes rows as ocr_service would. Use as a context manager; every call is committed."""

    def __init__(self, data_folder: Path) -> None:
        data_folder.mkdir(parents=True, exist_ok=True)
        self.data_folder = data_folder
        self.path = data_folder / DATABASE_NAME
        is_new = not self.path.exists()
        self._connection = sqlite3.connect(
            self.path, isolation_level=None, factory=IndexingConnection
        )
        self._connection.execute("PRAGMA synchronous = OFF")  # nothing here outlives a power cut
        if is_new:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.executescript(schema_sql())
            # The schema file carries its version where the contract wants it.
            if not self._connection.execute("PRAGMA user_version").fetchone()[0]:
                self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._clock = 0

    def __enter__(self) -> "DemoDatabase":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def now(self) -> str:
        """A time later than every one before."""
        self._clock += 1
        minutes, seconds = divmod(self._clock, 60)
        return f"2026-03-04T{10 + minutes // 60:02}:{minutes % 60:02}:{seconds:02}.000Z"

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Anything else that a test wants to be so."""
        self._connection.execute(sql, parameters)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """One transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        yield
        self._connection.execute("COMMIT")

    def fold(self) -> None:
        """Let the search index hold everything folded, as ocr_service does."""
        from records import search_index  # to look at a page by hand needs nothing of it

        self._connection.execute("BEGIN")
        search_index.index_some(cast(Any, self._connection), sys.maxsize)
        self._connection.execute("COMMIT")

    def add_image(self, name: str, *, status: str = "done", **columns: Any) -> int:
        """One image without pages; `columns` override what is made up."""
        now = self.now()
        row = {
            "path": name.encode("utf-8", "surrogatepass"), "name": name, "size_bytes": 120_345,
            "mtime_ns": 1, "ctime_ns": 1, "inode": 1, "status": status, "found_at": now,
            "updated_at": now, "finished_at": now if status == "done" else None, **columns,
        }  # fmt: skip
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        cursor = self._connection.execute(
            f"INSERT INTO images ({names}) VALUES ({marks})", tuple(row.values())
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def add_page(
        self, image_id: int, lines: Sequence[Line], *, number: int = 1, **columns: Any
    ) -> int:
        """One page with its lines."""
        text = "\n".join(line[0] for line in lines)
        mean = sum(line[1] for line in lines) / len(lines) if lines else None
        row = {
            "image_id": image_id, "number": number, "width": 400, "height": 600, "text": text,
            "line_count": len(lines), "confidence": mean, "seconds": 0.4, **columns,
        }  # fmt: skip
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        page_id = self._connection.execute(
            f"INSERT INTO pages ({names}) VALUES ({marks})", tuple(row.values())
        ).lastrowid
        assert page_id is not None
        self._connection.executemany(
            "INSERT INTO lines (page_id, number, text, confidence, polygon) VALUES (?, ?, ?, ?, ?)",
            [
                (page_id, index, line[0], line[1], json.dumps(line[2]))
                for index, line in enumerate(lines, start=1)
            ],
        )
        return page_id

    def add_text(self, name: str, text: str, **columns: Any) -> int:
        """A done image with one page that holds `text`, one line a row.

        All at once, as ocr_service commits: a live list that came between would show an image
        without text, and nothing tells it to look again.
        """
        lines: list[Line] = [
            (row, 0.95, [[10, 20 * i], [200, 20 * i], [200, 20 * i + 15], [10, 20 * i + 15]])
            for i, row in enumerate(text.split("\n"))
        ]
        with self._at_once():
            image_id = self.add_image(name, **columns)
            self.add_page(image_id, lines)
        return image_id

    def add_warned(self, name: str, sentence: str, text: str = "", **columns: Any) -> int:
        """A done image with a warning, and one page that holds `text`, if any."""
        columns = {"warning_code": "some_doubt", "warning": sentence, **columns}
        if text:
            return self.add_text(name, text, **columns)
        with self._at_once():
            image_id = self.add_image(name, **columns)
            self.add_page(image_id, [])
        return image_id

    def add_batch(self, image_id: int) -> None:
        """Provenance for one image."""
        cursor = self._connection.execute(
            "INSERT INTO batches (started_at, images, engine, device) VALUES (?, 1, ?, ?)",
            (self.now(), "onnxruntime 1.32.0", "cpu"),
        )
        self.execute("UPDATE images SET batch_id = ? WHERE id = ?", (cursor.lastrowid, image_id))


def jpeg_size(path: Path) -> tuple[int, int]:
    """Width and height from the file's frame header."""
    data = path.read_bytes()
    position = 2
    while data[position] == 0xFF:
        marker, length = (
            data[position + 1],
            struct.unpack(">H", data[position + 2 : position + 4])[0],
        )
        if marker in (0xC0, 0xC1, 0xC2):
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return width, height
        position += 2 + length
    raise ValueError(f"{path} has no frame header")


def made_up_confidence(text: str) -> float:
    """Always the same for the same text; mostly high, sometimes not."""
    value = hashlib.sha256(text.encode()).digest()[0] / 255
    return 0.6 + 0.3 * value if value < 0.15 else 0.9 + 0.0999 * value


def fill(database: DemoDatabase, pictures: Path) -> None:
    """Every receipt of `pictures`, and one of each unusual state."""
    previews = database.data_folder / PREVIEWS_FOLDER
    previews.mkdir(exist_ok=True)
    first_id = 0
    for picture in sorted(pictures.glob("*.jpg")):
        shutil.copyfile(picture, previews / picture.name)
        width, height = jpeg_size(picture)
        lines: list[Line] = []
        for row in picture.with_suffix(".csv").read_text(encoding="utf-8").splitlines():
            *numbers, text = row.split(",", 8)
            points = [[int(numbers[i]), int(numbers[i + 1])] for i in range(0, 8, 2)]
            lines.append((text, made_up_confidence(text), points))
        image_id = database.add_image(f"receipts/{picture.name}", sha256="0" * 64)
        database.add_page(
            image_id, lines, width=width, height=height,
            preview=picture.name, thumbnail=picture.name,
        )  # fmt: skip
        database.add_batch(image_id)
        first_id = first_id or image_id
    database.add_text(
        "notes/会议记录 2026.png", "北京市海淀区中关村大街\n明天上午九点开会\nAgenda: OCR"
    )
    database.add_text(
        "‮gpj.<script>alert(1)</script>.png", "<script>alert('text')</script>\n& plain"
    )
    database.add_image("receipts/copy of 000.jpg", duplicate_of=first_id)
    database.add_image(
        "scans/torn.jpg", status="failed", error_code="truncated",
        error="The file ends in the middle of the picture. Copy it again.",
    )  # fmt: skip
    database.add_warned(
        "scans/half copied.jpg",
        "The last 3 % of the picture are missing; the rest was read. Copy the file again.",
        "INVOICE 2026-0317\nTotal 48.20",
    )
    database.add_warned(
        "scans/faint pencil.png",
        "Something is on this page, but no text was found. Scan it darker or larger.",
    )
    for number in range(7):
        database.add_image(f"scans/later {number}.png", status="pending")


if __name__ == "__main__":
    with DemoDatabase(Path(sys.argv[2])) as demo:
        fill(demo, Path(sys.argv[1]))
