"""PaddleOCR as this project uses it: four models, loaded from given folders, offline.

PaddleOCR loads and runs the models through its public modules, so any engine and model folder
that it accepts works here. Ours is what happens between the models: which way up the page is,
which lines are cut out (`batching`) and in which order they are read (`reading_order`).
"""

import dataclasses
import logging
import os
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from batching import crop_line, recognise_together
from decode import Pixels
from models import ModelSet
from reading_order import Polygons, reading_order
from worker_protocol import Line

RECOGNITION_BATCH = 8
_MIN_LINE_WIDTH = 160
"""Pixels to which a short line is padded, at a height of 48; see docs/decisions/0006."""
_LONG_STRIP_RATIO = 2.5
"""A page longer than this, in relation to its width, is searched at proportionally more pixels."""
_MAX_DETECTION_SIDE = 4000
_MAX_VOTES = 9
_ONNX_ERRORS = 3
"""ONNX Runtime's severity from which on it logs: 2 warning, 3 error."""
_CLEAR_LEAD = 2.5


@dataclasses.dataclass(frozen=True, slots=True)
class ReadPage:
    """What the engine found on one page."""

    pixels: Pixels
    """The upright page."""
    rotation: int
    """Degrees counter-clockwise by which it was turned to be upright."""
    lines: tuple[Line, ...]


class Engine(Protocol):
    """The seam to the models: tests put an engine here that fails in every known way."""

    def read(self, pages: list[Pixels]) -> list[ReadPage]:
        """Read pages together; results in the order of `pages`."""


@dataclasses.dataclass(frozen=True, slots=True)
class EngineSettings:
    """How to load and run the models."""

    engine: str
    device: str
    threads: int
    orientation: bool
    detection_side: int
    unclip_ratio: float


