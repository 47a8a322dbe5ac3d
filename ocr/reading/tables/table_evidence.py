"""Whether what stands in rows is a table, as far as its lines tell.

A receipt's items, a form's labels and the lines of a transcript with their numbers stand in rows,
too.
"""

import itertools
import re
from collections.abc import Sequence

import numpy as np

from engines.arrays import median
from reading.layout.boxes import Boxes, Indices, rows_of, unit_of
from reading.layout.text_columns import side_of
from reading.tables.table_region import STRONG_CELLS, STRONG_SHARE, Region
from reading.tables.table_rows import columns_of, with_further_lines

_LEAST_STRONG = 3
_STRONG_ROWS = 0.6
"""Of all rows, where no rules tell that it is a table."""
_LEAST_ROWS = 2
"""Of several cells, between rules."""
_IN_ROWS = 0.3
"""Of the rows between rules, so many have several cells."""
_FULL, _REGULAR = 0.5, 0.6
"""Where so many rows have so many of all cells, white space tells them …"""
_ON_RECEIPT = 0.75
"""… and both are more on a receipt."""
_COLLISIONS = 0.25
"""Of the cells, so many may stand in one column and one row with another."""
_SLACK = 0.3
"""Lines are found with a margin; what reaches over a column by less than so many heights does not
stand in it."""
_MARGIN = 0.4
_LABELS = 0.2
"""In a form, so many pieces end with a colon."""
_LONGEST_NUMBER = 6
_RULED_ROWS = 0.6
"""For each row so many rules: no transcript has them."""
_ENTRY = re.compile(r"[^\W\d_]+[\W_]+\d{1,4}")
_ENTRIES = 0.8
"""Of the lines of an index."""


def checked(
    region: Region, boxes: Boxes, texts: Sequence[str], *, ruled: bool, is_receipt: bool
) -> Region | None:
    """The region with its columns, if it is a table; `ruled`: its rules count, and less of its rows
    is enough."""
    chosen = boxes[region.indices]
    unit = unit_of(chosen)
    rows = rows_of(boxes, region.indices)
    several = [row for row in rows if len(row) > 1]
    if len(several) < max(_LEAST_ROWS, _IN_ROWS * len(rows)):
        return None
    columns = columns_of(boxes, several, unit)
    if len(columns) < 2 or _collisions(boxes, several, columns) > _COLLISIONS:
        return None
    if _is_form([texts[index] for index in region.indices.tolist()]):
        return None
    if len(region.rules) < _RULED_ROWS * len(rows) and _are_numbered_lines(rows, texts):
        return None
    if _is_index([texts[index] for index in region.indices.tolist()]):
        return None
    running = 0
    for low, high in columns:
        inside = chosen[(chosen[:, 0] < high) & (chosen[:, 2] > low)]
        running += int(len(inside) > 0 and side_of(inside).is_running_text)
    if running > (len(columns) - 1 if ruled else 1):
        return None
    joined: list[Indices] = []
    if not ruled:
        usual = median([len(row) for row in several])
        least = max(STRONG_CELLS, round(STRONG_SHARE * usual))
        strong = sum(len(row) >= least for row in rows)
        if strong < _STRONG_ROWS * len(rows) and not is_receipt:
            joined = with_further_lines(boxes, rows, least)
        if strong < max(_LEAST_STRONG, _STRONG_ROWS * len(joined or rows)):
            return None
        if len(columns) < STRONG_CELLS:
            return None
    left, top, right, bottom = region.box
    margin = _MARGIN * unit
    box = left - margin, top - margin, right + margin, bottom + margin
    return region._replace(
        box=box,
        columns=len(columns),
        is_regular=_is_regular(joined or rows, len(columns), is_receipt=is_receipt),
        is_parted=len(columns) >= STRONG_CELLS and _is_parted(boxes, rows, columns),
        joined_rows=tuple(joined),
    )


def _collisions(
    boxes: Boxes, rows: Sequence[Indices], columns: Sequence[tuple[float, float]]
) -> float:
    """The share of pieces that stand in one column with another of their row."""
    edges = np.array([(a[1] + b[0]) / 2 for a, b in itertools.pairwise(columns)])
    pieces = doubled = 0
    for row in rows:
        middles = (boxes[row, 0] + boxes[row, 2]) / 2
        pieces += len(row)
        doubled += len(row) - len(np.unique(np.searchsorted(edges, middles)))
    return doubled / pieces


def _is_parted(
    boxes: Boxes, rows: Sequence[Indices], columns: Sequence[tuple[float, float]]
) -> bool:
    """Whether each line stands in one column alone, and in each place one at most."""
    lefts, rights = np.array(columns).T
    for row in rows:
        slack = _SLACK * (boxes[row, 3:] - boxes[row, 1:2])
        inside = np.minimum(rights, boxes[row, 2:3]) - np.maximum(lefts, boxes[row, 0:1]) > slack
        if (inside.sum(axis=1) != 1).any() or (inside.sum(axis=0) > 1).any():
            return False
    return True


def _is_regular(rows: Sequence[Indices], columns: int, *, is_receipt: bool) -> bool:
    cells, share = (_ON_RECEIPT, _ON_RECEIPT) if is_receipt else (_FULL, _REGULAR)
    counts = [len(row) for row in rows]
    strong = sum(count >= STRONG_CELLS for count in counts)
    full = sum(count >= cells * columns for count in counts)
    return columns >= STRONG_CELLS and strong >= _LEAST_STRONG and full >= share * len(rows)


def _are_numbered_lines(rows: Sequence[Indices], texts: Sequence[str]) -> bool:
    """Whether pages with numbered lines stand beside each other: two numbers of a row count."""
    numbers = [
        [
            int(texts[i])
            for i in row.tolist()
            if len(texts[i]) <= _LONGEST_NUMBER and texts[i].isdecimal()
        ]
        for row in rows
    ]
    both = [found[:2] for found in numbers if len(found) > 1]
    counted = sum(
        one[0] + 1 == other[0] and one[1] + 1 == other[1] for one, other in itertools.pairwise(both)
    )
    return counted >= max(_LEAST_STRONG, len(rows) / 2)


def _is_form(texts: Sequence[str]) -> bool:
    return sum(text.rstrip().endswith((":", "：")) for text in texts) >= _LABELS * len(texts)


def _is_index(texts: Sequence[str]) -> bool:
    """Whether nearly all are a word and a number: entries in columns, each for itself."""
    return sum(_ENTRY.fullmatch(text) is not None for text in texts) >= _ENTRIES * len(texts)
