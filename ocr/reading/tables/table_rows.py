"""Lines in rows, several beside each other: the first sign of a table."""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engines.arrays import median
from reading.layout.boxes import Boxes, Indices, rows_of, unit_of
from reading.tables.table_region import STRONG_CELLS, STRONG_SHARE

_BESIDE = 0.5
"""Of the lower one's height, so much stands beside the other line."""
_FARTHEST_IN_ORDER = 24
"""Between a line and what stands beside it in a table there are so many others: a row of cells of
several lines."""
_BAND = 4.0
"""And these stand no farther above or below than so many heights."""
_LINES_BETWEEN = 5
"""So many lines of a table in turn may have nothing beside them."""
_GAP = 3.2
"""Rows of a table are at most so many heights apart."""
_BACK_UP = 6.0
"""What is read next and stands higher by so many heights is another column's."""
LEAST_LINES = 4
_WIDE = 0.7
_NARROWEST_GAP = 0.3
"""Between columns, in heights."""
_SLACK = 0.2
"""Lines are found with a margin of about so many heights."""
_CROSSED = 0.2
"""Of a table's rows, so many may cross the gap between two columns: headings of both."""


def blocks_of(boxes: Boxes) -> list[Indices]:
    """Runs of lines in the reading order, most of which have something beside them; `boxes` are the
    levelled lines of a page in that order."""
    in_rows = np.flatnonzero(_have_neighbours(boxes))
    if len(in_rows) < LEAST_LINES:
        return []
    unit = unit_of(boxes[in_rows])
    blocks: list[Indices] = []
    first = last = int(in_rows[0])
    around = boxes[first].copy()
    for index in [*in_rows[1:].tolist(), -1]:
        line = boxes[index]
        goes_on = (
            index >= 0
            and index - last <= _LINES_BETWEEN + 1
            and line[1] - around[3] <= _GAP * unit
            and line[3] >= around[3] - _BACK_UP * unit
            and not _has_text(boxes[last + 1 : index], around)
        )
        if goes_on:
            around[:2] = np.minimum(around[:2], line[:2])
            around[2:] = np.maximum(around[2:], line[2:])
        else:
            blocks.append(np.arange(first, last + 1))
            first, around = index, line.copy()
        last = index
    return [block for block in blocks if len(block) >= LEAST_LINES]


def _has_text(between: Boxes, around: Boxes) -> bool:
    """Whether two lines in turn run across: a text between two tables."""
    wide = between[:, 2] - between[:, 0] > _WIDE * (around[2] - around[0])
    return any(a and b for a, b in itertools.pairwise(wide.tolist()))


def _have_neighbours(boxes: Boxes) -> npt.NDArray[np.bool_]:
    """Of each line whether another stands beside it that is read near it."""
    found = np.zeros(len(boxes), dtype=np.bool_)
    heights = boxes[:, 3] - boxes[:, 1]
    for step in range(1, min(_FARTHEST_IN_ORDER, len(boxes) - 1) + 1):
        one, other = boxes[:-step], boxes[step:]
        overlap = np.minimum(one[:, 3], other[:, 3]) - np.maximum(one[:, 1], other[:, 1])
        beside = overlap >= _BESIDE * np.minimum(heights[:-step], heights[step:])
        slack = heights[:-step] / 2
        beside &= (other[:, 0] >= one[:, 2] - slack) | (one[:, 0] >= other[:, 2] - slack)
        beside &= ~(found[:-step] & found[step:])  # nothing new: most of a table's
        for first in np.flatnonzero(beside).tolist():
            between = boxes[first + 1 : first + step]
            low = boxes[first, 1] - _BAND * heights[first]
            high = boxes[first, 3] + _BAND * heights[first]
            if (between[:, 1] >= low).all() and (between[:, 3] <= high).all():
                found[first] = found[first + step] = True
    return found


_NEAR = 1.4
"""A heading of a table without rules stands no more than so many heights above the rest."""
_NEXT = 0.7
"""A further line of a cell stands no more than so many heights below the one before."""
_NEARER = 0.2
"""So many heights, where no rule parts rows of cells of several lines."""
_TIGHT = 0.3
"""And no more than so, where nothing stands beside it."""


def columns_of(boxes: Boxes, rows: Sequence[Indices], unit: float) -> list[tuple[float, float]]:
    """Left and right of each column that white space parts in nearly all of these rows."""
    chosen = boxes[np.concatenate(rows)]
    row_of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    left, right = float(chosen[:, 0].min()), float(chosen[:, 2].max())
    step = max(unit / 8, (right - left) / 4000, 0.25)
    taken = np.zeros((len(rows), int((right - left) / step) + 2), dtype=np.bool_)
    for row, (start, top, stop, bottom) in zip(row_of.tolist(), chosen.tolist(), strict=True):
        slack = min(_SLACK * (bottom - top), (stop - start) / 4)
        begin, end = (start + slack - left) / step, (stop - slack - left) / step
        taken[row, int(begin) : int(end) + 1] = True
    free = taken.sum(axis=0) <= _CROSSED * len(rows)
    edges = np.flatnonzero(np.diff(np.concatenate([[True], free, [True]]).astype(np.int8)))
    columns: list[tuple[float, float]] = []
    for low, high in ((left + a * step, left + b * step) for a, b in edges.reshape(-1, 2).tolist()):
        if columns and low - columns[-1][1] < _NARROWEST_GAP * unit:
            columns[-1] = columns[-1][0], high
        else:
            columns.append((low, high))
    return _with_sparse_columns(columns, chosen, unit)


