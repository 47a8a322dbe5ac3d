"""Whether lines of joined letters, as Arabic's, stand on their head: seen from their shape alone.

The pieces of such a line are wider than high, and most of its ink lies on the line along which they
are joined, low in the line. Letters that stand apart are narrow pieces. Those that hang from a bar,
as in Devanagari, have it high in an upright line, and are joined into whole words, which are wider
still.
"""

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels

_HEIGHT = 64
"""Pixels to which a line is brought."""
_LEAST_HEIGHT = 8
_JOINED = 1.15, 2.0
"""Width to height of a line's pieces, each counted by its ink: 1.2 to 1.9 in Arabic, Persian and
Urdu (Naskh), 0.7 to 0.9 in Hebrew also where blurred, 2.1 and more below a bar."""
_HIGH = 0.36
"""Where most of the ink is, of the height from the top: 0.62 to 0.69 in upright Arabic; in Burmese,
whose letters join, too, at 0.38."""
_EMPTY_ROW = 0.02
"""Of the ink in the fullest row: with less a row is not the line's."""
_SMOOTHED = 5


def stand_on_their_head(crops: Iterable[Pixels]) -> bool:
    """Whether the median line does, of crops along which the text runs."""
    found = [shape for crop in crops if (shape := _shape(crop)) is not None]
    if not found:
        return False
    joined, heavy = np.median(found, axis=0)
    return bool(_JOINED[0] <= joined <= _JOINED[1] and heavy <= _HIGH)


def _shape(crop: Pixels) -> tuple[float, float] | None:
    """How much wider than high the pieces are, and how far down most of the ink is, 0 to 1."""
    if crop.shape[0] < _LEAST_HEIGHT:
        return None
    ink = _ink(crop)
    _, _, pieces, _ = cv2.connectedComponentsWithStats(ink)
    _, _, width, height, area = pieces[1:].T
    rows: npt.NDArray[np.float64] = ink.sum(axis=1).astype(np.float64)
    if not rows.any():
        return None
    inked = np.flatnonzero(rows > _EMPTY_ROW * rows.max())
    smooth = np.convolve(rows, np.ones(_SMOOTHED), "same")
    reach = max(int(inked[-1] - inked[0]), 1)
    joined = float((width / height * area).sum() / area.sum())
    return joined, float(np.argmax(smooth) - inked[0]) / reach


def _ink(crop: Pixels) -> npt.NDArray[np.uint8]:
    """1 where there is ink, which is less than the ground."""
    scale = _HEIGHT / crop.shape[0]
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    size = max(round(crop.shape[1] * scale), 1), _HEIGHT
    grey = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), size, interpolation=how)
    _, ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    found = np.asarray(ink, dtype=np.uint8)
    return 1 - found if 2 * int(found.sum()) > found.size else found
