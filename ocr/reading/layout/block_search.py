"""Blocks that stand beside each other and look like the rows of a table: addresses, cards, wrapped
texts, names that were signed for, a title beside a frame, lists with pitches of their own.
"""

import itertools

import numpy as np

from reading.layout.boxes import Indices, Span, free_spans, parts_at, unit_of
from reading.layout.cells import Placed
from reading.layout.listings import Listing
from reading.layout.ruling_lines import RulingLines
from reading.layout.text_columns import (
    are_blocks,
    are_paragraphs,
    are_unpaired,
    has_one_pitch,
    is_even,
    side_of,
)

_MOST_LINES = 60
"""Of blocks that stand beside each other; more are columns or a table."""
_MOST_LOOKED_AT = 3000
"""Lines of a page, added up."""
_MOST_WITH_CELL = 2
_MANY_ROWS = 6
"""Of so many rows on both sides it is seen that they have pitches of their own."""
_FEWEST_SIGNED = 2
"""A name and an office; a date may stand below."""


class BlockSearch:
    """Looks for blocks on one page."""

    def __init__(self, placed: Placed, lines: RulingLines, listing: Listing) -> None:
        self._placed, self._lines, self._listing = placed, lines, listing
        self._boxes = placed.boxes
        self._work = _MOST_LOOKED_AT

    def of(self, indices: Indices, least: float) -> list[Indices]:
        """The blocks of some lines, at least `least` apart; empty: no such."""
        if len(indices) > _MOST_LINES or self._work <= 0:
            return []
        self._work -= len(indices)
        gaps = free_spans(self._boxes, indices, least)[1:-1]
        parts = parts_at(self._boxes, indices, [(low + high) / 2 for low, high in gaps])
        if len(parts) < 2:
            return []
        if uneven := self._at_other_pitches(indices, gaps):
            return uneven
        sides = [side_of(self._boxes[part]) for part in parts]
        apart = all(itertools.starmap(are_blocks, itertools.pairwise(sides)))
        if (
            (apart and all(map(self._listing.is_words, parts)))
            or are_paragraphs(sides)
            or self._listing.are_alike(self._boxes, parts)
            or self._is_beside_cell(parts)
            or self._stand_under_rules(parts)
        ):
            return parts
        return []

    def _at_other_pitches(self, indices: Indices, gaps: list[Span]) -> list[Indices]:
        """Parts of many even rows each that do not stand beside each other; empty: no such."""
        cuts = []
        unit = unit_of(self._boxes[indices])
        for low, high in gaps if len(indices) >= 2 * _MANY_ROWS else []:
            middle = (low + high) / 2
            left, right = map(
                side_of, (self._boxes[part] for part in parts_at(self._boxes, indices, [middle]))
            )
            if are_unpaired(left, right, unit, _MANY_ROWS) and (is_even(left) and is_even(right)):
                cuts.append(middle)
        return parts_at(self._boxes, indices, cuts) if cuts else []

    def _stand_under_rules(self, parts: list[Indices]) -> bool:
        """Whether each part is words under a rule of its own, as names are that were signed for."""
        if not len(self._lines.level) or min(map(len, parts)) < _FEWEST_SIGNED:
            return False
        names = [part[np.argsort(self._boxes[part, 1])][:_FEWEST_SIGNED] for part in parts]
        if not all(map(self._listing.is_words, names)):
            return False
        unit = unit_of(self._boxes[np.concatenate(parts)])
        y, begin, end = self._lines.level.T
        left, top = (np.array([self._boxes[part, side].min() for part in parts]) for side in (0, 1))
        right = np.array([self._boxes[part, 2].max() for part in parts])
        before, behind = np.append(-np.inf, right[:-1]), np.append(left[1:], np.inf)
        own = (begin > before[:, None]) & (end < behind[:, None])
        over = (begin < right[:, None]) & (end > left[:, None])
        above = np.abs(y - top.min()) < unit
        return bool((own & over & above).any(axis=1).all())

    def _is_beside_cell(self, parts: list[Indices]) -> bool:
        """Whether one of two parts is a cell, with a line below it at most, and rows of the other
        go on below it."""
        if len(parts) != 2:
            return False
        framed, rows = sorted(parts, key=len)
        first = framed[np.argmin(self._boxes[framed, 1])]
        return (
            len(framed) <= _MOST_WITH_CELL
            and int(first) >= self._placed.count
            and int(rows.max()) < self._placed.count
            and self._placed.stand_beside([framed[framed == first], rows])
            and has_one_pitch(side_of(self._boxes[rows]))
        )
