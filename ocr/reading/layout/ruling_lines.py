"""Ruling lines of a page: the frames of tables and forms, the lines between columns.

They are looked for in a reduced grey picture, in which a row of dots is a thin grey line, too.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from reading.layout.boxes import Boxes
from reading.layout.skew import Turn

_SIDE = 800
"""The longest side of the reduced picture, in pixels; all lengths here are in it."""
_THICKEST = 5
"""What is thicker is a bar or a picture."""
_DOTS = 7
"""Over so many pixels a row of dots is a line."""
_AROUND = 15
"""What is dark for so many pixels across is a screen, of which each row looks like a line."""
_LEAST_CONTRAST = 22
_SHORTEST = 36
_MOST = 400
"""The longest are kept: squared paper has no layout."""
_LEVEL = np.radians(0.2)
"""What is askew by less is not turned."""
_IN_TEXT = 0.3
"""A line that runs through text for this share of its length is part of that text."""

Segments = npt.NDArray[np.float32]
"""(count, 3): where it is across, where it begins along and where it ends."""
_NONE: Segments = np.zeros((0, 3), dtype=np.float32)


class RulingLines(NamedTuple):
    """In the coordinates of the levelled page."""

    level: Segments
    """(count, 3): y, left, right."""
    upright: Segments
    """(count, 3): x, top, bottom."""


NO_LINES = RulingLines(_NONE, _NONE)


def find_ruling_lines(page: Pixels, turn: Turn, boxes: Boxes) -> RulingLines:
    """Those of a page (height, width, 3), levelled by `turn`; `boxes` are its levelled lines."""
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    scale = min(_SIDE / max(grey.shape), 1.0)
    size = max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1)
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    corner = np.zeros(2, dtype=np.float32)
    if abs(float(turn[1, 0])) > _LEVEL:
        small, corner = _levelled(small, turn)
    found: list[Segments] = []
    for axis in (0, 1):
        segments = _segments(small, axis)
        segments[:, 0] = (segments[:, 0] + corner[axis]) / scale
        segments[:, 1:] = (segments[:, 1:] + corner[1 - axis]) / scale
        segments = _outside_text(segments, boxes, axis)
        found.append(_joined(segments, _SHORTEST / scale, _THICKEST / scale))
    return RulingLines(level=found[1], upright=found[0])


def _levelled(
    grey: npt.NDArray[np.uint8], turn: Turn
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """The picture turned, and the place of its corner on the levelled page."""
    height, width = grey.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) @ turn
    low, high = corners.min(axis=0), corners.max(axis=0)
    matrix = np.concatenate([turn.T, -low[:, None]], axis=1)
    size = tuple(np.ceil(high - low).astype(int).tolist())
    turned = cv2.warpAffine(grey, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, dtype=np.uint8), low


def _segments(grey: npt.NDArray[np.uint8], axis: int) -> Segments:
    """Upright lines for axis 0, level ones for axis 1: (count, 3)."""

    def kernel(across: int, along: int) -> npt.NDArray[np.uint8]:
        return np.ones((across, along) if axis else (along, across), dtype=np.uint8)

    thin: npt.NDArray[Any] = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel(_THICKEST + 2, 1))
    thin = cv2.blur(thin, (_DOTS, 1) if axis else (1, _DOTS))
    around = cv2.erode(cv2.blur(thin, kernel(5, 1).shape[::-1]), kernel(_AROUND, 1))
    thin = cv2.subtract(thin, around)  # in a screened area there are lines everywhere
    mask = (thin >= _LEAST_CONTRAST).view(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel(1, _SHORTEST)), dtype=np.uint8)
    if not cv2.countNonZero(mask):
        return _NONE.copy()
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    across, along = (1, 0) if axis else (0, 1)
    begins, ends = stats[1:, :2], stats[1:, :2] + stats[1:, 2:4]
    middles = (begins[:, across] + ends[:, across]) / 2
    is_thin = ends[:, across] - begins[:, across] <= 3 * _THICKEST
    lines = np.stack([middles, begins[:, along], ends[:, along]], axis=1)
    found: Segments = lines[is_thin].astype(np.float32)
    return found


def _joined(segments: Segments, gap: float, aside: float) -> Segments:
    """Pieces of one line, at most `gap` apart along it and `aside` across, are joined."""
    joined: list[list[float]] = []
    lengths = segments[:, 2] - segments[:, 1]
    segments = segments[np.argsort(-lengths, kind="stable")[:_MOST]]
    for place, begin, end in sorted(segments.tolist(), key=lambda segment: segment[1]):
        for line in joined:
            if abs(line[0] - place) <= aside and begin <= line[2] + gap:
                line[2] = max(line[2], end)
                break
        else:
            joined.append([place, begin, end])
    return np.array(joined, dtype=np.float32).reshape(-1, 3)


def _outside_text(segments: Segments, boxes: Boxes, axis: int) -> Segments:
    """Without those that run through lines of text, or under one and no further than it."""
    low, high = boxes[:, axis], boxes[:, axis + 2]
    margin = (boxes[:, 3] - boxes[:, 1]) / 4
    kept = []
    for place, begin, end in segments.tolist():
        through = (low + margin < place) & (place < high - margin)
        if axis:  # an underline, or the feet of letters
            under = (low < place) & (place < high + margin)
            through |= under & (boxes[:, 0] - margin < begin) & (end < boxes[:, 2] + margin)
        covered = np.minimum(boxes[through, 3 - axis], end) - np.maximum(
            boxes[through, 1 - axis], begin
        )
        kept.append(float(covered[covered > 0].sum()) < _IN_TEXT * (end - begin))
    outside: Segments = segments[np.array(kept, dtype=bool)]
    return outside
