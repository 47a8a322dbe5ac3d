"""The order of a page's lines: strips from the top, columns one after the other, tables by rows."""

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
from reading.layout.ruling_lines import NO_LINES, RulingLines
from reading.layout.text_columns import Side, are_columns, are_unpaired, side_of

_DEEPEST = 24
"""Cuts within cuts; what is still together then is read row by row."""
_MOST_TRIES = 400
"""Runs of columns that are looked at; a long table offers one from each of its rows on."""
_APART = 1.5
"""A heading or foot stands so many heights apart from the columns that it does not belong to."""


class _Order:
    """One page's boxes and what may still be tried."""

    def __init__(self, boxes: Boxes, lines: RulingLines) -> None:
        self._lines = lines
        self._count = len(boxes)
        self._units = units_in_cells(boxes, lines)
        self._boxes = boxes
        self._tries = max(min(_MOST_TRIES, 2_000_000 // max(len(boxes), 1)), 50)
        if self._units:
            self._boxes = np.concatenate([boxes, np.stack([_around(boxes[unit]) for unit in self._units])])

    def all(self) -> list[int]:
        """The order of all lines."""
        top = self._nested()
        found = self.of(top)
        while any(index >= self._count for index in found):
            found = [
                line
                for index in found
                for line in ([index] if index < self._count else self.of(self._units[index - self._count]))
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
        order: list[int] = []
        position = 0
        while position < len(strips):
            end, columns = self._columns_from(strips, position)
            if columns:
                for column in columns:
                    order += self.of(column, depth + 1)
                position = end
            else:
                order += self._strip(strips[position], depth)
                position += 1
        return order

    def _by_rows(self, indices: Indices) -> list[int]:
        return [int(index) for row in rows_of(self._boxes, indices) for index in row]

    def _columns_from(self, strips: list[Indices], start: int) -> tuple[int, list[Indices]]:
        """The longest run of strips from `start` that columns share: (its end, the columns)."""
        if self._tries <= 0 or start + 1 == len(strips) == 1 and len(strips[0]) == 1:
            return start, []
        least = NARROWEST_GAP * unit_of(self._boxes[strips[start]])
        free = free_spans(self._boxes, strips[start], least)
        best: tuple[int, list[Indices]] = (start, [])
        end = start + 1
        low, high = self._reach(strips[start])
        while True:
            shared: list[Span] = []
            if end < len(strips):
                reach = self._reach(strips[end])
                low, high = min(low, reach[0]), max(high, reach[1])
                shared = common_spans(free, free_spans(self._boxes, strips[end], least), least)
            inner = [span for span in free if low < span[0] and span[1] < high]
            left = [span for span in shared if low < span[0] and span[1] < high]
            if inner and len(left) < len(inner):
                found = self._as_columns(np.concatenate(strips[start:end]), inner)
                if found:
                    best = end, found
            if end == len(strips) or not shared or not any(np.isfinite(s).any() for s in shared):
                return best
            free = shared
            end += 1

    def _reach(self, indices: Indices) -> Span:
        return float(self._boxes[indices, 0].min()), float(self._boxes[indices, 2].max())

    def _as_columns(self, indices: Indices, gaps: list[Span]) -> list[Indices]:
        """The columns that these gaps part; empty when none does."""
        self._tries -= 1
        unit = unit_of(self._boxes[indices])
        middles = [(low + high) / 2 for low, high in gaps]
        parts = parts_at(self._boxes, indices, middles)
        if len(parts) <= len(gaps):
            return []
        widest = [side_of(self._boxes, part) for part in parts]
        cuts = []
        for number, (gap, middle) in enumerate(zip(gaps, middles, strict=True), 1):
            left, right = (
                side_of(self._boxes, part) for part in parts_at(self._boxes, indices, [middle])
            )
            running = (
                max(widest[:number], key=lambda side: side.width).is_running_text,
                max(widest[number:], key=lambda side: side.width).is_running_text,
            )
            ruled = self._ruled(gap, left, right, unit)
            if ruled is not None:
                is_cut = ruled
            else:
                is_cut = are_columns(left, right, unit, running)
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

    def _strip(self, indices: Indices, depth: int) -> list[int]:
        """A strip that no horizontal white space parts."""
        rows = rows_of(self._boxes, indices)
        if len(rows) == 1:
            return rows[0].tolist()
        unit = unit_of(self._boxes[indices])
        cuts = []
        for low, high in free_spans(self._boxes, indices, NARROWEST_GAP * unit)[1:-1]:
            middle = (low + high) / 2
            left, right = (
                side_of(self._boxes, part) for part in parts_at(self._boxes, indices, [middle])
            )
            if are_unpaired(left, right, unit, 1):
                cuts.append(middle)
        if not cuts:
            return [int(index) for row in rows for index in row]
        return [
            index
            for part in parts_at(self._boxes, indices, cuts)
            for index in self.of(part, depth + 1)
        ]


def _around(boxes: Boxes) -> Boxes:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def order_of(boxes: Boxes, lines: RulingLines = NO_LINES) -> list[int]:
    """The indices of the boxes of level lines, in reading order."""
    return _Order(boxes, lines).all() if len(boxes) else []
