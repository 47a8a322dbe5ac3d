"""Where on a page a table may stand: lines in rows and columns, or between rules of one length.

Lines come in reading order, in which columns of running text are parted already: what stands beside
a line and far from it in the order is another column's. What is found is strict: a receipt's
items, a form's labels and the lines of a transcript with their numbers stand in rows, too.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reading.layout.boxes import Boxes, Indices, rows_of, unit_of
from reading.layout.ruling_lines import Segments
from reading.layout.text_columns import side_of
from reading.tables.table_rows import LEAST_LINES, columns_of

_STRONG_CELLS = 3
"""A row of so many cells …"""
_STRONG_SHARE = 0.6
"""… of the usual number is a table's beyond doubt."""
_LEAST_STRONG = 3
_STRONG_ROWS = 0.6
"""Of all rows, where no rules tell that it is a table."""
_LEAST_ROWS = 2
"""Of several cells, between rules."""
_IN_ROWS = 0.3
"""Of the rows between rules, so many have several cells."""
_FULL, _REGULAR = 0.5, 0.6
"""Where so many rows have so many of all cells, white space tells them."""
_COLLISIONS = 0.25
"""Of the cells, so many may stand in one column and one row with another."""
_SAME_ENDS = 1.5
"""Rules of one table end at the same places to so many heights, or this share of their length."""
_SAME_SHARE = 0.04
_EMPTY = 1.0
"""Two rules so many heights apart, and nothing between: one table ends, another begins."""
_PAST = 1.5
"""A line belongs to rules that it stands between, and may reach beyond their ends by so much."""
_BELOW_RULE = 2.0
"""The rows below a table's last rule, where it has none at its end, begin so near."""
_STRIP = 1.7
"""A text so many times as high as wide is a receipt's: rules tell nothing …"""
_ALL = 0.9
"""… unless so many of all lines stand between them: a picture of a table."""
_NEAR = 1.4
"""A heading of a table without rules stands no more than so many heights above the rest."""
_NEXT = 0.7
"""A further line of a cell stands no more than so many heights below the one before."""
_TIGHT = 0.3
"""And no more than so, where nothing stands beside it."""
_MARGIN = 0.4
_LABELS = 0.2
"""In a form, so many pieces end with a colon."""

_Box = tuple[float, float, float, float]


class Region(NamedTuple):
    """Where a table may stand."""

    indices: Indices
    """Its lines, in their order."""
    box: _Box
    """Left, top, right, bottom: its lines and its rules."""
    columns: int
    """So many are parted by white space."""
    is_regular: bool = False
    """White space alone tells its cells: where many rows have most of them."""
    rules: tuple[float, ...] = ()
    """Heights of the level rules that run across all of it."""


def find_regions(
    boxes: Boxes, blocks: Sequence[Indices], texts: Sequence[str], level: Segments
) -> list[Region]:
    """Of a page's levelled lines in reading order, with its level rules; `blocks` as `blocks_of`
    finds them."""
    if not blocks:
        return []
    unit = unit_of(boxes[np.concatenate(blocks)])
    taken = np.zeros(len(boxes), dtype=np.bool_)
    found: list[Region] = []
    groups = _rule_groups(level, boxes, unit)
    is_strip = _is_strip(boxes)
    for group in groups:
        region = _between_rules(group, boxes, blocks, _next_below(group, groups))
        if region is None or taken[region.indices].any():
            continue
        is_receipt = is_strip and not _is_all(region, boxes)
        checked = _checked(region, boxes, texts, ruled=not is_receipt, is_receipt=is_receipt)
        if checked is not None:
            taken[checked.indices] = True
            found.append(checked)
    for block in blocks:
        rest = block[~taken[block]]
        if len(rest) < max(LEAST_LINES, len(block) / 2):
            continue
        for part in _parts(rest, boxes):
            trimmed = _trimmed(part, boxes)
            if trimmed is None or taken[trimmed].any():
                continue
            region = Region(trimmed, _around(boxes[trimmed]), 0)
            is_receipt = is_strip and not _is_all(region, boxes)
            checked = _checked(region, boxes, texts, ruled=False, is_receipt=is_receipt)
            if checked is not None:
                taken[trimmed] = True
                found.append(checked)
    return sorted(found, key=lambda region: int(region.indices[0]))


