"""Puts `contract/` on the path, for programs that are started by their file without PYTHONPATH."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "contract"))
