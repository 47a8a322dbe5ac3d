"""Columns among the strips of a page: runs of strips that share a gap which parts columns.

The search is bounded: a long table offers a run of columns from each of its rows on.
"""

from typing import NamedTuple

import numpy as np

from reading.layout.boxes import (
    Boxes,
    Indices,
    Span,
    common_spans,
    free_spans,
    parts_at,
    unit_of,
)
from reading.layout.cells import Placed
from reading.layout.listings import Listing
from reading.layout.ruling_lines import RulingLines
from reading.layout.text_columns import (
    LEAST_ROWS,
    LONG,
    Side,
    are_columns,
    are_rows,
    are_unpaired,
    side_of,
)

_MOST_WORK = 300_000
"""Lines that are looked at, times the gaps between them, added up …"""
_EACH = 100
"""… and so many more each time."""
_MOST_STEPS = 4000
"""Strips that are looked at so, before a run is begun only where a strip's gap opens."""
_MOST_LISTINGS = 120
"""Pairs of columns whose words are looked at."""
_MOST_TABLES = 30
"""And pairs of tables."""
_FEWEST_OF_TABLES = 16
"""Lines of two tables beside each other."""
_LOOKED_BELOW = 4
"""A heading of so many strips may stand by chance like the columns below it."""
_MUCH_LONGER = 2
_BAND = 3
"""White space so many times as high as a line ends columns: what follows are others."""
_CLOSE, _APART = 0.6, 1.5
"""White space between two rows of a block, at most, and below its last row, at least, in heights
of a line."""
_FEWEST = 6
"""Lines that two columns have at least."""
_ALONG = 0.8
"""A rule between columns is at least so long as the rows on both sides of it reach."""


class _Strip(NamedTuple):
    lines: Indices
    free: list[Span]
    """Where nothing stands."""
    begins_anew: bool
    """No column goes on from above into it."""


