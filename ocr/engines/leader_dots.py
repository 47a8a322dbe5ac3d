"""Rows of dots between a title and its page number, taken out of a line's picture.

Dots that stand as close as letters mislead the recogniser about the letters beside them: of
"yellow....4.33" it makes "yelow...4.333". A row of them is blank for it; its place stays.
"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import median
from engines.line_ink import rarer_shade

_LEAST_DOTS = 5
"""An ellipsis has three, and a full stop may follow it."""
_LOW = 0.5
"""Dots stand below this share of a line's height, and nothing above them."""
_WIDEST, _HIGHEST = 0.25, 0.3
"""A dot, in heights of the line."""
_LONGEST = 2
"""Its width to its height: a dash is longer."""
_UNEVEN = 0.3
"""By how much of the usual distance two neighbours may be nearer or further apart; and by a pixel
and a half, to which they are drawn."""
_PIXELS = 1.5
_LEAST_RATIO = 1.5
"""Width to height of a line that has room for such a row."""
_LEAST_CONTRAST = 32

Marks = npt.NDArray[np.bool_]


class _Speck(NamedTuple):
    left: int
    right: int
    top: int
    bottom: int


def without_leader_dots(line: Pixels) -> Pixels:
    """The line (height, width, 3), a copy where it has such a row."""
    height, width = line.shape[:2]
    if width < _LEAST_RATIO * height:
        return line
    ink = _ink(line)
    middle = int(_LOW * height)
    low, high = ink[middle:], np.asarray(ink[:middle].any(axis=0))
    rows = [row for run in _runs(~high) if (row := _row_of_dots(low, run, height)) is not None]
    if not rows:
        return line
    cleaned = line.copy()
    ground = np.median(line[~ink], axis=0)
    for start, end in rows:
        cleaned[:, max(start - 1, 0) : end + 1] = ground
    return cleaned


def _ink(line: Pixels) -> Marks:
    """The less frequent of two shades; nowhere where they are nearly the same."""
    grey = cv2.cvtColor(line, cv2.COLOR_BGR2GRAY)
    darkest, brightest, _, _ = cv2.minMaxLoc(grey)
    if brightest - darkest < _LEAST_CONTRAST:
        return np.zeros(grey.shape, dtype=np.bool_)
    found: Marks = rarer_shade(np.asarray(grey)).view(np.bool_)
    return found


def _runs(marks: Marks) -> list[tuple[int, int]]:
    """(start, end) of each run of columns that are marked."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marks.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _row_of_dots(low: Marks, run: tuple[int, int], height: int) -> tuple[int, int] | None:
    """Where a row of dots begins and ends, of the lower half of a line; None without any."""
    start, end = run
    if end - start < 2 * _LEAST_DOTS:
        return None
    part = low[:, start:end]
    dots = [
        _Speck(left, right, int(inked[0]), int(inked[-1]) + 1)
        for left, right in _runs(np.asarray(part.any(axis=0)))
        if len(inked := np.flatnonzero(part[:, left:right].any(axis=1)))
    ]
    if len(dots) < _LEAST_DOTS:
        return None
    step = median(np.diff([dot.left for dot in dots]))
    top, bottom = (median(edges) for edges in zip(*(dot[2:] for dot in dots), strict=True))
    best: list[_Speck] = []
    row: list[_Speck] = []
    for dot in dots:
        is_dot = (
            dot.right - dot.left <= min(_WIDEST * height, _LONGEST * (dot.bottom - dot.top))
            and max(abs(dot.top - top), abs(dot.bottom - bottom)) <= _PIXELS
            and dot.bottom - dot.top <= _HIGHEST * height
        )
        goes_on = row and abs(dot.left - row[-1].left - step) <= max(_UNEVEN * step, _PIXELS)
        row = [*row, dot] if is_dot and goes_on else [dot] * is_dot
        best = max(best, row, key=len)
    if len(best) < _LEAST_DOTS:
        return None
    return start + best[0].left, start + best[-1].right
