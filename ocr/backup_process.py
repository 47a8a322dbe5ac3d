"""The process that makes one backup: `backup_child` starts it and reads the line that it prints.

It takes a small share of the processors, so that reading hardly feels it, or one that is idle; and
it ends with the service that started it.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from disk_guard import DiskGuard
from machine_limits import idle_seconds, usable_cpus
from ocr_contract.error_codes import ErrorCode
from ocr_errors import EXIT_OTHER, OcrError, StoreError
from safekeeping.backup_child import Order
from safekeeping.backup_work import make
from safekeeping.throttle import Throttle

_SHARE = 0.08
"""Of the processors: with the disk's part the reading loses less than a tenth."""
_MOST_OF_ONE = 0.5
_NICE = 5
_LOG_GROWTH_BYTES = 128 << 20
"""While the backup looks at one moment the write-ahead log cannot be emptied: when it has grown by
this much there is haste."""


def main(argv: list[str]) -> int:
    """Make the backup that `argv` orders; returns the exit code."""
    order = Order(**json.loads(argv[1]))
    os.nice(_NICE)
    try:
        made = make(
            Path(order.database),
            Path(order.target),
            keep=order.keep,
            limit_bytes=order.limit_bytes,
            between=_between(order),
        )
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


def _between(order: Order) -> Callable[[], None]:
    database = Path(order.database)
    log = database.with_name(database.name + "-wal")
    most_bytes = _size(log) + _LOG_GROWTH_BYTES
    guard = DiskGuard(database.parent, min_free_mb=order.min_free_mb)
    cpus = usable_cpus()
    # Where the service may not use all processors an idle one says nothing of its own.
    idle = idle_seconds if cpus == os.cpu_count() else lambda: 0.0
    throttle = Throttle(
        min(_SHARE * cpus, _MOST_OF_ONE), in_haste=lambda: _size(log) > most_bytes, idle=idle
    )

    def between() -> None:
        throttle()
        if os.getppid() != order.parent:
            raise StoreError(ErrorCode.STOPPING, "ocr_service has ended; no backup was made.")
        short = guard.short_of(0)
        if short is not None:
            raise StoreError(short.code, f"There is no room for a backup. {short.message}")

    return between


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
