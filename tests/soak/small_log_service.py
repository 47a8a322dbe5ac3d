"""ocr_service with small bounds for its write-ahead log: `python small_log_service.py`.

The real ones (64 and 256 MB) take longer to reach than a test may last.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

JOURNAL_SIZE_LIMIT_BYTES = 5_000_000  # over what SQLite checkpoints by itself: 1,000 pages
MAX_WAL_BYTES = 6_000_000

if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "contract"), str(ROOT / "ocr")]

    import ocr_service
    from disk_guard import DiskGuard
    from records import opening

    opening.JOURNAL_SIZE_LIMIT_BYTES = JOURNAL_SIZE_LIMIT_BYTES
    DiskGuard.__init__.__kwdefaults__["max_wal_bytes"] = MAX_WAL_BYTES
    worker = str(ROOT / "benchmarks" / "soak" / "fake_worker.py")
    sys.exit(ocr_service.main([], worker_command=(sys.executable, "-S", "-E", worker, "ok")))