class PaddleEngine:
    """PaddleOCR's modules for detection, recognition and orientation."""

    def __init__(self, models: ModelSet, settings: EngineSettings) -> None:
        """Load the models; takes a few seconds and about 250 MB."""
        # Without this PaddleX looks for a model host at import, and waits for it when offline.
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        import paddleocr

        _quieten("paddlex", "paddleocr")
        self._settings = settings
        common: dict[str, Any] = {"engine": settings.engine, "device": settings.device}
        if settings.engine == "onnxruntime":
            common["engine_config"] = {
                "intra_op_num_threads": settings.threads,
                "log_severity_level": _ONNX_ERRORS,  # it warns of a harmless shape in the models
            }
        self._detection = paddleocr.TextDetection(
            model_name=models.detection.name, model_dir=str(models.detection.folder), **common
        )
        self._recognition = paddleocr.TextRecognition(
            model_name=models.recognition.name, model_dir=str(models.recognition.folder), **common
        )
        _pad_less(self._recognition)
        if settings.orientation:
            self._page_orientation = paddleocr.DocImgOrientationClassification(
                model_name=models.document_orientation.name,
                model_dir=str(models.document_orientation.folder),
                **common,
            )
            self._line_orientation = paddleocr.TextLineOrientationClassification(
                model_name=models.line_orientation.name,
                model_dir=str(models.line_orientation.folder),
                **common,
            )

    def read(self, pages: list[Pixels]) -> list[ReadPage]:
        """Read pages together; results in the order of `pages`."""
        found = [self._find_lines(page) for page in pages]
        crops = [crop_line(page, polygon) for page, _, polygons in found for polygon in polygons]
        texts = iter(recognise_together(crops, self._recognise, RECOGNITION_BATCH))
        return [
            ReadPage(
                pixels=page,
                rotation=rotation,
                lines=tuple(
                    Line(text, confidence, tuple((float(x), float(y)) for x, y in polygon))
                    for polygon in polygons
                    for text, confidence in [next(texts)]
                    if text.strip()
                ),
            )
            for page, rotation, polygons in found
        ]

    def _find_lines(self, page: Pixels) -> tuple[Pixels, int, Polygons]:
        """The upright page, how it was turned, and its text regions in reading order."""
        polygons = self._detect(page)
        rotation = self._rotation(page, polygons) if self._settings.orientation else 0
        if rotation:
            page = np.ascontiguousarray(np.rot90(page, rotation // 90))
            polygons = self._detect(page)
        return page, rotation, polygons[reading_order(polygons)]

    def _detect(self, page: Pixels) -> Polygons:
        long, short = max(page.shape[:2]), min(page.shape[:2])
        side = self._settings.detection_side * max(1.0, long / short / _LONG_STRIP_RATIO)
        (result,) = self._detection.predict(
            page,
            limit_side_len=min(int(side), _MAX_DETECTION_SIDE),
            limit_type="max",
            unclip_ratio=self._settings.unclip_ratio,
        )
        return np.array(result["dt_polys"], dtype=np.float32).reshape(-1, 4, 2)

    def _recognise(self, crops: list[Pixels]) -> list[tuple[str, float]]:
        results = self._recognition.predict(crops, batch_size=len(crops))
        return [(str(r["rec_text"]), float(r["rec_score"])) for r in results]

    def _rotation(self, page: Pixels, polygons: Polygons) -> int:
        """By how many degrees counter-clockwise the page must be turned: 0, 90, 180 or 270.

        Whether the page lies on its side is plain from the lines. Whether it also stands on its
        head is put to the vote: the page classifier first, then the longest lines, one by one,
        until one side leads clearly. On 51 receipts in four positions the page classifier alone
        was wrong 6 times of 204, this vote never, after 2.3 lines on average.
        """
        if len(polygons) == 0:
            return 0
        lying = _on_their_side(polygons)
        (result,) = self._page_orientation.predict(page, topk=4)
        share = dict(zip(result["label_names"], map(float, result["scores"]), strict=True))
        lead = share["180"] + share["270"] - share["0"] - share["90"]
        for index in np.argsort(_lengths(polygons))[::-1][:_MAX_VOTES]:
            (vote,) = self._line_orientation.predict(crop_line(page, polygons[index]))
            against = 1.0 if vote["label_names"][0] == "180_degree" else -1.0
            lead += against * (2 * float(vote["scores"][0]) - 1)
            if abs(lead) >= _CLEAR_LEAD:
                break
        return (90 if lying else 0) + (180 if lead > 0 else 0)


def _pad_less(recognition: Any) -> None:
    """Have short lines padded to _MIN_LINE_WIDTH and not to the 320 pixels of the training.

    PaddleX has no argument for this (`input_shape` squeezes every line into one width), so its
    resizing step is told. An engine that resizes by other means is left as it is.
    """
    predictor = getattr(recognition, "paddlex_predictor", None)
    resize = getattr(predictor, "pre_tfs", {}).get("ReisizeNorm")
    shape = getattr(resize, "rec_image_shape", None)
    if resize is not None and shape is not None:
        channels, height, width = shape
        resize.rec_image_shape = [channels, height, min(width, _MIN_LINE_WIDTH)]


def _quieten(*names: str) -> None:
    """These libraries colour their lines and chat at level info: warnings go our way, plain."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)


def _lengths(polygons: Polygons) -> npt.NDArray[np.float32]:
    """(count,): the longer side of each polygon, in pixels."""
    across = np.linalg.norm(polygons[:, 1] - polygons[:, 0], axis=1)
    down = np.linalg.norm(polygons[:, 3] - polygons[:, 0], axis=1)
    longer: npt.NDArray[np.float32] = np.maximum(across, down).astype(np.float32)
    return longer


def _on_their_side(polygons: Polygons) -> bool:
    """Whether most of the text, by length, runs up or down."""
    sides: npt.NDArray[np.float32] = np.ptp(polygons, axis=1)
    wide, tall = sides[:, 0], sides[:, 1]
    lying = tall > wide
    return bool(tall[lying].sum() > wide[~lying].sum())
