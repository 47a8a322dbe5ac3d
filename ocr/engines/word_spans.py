"""Where the words of a line stand, from the columns in which a recogniser saw their characters.

A recogniser with CTC says in which column each character is, and that is near its middle: to a
word's edges it is half a character, however wide that may be. So the columns tell only between
which characters a gap is to be looked for, and the ink where it is. docs/decisions/0036 has what
was measured.
"""

import difflib
import itertools
import re
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.columns import BLANK
from engines.text_models import Evidence

COLUMN_PX = 8
"""So wide a column is, in pixels of the network."""
_TOP, _BOTTOM = 0.15, 0.87
"""Rows of a line that are looked at, in shares of its height: above and below them the letters of
other lines stand out."""
_INK_SHARE = 0.35
"""Ink differs from the ground by more than this share of the largest difference."""
_LEAST_CONTRAST = 8
_GROUND_PIXELS = 64
"""Of so many the median is the ground."""
_GAP = 0.12
"""A gap between words is at least so wide, in heights of the line; where no column is blank for so
long, as in an underlined line, it is where the least ink is over …"""
_LEAST_INK_OVER = 0.15
_SPECKS = 0.04
"""… and goes on while no more than this share of the rows has ink beyond that."""
_HALF_CHARACTER = 0.22
"""From a character's column to its edge, in heights of the line, where no ink tells."""
_RULE = 0.95
"""A column with more ink than this at the end of a line is a rule, and no letter."""
_BLANKS = re.compile(b"\1+")

Ink = npt.NDArray[np.int32]


class _Word(NamedTuple):
    """The columns of its first and its last character, in pixels of the line."""

    first: float
    last: float


def word_spans(text: str, evidence: Sequence[Evidence], line: Pixels) -> tuple[float, ...] | None:
    """Where each word of `text` begins and ends in the cut-out line (height, width, 3) that it was
    read from: two shares of its width a word, in their order. None where nothing was seen."""
    words = _words(text, evidence, line.shape[1])
    if words is None:
        return None
    height, width = line.shape[:2]
    ink = _ink_by_column(line)
    blank = (ink == 0).tobytes()
    half = _HALF_CHARACTER * height
    edges = [_begin(ink, words[0].first, half, height)]
    for before, after in itertools.pairwise(words):
        low = min(int(before.last), width - 1)
        high = min(max(int(after.first), low + 1), width)
        edges += _gap(ink, blank, low, high, height)
    edges.append(width - _begin(ink[::-1], width - words[-1].last, half, height))
    return tuple(
        edge / width
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        for edge in (start, max(start, end))
    )


def _words(text: str, evidence: Sequence[Evidence], width: int) -> list[_Word] | None:
    """Of each word; None where a line without evidence, or without text, has none."""
    signs, middles = _characters(evidence)
    words = text.split()
    if not signs or not words:
        return None
    scale = width / sum(part.width for part in evidence)
    firsts = lasts = [middle * scale for middle in middles]
    wanted = "".join(words)
    if len(wanted) != len(signs):
        firsts, lasts = _aligned(signs, firsts, wanted)
    found, start = [], 0
    for word in words:
        found.append(_Word(firsts[start], lasts[start + len(word) - 1]))
        start += len(word)
    return found


def _characters(evidence: Sequence[Evidence]) -> tuple[str, list[float]]:
    """What was seen, without blanks, and the middle of each character's columns in pixels of the
    network."""
    signs: list[str] = []
    middles: list[float] = []
    offset = 0.0
    for part in evidence:
        before = BLANK
        for column, found in enumerate(part.columns.classes.tolist()):
            if found != before and found != BLANK:
                for sign in part.characters[found]:
                    if not sign.isspace():
                        signs.append(sign)
                        middles.append(offset + (column + 0.5) * COLUMN_PX)
            before = found
        offset += part.width
    return "".join(signs), middles


def _aligned(signs: str, middles: list[float], wanted: str) -> tuple[list[float], list[float]]:
    """First and last place of each character of a text that was written otherwise in the end, as
    rows of dots are."""
    firsts: list[float] = []
    lasts: list[float] = []
    matcher = difflib.SequenceMatcher(None, signs, wanted, autojunk=False)
    for _, begin, end, begin_new, end_new in matcher.get_opcodes():
        count = end_new - begin_new
        for number in range(count):
            first = begin + (end - begin) * number // count
            last = max(begin + (end - begin) * (number + 1) // count - 1, first)
            firsts.append(middles[min(first, len(middles) - 1)])
            lasts.append(middles[min(last, len(middles) - 1)])
    return firsts, lasts


def _ink_by_column(line: Pixels) -> Ink:
    """(width,): pixels of ink in each column."""
    height = line.shape[0]
    top = int(_TOP * height)
    rows = line[top : max(int(_BOTTOM * height), top + 1)]
    grey = cv2.extractChannel(rows, 1)
    every = max(grey.size // _GROUND_PIXELS, 1)
    sample = sorted(grey.reshape(-1)[::every].tolist())
    ground = np.uint8(sample[len(sample) // 2])
    apart = cv2.absdiff(grey, np.full_like(grey, ground))
    _, most, _, _ = cv2.minMaxLoc(apart)
    _, ink = cv2.threshold(apart, max(_INK_SHARE * most, _LEAST_CONTRAST), 1, cv2.THRESH_BINARY)
    by_column: Ink = cv2.reduce(ink, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0]
    return by_column


def _gap(ink: Ink, blank: bytes, low: int, high: int, height: int) -> tuple[int, int]:
    """Where it begins and ends, between two characters: the widest one."""
    widest = max(_BLANKS.finditer(blank, low, high), key=_length, default=None)
    if widest is not None and _length(widest) >= _GAP * height:
        return widest.span()
    part = ink[low:high]
    over = min(max(int(_LEAST_INK_OVER * height), 1), len(part))
    sums = np.convolve(part, np.ones(over, dtype=part.dtype), "valid")
    least = np.flatnonzero(sums == sums.min())
    start = int(least[len(least) // 2])
    end = start + over
    level = int(np.median(part[start:end])) + int(_SPECKS * height)
    while start > 0 and part[start - 1] <= level:
        start -= 1
    while end < len(part) and part[end] <= level:
        end += 1
    return low + start, low + end


def _length(found: "re.Match[bytes]") -> int:
    return found.end() - found.start()


def _begin(ink: Ink, middle: float, half: float, height: int) -> float:
    """Where a line's first word begins: behind the blank that is nearest to where its first
    character should begin."""
    part = ink[: max(int(middle), 1)]
    rows = _BOTTOM * height - _TOP * height
    expected = max(middle - half, 0.0)
    for most in (0, int(_SPECKS * height)):
        blank = ((part <= most) | (part >= _RULE * rows)).tobytes()
        ends = [found.end() for found in _BLANKS.finditer(blank)]
        if ends:
            return min(ends, key=lambda end: abs(end - expected))
    return expected
