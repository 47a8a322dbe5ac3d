"""ocr_service whose clock jumps by DAYS while it runs: `python clock_service.py DAYS FILE`.

As long as FILE exists the wall clock is wrong, as when a person or a time server sets it; what
measures durations goes on as ever.
"""

import datetime
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "contract"), str(ROOT / "ocr")]

SHIFT_S = float(sys.argv[1]) * 86400
WRONG = sys.argv[2]
_true_time = time.time


def _shifted_time() -> float:
    return _true_time() + (SHIFT_S if os.path.exists(WRONG) else 0.0)


class _Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> "datetime.datetime":  # type: ignore[override]
        return datetime.datetime.fromtimestamp(_shifted_time(), tz)


if __name__ == "__main__":
    time.time = _shifted_time  # before a default argument can hold the true one

    import ocr_service  # and this before the class is exchanged: no library is built on it

    datetime.datetime = _Shifted  # type: ignore[misc]
    worker = str(ROOT / "benchmarks" / "soak" / "fake_worker.py")
    sys.exit(ocr_service.main([], worker_command=(sys.executable, "-S", "-E", worker, "ok")))
