"""Cells that ruling lines enclose: what stands in one is read before what stands in the next.

A line of text is in the cell between the nearest rule above, below, to its left and to its right;
at the edge of a table one of the last two may be missing. Cells between the same two level rules
are a band. In a band of a form or a table each cell is read for itself, except where only the
columns of a table are ruled, and its rows go on from one cell to the next: such a band is read row
by row, as one.
"""

import collections
import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reading.layout.boxes import Boxes, Indices, Numbers, unit_of
from reading.layout.ruling_lines import RulingLines, Segments
from reading.layout.text_columns import Side, are_columns, are_unpaired, side_of

_FEW_ROWS = 2
"""Cells of so few rows are each read for themselves: a label and, below it, what was filled in."""
_SOME_ROWS = 4
"""Of so many, too, unless all of a band have the same number."""
_CLOSE = 2.5
"""The rows of a text in a cell are no more than so many heights apart."""
_SAME_WIDTH = 0.15

_Key = tuple[int, int, int, int]
_OUTSIDE = -1


class Cell(NamedTuple):
    """What is to be read for itself."""

    members: Indices
    """Two lines and more."""
    top: float
    bottom: float
    """Where its rules are, no further from its lines than one is high."""


@dataclasses.dataclass(frozen=True)
class Placed:
    """What stands on a page: its lines, and behind them whole cells."""

    boxes: Boxes
    """Of both."""
    heights: Numbers
    """(cells, 2): top and bottom of each."""

    @property
    def count(self) -> int:
        """Of the lines."""
        return len(self.boxes) - len(self.heights)

    def stand_beside(self, halves: Sequence[Indices]) -> bool:
        """Whether one of two halves has a cell beside which the other has several rows."""
        cells = [self.heights[half[half >= self.count] - self.count] for half in halves]
        left, right = (side_of(self.boxes[half]) for half in halves)
        return _beside_one(cells[0], right) or _beside_one(cells[1], left)


def cells_of(boxes: Boxes, lines: RulingLines) -> list[Cell]:
    """The cells whose lines are to be read for themselves."""
    if not len(lines.level) or not len(lines.upright):
        return []
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    above, below = _nearest(lines.level, y, x)
    left, right = _nearest(lines.upright, x, y)
    keys = np.stack([above, below, left, right], axis=1)
    enclosed = (keys[:, :2] != _OUTSIDE).all(axis=1) & (keys[:, 2:] != _OUTSIDE).any(axis=1)
    cells: dict[_Key, list[int]] = collections.defaultdict(list)
    for number in np.flatnonzero(enclosed).tolist():
        cells[tuple(keys[number].tolist())].append(number)
    unit = unit_of(boxes)
    found: list[Cell] = []
    for key, members in cells.items():
        if len(members) > 1 and _is_closed(lines, key, unit):
            cell = np.array(members, dtype=np.intp)
            beside = enclosed & (y >= y[cell].min()) & (y <= y[cell].max())
            beside[cell] = False
            in_band = beside & (keys[:, :2] == key[:2]).all(axis=1)
            is_apart = _is_frame_apart(lines.upright[:, 0], keys[in_band], key)
            if is_apart or not _goes_on(
                boxes, cell, np.flatnonzero(beside), np.flatnonzero(in_band)
            ):
                found.append(_cell(boxes, cell, *(lines.level[place, 0] for place in key[:2])))
    return found


def _beside_one(cells: Numbers, other: Side) -> bool:
    """Whether one of the cells has two rows and more of the other side beside it."""
    return any(
        int(((other.centres > top) & (other.centres < bottom)).sum()) > 1
        for top, bottom in cells.tolist()
    )


def _cell(boxes: Boxes, members: Indices, above: float, below: float) -> Cell:
    unit = unit_of(boxes[members])
    top, bottom = boxes[members, 1].min(), boxes[members, 3].max()
    return Cell(members, float(max(above, top - unit)), float(min(below, bottom + unit)))


def _is_closed(lines: RulingLines, key: _Key, unit: float) -> bool:
    """Whether the rules around a cell meet: strokes of letters and edges of paper do not."""
    top, bottom = (lines.level[place] for place in key[:2])
    return all(
        begin <= top[0] + unit
        and end >= bottom[0] - unit
        and all(level[1] - unit <= x <= level[2] + unit for level in (top, bottom))
        for x, begin, end in (lines.upright[place] for place in key[2:] if place != _OUTSIDE)
    )


def _is_frame_apart(places: Numbers, others: Indices, key: _Key) -> bool:
    """Whether a cell and those of its band are frames of one width with white space between, as
    cards are: they share no upright rule. `places` has the x of each."""
    left, right = key[2:]
    sides = others[:, 2:]
    if not len(others) or _OUTSIDE in (left, right) or (sides == _OUTSIDE).any():
        return False
    if (sides[:, 0] == right).any() or (sides[:, 1] == left).any():
        return False
    width, widths = places[right] - places[left], places[sides[:, 1]] - places[sides[:, 0]]
    return bool((np.abs(widths - width) <= _SAME_WIDTH * width).all())


def _nearest(lines: Segments, across: Numbers, along: Numbers) -> tuple[list[int], list[int]]:
    """For each place the nearest line before and behind it that passes there; `_OUTSIDE`: none."""
    order = np.argsort(lines[:, 0], kind="stable")
    place, begin, end = lines[order].T
    found: tuple[list[int], list[int]] = [], []
    for here, there in zip(across.tolist(), along.tolist(), strict=True):
        passing = np.flatnonzero((begin <= there) & (there <= end))
        middle = int(np.searchsorted(place[passing], here))
        found[0].append(int(order[passing[middle - 1]]) if middle else _OUTSIDE)
        found[1].append(int(order[passing[middle]]) if middle < len(passing) else _OUTSIDE)
    return found


def _goes_on(boxes: Boxes, cell: Indices, beside: Indices, in_band: Indices) -> bool:
    """Whether a cell's rows go on in the cells beside it."""
    own = side_of(boxes[cell])
    rows = len(own.centres)
    unit = unit_of(boxes[cell])
    is_small = rows <= _SOME_ROWS and float(np.diff(own.centres).max(initial=0)) < _CLOSE * unit
    others = in_band if is_small else beside
    if (rows <= _FEW_ROWS and is_small) or not len(others):
        return False
    other = side_of(boxes[others])
    if is_small and len(other.centres) != rows:
        return False
    running = own.is_running_text, other.is_running_text
    return not are_columns(own, other, unit, running, 0.0) and not are_unpaired(own, other, unit, 2)
