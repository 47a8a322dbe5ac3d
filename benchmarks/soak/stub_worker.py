"""The real worker process without models: it opens and decodes, draws previews, finds no line.

python stub_worker.py FD      as the service starts ocr/worker.py
"""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "contract"), str(ROOT / "ocr")]

import worker  # noqa: E402
from reading.read_page import ReadPage  # noqa: E402


class _Nothing:
    """An engine to which every page is empty."""

    def read(self, page: Any, *, told_upright: bool = False) -> ReadPage:
        return ReadPage(pixels=page, rotation=0, lines=())


def main() -> None:
    """As worker.main, with nothing where the models would be."""
    replaced: dict[str, Any] = {
        "load_models": lambda *_: SimpleNamespace(inference_s=lambda: 0.0),
        "load_engine": lambda *_: _Nothing(),
        "version_of": lambda _: "stub 1",
    }
    for name, value in replaced.items():
        setattr(worker, name, value)
    worker.main()


if __name__ == "__main__":
    main()
