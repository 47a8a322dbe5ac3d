"""How long the service gives no text after a kill: from the signal to the next row that is done.

    make returns [ARGS="--rounds 5 --without-cache"]

Images are waiting and being read when SIGKILL comes, to the worker or to the whole service, which
is then started again at once, as Docker and `make run` do. Seconds on a busy machine say little;
the processor time that the new processes took until that text says more.
"""

import argparse
import dataclasses
import os
import signal
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench_tables import markdown
from latency import small_jpeg
from machine import describe
from other_load import OtherLoad
from process_memory import tree
from project import ROOT
from result_files import write_results
from running_service import RunningService, ServiceError

_SAMPLE = ROOT / "samples" / "receipt-photo.jpg"
_IMAGES = 20
"""In each round: more than are in work at a time, so that some are fresh after the kill."""
_READ_BEFORE = 4
_POLL_S = 0.005
_LIMIT_S = 180.0
TARGET_S = 8.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class Return:
    """One kill, and what came after it, in seconds."""

    killed: str
    """worker or service."""
    ready_s: float
    """Until a worker can read."""
    text_s: float
    """Until the next text is in the database."""
    processor_s: float
    """That the processes alive by then took since they were started; less for a killed worker,
    whose service had a life before."""


def main() -> int:
    """Print and write the figures; returns 1 only when something broke."""
    parser = argparse.ArgumentParser(description="From a kill to the next text.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-cache", action="store_true", help="nothing in data/engines")
    options = parser.parse_args()
    picture = small_jpeg(_SAMPLE)
    environ = {"OCR_SETTLE_S": "0.1", "OCR_SCAN_INTERVAL_S": "1"}
    returns: list[Return] = []
    try:
        with OtherLoad() as others, RunningService(environ) as service:
            if options.without_cache:  # a file where the folder would be
                (service.data / "engines").write_bytes(b"")
            detail = service.wait_until_ready()
            returns.extend(
                one_return(service, killed, number, picture)
                for number in range(options.rounds)
                for killed in ("worker", "service")
            )
    except ServiceError as error:
        print(f"error: {error}.", file=sys.stderr)
        return 1
    detail += ", nothing kept" if options.without_cache else ""
    text = f"{detail}\n\n{table(returns)}"
    text += f"\n\nOther programs had {others.share:.0%} of the processors' time."
    print(f"{describe()}\n{text}")
    raw = {
        "cache": not options.without_cache,
        "others_share": round(others.share, 3),
        "returns": [dataclasses.asdict(one) for one in returns],
    }
    path = write_results("return", raw, text)
    print(f"\nwritten: {path.relative_to(ROOT)} and .md beside it")
    return 0


def one_return(service: RunningService, killed: str, number: int, picture: bytes) -> Return:
    """Let images appear, kill amid reading, and follow what comes; all are read at the end."""
    before = service.read_so_far()
    salt = 1 + 2 * _IMAGES * (2 * number + (killed == "worker"))
    service.drop_all(  # bytes behind the end: no duplicates
        (f"{number}-{killed}-{at}.jpg", picture + bytes(salt + at)) for at in range(_IMAGES)
    )
    _until(service, lambda: service.read_so_far() >= before + _READ_BEFORE)
    restarts = service.restarts() if killed == "worker" else -1
    (worker,) = tree(service.process.pid)[1:]
    spent_before_s = processor_s(service.process.pid) if killed == "worker" else 0.0
    started = time.monotonic()
    if killed == "worker":
        os.kill(worker, signal.SIGKILL)
        _until(service, lambda: worker not in tree(service.process.pid))
    else:
        service.process.kill()
        service.process.wait()
        service.start()
    read = service.read_so_far()
    _until(service, lambda: service.reads_with() is not None and service.restarts() > restarts)
    ready_s = time.monotonic() - started
    _until(service, lambda: service.read_so_far() > read)
    text_s = time.monotonic() - started
    spent_s = sum(map(processor_s, tree(service.process.pid))) - spent_before_s
    _until(service, lambda: service.read_so_far() >= before + _IMAGES)
    return Return(killed, ready_s, text_s, spent_s)


def processor_s(pid: int) -> float:
    """Processor seconds of a process so far, of all its threads; 0 when it has ended."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / _TICKS


def table(returns: Sequence[Return]) -> str:
    """Medians and the slowest, for each kind of kill."""
    rows = []
    for killed in ("worker", "service"):
        chosen = [one for one in returns if one.killed == killed]
        slowest = max(one.text_s for one in chosen)
        rows.append(
            [
                f"{killed}, {len(chosen)} kills",
                f"{statistics.median(one.ready_s for one in chosen):.2f} s",
                f"{statistics.median(one.text_s for one in chosen):.2f} s",
                f"{slowest:.2f} s",
                f"{statistics.median(one.processor_s for one in chosen):.2f} s",
                "reached" if slowest <= TARGET_S else "not reached",
            ]
        )
    head = ["killed", "ready", "next text", "the slowest", "processor time", f"≤ {TARGET_S:g} s"]
    return markdown(head, rows)


def _until(service: RunningService, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while not reached():
        service.check()
        if time.monotonic() > deadline:
            raise ServiceError(f"nothing came within {_LIMIT_S:.0f} s")
        time.sleep(_POLL_S)


if __name__ == "__main__":
    sys.exit(main())
