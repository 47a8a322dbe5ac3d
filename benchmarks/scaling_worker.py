"""The worker of `make scaling`: all of it is real but the networks, which are replayed.

python scaling_worker.py RECORD pages FD      decodes, cuts and orders; calls take their time
python scaling_worker.py RECORD host FD       the same, and calls answer at once
python scaling_worker.py RECORD answers FD    tells pages that were read before, at once
"""

import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("contract", "ocr", "benchmarks")]

import worker  # noqa: E402
from engines.inference import Inference  # noqa: E402
from engines.onnx_models import OnnxModels, Shapes  # noqa: E402
from engines.text_recognition import CPU_WIDTHS  # noqa: E402
from replayed_calls import NETWORKS, Record, Replayed  # noqa: E402

_AT_ONCE = 1e6
MOST_COLUMNS, MOST_LINES = 1280, 8


class _Load:
    """As `onnx_models.Load`."""

    def __init__(self, record: Record, speed: float) -> None:
        self._made = {name: Replayed(record, name, speed) for name in NETWORKS}

    def detector(self, *_: Any) -> Any:
        return self._made["_detection"]

    def recogniser(self, *_: Any) -> Any:
        return self._made["_recognition"]

    def classifier(self, *_: Any) -> Any:
        return self._made["_page_orientation"]


def main() -> None:
    """As `worker.main`."""
    record = Record.read(Path(sys.argv[1]))
    mode = sys.argv[2]

    def load_models(inference: Inference, models: Any, settings: Any, _: Any) -> OnnxModels:
        lanes = inference.lanes
        speed = inference.threads / lanes if mode == "pages" else _AT_ONCE
        shapes = Shapes(lanes, CPU_WIDTHS, MOST_COLUMNS, MOST_LINES, searches=inference.searches)
        load = _Load(record, speed)
        return OnnxModels(models, load, shapes, settings.unclip_ratio, orientation=True)

    replaced: dict[str, Any] = {"load_models": load_models, "load_tables": lambda _: None}
    if mode == "answers":
        _answer_with(record.pages)
    for name, value in replaced.items():
        setattr(worker, name, value)
    sys.argv[1:] = sys.argv[-1:]
    worker.main()


def _answer_with(pages: list[dict[str, Any]]) -> None:
    """Batches are answered with these pages, one after the other."""
    from document_reading import Reader

    lock, number = threading.Lock(), 0

    def read_batch(_: Reader, message: dict[str, Any], _tell: Any) -> dict[str, Any]:
        nonlocal number
        images = []
        for image in message["images"]:
            with lock:
                page, number = pages[number % len(pages)], number + 1
            images.append({"id": image["id"], "sha256": image["sha256"], "pages": [page]})
        return {"type": "batch", "batch": message["batch"], "images": images, "seconds": 0.01}

    Reader.read_batch = read_batch  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    main()
