"""The process that makes one backup: `backup_child` starts it and reads the line that it prints.

It ends with the service that started it. A small archive's backup is made at once. A larger one's
gives way to all others: the kernel lets it run only where a processor has nothing else to do
(SCHED_IDLE, which is for the disk, too). As no process may leave that class again, one that would
not end in time ends itself and is started anew, with a share of the processors.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from disk_guard import DiskGuard
from machine_limits import idle_seconds, usable_cpus
from ocr_contract.error_codes import ErrorCode
from ocr_errors import EXIT_OTHER, OcrError, StoreError
from safekeeping.backup_child import TOO_SLOW, Order
from safekeeping.backup_work import TooSlowError, make
from safekeeping.throttle import Throttle

_SHARE = 0.08
"""Of the processors: more would be felt in the caches and on the disk."""
_MOST_OF_ONE = 0.5
_NICE = 5
_AT_ONCE_S = 2.0
"""So long it works before it gives way to all others: a process has hardly started by then where
they want everything, and somebody may wait for a small backup."""
_LOG_GROWTH_BYTES = 128 << 20
"""While the backup looks at one moment the write-ahead log cannot be emptied, and when it has grown
by twice this much nothing more is read (`disk_guard`). When it has grown by half of this the backup
does not rest, and by all of this it is in haste."""
_LONGEST_S = 2 * 3600.0
"""Where others want all processors all the time, whoever they are, giving way has no end."""
_CUT_LOG_BYTES = 64 << 20
"""The log's usual bound (`journal_size_limit`): beyond it it waits to be emptied."""
_LOG_WAIT_S = 60.0
_POLL_S = 0.5


def main(argv: list[str]) -> int:
    """Make the backup that `argv` orders; returns the exit code."""
    order = Order(**json.loads(argv[1]))
    os.nice(_NICE)
    if not order.gives_way:
        _wait_for_the_log(order)
    try:
        made = make(
            Path(order.database),
            Path(order.target),
            keep=order.keep,
            limit_bytes=order.limit_bytes,
            between=_between(order),
        )
    except TooSlowError:
        return TOO_SLOW
    except OcrError as error:
        return _say_why(error.code, error.message)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        folder = Path(order.target).parent
        return _say_why(ErrorCode.BACKUP_FAILED, f"{folder} cannot be used ({reason}).")
    sys.stdout.write(json.dumps(made._asdict()) + "\n")
    return 0


def _say_why(code: str, message: str) -> int:
    sys.stdout.write(json.dumps({"error": {"code": code, "message": message}}) + "\n")
    return EXIT_OTHER


def _run_where_nobody_else_wants_to() -> None:
    with contextlib.suppress(OSError):  # a sandbox may forbid it: the share is kept all the same
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _wait_for_the_log(order: Order) -> None:
    """What the try before kept the service from emptying is emptied with its next commits."""
    log = _log_of(order)
    until = time.monotonic() + _LOG_WAIT_S
    while _size(log) > _CUT_LOG_BYTES and time.monotonic() < until:
        if os.getppid() != order.parent:
            return  # `_between` says so
        time.sleep(_POLL_S)


def _between(order: Order) -> Callable[[], None]:
    log = _log_of(order)
    begun_bytes = _size(log)
    guard = DiskGuard(Path(order.database).parent, min_free_mb=order.min_free_mb)
    cpus = usable_cpus()
    # Where the service may not use all processors an idle one says nothing of its own.
    idle = idle_seconds if cpus == os.cpu_count() else lambda: 0.0

    def grown_by(size_bytes: int) -> bool:
        return _size(log) > begun_bytes + size_bytes

    unhurried = _LOG_GROWTH_BYTES // 2 if order.gives_way else _LOG_GROWTH_BYTES
    throttle = Throttle(
        min(_SHARE * cpus, _MOST_OF_ONE), in_haste=lambda: grown_by(unhurried), idle=idle
    )
    latest = time.monotonic() + _LONGEST_S
    has_chosen = not order.gives_way

    def between() -> None:
        nonlocal has_chosen
        if not has_chosen and time.process_time() > _AT_ONCE_S:
            has_chosen = True
            _run_where_nobody_else_wants_to()
        throttle()
        if os.getppid() != order.parent:
            raise StoreError(ErrorCode.STOPPING, "ocr_service has ended; no backup was made.")
        if order.gives_way and (grown_by(_LOG_GROWTH_BYTES) or time.monotonic() > latest):
            raise TooSlowError
        short = guard.short_of(0)
        if short is not None:
            raise StoreError(short.code, f"There is no room for a backup. {short.message}")

    return between


def _log_of(order: Order) -> Path:
    return Path(f"{order.database}-wal")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
