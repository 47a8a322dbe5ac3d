"""The order of a page's lines: strips from the top, columns one after the other, tables by rows."""

from collections.abc import Sequence

import numpy as np

from reading.layout.boxes import (
    NARROWEST_GAP,
    Boxes,
    Indices,
    Span,
    common_spans,
    free_spans,
    parts_at,
    rows_of,
    strips_of,
    unit_of,
)
from reading.layout.cells import units_in_cells
from reading.layout.listings import Listing
from reading.layout.ruling_lines import NO_LINES, RulingLines
from reading.layout.text_columns import LEAST_ROWS, LONG, Side, are_columns, are_unpaired, side_of

_DEEPEST = 24
"""Cuts within cuts; what is still together then is read row by row."""
_MOST_WORK = 300_000
"""Lines that are looked at in search of columns, times the gaps between them, added up: a long
table offers a run of columns from each of its rows on."""
_EACH = 100
_MOST_STEPS = 4000
"""Strips that are looked at so, before a run is begun only where a strip's gap opens."""
_MOST_LISTINGS = 120
"""Pairs of columns whose words are looked at."""
_LOOKED_BELOW = 4
_FEWEST = 6
"""Lines that two columns have at least."""


class _Order:
    """One page's boxes and what may still be tried."""

    def __init__(self, boxes: Boxes, lines: RulingLines, texts: Sequence[str]) -> None:
        self._listing = Listing(texts)
        self._listings = _MOST_LISTINGS if self._listing.may_go_down else 0
        self._lines = lines
        self._count = len(boxes)
        self._units = units_in_cells(boxes, lines)
        self._boxes = boxes
        self._work, self._steps = _MOST_WORK, _MOST_STEPS
        if self._units:
            self._boxes = np.concatenate(
                [boxes, np.stack([_around(boxes[unit]) for unit in self._units])]
            )

    def all(self) -> list[int]:
        """The order of all lines."""
        top = self._nested()
        found = self.of(top)
        while any(index >= self._count for index in found):
            found = [
                line
                for index in found
                for line in (
                    [index] if index < self._count else self.of(self._units[index - self._count])
                )
            ]
        return found

    def _nested(self) -> Indices:
        """Puts units and lines into the smallest unit around them; returns those in none."""
        boxes, count = self._boxes, self._count
        if not self._units:
            return np.arange(count)
        owner = np.full(len(boxes), -1)
        for number, unit in enumerate(self._units):
            owner[unit] = number
        areas = (boxes[count:, 2] - boxes[count:, 0]) * (boxes[count:, 3] - boxes[count:, 1])
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        for number in np.argsort(-areas, kind="stable").tolist():  # the smallest comes last
            around = boxes[count + number]
            inside = ((middles > around[:2]) & (middles < around[2:])).all(axis=1)
            inside[:count] &= owner[:count] < 0
            inside[count:] &= areas < areas[number]
            owner[inside] = number
        self._units = [np.flatnonzero(owner == number) for number in range(len(self._units))]
        return np.flatnonzero(owner < 0)

    def of(self, indices: Indices, depth: int = 0) -> list[int]:
        """The order of some lines."""
        if len(indices) == 1 or depth > _DEEPEST:
            return self._by_rows(indices)
        strips = strips_of(self._boxes, indices)
        least = NARROWEST_GAP * unit_of(self._boxes[indices])
        spans = [free_spans(self._boxes, strip, least) for strip in strips]
        order: list[int] = []
        position = tried_to = 0
        while position < len(strips):
            end, columns = position, list[Indices]()
            if (
                position >= tried_to
                or self._steps > 0
                or _opens(spans[position - 1], spans[position], least)
            ):
                end, tried_to, columns = self._columns_from(strips, spans, position, least)
            if columns and self._is_longer_below(strips, spans, position, end, least):
                columns = []  # a heading that stands by chance like the columns below it
            if columns:
                for column in columns:
                    order += self.of(column, depth + 1)
                position = tried_to = end
            else:
                order += self._strip(strips[position], depth)
                position += 1
        return order

    def _by_rows(self, indices: Indices) -> list[int]:
        return [int(index) for row in rows_of(self._boxes, indices) for index in row]

    def _columns_from(
        self, strips: list[Indices], spans: list[list[Span]], start: int, least: float
    ) -> tuple[int, int, list[Indices]]:
        """The longest run of strips from `start` that columns share: (its end, the end of the
        longest run that has a gap at all, the columns).

        A run is looked at where it loses a gap, and at its end.
        """
        best: list[Indices] = []
        best_end = end = start
        free = spans[start]
        low, high = free[0][1], free[-1][0]
        while end < len(strips):
            end += 1
            self._steps -= 1
            shared: list[Span] = []
            lowest, highest = low, high
            if end < len(strips) and not self._listing.new_pages(self._boxes, strips[end]):
                shared = common_spans(free, spans[end], least)
                lowest, highest = min(low, spans[end][0][1]), max(high, spans[end][-1][0])
            inner = _inner(free, low, high)
            if inner and len(_inner(shared, lowest, highest)) < len(inner):
                found = self._as_columns(np.concatenate(strips[start:end]), inner)
                best, best_end = (found, end) if found else (best, best_end)
            if len(shared) < 2:
                break
            free, low, high = shared, lowest, highest
        return best_end, end, best

    def _is_longer_below(
        self, strips: list[Indices], spans: list[list[Span]], start: int, end: int, least: float
    ) -> bool:
        """Whether a run that begins a few strips below is much longer than this one."""
        for later in range(start + 1, min(start + _LOOKED_BELOW + 1, end, len(strips))):
            if self._steps <= 0:
                return False
            below, _, columns = self._columns_from(strips, spans, later, least)
            if columns and below - later > 2 * (end - start):
                return True
        return False

    def _as_columns(self, indices: Indices, gaps: list[Span]) -> list[Indices]:
        """The columns that these gaps part; empty when none does."""
        if len(indices) < _FEWEST or self._work <= 0:
            return []
        self._work -= (len(indices) + _EACH) * (len(gaps) + 1)
        unit = unit_of(self._boxes[indices])
        middles = [(low + high) / 2 for low, high in gaps]
        parts = parts_at(self._boxes, indices, middles)
        if len(parts) <= len(gaps):
            return []
        sides = [_long_side(self._boxes[part], unit) for part in parts]
        is_text = any(side and side.is_running_text for side in sides)
        if not is_text and not len(self._lines.upright) and self._listings <= 0:
            return []
        widths = [_width(self._boxes[part]) for part in parts]
        runs = [side is not None and side.is_running_text for side in sides]
        cuts = []
        for number, (gap, middle) in enumerate(zip(gaps, middles, strict=True), 1):
            halves = parts_at(self._boxes, indices, [middle])
            left, right = (side_of(self._boxes[half]) for half in halves)
            running = (
                max(zip(widths[:number], runs[:number], strict=True))[1],
                max(zip(widths[number:], runs[number:], strict=True))[1],
            )
            ruled = self._ruled(gap, left, right, unit)
            is_cut = (
                are_columns(left, right, unit, running, gap[1] - gap[0]) if ruled is None else ruled
            )
            if not is_cut and ruled is None:
                is_cut = (any(running) and self._stand_beside(halves)) or self._are_listed(halves)
            if is_cut:
                cuts.append(middle)
        return parts_at(self._boxes, indices, cuts) if cuts else []

    def _ruled(self, gap: Span, left: Side, right: Side, unit: float) -> bool | None:
        """Whether an upright rule parts the two, which no row's rule crosses (True), or rules of
        rows cross (False); None when rules do not tell."""
        low, high = gap
        if min(len(left.centres), len(right.centres)) < 3:
            return None
        top = max(left.centres[0], right.centres[0])
        bottom = min(left.centres[-1], right.centres[-1])
        y, start, stop = self._lines.level.T
        crossing = (y > top) & (y < bottom) & (start < low - unit) & (stop > high + unit)
        if crossing.any():
            return False if crossing.sum() > 1 else None
        for x, begin, end in self._lines.upright.tolist():
            if not low - unit / 4 <= x <= high + unit / 4:
                continue
            meeting = (y > begin - unit) & (y < end + unit) & (start < x - unit) & (stop > x + unit)
            if min(end, bottom) - max(begin, top) >= 0.8 * (bottom - top) and not meeting.any():
                return True
        return None

    def _are_listed(self, halves: list[Indices]) -> bool:
        """Whether the words themselves tell that each half is to be read for itself."""
        if self._listings <= 0 or min(map(len, halves)) < _FEWEST:
            return False
        self._listings -= 1
        return self._listing.goes_down(self._boxes, *halves)

    def _stand_beside(self, halves: list[Indices]) -> bool:
        """Whether one half has a cell beside which the other has several rows."""
        cells = [self._boxes[half[half >= self._count]] for half in halves]
        left, right = (side_of(self._boxes[half]) for half in halves)
        return _beside_one(cells[0], right) or _beside_one(cells[1], left)

    def _strip(self, indices: Indices, depth: int) -> list[int]:
        """A strip that no horizontal white space parts."""
        if len(indices) == 1:
            return [int(indices[0])]
        rows = rows_of(self._boxes, indices)
        if len(rows) == 1:
            return [int(index) for index in rows[0]]
        self._work -= len(indices) + _EACH
        unit = unit_of(self._boxes[indices])
        cuts = []
        for low, high in free_spans(self._boxes, indices, NARROWEST_GAP * unit)[1:-1]:
            middle = (low + high) / 2
            parts = parts_at(self._boxes, indices, [middle])
            left, right = (side_of(self._boxes[part]) for part in parts)
            if are_unpaired(left, right, unit, 1) or self._stand_beside(parts):
                cuts.append(middle)
        if not cuts or self._work <= 0:
            return [int(index) for row in rows for index in row]
        return [
            index
            for part in parts_at(self._boxes, indices, cuts)
            for index in self.of(part, depth + 1)
        ]


