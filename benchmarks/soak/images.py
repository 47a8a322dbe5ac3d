"""Thousands of damaged images through the real service: no death, no hang, each gets a status.

    make soak WHAT=images [ARGS="--count 2000 --models 200"]

Made from the project's samples in every allowed format: bits flipped, cut off, heads of one
format on the body of another, sizes that lie. They go through the real watcher, worker process,
decoder and previews; only the models are left out, except for the last few hundred.
"""

import collections
import io
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from project import ROOT
from running_service import RunningService, query
from soak_report import check_integrity, conclude, require, run_parser

_FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF")
_SIDE = 400
_SLICE = 250
_SECONDS_FOR_AN_IMAGE = 10.0
"""Far over what any of them takes; a slice that takes longer for each hangs."""


class StubService(RunningService):
    """The real service with the real worker, but without models."""

    def __enter__(self) -> "StubService":
        here = Path(__file__).parent
        self.process = subprocess.Popen(
            [sys.executable, str(here / "stub_service.py"), str(here / "stub_worker.py")],
            env=self.folders.reader_environ(OCR_LOG_LEVEL="error", OCR_BATCH_SIZE="16"),
        )
        return self


def originals() -> list[tuple[str, bytes]]:
    """Every sample in every format, small enough to be quick."""
    found = []
    for path in sorted((ROOT / "samples").iterdir()):
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        picture.thumbnail((_SIDE, _SIDE))
        for form in _FORMATS:
            stream = io.BytesIO()
            picture.save(stream, form)
            found.append((form, stream.getvalue()))
    return found


def mutants(count: int, draw: random.Random) -> Iterator[tuple[str, str, bytes]]:
    """Format, kind of damage and bytes of each; the formats take turns."""
    by_form: dict[str, list[bytes]] = collections.defaultdict(list)
    for form, original in originals():
        by_form[form].append(original)
    for number in range(count):
        form = _FORMATS[number % len(_FORMATS)]
        kind = draw.choice(("flip", "flip", "cut", "splice", "size", "garbage"))
        content = bytearray(draw.choice(by_form[form]))
        if kind == "flip":
            for _ in range(draw.choice((1, 3, 30, 300))):
                content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        elif kind == "cut":
            del content[draw.randrange(1, len(content)) :]
        elif kind == "splice":
            other = draw.choice(by_form[draw.choice(_FORMATS)])
            at = draw.choice((4, 12, 32, 128))
            content[:at] = other[:at]
        elif kind == "size":  # the heads hold the sizes
            at = draw.randrange(2, 64)
            content[at : at + 4] = draw.randbytes(4)
        else:
            at = draw.randrange(len(content))
            content[at : at + 64] = draw.randbytes(64)
        yield form, kind, bytes(content)


def feed(service: RunningService, count: int, draw: random.Random) -> dict[str, int]:
    """Drop them slice by slice and wait until each has a status; returns how many of which."""
    made = mutants(count, draw)
    dropped = 0
    while dropped < count:
        pieces = [next(made) for _ in range(min(_SLICE, count - dropped))]
        service.drop_all(
            (f"{dropped + at:05}-{kind}.{form.lower()}", content)
            for at, (form, kind, content) in enumerate(pieces)
        )
        dropped += len(pieces)
        until = time.monotonic() + 60.0 + _SECONDS_FOR_AN_IMAGE * len(pieces) / 10
        while service.read_so_far() < dropped:
            require(service.process.poll() is None, "the service died")
            require(time.monotonic() < until, f"it hangs after {service.read_so_far()} images")
            time.sleep(0.2)
    states = dict(query(service.data, "SELECT status, count(*) FROM images GROUP BY status"))
    require(sum(states.values()) == count, f"{count} files, but {states}")
    bare = "SELECT name FROM images WHERE status <> 'done' AND error IS NULL LIMIT 1"
    require(not query(service.data, bare), "an image failed without a reason")
    require(states.get("done", 0) > count // 20, f"hardly any was still a picture: {states}")
    return states


def run(count: int, with_models: int, seed: int) -> dict[str, Any]:
    """Without the models, then some with them; raises Violation."""
    draw = random.Random(seed)
    started = time.monotonic()
    figures: dict[str, Any] = {"images": count, "images_with_models": with_models, "seed": seed}
    for name, made, many in (
        ("without_models", StubService(), count),
        ("with_models", RunningService({"OCR_LOG_LEVEL": "error"}), with_models),
    ):
        if many:
            with made as service:
                service.wait_until_ready()
                figures[name] = feed(service, many, draw)
                figures[f"worker_restarts_{name}"] = service.restarts()
                check_integrity(service.data / "ocr_data.db")
    return figures | {
        "service_deaths": 0,
        "hangs": 0,
        "without_status": 0,
        "seconds": round(time.monotonic() - started, 1),
    }


def main() -> int:
    """Returns 1 when the service died, hung, or left an image without a status."""
    parser = run_parser("Damaged images.")
    parser.add_argument("--count", type=int, default=10_000, help="without the models (10000)")
    parser.add_argument("--models", type=int, default=300, help="more, with the models (300)")
    return conclude("images", parser, lambda asked: run(asked.count, asked.models, asked.seed))


if __name__ == "__main__":
    sys.exit(main())