class ColumnSearch:
    """Looks for columns on one page."""

    def __init__(self, placed: Placed, lines: RulingLines, listing: Listing) -> None:
        self._placed, self._lines, self._listing = placed, lines, listing
        self._boxes = placed.boxes
        self._work, self._steps = _MOST_WORK, _MOST_STEPS
        self._tables = _MOST_TABLES
        self._listings = _MOST_LISTINGS if listing.may_go_down else 0

    def in_strips(self, strips: list[Indices], least: float) -> list[tuple[int, list[Indices]]]:
        """Runs of strips, from the top: how many, and their columns; a strip that shares none
        stands alone. A gap is at least `least` wide."""
        every = self._looked_at(strips, least)
        runs: list[tuple[int, list[Indices]]] = []
        position = tried_to = 0
        while position < len(strips):
            end, columns = position, list[Indices]()
            if (
                position >= tried_to
                or self._steps > 0
                or _opens(every[position - 1].free, every[position].free, least)
            ):
                end, tried_to, columns = self._columns_from(every, position, least)
            if columns and (
                self._belongs_above(every, position, columns)
                or self._is_longer_below(every, position, end, least)
            ):
                columns = []
            if columns:
                runs.append((end - position, columns))
                position = tried_to = end
            else:
                runs.append((1, []))
                position += 1
        return runs

    def in_one_strip(self, indices: Indices, least: float) -> list[Indices]:
        """The parts of a strip whose rows do not stand beside each other; one, if they do."""
        self._work -= len(indices) + _EACH
        if self._work <= 0:
            return [indices]
        unit = unit_of(self._boxes[indices])
        cuts = []
        for low, high in free_spans(self._boxes, indices, least)[1:-1]:
            middle = (low + high) / 2
            parts = parts_at(self._boxes, indices, [middle])
            left, right = (side_of(self._boxes[part]) for part in parts)
            if are_unpaired(left, right, unit, 1) or self._placed.stand_beside(parts):
                cuts.append(middle)
        return parts_at(self._boxes, indices, cuts)

    def _columns_from(
        self, strips: list[_Strip], start: int, least: float
    ) -> tuple[int, int, list[Indices]]:
        """The longest run of strips from `start` that columns share: (its end, the end of the
        longest run that has a gap at all, the columns).

        A run is looked at where it loses a gap, and at its end.
        """
        best: list[Indices] = []
        best_end = end = start
        free = strips[start].free
        low, high = free[0][1], free[-1][0]
        while end < len(strips):
            end += 1
            self._steps -= 1
            shared: list[Span] = []
            lowest, highest = low, high
            if end < len(strips) and not strips[end].begins_anew:
                here = strips[end].free
                shared = common_spans(free, here, least)
                lowest, highest = min(low, here[0][1]), max(high, here[-1][0])
            inner = _inner(free, low, high)
            if inner and len(_inner(shared, lowest, highest)) < len(inner):
                lines = [strip.lines for strip in strips[start:end]]
                found = self._as_columns(np.concatenate(lines), inner)
                best, best_end = (found, end) if found else (best, best_end)
            if len(shared) < 2:
                break
            free, low, high = shared, lowest, highest
        return best_end, end, best

    def _looked_at(self, strips: list[Indices], least: float) -> list[_Strip]:
        """The strips, and where columns end before them: at pages, and at a band of white, as of
        pictures beside each other, below which there is more than one part again."""
        found: list[_Strip] = []
        floor, height = np.inf, 0.0
        for strip in strips:
            boxes = self._boxes[strip]
            free = free_spans(self._boxes, strip, least)
            unit = unit_of(boxes)
            white = float(boxes[:, 1].min()) - floor
            begins_anew = self._listing.new_pages(self._boxes, strip)
            if begins_anew is None:
                begins_anew = len(free) > 2 and white > _BAND * max(unit, height)
            found.append(_Strip(strip, free, begins_anew))
            floor, height = float(boxes[:, 3].max()), unit
        return found

    def _belongs_above(self, strips: list[_Strip], start: int, columns: list[Indices]) -> bool:
        """Whether the first strip of some columns is the last row of what stands above them, as
        the date below a sender's name is: it lies in one column, and far from the next strip."""
        if start == 0 or start + 1 == len(strips):
            return False
        first = strips[start].lines
        above, own, below = (self._boxes[strip.lines] for strip in strips[start - 1 : start + 2])
        unit = unit_of(own)
        near = above[(above[:, 0] < own[:, 2].max()) & (above[:, 2] > own[:, 0].min())]
        return bool(
            sum(np.isin(first, part).any() for part in columns) == 1
            and len(near)
            and own[:, 1].min() - near[:, 3].max() < _CLOSE * unit
            and below[:, 1].min() - own[:, 3].max() > _APART * unit
        )

    def _is_longer_below(self, strips: list[_Strip], start: int, end: int, least: float) -> bool:
        """Whether a run that begins a few strips below is much longer than this one, or goes on as
        far in more columns, over two of which the strips above it lie as headings do."""
        for later in range(start + 1, min(start + _LOOKED_BELOW + 1, end, len(strips))):
            if self._steps <= 0:
                return False
            below, _, columns = self._columns_from(strips, later, least)
            if columns and below - later > _MUCH_LONGER * (end - start):
                return True
            if below > end and all(
                self._lies_over(strip.lines, columns) for strip in strips[start:later]
            ):
                return True
        return False

    def _lies_over(self, strip: Indices, columns: list[Indices]) -> bool:
        """Whether a strip is one line that reaches over two of the columns."""
        left, _, right, _ = self._boxes[strip[0]].tolist()
        under = [
            part for part in columns
            if self._boxes[part, 0].min() < right and self._boxes[part, 2].max() > left
        ]  # fmt: skip
        return len(strip) == 1 and len(under) > 1

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
            return self._tables_at(indices, middles)
        widths = [_width(self._boxes[part]) for part in parts]
        runs = [
            side is not None and side.is_running_text and not self._listing.are_lone_words(part)
            for side, part in zip(sides, parts, strict=True)
        ]
        cuts, by_text = list[int](), list[int]()
        for number, (gap, middle) in enumerate(zip(gaps, middles, strict=True), 1):
            halves = parts_at(self._boxes, indices, [middle])
            left, right = (side_of(self._boxes[half]) for half in halves)
            running = (
                max(zip(widths[:number], runs[:number], strict=True))[1],
                max(zip(widths[number:], runs[number:], strict=True))[1],
            )
            ruled = self._ruled(gap, left, right, unit)
            if ruled is None and are_columns(left, right, unit, running, gap[1] - gap[0]):
                by_text.append(number)
                cuts.append(number)
            elif ruled is not False and (
                ruled
                or (any(running) and self._placed.stand_beside(halves))
                or self._are_listed(halves)
                or self._are_tables(halves)
            ):
                cuts.append(number)
        for number in by_text:
            if self._parts_values(parts, runs, cuts, number, unit):
                cuts.remove(number)
        return parts_at(self._boxes, indices, [middles[cut - 1] for cut in cuts]) if cuts else []

    def _parts_values(
        self, parts: list[Indices], runs: list[bool], cuts: list[int], cut: int, unit: float
    ) -> bool:
        """Whether one of several cuts has values behind it that belong to what is before it: dishes
        and prices look like columns as long as the next column counts as a part of the prices.

        A cut is the number of parts before it.
        """
        edges = [0, *cuts, len(parts)]
        place = edges.index(cut)
        before, behind = edges[place - 1], edges[place + 1]
        if len(cuts) < 2 or any(runs[cut:behind]):
            return False
        label, value = np.concatenate(parts[before:cut]), np.concatenate(parts[cut:behind])
        return are_rows(side_of(self._boxes[label]), side_of(self._boxes[value]), unit)

    def _ruled(self, gap: Span, left: Side, right: Side, unit: float) -> bool | None:
        """Whether an upright rule parts the two, which no row's rule crosses (True), or rules of
        rows cross (False); None when rules do not tell."""
        low, high = gap
        if not len(self._lines.upright):
            return None
        top = max(left.centres[0], right.centres[0])
        bottom = min(left.centres[-1], right.centres[-1])
        y, start, stop = self._lines.level.T
        crossing = (y > top) & (y < bottom) & (start < low - unit) & (stop > high + unit)
        if crossing.any():
            return False if crossing.sum() > 1 else None
        if min(len(left.centres), len(right.centres)) < LEAST_ROWS:
            return None
        for x, begin, end in self._lines.upright.tolist():
            if not low - unit / 4 <= x <= high + unit / 4:
                continue
            meeting = (y > begin - unit) & (y < end + unit) & (start < x - unit) & (stop > x + unit)
            if min(end, bottom) - max(begin, top) >= _ALONG * (bottom - top) and not meeting.any():
                return True
        return None

    def _are_listed(self, halves: list[Indices]) -> bool:
        """Whether the words themselves tell that each half is to be read for itself."""
        if self._listings <= 0 or min(map(len, halves)) < _FEWEST:
            return False
        self._listings -= 1
        return self._listing.goes_down(self._boxes, *halves)

    def _tables_at(self, indices: Indices, middles: list[float]) -> list[Indices]:
        """Tables beside each other; empty: no such."""
        cuts = [cut for cut in middles if self._are_tables(parts_at(self._boxes, indices, [cut]))]
        return parts_at(self._boxes, indices, cuts) if cuts else []

    def _are_tables(self, halves: list[Indices]) -> bool:
        """Whether each half is a table for itself."""
        if self._tables <= 0 or 2 * min(map(len, halves)) < _FEWEST_OF_TABLES:
            return False
        self._tables -= 1
        return self._listing.are_tables(self._boxes, *halves)


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