def _inner(spans: list[Span], low: float, high: float) -> list[Span]:
    """Those with something on both sides, between `low` and `high`."""
    return [span for span in spans if low < span[0] and span[1] < high]


def _opens(above: list[Span], below: list[Span], least: float) -> bool:
    """Whether a strip has a gap that the one above it blocks: a run may begin there."""
    shared = common_spans(above, below, least)
    return len(_inner(shared, below[0][1], below[-1][0])) < len(below) - 2


def _width(boxes: Boxes) -> float:
    return float(boxes[:, 2].max() - boxes[:, 0].min())


def _long_side(boxes: Boxes, unit: float) -> Side | None:
    """None when it is no running text at a glance."""
    widths = boxes[:, 2] - boxes[:, 0]
    return side_of(boxes) if len(boxes) >= LEAST_ROWS and widths.max() >= LONG * unit else None


def _beside_one(boxes: Boxes, other: Side) -> bool:
    """Whether one of the boxes has two rows and more of the other side beside it."""
    return any(
        int(((other.centres > top) & (other.centres < bottom)).sum()) > 1
        for top, bottom in boxes[:, 1::2].tolist()
    )


def _around(boxes: Boxes) -> Boxes:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def order_of(boxes: Boxes, lines: RulingLines = NO_LINES, texts: Sequence[str] = ()) -> list[int]:
    """The indices of the boxes of level lines, in reading order; `texts`, one for each or none,
    are what they say."""
    return _Order(boxes, lines, texts).all() if len(boxes) else []
