"""Whether what was found within a huge shape is a row of letters, and no part of that shape.

A chart of a few strokes looks like one huge letter to the search, and the titles at its axes like
pieces of it.
"""

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels

_LETTERS = 3
"""So many at least: an i and a quotation mark have two pieces."""
_LEAST, _MOST = 0.3, 1.2
"""The longer side of a letter, in heights of its row."""


def is_row_of_letters(ink: npt.NDArray[np.uint8]) -> bool:
    """Of the ink, 1 where there is any, of a region (height, width) of a page; an empty one is
    none."""
    if not ink.size:
        return False
    row = min(ink.shape)
    _, _, pieces, _ = cv2.connectedComponentsWithStats(ink)
    sides = pieces[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    return int(((sides >= _LEAST * row) & (sides <= _MOST * row)).sum()) >= _LETTERS


def ink_of(region: Pixels) -> npt.NDArray[np.uint8]:
    """(height, width): 1 where it is not as most of it is, by Otsu's threshold."""
    if not region.size:
        return np.zeros(region.shape[:2], dtype=np.uint8)
    grey = cv2.cvtColor(region, cv2.COLOR_BGR2GRAY)
    _, light = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    ink = light if 2 * int(light.sum()) < light.size else 1 - light
    return np.asarray(ink, dtype=np.uint8)
