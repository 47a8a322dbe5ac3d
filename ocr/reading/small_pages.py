"""Pages that are hardly more than their text: cut out without a margin, or one character alone.

The detector needs some ground around a line, and takes the stem of an i for a rule and its dot for
a line of its own.
"""

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Polygons
from reading.letter_rows import is_row_of_letters

_NEEDS_MARGIN = 256
"""A page whose shorter side is less gets a margin."""
_LEAST_MARGIN, _MOST_MARGIN = 16, 48
_LONE_PAGE = 768
"""On a page whose longer side is more, one character alone is a stain."""
_PLAIN_EDGE = 0.6
"""So much of the page's edge has the colour of the ground; a tight cut has ink on it, too."""
_LEAST_CONTRAST = 32
_INK_SHARE = 0.4
"""Ink is further from the ground than this share of the furthest."""
_LEAST_HEIGHT = 7
_WIDEST, _TALLEST = 1.25, 9
"""A character is hardly wider, in relation to its height, or two letters would be; and what is so
many times as high as it is wide is a rule. An i in thin print is 8.5 times."""
_MOST_PIECES = 4
_DUST = 0.01
"""Share of the ink that is no piece of a character."""
_MOST_DUST = 0.1
"""With more of the ink in such specks they are letters."""
_LARGE_PIECE = 0.35
"""Two pieces above each other and both so high, as a share of the whole, are two characters."""
_AROUND = 0.2
"""The margin around a character with which it is read best, in its heights."""
_LEAST_RATIO = 0.72
"""Width to height of what is cut out: narrower crops are taken for vertical lines."""

Colour = tuple[int, ...]


def margin_of(page: Pixels) -> int:
    """Pixels of ground to put around a page (height, width, 3) before it is searched; 0: none."""
    short = min(page.shape[:2])
    return int(np.clip(short // 2, _LEAST_MARGIN, _MOST_MARGIN)) if short < _NEEDS_MARGIN else 0


def with_margin(page: Pixels, margin: int) -> Pixels:
    """The page with ground of its edge's colour around it."""
    colour: Colour = tuple(int(shade) for shade in np.median(_edge(page), axis=0))
    wide = cv2.copyMakeBorder(
        page, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=colour
    )
    return np.asarray(wide, dtype=np.uint8)


def lone_character(page: Pixels, found: Polygons) -> Polygons | None:
    """(1, 4, 2): where the only character of a page is, with what the recogniser wants around; None
    where there is none, or a row of letters is among the lines that were `found`."""
    height, width = page.shape[:2]
    if max(height, width) > _LONE_PAGE:
        return None
    apart = _from_ground(page)
    if apart is None:
        return None
    ink = (apart > max(_INK_SHARE * int(apart.max()), _LEAST_CONTRAST // 2)).astype(np.uint8)
    _, places, pieces, _ = cv2.connectedComponentsWithStats(ink)
    areas = pieces[1:, cv2.CC_STAT_AREA]
    large = areas > _DUST * areas.sum()
    if areas[~large].sum() > _MOST_DUST * areas.sum():
        return None  # the letters of a grid, say
    dust = np.concatenate([[False], ~large])[places].astype(np.uint8)
    if any(is_row_of_letters(_part(dust, line)) for line in found):
        return None  # of a chart's title, say
    pieces = pieces[1:][large]
    if not 0 < len(pieces) <= _MOST_PIECES:
        return None
    lefts, tops, widths, heights = pieces[:, :4].T
    left, right = int(lefts.min()), int((lefts + widths).max())
    top, bottom = int(tops.min()), int((tops + heights).max())
    high, wide = bottom - top, right - left
    if high < _LEAST_HEIGHT or not high / _TALLEST <= wide <= _WIDEST * high:
        return None
    if _are_rows(tops, heights, high):
        return None
    around = round(_AROUND * high)
    top, bottom = max(top - around, 0), min(bottom + around, height)
    aside = max(round((_LEAST_RATIO * (bottom - top) - wide) / 2 + 0.5), around)
    left, right = max(left - aside, 0), min(right + aside, width)
    return np.array(
        [[[left, top], [right, top], [right, bottom], [left, bottom]]], dtype=np.float32
    )


def _part(ink: npt.NDArray[np.uint8], line: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """What lies in a line's (4, 2) box."""
    (left, top), (right, bottom) = line.min(axis=0).astype(int), line.max(axis=0).astype(int)
    return np.ascontiguousarray(ink[top:bottom, left:right])


def _are_rows(tops: npt.NDArray[np.int32], heights: npt.NDArray[np.int32], high: int) -> bool:
    """Whether the pieces are characters below each other."""
    large = heights >= _LARGE_PIECE * high
    starts, ends = tops[large], (tops + heights)[large]
    return len(starts) > 1 and bool(starts.max() >= ends.min())


def _from_ground(page: Pixels) -> npt.NDArray[np.uint8] | None:
    """(height, width): how far each pixel is from the ground; None when there is no one ground."""
    edge = _edge(page)
    ground = np.median(edge, axis=0)
    if (np.abs(edge - ground).max(axis=1) < _LEAST_CONTRAST // 2).mean() < _PLAIN_EDGE:
        return None
    apart = np.abs(page.astype(np.int16) - ground.astype(np.int16)).max(axis=2).astype(np.uint8)
    return apart if apart.max() >= _LEAST_CONTRAST else None


def _edge(page: Pixels) -> npt.NDArray[np.int16]:
    """(count, 3): the outermost pixels."""
    edges = (page[0], page[-1], page[:, 0], page[:, -1])
    outermost: npt.NDArray[np.int16] = np.concatenate(edges).astype(np.int16)
    return outermost
