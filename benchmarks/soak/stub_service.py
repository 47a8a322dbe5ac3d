"""ocr_service with another worker: `python stub_service.py WORKER-PROGRAM [ARGUMENT …]`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "contract"), str(ROOT / "ocr")]

import ocr_service  # noqa: E402

if __name__ == "__main__":
    sys.exit(ocr_service.main([], worker_command=(sys.executable, *sys.argv[1:])))
