"""ocr_service with a worker that only pretends, killed at a named point: a program of its own.

    python kill_points.py POINT COUNT

runs the service as production does until POINT is reached for the COUNT-th time, and kills it
there with SIGKILL. The points are put around the service's own methods here, so that the service
itself holds nothing that could kill it. POINT `none` kills nothing: the caller does.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
POINTS = (
    "before-claim", "after-claim", "mid-batch", "before-commit", "after-commit", "before-reply",
)  # fmt: skip


class Countdown:
    """Kills this process when it is told for the last time."""

    def __init__(self, count: int) -> None:
        self._left = count

    def __call__(self) -> None:
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def around(
    owner: type, name: str, *, before: Callable[[], None] | None, after: Callable[[Any], None]
) -> None:
    """Replace a method by one that also calls these."""
    method = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if before is not None:
            before()
        result = method(*arguments, **named)
        after(result)
        return result

    setattr(owner, name, wrapped)


def set_up(point: str, count: int) -> None:
    """Put the point where it belongs."""
    from records.database import Database
    from records.request_effects import RequestEffects
    from records.store import Store
    from worker_link.pool import Pool

    die = Countdown(count)
    if point == "before-claim":
        around(Store, "claim", before=die, after=lambda _: None)
    elif point == "after-claim":  # an empty queue gives no claim
        around(Store, "claim", before=None, after=lambda claim: die() if claim else None)
    elif point == "mid-batch":
        around(Pool, "submit", before=None, after=lambda _: die())
    elif point == "after-commit":
        around(Store, "finish", before=None, after=lambda _: die())
    elif point == "before-reply":
        around(RequestEffects, "once", before=None, after=lambda _: die())
    elif point == "before-commit":  # of a result: everything is written, nothing committed
        finishing = threading.local()
        around(
            Store,
            "finish",
            before=lambda: setattr(finishing, "now", True),
            after=lambda _: setattr(finishing, "now", False),
        )
        around(
            Database,
            "_commit",
            before=lambda: die() if getattr(finishing, "now", False) else None,
            after=lambda _: None,
        )


def main() -> int:
    """Run until the end, whichever comes."""
    point, count = sys.argv[1], int(sys.argv[2])
    sys.path[:0] = [str(ROOT / "contract"), str(ROOT / "ocr")]
    import ocr_service

    set_up(point, count)
    worker = str(ROOT / "benchmarks" / "soak" / "fake_worker.py")
    return ocr_service.main([], worker_command=(sys.executable, "-S", "-E", worker, "ok"))


if __name__ == "__main__":
    sys.exit(main())
