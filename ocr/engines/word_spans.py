"""Where the words of a line stand, from the columns in which a recogniser saw their characters.

A recogniser with CTC says in which column each character is, and that is near its middle: to a
word's edges it is half a character, however wide that may be. So the columns tell only between
which characters a gap is to be looked for, and the ink where it is. docs/decisions/0036 has what
was measured.
"""

import difflib
import itertools
from collections.abc import Sequence
from typing import NamedTuple

from decoding.pixels import Pixels
from engines.columns import BLANK
from engines.line_ink import LineInk
from engines.text_models import Evidence
from ocr_contract.usual_widths import seen_order

COLUMN_PX = 8
"""So wide a column is, in pixels of the network."""


class _Word(NamedTuple):
    """The columns of its first and its last character, in pixels of the line."""

    first: float
    last: float


def word_spans(text: str, evidence: Sequence[Evidence], line: Pixels) -> tuple[float, ...] | None:
    """Where each word of `text` begins and ends in the cut-out line (height, width, 3) that it was
    read from: two shares of its width a word, in their order. None where nothing was seen.

    Without evidence, as of an engine that does not tell, the widest gaps of the line part words.
    """
    width = line.shape[1]
    if not evidence:
        return _by_widest_gaps(text.split(), line)
    words = _words(text, evidence, width)
    if words is None:
        return None
    ink = LineInk(line)
    edges = [ink.begin(words[0].first)]
    for before, after in itertools.pairwise(words):
        low = min(int(before.last), width - 1)
        edges += ink.gap(low, min(max(int(after.first), low + 1), width))
    edges.append(ink.end(words[-1].last))
    return tuple(
        edge / width
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        for edge in (start, max(start, end))
    )


def _by_widest_gaps(words: Sequence[str], line: Pixels) -> tuple[float, ...] | None:
    found = LineInk(line).stretches(len(words)) if words else None
    if found is None:
        return None
    seen = dict(zip(seen_order(words), found, strict=True))
    return tuple(edge / line.shape[1] for number in range(len(words)) for edge in seen[number])


def _words(text: str, evidence: Sequence[Evidence], width: int) -> list[_Word] | None:
    """Of each word; None where a line without text has none."""
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
