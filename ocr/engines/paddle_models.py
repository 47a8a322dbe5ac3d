"""The models run by PaddleOCR's public modules: any engine and model folder that it accepts.

Slower than `onnx_models`, but it takes what that cannot: PaddlePaddle's own format, say.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Polygons
from engines.headless_opencv import answer_for_opencv
from engines.leaders import shorten_leaders
from engines.long_lines import recognise_in_parts
from engines.text_models import Recognised
from engines.text_recognition import MIN_LINE_WIDTH
from models import ModelSet

RECOGNITION_BATCH = 8
_ONNX_ERRORS = 3
"""ONNX Runtime's severities from which on it logs: 2 warning, 3 error."""


class PaddleModels:
    """PaddleOCR's modules for detection, recognition and orientation; one call at a time."""

    def __init__(
        self,
        models: ModelSet,
        *,
        engine: str,
        device: str,
        threads: int,
        unclip_ratio: float,
        orientation: bool,
    ) -> None:
        """Load the models; takes a few seconds and about 250 MB."""
        # Without this PaddleX looks for a model host at import, and waits for it when offline.
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        answer_for_opencv()
        import paddleocr

        _quieten("paddlex", "paddleocr")
        self._unclip_ratio = unclip_ratio
        self._lock = threading.Lock()
        self._busy_s = 0.0
        common: dict[str, Any] = {"engine": engine, "device": device}
        if engine == "onnxruntime":
            common["engine_config"] = {
                "intra_op_num_threads": threads,
                "log_severity_level": _ONNX_ERRORS,  # it warns of a harmless shape in the models
            }
        self._detection = paddleocr.TextDetection(
            model_name=models.detection.name, model_dir=str(models.detection.folder), **common
        )
        self._recognition = paddleocr.TextRecognition(
            model_name=models.recognition.name, model_dir=str(models.recognition.folder), **common
        )
        _pad_less(self._recognition)
        if orientation:
            self._page_orientation = paddleocr.DocImgOrientationClassification(
                model_name=models.document_orientation.name,
                model_dir=str(models.document_orientation.folder),
                **common,
            )

    def detect(self, page: Pixels, longest_side: int) -> Polygons:
        """As `TextModels.detect`."""
        with self._one_call():
            (result,) = self._detection.predict(
                page,
                limit_side_len=longest_side,
                limit_type="max",
                unclip_ratio=self._unclip_ratio,
            )
        return np.array(result["dt_polys"], dtype=np.float32).reshape(-1, 4, 2)

    def recognise(self, crops: Sequence[Pixels]) -> list[Recognised]:
        """As `TextModels.recognise`; without evidence, which PaddleOCR does not hand out."""
        found = recognise_in_parts(crops, self._recognise_together)
        return [each._replace(text=shorten_leaders(each.text)) for each in found]

    def page_shares(self, page: Pixels) -> list[float]:
        """As `TextModels.page_shares`."""
        with self._one_call():
            (result,) = self._page_orientation.predict(page, topk=4)
        share = dict(zip(result["label_names"], map(float, result["scores"]), strict=True))
        return [share[degrees] for degrees in ("0", "90", "180", "270")]

    def inference_s(self) -> float:
        """As `TextModels.inference_s`, with the arithmetic around the models."""
        return self._busy_s

    @contextlib.contextmanager
    def _one_call(self) -> Iterator[None]:
        with self._lock:
            started = time.monotonic()
            try:
                yield
            finally:  # a call that fails has kept the device busy, too
                self._busy_s += time.monotonic() - started

    def _recognise_together(self, crops: Sequence[Pixels]) -> list[Recognised]:
        return recognise_together(crops, self._recognise, RECOGNITION_BATCH)

    def _recognise(self, crops: list[Pixels]) -> list[Recognised]:
        with self._one_call():
            results = self._recognition.predict(crops, batch_size=len(crops))
            return [Recognised(str(r["rec_text"]), float(r["rec_score"])) for r in results]


def recognise_together(
    crops: Sequence[Pixels],
    recognise: Callable[[list[Pixels]], list[Recognised]],
    batch_size: int,
) -> list[Recognised]:
    """`recognise` on groups of at most `batch_size` crops of similar shape; results in order.

    PaddleOCR pads a group to its widest line: sorted by width, little padding is computed.

    Raises:
        ValueError: `recognise` returned more or fewer results than it was given crops.
    """
    by_width = sorted(range(len(crops)), key=lambda i: crops[i].shape[1] / crops[i].shape[0])
    results: dict[int, Recognised] = {}
    for start in range(0, len(by_width), batch_size):
        group = by_width[start : start + batch_size]
        found = recognise([crops[i] for i in group])
        if len(found) != len(group):
            raise ValueError(f"the recogniser returned {len(found)} results for {len(group)} crops")
        results.update(zip(group, found, strict=True))
    return [results[i] for i in range(len(crops))]


def _pad_less(recognition: Any) -> None:
    """Have short lines padded to MIN_LINE_WIDTH and not to the 320 pixels of the training.

    PaddleX has no argument for this (`input_shape` squeezes every line into one width), so its
    resizing step is told. An engine that resizes by other means is left as it is.
    """
    predictor = getattr(recognition, "paddlex_predictor", None)
    resize = getattr(predictor, "pre_tfs", {}).get("ReisizeNorm")
    shape = getattr(resize, "rec_image_shape", None)
    if resize is not None and shape is not None:
        channels, height, width = shape
        resize.rec_image_shape = [channels, height, min(width, MIN_LINE_WIDTH)]


def _quieten(*names: str) -> None:
    """These libraries colour their lines and chat at level info: warnings go our way, plain."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)