def _with_sparse_columns(
    columns: list[tuple[float, float]], boxes: Boxes, unit: float
) -> list[tuple[float, float]]:
    """And the columns beyond the last one that hold something in a few rows only."""
    found = list(columns)
    gap = _NARROWEST_GAP * unit
    for left, _, right, _ in sorted(boxes.tolist()):
        if found and left > found[-1][1] + gap:
            found.append((left, right))
        elif len(found) > len(columns) and left < found[-1][1]:
            found[-1] = found[-1][0], max(right, found[-1][1])
    return found


def with_further_lines(boxes: Boxes, rows: Sequence[Indices], least: int) -> list[Indices]:
    """Rows of `least` cells, each with the further lines of its cells: these stand nearer to what
    is above them than any such row does."""
    unit = unit_of(boxes[np.concatenate(rows)])
    tops = np.array([boxes[row, 1].min() for row in rows])
    ends = np.maximum.accumulate([boxes[row, 3].max() for row in rows])
    gaps = tops[1:] - ends[:-1]
    is_full = np.array([len(row) >= least for row in rows[1:]], dtype=np.bool_)
    if not is_full.any():
        return list(rows)
    goes_on = ~is_full & (gaps <= gaps[is_full].min() - _NEARER * unit)
    found = [rows[0]]
    for row, is_further in zip(rows[1:], goes_on.tolist(), strict=True):
        if is_further:
            found[-1] = np.concatenate([found[-1], row])
        else:
            found.append(row)
    return found


def parts_of(block: Indices, boxes: Boxes) -> list[Indices]:
    """The block where its rows are parted by much more white than usual."""
    rows = rows_of(boxes, block)
    tops = [float(boxes[row, 1].min()) for row in rows]
    ends = np.maximum.accumulate([float(boxes[row, 3].max()) for row in rows]).tolist()
    gaps = [top - end for top, end in zip(tops[1:], ends, strict=False)]
    if not gaps:
        return [block]
    least = max(2.5 * max(median(gaps), 0.0), 1.5 * unit_of(boxes[block]))
    parts: list[list[Indices]] = [[rows[0]]]
    for row, gap in zip(rows[1:], gaps, strict=True):
        if gap > least:
            parts.append([])
        parts[-1].append(row)
    return [np.sort(np.concatenate(part)) for part in parts]


def trimmed(block: Indices, boxes: Boxes, *, only_below: bool = False) -> Indices | None:
    """From the first row that is surely a table's to the last; None without such rows."""
    rows = rows_of(boxes, block)
    counts = [len(row) for row in rows if len(row) > 1]
    if not counts:
        return None
    usual = median(counts)
    least = max(STRONG_CELLS, round(STRONG_SHARE * usual))
    strong = [number for number, row in enumerate(rows) if len(row) >= least]
    if not strong:
        return None
    first, last = (0 if only_below else strong[0]), strong[-1]
    unit = unit_of(boxes[block])
    if first and len(rows[first - 1]) > 1 and _gap_below(boxes, rows, first - 1) <= _NEAR * unit:
        first -= 1
    while last + 1 < len(rows):
        near = _NEXT if len(rows[last + 1]) == 1 else _TIGHT
        if _gap_below(boxes, rows, last) > near * unit:
            break
        last += 1
    return _with_last_cell(np.sort(np.concatenate(rows[first : last + 1])), boxes)


def _with_last_cell(indices: Indices, boxes: Boxes) -> Indices:
    """And the further lines of a cell in the last row."""
    rows = rows_of(boxes, indices)
    owner = boxes[rows[-1][0]].copy()
    unit = unit_of(boxes[indices])
    last = int(indices[-1])
    while last + 1 < len(boxes):
        line = boxes[last + 1]
        if (
            line[1] - owner[3] > _TIGHT * unit
            or line[1] < owner[1] + unit / 2
            or abs(line[0] - owner[0]) > unit
            or line[2] > owner[2] + 2 * unit
        ):
            break
        last, owner = last + 1, line
    return np.concatenate([indices, np.arange(int(indices[-1]) + 1, last + 1)])


def _gap_below(boxes: Boxes, rows: Sequence[Indices], above: int) -> float:
    return float(boxes[rows[above + 1], 1].min() - boxes[rows[above], 3].max())
