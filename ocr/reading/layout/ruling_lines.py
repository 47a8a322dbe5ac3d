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
_SEEN_ACROSS = _AROUND // 2 + 2
"""Pixels on both sides that whether it is one depends on."""
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
    picture = RulePicture(page, turn)
    return RulingLines(level=picture.level(boxes), upright=picture.upright(boxes))


class RulePicture:
    """A page as ruling lines are looked for in it: those that run one way may be enough."""

    def __init__(self, page: Pixels, turn: Turn) -> None:
        """`page` (height, width, 3), levelled by `turn`."""
        grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
        scale = min(_SIDE / max(grey.shape), 1.0)
        size = max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1)
        self._scale = scale
        self._grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        self._corner = np.zeros(2, dtype=np.float32)
        if abs(float(turn[1, 0])) > _LEVEL:
            self._grey, self._corner = _levelled(self._grey, turn)

    def level(self, boxes: Boxes) -> Segments:
        """(count, 3): as of `RulingLines`; `boxes` are the page's levelled lines."""
        return self._found(1, boxes)

    def upright(self, boxes: Boxes) -> Segments:
        """(count, 3): as `level`."""
        return self._found(0, boxes)

    def _found(self, axis: int, boxes: Boxes) -> Segments:
        segments, scale = _segments(self._grey, axis), self._scale
        segments[:, 0] = (segments[:, 0] + self._corner[axis]) / scale
        segments[:, 1:] = (segments[:, 1:] + self._corner[1 - axis]) / scale
        segments = _outside_text(segments, boxes, axis)
        return _joined(segments, _SHORTEST / scale, _THICKEST / scale)


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

    def long(thin: npt.NDArray[Any]) -> npt.NDArray[Any]:
        mask = (thin >= _LEAST_CONTRAST).view(np.uint8)
        return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel(1, _SHORTEST)))

    thin: npt.NDArray[Any] = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel(_THICKEST + 2, 1))
    thin = cv2.blur(thin, (_DOTS, 1) if axis else (1, _DOTS))
    # Only where there would be lines without it, the rest is worth the time.
    first, last = _extent(long(thin), axis)
    if first == last:
        return _NONE.copy()
    low = max(first - _SEEN_ACROSS, 0)
    near = slice(low, last + _SEEN_ACROSS)
    thin = np.ascontiguousarray(thin[near] if axis else thin[:, near])
    around = cv2.erode(cv2.blur(thin, kernel(5, 1).shape[::-1]), kernel(_AROUND, 1))
    mask = long(cv2.subtract(thin, around))  # in a screened area there are lines everywhere
    first, last = _extent(mask, axis)
    if first == last:
        return _NONE.copy()
    found = _pieces(mask[first:last] if axis else mask[:, first:last])
    across, along = (1, 0) if axis else (0, 1)
    begins, ends = found[:, :2], found[:, :2] + found[:, 2:]
    middles = (begins[:, across] + ends[:, across]) / 2 + (low + first)
    is_thin = ends[:, across] - begins[:, across] <= 3 * _THICKEST
    lines = np.stack([middles, begins[:, along], ends[:, along]], axis=1)
    return lines[is_thin].astype(np.float32)


def _extent(mask: npt.NDArray[Any], axis: int) -> tuple[int, int]:
    """The first row with a pixel and the one behind the last, for axis 0 columns; 0, 0 without."""
    left, top, width, height = cv2.boundingRect(mask)
    return (top, top + height) if axis else (left, left + width)


def _pieces(mask: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """(count, 4): left, top, width and height of each connected piece, one at least, from the top.
    Outlines are found in a tenth of the time in which all pixels are numbered."""
    outlines, nesting = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    is_hole = nesting[0, :, 3] >= 0
    found = [
        cv2.boundingRect(outline)
        for outline, inner in zip(outlines, is_hole.tolist(), strict=True)
        if not inner
    ]
    found.sort(key=lambda piece: (piece[1], piece[0]))
    return np.array(found, dtype=np.int32)


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
