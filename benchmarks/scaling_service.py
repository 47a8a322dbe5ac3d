"""ocr_service as `make scaling` starts it: with a worker whose networks are replayed.

python scaling_service.py RECORD MODE      as `scaling_worker` takes them
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE.parent / folder) for folder in ("contract", "ocr")]

import ocr_service  # noqa: E402

if __name__ == "__main__":
    worker = (sys.executable, str(_HERE / "scaling_worker.py"), *sys.argv[1:])
    sys.exit(ocr_service.main([], worker_command=worker))
