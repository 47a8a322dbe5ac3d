"""ocr_service whose clock is wrong by DAYS: `python clock_service.py DAYS`.

Only the wall clock moves, as when a person or a dead battery sets it: what measures durations goes
on as ever.
"""

import datetime
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "contract"), str(ROOT / "ocr")]

SHIFT_S = float(sys.argv[1]) * 86400
_true_time = time.time


class _Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> "datetime.datetime":  # type: ignore[override]
        return datetime.datetime.fromtimestamp(_true_time() + SHIFT_S, tz)


if __name__ == "__main__":
    import ocr_service  # first, so that no library is built on the shifted class

    datetime.datetime = _Shifted  # type: ignore[misc]
    time.time = lambda: _true_time() + SHIFT_S
    worker = str(ROOT / "tests" / "ocr" / "fake_worker.py")
    sys.exit(ocr_service.main([], worker_command=(sys.executable, "-S", "-E", worker, "ok")))
