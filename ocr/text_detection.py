"""Before and after the detection network: the page as it wants it, its map as polygons.

The arithmetic of PaddleOCR's differentiable binarisation (DB), cut down to what quadrilaterals
need: regions above a threshold, the smallest rectangle around each, its mean score, and the
rectangle grown. Growing a rectangle evenly gives a rectangle, so no polygon clipper is needed.
"""

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import yaml

from decode import Pixels
from models import CONFIG_NAME
from reading_order import Polygons

_STEP = 32
"""Sides are multiples of this: the network halves them five times."""
_MIN_SIDE = 3
"""Regions with a shorter side, in pixels of the map, are dust."""
_MIN_GROWN_SIDE = _MIN_SIDE + 2


@dataclasses.dataclass(frozen=True, slots=True)
class DetectionSettings:
    """What turns a probability map into polygons."""

    threshold: float
    """A pixel above it belongs to text."""
    box_threshold: float
    """A region whose mean is below it is dropped."""
    unclip_ratio: float
    """How far a region grows, in areas per perimeter: the network marks the core of a line."""
    max_regions: int


def detection_settings(model: Path, unclip_ratio: float) -> DetectionSettings:
    """The thresholds that a model folder's inference.yml asks for."""
    wanted: dict[str, Any] = yaml.safe_load((model / CONFIG_NAME).read_text("utf-8"))["PostProcess"]
    return DetectionSettings(
        threshold=float(wanted.get("thresh", 0.3)),
        box_threshold=float(wanted.get("box_thresh", 0.6)),
        unclip_ratio=unclip_ratio,
        max_regions=int(wanted.get("max_candidates", 1000)),
    )


def scale_for_detection(page: Pixels, longest_side: int) -> Pixels:
    """The page (height, width, 3), at most `longest_side` long, sides in multiples of 32."""
    height, width = page.shape[:2]
    ratio = min(1.0, longest_side / max(height, width))
    size = tuple(max(round(int(side * ratio) / _STEP), 1) * _STEP for side in (width, height))
    return page if size == (width, height) else np.asarray(cv2.resize(page, size), dtype=np.uint8)


def find_polygons(
    probability: npt.NDArray[np.float32], page_size: tuple[int, int], settings: DetectionSettings
) -> Polygons:
    """(count, 4, 2): the text regions of a map (height, width), in pixels of the page.

    `page_size` is (height, width). Corners run clockwise from the top left.
    """
    core = (probability > settings.threshold).astype(np.uint8)
    contours, _ = cv2.findContours(core, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours[: settings.max_regions]:
        centre, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < _MIN_SIDE:
            continue
        if _mean_inside(probability, _corners(centre, width, height, angle)) < (
            settings.box_threshold
        ):
            continue
        growth = width * height * settings.unclip_ratio / (width + height)  # on both sides
        if min(width, height) + growth < _MIN_GROWN_SIDE:
            continue
        found.append(_corners(centre, width + growth, height + growth, angle))
    if not found:
        return np.empty((0, 4, 2), dtype=np.float32)
    rows, columns = probability.shape
    scale = np.array([page_size[1] / columns, page_size[0] / rows])
    polygons = np.stack(found) * scale
    bounds = np.array([page_size[1], page_size[0]])
    whole: Polygons = np.clip(polygons.round(), 0, bounds).astype(np.float32)
    return whole


def _corners(centre: Any, width: float, height: float, angle: float) -> npt.NDArray[np.float32]:
    """(4, 2): a rectangle's corners, clockwise from the top left."""
    points = np.asarray(cv2.boxPoints((centre, (width, height), angle)), dtype=np.float32)
    left, right = np.split(points[np.argsort(points[:, 0], kind="stable")], 2)
    top_left, bottom_left = left[np.argsort(left[:, 1], kind="stable")]
    top_right, bottom_right = right[np.argsort(right[:, 1], kind="stable")]
    return np.stack([top_left, top_right, bottom_right, bottom_left])


def _mean_inside(values: npt.NDArray[np.float32], corners: npt.NDArray[np.float32]) -> float:
    """The mean of `values` inside a quadrilateral."""
    height, width = values.shape
    limits = np.array([width - 1, height - 1])
    low = np.clip(np.floor(corners.min(axis=0)), 0, limits).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)), 0, limits).astype(int)
    mask = np.zeros((high[1] - low[1] + 1, high[0] - low[0] + 1), dtype=np.uint8)
    cv2.fillPoly(mask, [(corners - low).astype(np.int32)], (1,))
    return float(cv2.mean(values[low[1] : high[1] + 1, low[0] : high[0] + 1], mask)[0])
