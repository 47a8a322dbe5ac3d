"""Before and after the detection network: the page as it wants it, its map as polygons.

The arithmetic of PaddleOCR's differentiable binarisation (DB), cut down to what quadrilaterals
need: regions above a threshold, the smallest rectangle around each, its mean score, and the
rectangle grown. Growing a rectangle evenly gives a rectangle, so no polygon clipper is needed.
"""

import dataclasses
import math
import operator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Numbers, Polygons
from engines.model_config import after_the_network
from engines.tiled_detection import STEP, ByteMap

_MARGIN = 0.1
"""Computed lengths meet a limit that they reach by so much less: a line of exactly 3 pixels comes
out as 2.9999995."""
_MIN_SIDE = 3 - _MARGIN
"""Regions with a shorter side, in pixels of the map, are dust."""
_MIN_GROWN_SIDE = 5 - _MARGIN
_SURE = 50.0
"""The sigmoid of larger logits is 1 to the last digit."""
_x, _y = operator.itemgetter(0), operator.itemgetter(1)


@dataclasses.dataclass(frozen=True, slots=True)
class DetectionSettings:
    """What turns a probability map into polygons."""

    threshold: float
    """A pixel above it belongs to text."""
    box_threshold: float
    """A region whose mean is below it is dropped."""
    unclip_ratio: float
    """How far a region grows, in areas per perimeter: the network marks the core of a line."""


def detection_settings(model: Path, unclip_ratio: float) -> DetectionSettings:
    """The thresholds that a model folder's inference.yml asks for.

    Not its `max_candidates`, 1,000 regions: a large table has thousands, and all count.
    """
    wanted = after_the_network(model)
    return DetectionSettings(
        threshold=float(wanted.get("thresh", 0.3)),
        box_threshold=float(wanted.get("box_thresh", 0.6)),
        unclip_ratio=unclip_ratio,
    )


def map_size(page_size: tuple[int, int], longest_side: int) -> tuple[int, int]:
    """(height, width) of the map of a page (height, width): at most about `longest_side` long,
    never larger than the page, in multiples of 32."""
    ratio = min(1.0, longest_side / max(page_size))
    height, width = (max(round(int(side * ratio) / STEP), 1) * STEP for side in page_size)
    return height, width


def scale_for_detection(page: Pixels, longest_side: int) -> Pixels:
    """The page (height, width, 3) at the size of its map."""
    height, width = page.shape[:2]
    wanted = map_size((height, width), longest_side)
    if wanted == (height, width):
        return page
    return np.asarray(cv2.resize(page, wanted[::-1]), dtype=np.uint8)


def find_polygons(
    text_map: Numbers | ByteMap,
    page_size: tuple[int, int],
    settings: DetectionSettings,
    *,
    logits: bool = False,
) -> Polygons:
    """(count, 4, 2): the text regions of a map (height, width), in pixels of the page.

    The map's numbers are the probabilities of text, or their logits; a map of bytes has
    probabilities in 255ths. `page_size` is (height, width). Corners run clockwise from the top
    left.
    """
    one = 255.0 if text_map.dtype == np.uint8 else 1.0
    threshold = _logit(settings.threshold) if logits else settings.threshold * one
    core = (text_map > threshold).astype(np.uint8)
    contours, _ = cv2.findContours(core, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours:
        centre, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < _MIN_SIDE:
            continue
        corners = _corners(centre, width, height, angle)
        if _mean_inside(text_map, corners, logits=logits) < settings.box_threshold * one:
            continue
        growth = width * height * settings.unclip_ratio / (width + height)  # on both sides
        if min(width, height) + growth < _MIN_GROWN_SIDE:
            continue
        found.append(_corners(centre, width + growth, height + growth, angle))
    if not found:
        return np.empty((0, 4, 2), dtype=np.float32)
    rows, columns = text_map.shape
    scale = np.array([page_size[1] / columns, page_size[0] / rows])
    polygons = np.stack(found) * scale
    bounds = np.array([page_size[1], page_size[0]])
    whole: Polygons = np.clip(polygons.round(), 0, bounds).astype(np.float32)
    return whole


def _corners(centre: Any, width: float, height: float, angle: float) -> npt.NDArray[np.float32]:
    """(4, 2): a rectangle's corners, clockwise from the top left."""
    points = cv2.boxPoints((centre, (width, height), angle)).tolist()
    points.sort(key=_x)  # so few numbers are slower in numpy
    top_left, bottom_left = sorted(points[:2], key=_y)
    top_right, bottom_right = sorted(points[2:], key=_y)
    return np.array([top_left, top_right, bottom_right, bottom_left], dtype=np.float32)


def _mean_inside(
    text_map: Numbers | ByteMap, corners: npt.NDArray[np.float32], *, logits: bool
) -> float:
    """The mean probability inside a quadrilateral, in the map's unit."""
    height, width = text_map.shape
    across, down = corners[:, 0].tolist(), corners[:, 1].tolist()
    left, right = (_within(x, width) for x in (math.floor(min(across)), math.ceil(max(across))))
    top, bottom = (_within(y, height) for y in (math.floor(min(down)), math.ceil(max(down))))
    mask = np.zeros((bottom - top + 1, right - left + 1), dtype=np.uint8)
    cv2.fillPoly(mask, [(corners - (left, top)).astype(np.int32)], (1,))
    values: npt.NDArray[Any] = text_map[top : bottom + 1, left : right + 1]
    if logits:
        values = np.reciprocal(1 + np.exp(-np.clip(values, -_SURE, _SURE)))
    return float(cv2.mean(values, mask)[0])


def _within(place: int, count: int) -> int:
    return min(max(place, 0), count - 1)


def _logit(probability: float) -> float:
    """The number whose sigmoid it is; infinite for 0 and 1."""
    if 0 < probability < 1:
        return math.log(probability / (1 - probability))
    return math.inf if probability >= 1 else -math.inf
