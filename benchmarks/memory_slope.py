"""Whether memory stays flat: the slope of resident memory over thousands of mixed images.

    make memory [ARGS="--images 600"]

Images come in slices, so that the service always has some waiting. After every 50 read, the
resident sizes of the service and of its worker are noted; a line is laid through those after the
warm-up (the first 500, or a third of a shorter run). Target: under 1 MB for each 1,000 images.
"""

import argparse
import dataclasses
import sys
import time
from collections.abc import Iterator

from bench_tables import markdown
from image_mix import load_samples, one_image
from least_squares import slope
from machine import describe
from process_memory import resident_mb, tree
from project import ROOT
from result_files import write_results
from running_service import RunningService, ServiceError

_EVERY = 50
_WARM_UP = 500
_AHEAD = 100
_TARGET = 1.0
_POLL_S = 0.2
_STANDSTILL_S = 600.0
_SEED = 4


@dataclasses.dataclass(frozen=True)
class Sample:
    """Resident memory when so many images had been read, in MiB."""

    images: int
    main_mb: float
    worker_mb: float


def main() -> int:
    """Print and write the figures; returns 1 only when something broke."""
    parser = argparse.ArgumentParser(description="The slope of resident memory.")
    parser.add_argument("--images", type=int, default=3000, help="how many (default 3000)")
    parser.add_argument("--seed", type=int, default=_SEED)
    options = parser.parse_args()
    print(f"{describe()}\n{options.images} images", flush=True)
    try:
        with RunningService() as service:
            detail = service.wait_until_ready()
            samples = list(follow(service, options.images, options.seed))
            restarts = service.restarts()
    except ServiceError as error:
        print(f"error: {error}.", file=sys.stderr)
        return 1
    text = table(samples, options.images, restarts)
    print(f"\n{detail}\n\n{text}")
    raw = {"restarts": restarts, "samples": [dataclasses.asdict(one) for one in samples]}
    path = write_results("memory", raw, f"{options.images} images; {detail}\n\n{text}")
    print(f"\nwritten: {path.relative_to(ROOT)} and .md beside it")
    return 0


def follow(service: RunningService, images: int, seed: int) -> Iterator[Sample]:
    """Feed them all; a sample after every 50 that were read."""
    pictures = load_samples(ROOT / "samples")
    fed = noted = seen = 0
    moved = time.monotonic()
    while noted < images:
        read = service.read_so_far()
        if fed < images and fed - read < _AHEAD:
            numbers = range(fed, min(fed + _EVERY, images))
            service.drop_all((f"{at:05}.jpg", one_image(pictures, at, seed)) for at in numbers)
            fed = numbers.stop
            continue
        if read > seen:
            seen, moved = read, time.monotonic()
        elif time.monotonic() - moved > _STANDSTILL_S:
            raise ServiceError(f"stood still after {read} images")
        if read >= min(noted + _EVERY, images):
            noted = read
            main_pid, *below = tree(service.process.pid)
            yield Sample(read, resident_mb(main_pid), sum(map(resident_mb, below)))
            print(f"{read:6} read", end="\r", file=sys.stderr, flush=True)
        service.check()
        time.sleep(_POLL_S)


def after_warm_up(samples: list[Sample], images: int) -> list[Sample]:
    """Those that the line is laid through."""
    begin = min(_WARM_UP, images // 3)
    return [sample for sample in samples if sample.images >= begin]


def table(samples: list[Sample], images: int, restarts: int) -> str:
    """One row a process: first, last, largest and slope."""
    steady = after_warm_up(samples, images)
    columns = {
        "worker": [sample.worker_mb for sample in steady],
        "service": [sample.main_mb for sample in steady],
    }
    rows = []
    for name, values in columns.items():
        found = 1000 * slope([sample.images for sample in steady], values)
        sizes = [f"{value:.1f}" for value in (values[0], values[-1], max(values))]
        word = "reached" if found < _TARGET else "not reached"
        rows.append([name, *sizes, f"{found:+.2f}", word])
    head = ["resident MB", f"after {steady[0].images}", "at the end", "largest",
            "MB per 1,000", f"target below {_TARGET:g}"]  # fmt: skip
    note = f"The worker was replaced {restarts} times." if restarts else "One worker read them all."
    return f"{markdown(head, rows)}\n\n{note}"


if __name__ == "__main__":
    sys.exit(main())
