"""The order in which a person would read the lines of a page.

Rows from top to bottom, each from left to right, except where the page has columns of running
text: then one column after the other. A column is told from a table or a receipt, whose rows
belong together, by its filling: in running text lines are long, and most reach across their column.

The page may be a little askew; all geometry is done after turning it by the lines' median angle.
"""

import itertools
import statistics
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from engines.arrays import Polygons

_Boxes = npt.NDArray[np.float32]
"""(count, 4): left, top, right, bottom."""

_MIN_COLUMN_LINES = 3
_MIN_COLUMN_SHARE = 0.25
"""A column is at least so wide, as a share of the region that it stands in."""
_FILLED_SHARE = 0.6
"""In running text the median line covers at least this share of its column."""
_MIN_LINE_HEIGHTS = 8
"""In running text the median line is at least so many times as long as it is high."""
_MAX_SKEW = np.radians(20)
_FEW = 24
"""So many boxes are split faster one by one than by numpy: nearly all strips of a page."""
_MAX_TRIED_RUNS = 1000
"""A long table offers a run of columns from each row to each later one; trying all took minutes."""


def reading_order(polygons: Polygons, *, vertical: bool = False) -> list[int]:
    """The indices of `polygons` in reading order; `vertical` text runs down in columns that
    follow each other from right to left."""
    if len(polygons) == 0:
        return []
    if vertical:  # its columns become rows when the page is laid on its left side
        x, y = polygons[..., 0], polygons[..., 1]
        polygons = np.roll(np.stack([y, -x], axis=-1), -1, axis=1)
    boxes = _upright_boxes(polygons)
    return _ordered(boxes, np.arange(len(boxes)))


def _upright_boxes(polygons: Polygons) -> _Boxes:
    """Bounding boxes after taking out the page's skew."""
    edges = polygons[:, 1] - polygons[:, 0]
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    long = lengths >= np.median(lengths)
    angle = float(np.median(np.arctan2(edges[long, 1], edges[long, 0])))
    points = polygons
    if abs(angle) < _MAX_SKEW:
        turn = np.array(
            [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], dtype=np.float32
        )
        points = polygons @ turn
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)


def _ordered(boxes: _Boxes, indices: npt.NDArray[np.intp]) -> list[int]:
    """Split into strips that white space separates; join those that share a column gap."""
    strips = _split(boxes, indices, axis=1)
    order: list[int] = []
    position = 0
    tries = iter(range(_MAX_TRIED_RUNS))
    while position < len(strips):
        end, columns = _columns_from(boxes, strips, position, tries)
        if columns is None:
            order += _by_rows(boxes, strips[position])
            position += 1
        else:
            for column in columns:
                order += _ordered(boxes, column)
            position = end
    return order


def _columns_from(
    boxes: _Boxes, strips: list[npt.NDArray[np.intp]], start: int, tries: Iterator[int]
) -> tuple[int, list[npt.NDArray[np.intp]] | None]:
    """The longest run of strips from `start` with columns of running text: (its end, columns).

    Each run that is looked at takes one of `tries`; without any left there are no more columns.
    """
    best: tuple[int, list[npt.NDArray[np.intp]] | None] = (start, None)
    for end, _ in zip(range(start + 1, len(strips) + 1), tries, strict=False):
        together = np.concatenate(strips[start:end])
        columns = _split(boxes, together, axis=0)
        if len(columns) < 2:
            break  # a strip that spans the gap closes it for good
        if _is_running_text(boxes, columns):
            best = (end, columns)
    return best


def _is_running_text(boxes: _Boxes, columns: list[npt.NDArray[np.intp]]) -> bool:
    if min(map(len, columns)) < _MIN_COLUMN_LINES:  # most end here
        return False
    everything = boxes[np.concatenate(columns)]
    region = float(everything[:, 2].max() - everything[:, 0].min())
    for column in columns:
        lines = boxes[column]
        width = float(lines[:, 2].max() - lines[:, 0].min())
        widths = lines[:, 2] - lines[:, 0]
        heights = lines[:, 3] - lines[:, 1]
        if (
            width < min(_MIN_COLUMN_SHARE, 0.75 / len(columns)) * region
            or _median(widths) < _FILLED_SHARE * width
            or _median(widths / np.maximum(heights, 1)) < _MIN_LINE_HEIGHTS
        ):
            return False
    return True


def _split(
    boxes: _Boxes, indices: npt.NDArray[np.intp], *, axis: int
) -> list[npt.NDArray[np.intp]]:
    """Groups that a gap separates along `axis` (0: columns by x, 1: strips by y), in order.

    Text regions are found with a margin, so boxes of neighbouring rows may touch: across y
    each counts with the middle half of its height only.
    """
    if len(indices) <= _FEW:
        return _split_few(boxes, indices, axis)
    low, high = boxes[indices, axis], boxes[indices, axis + 2]
    if axis == 1:
        margin = (high - low) / 4
        low, high = low + margin, high - margin
        gap = 0.0
    else:
        gap = 0.5 * _median(boxes[indices, 3] - boxes[indices, 1])
    order = np.argsort(low, kind="stable")
    reach = np.maximum.accumulate(high[order])
    begins = np.flatnonzero(low[order][1:] > reach[:-1] + gap) + 1
    ordered = indices[order]
    edges = [0, *begins.tolist(), len(ordered)]
    return [ordered[start:end] for start, end in itertools.pairwise(edges)]


def _split_few(
    boxes: _Boxes, indices: npt.NDArray[np.intp], axis: int
) -> list[npt.NDArray[np.intp]]:
    """As `_split`."""
    if len(indices) == 1:
        return [indices]
    places: list[list[float]] = boxes[indices].tolist()
    spans = [(box[axis], box[axis + 2]) for box in places]
    gap = 0.0
    if axis == 1:
        spans = [(low + (high - low) / 4, high - (high - low) / 4) for low, high in spans]
    else:
        gap = 0.5 * statistics.median(box[3] - box[1] for box in places)
    order = sorted(range(len(spans)), key=lambda place: spans[place][0])
    begins = [0]
    reach = spans[order[0]][1]
    for number, place in enumerate(order):
        low, high = spans[place]
        if low > reach + gap:
            begins.append(number)
        reach = max(reach, high)
    ordered = indices[order]
    return [ordered[start:end] for start, end in itertools.pairwise([*begins, len(order)])]


def _median(values: npt.NDArray[np.float32]) -> float:
    """As numpy's, which takes ten times as long for so few."""
    ordered = np.sort(values)
    middle = len(ordered) // 2
    return float(ordered[middle] if len(ordered) % 2 else ordered[middle - 1 : middle + 1].mean())


def _by_rows(boxes: _Boxes, indices: npt.NDArray[np.intp]) -> list[int]:
    """Rows by their centres, each from left to right."""
    if len(indices) == 1:
        return [int(indices[0])]
    centers = (boxes[indices, 1] + boxes[indices, 3]) / 2
    heights = boxes[indices, 3] - boxes[indices, 1]
    rows: list[list[int]] = []
    row_center, row_height = -np.inf, 0.0
    for position in np.argsort(centers, kind="stable"):
        if not rows or centers[position] - row_center > 0.5 * min(row_height, heights[position]):
            rows.append([])
            row_center, row_height = float(centers[position]), float(heights[position])
        rows[-1].append(int(indices[position]))
    return list(
        itertools.chain.from_iterable(sorted(row, key=lambda i: float(boxes[i, 0])) for row in rows)
    )
