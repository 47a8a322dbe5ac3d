"""Cells that ruling lines enclose: what stands in one is read before what stands in the next.

A line of text is in the cell between the nearest rule above, below, to its left and to its right;
at the edge of a table one of the last two may be missing. Cells between the same two level rules
are a band. In a band of a form or a table each cell is read for itself, except where only the
columns of a table are ruled, and its rows go on from one cell to the next: such a band is read row
by row, as one.
"""

import collections

import numpy as np

from reading.layout.boxes import Boxes, Indices, unit_of
from reading.layout.ruling_lines import RulingLines, Segments
from reading.layout.text_columns import are_columns, are_unpaired, side_of

_FEW_ROWS = 2
"""Cells of so few rows are each read for themselves: a label and, below it, what was filled in."""

_Key = tuple[int, int, int, int]
_OUTSIDE = -1


def units_in_cells(boxes: Boxes, lines: RulingLines) -> list[Indices]:
    """Groups of lines, two and more each, that are to be read for themselves."""
    cells: dict[_Key, list[int]] = collections.defaultdict(list)
    if not len(lines.level) or not len(lines.upright):
        return []
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    above, below = _nearest(lines.level, y, x)
    left, right = _nearest(lines.upright, x, y)
    for number, key in enumerate(zip(above, below, left, right, strict=True)):
        if _OUTSIDE not in key[:2] and key[2:] != (_OUTSIDE, _OUTSIDE):
            cells[key].append(number)
    bands: dict[tuple[int, int], list[Indices]] = collections.defaultdict(list)
    for key, members in cells.items():
        bands[key[:2]].append(np.array(members, dtype=np.intp))
    found: list[Indices] = []
    for band in bands.values():
        found += [np.concatenate(band)] if _go_on(boxes, band) else band
    return [unit for unit in found if len(unit) > 1]


def _nearest(lines: Segments, across: Boxes, along: Boxes) -> tuple[list[int], list[int]]:
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


def _go_on(boxes: Boxes, band: list[Indices]) -> bool:
    """Whether the band's rows go on from cell to cell."""
    if len(band) < 2:
        return False
    sides = [side_of(boxes, cell) for cell in band]
    tallest = sorted(sides, key=lambda side: -len(side.centres))
    first, second = tallest[:2]
    if len(second.centres) <= _FEW_ROWS or len({len(side.centres) for side in tallest[:2]}) > 1:
        if len(second.centres) <= 4:
            return False
    unit = unit_of(boxes[np.concatenate(band)])
    running = first.is_running_text, second.is_running_text
    return not are_columns(first, second, unit, running) and not are_unpaired(first, second, unit, 3)
