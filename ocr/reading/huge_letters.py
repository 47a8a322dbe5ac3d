"""Lines of a poster: letters so large that a search finds pieces of them.

The network sees a part of its map at a time; of letters that are higher it finds strokes and
halves, each of which reads as something else, surely. A look at the page scaled down further shows
the line.
"""

import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Polygons
from reading.ink import ink_of
from reading.layout.boxes import Boxes
from reading.layout.skew import level_boxes
from reading.letter_rows import is_row_of_letters

HUGE = 160
"""Pixels of the map, from which height on letters may be found in pieces; at 200 some are."""
WANTED = 80
"""The height to which they are brought."""
_INSIDE = 0.5
"""Of a piece, from which on it belongs to a line."""
_AS_HIGH = 0.65
"""Of the line's height, which some piece has at least: lines found as one are not so high."""
_SCRAPS = 0.05
"""Lower pieces may cover so much of a line; more is smaller print that belongs to no letter."""
_COVERED = 0.8
"""A single piece that covers so much of a line is the line."""
_LONG, _ASKEW = 3.0, 0.26
"""What is so many times as long as high, and runs so askew to a line, in radians, is none of its
pieces if it is text."""


def joined(page: Pixels, found: Polygons, coarse: Polygons, huge: float) -> Polygons:
    """(count, 4, 2): the lines of a search of a page (height, width, 3); where a coarser one shows
    a line at least `huge` pixels high of which they are pieces, that line instead."""
    upright = np.eye(2, dtype=np.float32)
    boxes, lines = level_boxes(found, upright), level_boxes(coarse, upright)
    sides = boxes[:, 2:] - boxes[:, :2]
    is_kept = np.ones(len(found), dtype=bool)
    added = []
    for line, polygon in zip(lines, coarse, strict=True):
        across, height = int(np.argmin(line[2:] - line[:2])), float((line[2:] - line[:2]).min())
        if height < huge:
            continue
        shared = _area(_shared(boxes, line))
        pieces = is_kept & (shared >= _INSIDE * _area(boxes))
        for crossing in np.flatnonzero(pieces & _run_askew(found, polygon)).tolist():
            pieces[crossing] = not _is_text(page, boxes[crossing])
        as_high = pieces & (sides[:, across] >= _AS_HIGH * height)
        area = float(_area(line[None])[0])
        is_line = pieces.sum() == 1 and float(shared[pieces].sum()) >= _COVERED * area
        scraps = float(shared[pieces & ~as_high].sum())
        if as_high.any() and not is_line and scraps <= _SCRAPS * area:
            for low in np.flatnonzero(pieces & ~as_high).tolist():
                pieces[low] = not _is_text(page, boxes[low])
            is_kept &= ~pieces
            added.append(polygon)
    return np.concatenate([found[is_kept], np.array(added)]) if added else found


def _run_askew(lines: Polygons, line: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """(count,): which of the lines are long and run across another one, neither along it nor up
    and down: rows of print beneath a watermark, say."""
    along, down = lines[:, 1] - lines[:, 0], lines[:, 3] - lines[:, 0]
    lengths, heights = np.linalg.norm(along, axis=1), np.linalg.norm(down, axis=1)
    longer = np.where((lengths >= heights)[:, None], along, down)
    is_long = np.maximum(lengths, heights) > _LONG * np.minimum(lengths, heights)
    turn = np.arctan2(longer[:, 1], longer[:, 0]) - np.arctan2(*(line[1] - line[0])[::-1])
    away = np.abs((turn + np.pi / 4) % (np.pi / 2) - np.pi / 4)
    askew: npt.NDArray[np.bool_] = is_long & (away > _ASKEW)
    return askew


def _is_text(page: Pixels, box: npt.NDArray[np.float32]) -> bool:
    """Whether a piece is no stroke but small print, as at a chart that looks like a letter or
    beneath a watermark."""
    left, top, right, bottom = box.astype(int).tolist()
    return is_row_of_letters(ink_of(page[top:bottom, left:right]))


def _shared(boxes: Boxes, line: npt.NDArray[np.float32]) -> Boxes:
    """(count, 4): what each has in common with the line."""
    return np.concatenate(
        [np.maximum(boxes[:, :2], line[:2]), np.minimum(boxes[:, 2:], line[2:])], axis=1
    )


def _area(boxes: Boxes) -> npt.NDArray[np.float32]:
    """(count,): 0 of those whose sides have changed places."""
    area: npt.NDArray[np.float32] = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
    return area
