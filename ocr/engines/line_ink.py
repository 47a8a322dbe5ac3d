"""Where a line has ink and where a gap, column by column.

A blank is looked for in the ink as it is, then without specks and the dots of a shaded ground,
and where there is none, as in an underlined or a slanting line, the least ink counts.
"""

import functools
import re

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import median

_TOP, _BOTTOM = 0.15, 0.87
"""Rows of a line that are looked at, in shares of its height: above and below them the letters of
other lines stand out."""
_INK_SHARE = 0.35
"""Ink differs from the ground by more than this share of the largest difference."""
_LEAST_CONTRAST = 8
_GROUND_PIXELS = 64
"""Of so many the median is the ground."""
_GAP = 0.1
"""A gap between words is at least so wide, in heights of the line; where no column is blank for so
long, as in an underlined line, it is where the least ink is over …"""
_LEAST_INK_OVER = 0.15
_SPECKS = 0.04
"""… and goes on while no more than this share of the rows has ink beyond that."""
_HALF_CHARACTER = 0.18
"""From a character's column to its edge, in heights of the line, where no ink tells."""
_NEAR = 0.3
"""A line's first and last word end so near to that."""
_RULE = 0.95
"""A column with more ink than this at the end of a line is a rule, and no letter."""
_CLEARLY_WIDER = 1.25
"""So much wider are gaps between words than those between letters."""
_BLANKS = re.compile(b"\1+")

Numbers = npt.NDArray[np.int32]


class LineInk:
    """How much ink each column of a line has."""

    def __init__(self, line: Pixels) -> None:
        """`line` is (height, width, 3)."""
        height: int = line.shape[0]
        self._width: int = line.shape[1]
        top = int(_TOP * height)
        rows = line[top : max(int(_BOTTOM * height), top + 1)]
        self._grey = np.asarray(cv2.extractChannel(rows, 1), dtype=np.uint8)
        self._rows = self._grey.shape[0]
        self._gap = _GAP * height
        self._over = max(int(_LEAST_INK_OVER * height), 1)
        self._specks = int(_SPECKS * height)
        self._half = _HALF_CHARACTER * height
        self._near = _NEAR * height
        self._sharp = _by_column(self._grey)
        self._blank = (self._sharp == 0).tobytes()

    @functools.cached_property
    def _soft(self) -> Numbers:
        """Without specks, and without the dots of a shaded ground; thin strokes are lost, too."""
        return _by_column(np.asarray(cv2.blur(self._grey, (3, 3)), dtype=np.uint8))

    def gap(self, low: int, high: int) -> tuple[int, int]:
        """Where the widest gap begins and ends between two characters in these columns."""
        widest = _widest(self._blank, low, high)
        if _length(widest) >= self._gap:
            return widest
        widest = _widest((self._soft[low:high] == 0).tobytes(), 0, high - low)
        if _length(widest) >= self._gap:
            return low + widest[0], low + widest[1]
        part = self._sharp[low:high]
        over = min(self._over, len(part))
        sums = np.convolve(part, np.ones(over, dtype=part.dtype), "valid")
        least = np.flatnonzero(sums == sums.min())
        start = int(least[len(least) // 2])
        end = start + over
        level = int(median(part[start:end])) + self._specks
        while start > 0 and part[start - 1] <= level:
            start -= 1
        while end < len(part) and part[end] <= level:
            end += 1
        return low + start, low + end

    def stretches(self, count: int) -> list[tuple[int, int]] | None:
        """So many stretches of ink from the left, between the widest gaps; None where these are
        not clearly wider than the gaps between letters."""
        blanks = [found.span() for found in _BLANKS.finditer(self._blank)]
        begin = blanks.pop(0)[1] if blanks and blanks[0][0] == 0 else 0
        end = blanks.pop()[0] if blanks and blanks[-1][1] == self._width else self._width
        widest = sorted(blanks, key=lambda span: span[0] - span[1])
        gaps, others = widest[: count - 1], widest[count - 1 :]
        if len(gaps) < count - 1 or begin >= end:
            return None
        if gaps and others and _length(gaps[-1]) < _CLEARLY_WIDER * _length(others[0]):
            return None
        edges = [begin, *(edge for gap in sorted(gaps) for edge in gap), end]
        return [*zip(edges[::2], edges[1::2], strict=True)]

    def begin(self, middle: float) -> float:
        """Where the first word begins whose first character was seen there."""
        return self._edge(middle, 1)

    def end(self, middle: float) -> float:
        """Where the last word ends whose last character was seen there."""
        return self._width - self._edge(self._width - middle, -1)

    def _edge(self, middle: float, step: int) -> float:
        """The end of that blank, seen from the line's first column or its last one, that is
        nearest to where the character should begin."""
        expected = max(middle - self._half, 0.0)
        seen = slice(None, max(int(middle), 1))
        for is_soft in (False, True):
            part = (self._soft if is_soft else self._sharp)[::step][seen]
            blank = ((part == 0) | (part >= _RULE * self._rows)).tobytes()
            ends = (found.end() for found in _BLANKS.finditer(blank))
            apart, nearest = min(
                ((abs(end - expected), end) for end in ends), default=(self._near, 0)
            )
            if apart < self._near:
                return nearest
        return expected


def rarer_shade(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(height, width): 1 where it has the less frequent of two shades, by Otsu's threshold; of both
    as often the dark one."""
    _, dark = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    rarer = dark if 2 * cv2.countNonZero(dark) <= dark.size else 1 - dark
    return np.asarray(rarer, dtype=np.uint8)


def _by_column(grey: npt.NDArray[np.uint8]) -> Numbers:
    """(columns,): pixels of ink in each."""
    every = max(grey.size // _GROUND_PIXELS, 1)
    sample = sorted(grey.reshape(-1)[::every].tolist())
    ground = np.uint8(sample[len(sample) // 2])
    apart = cv2.absdiff(grey, np.full_like(grey, ground))
    _, most, _, _ = cv2.minMaxLoc(apart)
    _, ink = cv2.threshold(apart, max(_INK_SHARE * most, _LEAST_CONTRAST), 1, cv2.THRESH_BINARY)
    return np.asarray(cv2.reduce(ink, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0], dtype=np.int32)


def _widest(blank: bytes, low: int, high: int) -> tuple[int, int]:
    """The longest stretch of blank columns."""
    found = (each.span() for each in _BLANKS.finditer(blank, low, high))
    return max(found, key=_length, default=(low, low))


def _length(span: tuple[int, int]) -> int:
    return span[1] - span[0]
