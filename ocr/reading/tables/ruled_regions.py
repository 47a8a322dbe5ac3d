"""Tables between level rules that begin and end at the same places."""

from collections.abc import Sequence

import numpy as np

from engines.arrays import median
from reading.layout.boxes import Boxes, Indices, rows_of, unit_of
from reading.layout.ruling_lines import Segments
from reading.tables.table_region import STRONG_CELLS, Box, Region, around
from reading.tables.table_rows import trimmed

_SAME_ENDS = 1.5
"""Rules of one table end at the same places to so many heights, or this share of their length."""
_SAME_SHARE = 0.04
_ONE_END = 0.2
"""Rules of a frame end elsewhere than those of a table in it, by more than so many heights."""
_EMPTY = 1.0
"""Two rules so many heights apart, and nothing between: one table ends, another begins."""
_PAST = 1.5
"""A line belongs to rules that it stands between, and may reach beyond their ends by so much."""
_BELOW_RULE = 2.0
"""The rows below a table's last rule, where it has none at its end, begin so near."""
_MOST_OF = 0.5
"""Of its width, the next table's rule is below so much."""
_NEAR = 1.4
"""A heading stands no more than so many heights above the first rule."""


def ruled_regions(
    level: Segments, boxes: Boxes, blocks: Sequence[Indices], unit: float
) -> list[Region]:
    """Of a page's level rules and lines; `unit` is the height of a line in rows."""
    groups = _rule_groups(level, boxes, unit)
    found: list[Region] = []
    for group in groups:
        region = _between_rules(group, boxes, blocks, _next_below(group, groups))
        inner = _within_frame(group, unit)
        if region is not None and inner is not None:
            framed = _between_rules(inner, boxes, blocks, _next_below(inner, groups))
            if framed is not None and _is_frame_of(region, framed, boxes):
                region = framed
        if region is not None:
            found.append(region)
    return [
        region for region in found if not any(_is_frame_of(region, other, boxes) for other in found)
    ]


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


def _within_frame(group: Segments, unit: float) -> Segments | None:
    """Those of a group that end at the same places to a hair, where a frame's are around them."""
    best = max(
        (group[(np.abs(group[:, 1:] - rule[1:]) <= _ONE_END * unit).all(axis=1)] for rule in group),
        key=len,
    )
    return best if 1 < len(best) < len(group) else None


def _is_frame_of(outer: Region, inner: Region, boxes: Boxes) -> bool:
    """Whether all rows of `outer` are those of `inner`, and beside these are only titles and notes
    within one frame: lines with nothing beside them, and no further rule between its own."""
    rest = np.setdiff1d(outer.indices, inner.indices)
    if outer is inner or not len(rest) or len(rest) + len(inner.indices) > len(outer.indices):
        return False
    _, top, _, bottom = around(boxes[inner.indices])
    return (
        not any(top < rule < bottom for rule in set(outer.rules) - set(inner.rules))
        and all(len(row) == 1 for row in rows_of(boxes, rest))
        and not np.any((boxes[rest, 3] > top) & (boxes[rest, 1] < bottom))
    )


def _next_below(group: Segments, groups: Sequence[Segments]) -> float:
    """Where the rules of the next table begin."""
    bottom, left, right = float(group[-1, 0]), float(group[:, 1].min()), float(group[:, 2].max())
    tops = [
        float(other[0, 0])
        for other in groups
        if other[0, 0] > bottom
        and min(other[0, 2], right) - max(other[0, 1], left) > _MOST_OF * (right - left)
    ]
    return min(tops, default=np.inf)


def _between_rules(
    group: Segments, boxes: Boxes, blocks: Sequence[Indices], limit: float
) -> Region | None:
    """The lines between a group's first rule and its last, and the rows that go on below them, but
    not beyond `limit`."""
    left, right = median(group[:, 1]), median(group[:, 2])
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
            kept = trimmed(np.concatenate([inside, beyond]), boxes, only_below=True)
            inside = np.unique(kept) if kept is not None else inside
    for block in blocks:
        if len(np.intersect1d(inside, block)):
            inside = np.union1d(inside, _rows_above(inside, block, boxes, (left, right)))
    lines = around(boxes[inside])
    box = (
        min(left, lines[0]), min(top, lines[1]), max(right, lines[2]), max(bottom, lines[3])
    )  # fmt: skip
    return Region(inside, box, 0, rules=tuple(group[:, 0].tolist()))


def _rows_above(
    inside: Indices, block: Indices, boxes: Boxes, sides: tuple[float, float]
) -> Indices:
    """Whole rows that stand on a table's first rule: its headings may have none above them."""
    unit = unit_of(boxes[inside])
    top = float(boxes[inside, 1].min())
    above = block[boxes[block, 3] <= top + unit / 2]
    usual = median([len(row) for row in rows_of(boxes, inside) if len(row) > 1] or [0])
    found: list[Indices] = []
    for row in reversed(rows_of(boxes, above)) if len(above) else []:
        left, _, right, bottom = around(boxes[row])
        if (
            len(row) < max(STRONG_CELLS, usual)
            or top - bottom > _NEAR * unit
            or left < sides[0] - _PAST * unit
            or right > sides[1] + _PAST * unit
        ):
            break
        found.append(row)
        top = float(boxes[row, 1].min())
    return np.concatenate([np.zeros(0, dtype=np.intp), *found])


def _lines_within(boxes: Boxes, box: Box, unit: float) -> Indices:
    left, top, right, bottom = box
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    return np.flatnonzero(
        (middles > top) & (middles < bottom)
        & (boxes[:, 0] >= left - _PAST * unit) & (boxes[:, 2] <= right + _PAST * unit)
    )  # fmt: skip