def _is_strip(boxes: Boxes) -> bool:
    left, top, right, bottom = _around(boxes)
    return bottom - top > _STRIP * (right - left)


def _is_all(region: Region, boxes: Boxes) -> bool:
    return len(region.indices) >= _ALL * len(boxes)


def _rule_groups(level: Segments, boxes: Boxes, unit: float) -> list[Segments]:
    """Rules that begin and end at the same places, from the top, with text between."""
    groups: list[list[list[float]]] = []
    for rule in sorted(level.tolist()):
        for group in reversed(groups):
            y, start, stop = group[-1]
            slack = max(_SAME_ENDS * unit, _SAME_SHARE * (stop - start))
            if abs(rule[1] - start) <= slack and abs(rule[2] - stop) <= slack:
                inside = _lines_within(boxes, (start, y, stop, rule[0]), unit)
                if len(inside) or rule[0] - y < _EMPTY * unit:
                    group.append(rule)
                else:
                    groups.append([rule])
                break
        else:
            groups.append([rule])
    return [np.array(group, dtype=np.float32) for group in groups if len(group) > 1]


def _next_below(group: Segments, groups: Sequence[Segments]) -> float:
    """Where the rules of the next table begin."""
    bottom, left, right = float(group[-1, 0]), float(group[:, 1].min()), float(group[:, 2].max())
    tops = [
        float(other[0, 0])
        for other in groups
        if other[0, 0] > bottom and other[0, 1] < right and other[0, 2] > left
    ]
    return min(tops, default=np.inf)


def _between_rules(
    group: Segments, boxes: Boxes, blocks: Sequence[Indices], limit: float
) -> Region | None:
    """The lines between a group's first rule and its last, and the rows that go on below them, but
    not beyond `limit`."""
    left, right = float(np.median(group[:, 1])), float(np.median(group[:, 2]))
    top, bottom = float(group[0, 0]), float(group[-1, 0])
    unit = unit_of(boxes)
    inside = _lines_within(boxes, (left, top, right, bottom), unit)
    if not len(inside):
        return None
    unit = unit_of(boxes[inside])
    for block in blocks:
        if not len(np.intersect1d(inside, block)):
            continue
        middles = (boxes[block, 1] + boxes[block, 3]) / 2
        beyond = block[(middles > bottom) & (middles < limit)]
        if not len(beyond) or boxes[beyond, 1].min() > bottom + _BELOW_RULE * unit:
            continue
        fits = (boxes[beyond, 0] >= left - _PAST * unit) & (
            boxes[beyond, 2] <= right + _PAST * unit
        )
        if fits.all():
            kept = _trimmed(np.concatenate([inside, beyond]), boxes, only_below=True)
            inside = np.unique(kept) if kept is not None else inside
    around = _around(boxes[inside])
    box = (
        min(left, around[0]), min(top, around[1]), max(right, around[2]), max(bottom, around[3])
    )  # fmt: skip
    return Region(inside, box, 0, rules=tuple(group[:, 0].tolist()))


def _lines_within(boxes: Boxes, box: _Box, unit: float) -> Indices:
    left, top, right, bottom = box
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    return np.flatnonzero(
        (middles > top) & (middles < bottom)
        & (boxes[:, 0] >= left - _PAST * unit) & (boxes[:, 2] <= right + _PAST * unit)
    )  # fmt: skip


