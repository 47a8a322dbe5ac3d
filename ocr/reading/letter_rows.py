"""Whether what was found within a huge shape is a row of letters, and no part of that shape.

A chart of a few strokes looks like one huge letter to the search, and the titles at its axes like
pieces of it.
"""

import cv2
import numpy as np
import numpy.typing as npt

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
