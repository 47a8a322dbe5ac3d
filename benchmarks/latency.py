"""How long one dropped image takes until it is in the database, beside reading it.

    make latency [ARGS="--repeat 10"]

The service is ready and idle. A small image is renamed into its folder; the time runs from there
until its row says `done`. What cannot be avoided is the settle time, in which the file must not
change, and the worker's own time for the page; the target is 1.5 × that time plus the settle time.
"""

import argparse
import dataclasses
import os
import random
import statistics
import sys
import time
from pathlib import Path

import cv2

from bench_tables import markdown
from machine import describe
from project import ROOT
from result_files import write_results
from running_service import RunningService, ServiceError

_SAMPLE = ROOT / "samples" / "receipt-photo.jpg"
_SIDE = 640
_POLL_S = 0.005
_LIMIT_S = 120.0
_FACTOR = 1.5


@dataclasses.dataclass(frozen=True)
class Drop:
    """One image's way, in seconds."""

    latency_s: float
    inference_s: float
    """The worker's time for it: decoding, finding and reading the lines."""

    def ratio(self, settle_s: float) -> float:
        """Of the latency to what it may be; at most 1 is wanted."""
        return self.latency_s / (_FACTOR * self.inference_s + settle_s)


def main() -> int:
    """Print and write the figures; returns 1 only when something broke."""
    parser = argparse.ArgumentParser(description="From dropping an image to its row.")
    parser.add_argument("--image", type=Path, default=_SAMPLE)
    parser.add_argument("--repeat", type=int, default=10)
    options = parser.parse_args()
    settle_s = float(os.environ.get("OCR_SETTLE_S") or 1.0)
    picture = small_jpeg(options.image)
    try:
        with RunningService({"OCR_SETTLE_S": str(settle_s)}) as service:
            detail = service.wait_until_ready()
            drop(service, "warm-up.jpg", picture)
            drops = []
            for number in range(options.repeat):
                # Idle at first, and at no fixed place between two looks at the folder.
                time.sleep(random.uniform(1, 3))
                # Bytes behind the end: the same pixels, yet no duplicate.
                drops.append(drop(service, f"{number}.jpg", picture + bytes(number + 1)))
    except ServiceError as error:
        print(f"error: {error}.", file=sys.stderr)
        return 1
    text = table(drops, settle_s)
    print(f"{describe()}\n{detail}\n\n{text}")
    raw = {"settle_s": settle_s, "drops": [dataclasses.asdict(one) for one in drops]}
    path = write_results("latency", raw, f"{detail}\n\n{text}")
    print(f"\nwritten: {path.relative_to(ROOT)} and .md beside it")
    return 0


def small_jpeg(image: Path) -> bytes:
    """The image as a JPEG whose longer side is 640 pixels at most."""
    page = cv2.imread(str(image))
    if page is None:
        raise SystemExit(f"error: {image} cannot be read as an image.")
    scale = min(1.0, _SIDE / max(page.shape[:2]))
    page = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", page)[1])


def drop(service: RunningService, name: str, content: bytes) -> Drop:
    """Let the file appear and follow it; ServiceError unless it is read in time."""
    found = "SELECT status, batch_id FROM images WHERE name = ?"
    service.drop(name, content)
    started = time.monotonic()
    while time.monotonic() - started < _LIMIT_S:
        rows = service.query(found, name)
        if rows and rows[0][0] not in ("pending", "processing"):
            latency_s = time.monotonic() - started
            if rows[0][0] != "done":
                raise ServiceError(f"{name} became {rows[0][0]!r}")
            batch = "SELECT seconds FROM batches WHERE id = ?"
            return Drop(latency_s, float(service.query(batch, rows[0][1])[0][0]))
        service.check()
        time.sleep(_POLL_S)
    raise ServiceError(f"{name} was not read within {_LIMIT_S:.0f} s")


def table(drops: list[Drop], settle_s: float) -> str:
    """Medians, and how they stand to the target."""
    latency = statistics.median(one.latency_s for one in drops)
    inference = statistics.median(one.inference_s for one in drops)
    ratio = statistics.median(one.ratio(settle_s) for one in drops)
    slowest = max(one.latency_s for one in drops)
    rows = [
        ["from the rename to its row, median", f"{latency:.3f} s"],
        ["the slowest", f"{slowest:.3f} s"],
        ["in the worker, median", f"{inference:.3f} s"],
        ["settle time (OCR_SETTLE_S)", f"{settle_s:.3f} s"],
        [f"ratio to {_FACTOR:g} × worker + settle time, median", f"{ratio:.2f}"],
        ["target: a ratio below 1", "reached" if ratio < 1 else "not reached"],
    ]
    return markdown([f"{len(drops)} drops", ""], rows)


if __name__ == "__main__":
    sys.exit(main())