def _parts(block: Indices, boxes: Boxes) -> list[Indices]:
    """The block where its rows are parted by much more white than usual."""
    rows = rows_of(boxes, block)
    tops = [float(boxes[row, 1].min()) for row in rows]
    ends = np.maximum.accumulate([float(boxes[row, 3].max()) for row in rows]).tolist()
    gaps = [top - end for top, end in zip(tops[1:], ends, strict=False)]
    if not gaps:
        return [block]
    least = max(2.5 * max(float(np.median(gaps)), 0.0), 1.5 * unit_of(boxes[block]))
    parts: list[list[Indices]] = [[rows[0]]]
    for row, gap in zip(rows[1:], gaps, strict=True):
        if gap > least:
            parts.append([])
        parts[-1].append(row)
    return [np.sort(np.concatenate(part)) for part in parts]


def _trimmed(block: Indices, boxes: Boxes, *, only_below: bool = False) -> Indices | None:
    """From the first row that is surely a table's to the last; None without such rows."""
    rows = rows_of(boxes, block)
    counts = [len(row) for row in rows if len(row) > 1]
    if not counts:
        return None
    usual = float(np.median(counts))
    least = max(_STRONG_CELLS, round(_STRONG_SHARE * usual))
    strong = [number for number, row in enumerate(rows) if len(row) >= least]
    if not strong:
        return None
    first, last = (0 if only_below else strong[0]), strong[-1]
    unit = unit_of(boxes[block])
    if first and len(rows[first - 1]) > 1 and _gap(boxes, rows, first - 1) <= _NEAR * unit:
        first -= 1
    while last + 1 < len(rows) and len(rows[last + 1]) == 1:
        if _gap(boxes, rows, last) > _NEXT * unit:
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


def _gap(boxes: Boxes, rows: Sequence[Indices], above: int) -> float:
    return float(boxes[rows[above + 1], 1].min() - boxes[rows[above], 3].max())


def _checked(
    region: Region, boxes: Boxes, texts: Sequence[str], *, ruled: bool, is_receipt: bool
) -> Region | None:
    """The region, if it is a table as far as its lines tell."""
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
    if _are_numbered_lines(rows, texts):
        return None
    running = 0
    for low, high in columns:
        inside = chosen[(chosen[:, 0] < high) & (chosen[:, 2] > low)]
        running += int(len(inside) > 0 and side_of(inside).is_running_text)
    if running > (len(columns) - 1 if ruled else 1):
        return None
    if not ruled:
        usual = float(np.median([len(row) for row in several]))
        least = max(_STRONG_CELLS, round(_STRONG_SHARE * usual))
        strong = sum(len(row) >= least for row in rows)
        if strong < max(_LEAST_STRONG, _STRONG_ROWS * len(rows)) or len(columns) < _STRONG_CELLS:
            return None
    left, top, right, bottom = region.box
    margin = _MARGIN * unit
    box = left - margin, top - margin, right + margin, bottom + margin
    return region._replace(
        box=box, columns=len(columns), is_regular=not is_receipt and _is_regular(rows, len(columns))
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


def _is_regular(rows: Sequence[Indices], columns: int) -> bool:
    counts = [len(row) for row in rows]
    strong = sum(count >= _STRONG_CELLS for count in counts)
    full = sum(count >= _FULL * columns for count in counts)
    return columns >= _STRONG_CELLS and strong >= _LEAST_STRONG and full >= _REGULAR * len(rows)


def _are_numbered_lines(rows: Sequence[Indices], texts: Sequence[str]) -> bool:
    """Whether pages with numbered lines stand beside each other: two numbers of a row count."""
    numbers = [[int(texts[i]) for i in row.tolist() if texts[i].isdecimal()] for row in rows]
    both = [found[:2] for found in numbers if len(found) > 1]
    counted = sum(
        one[0] + 1 == other[0] and one[1] + 1 == other[1] for one, other in itertools.pairwise(both)
    )
    return counted >= max(_LEAST_STRONG, len(rows) / 2)


def _is_form(texts: Sequence[str]) -> bool:
    return sum(text.rstrip().endswith((":", "：")) for text in texts) >= _LABELS * len(texts)


def _around(boxes: Boxes) -> _Box:
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
