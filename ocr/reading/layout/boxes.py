"""Boxes of lines, and the two ways in which white space parts them: strips by y, gaps by x."""

from typing import Any

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float32]
"""(count, 4): left, top, right, bottom."""
Numbers = npt.NDArray[np.floating[Any]]
Indices = npt.NDArray[np.intp]
Span = tuple[float, float]

NARROWEST_GAP = 0.35
"""Between columns, in heights of a line."""
_MARGIN = 4
"""Text is found with a margin, so that boxes of neighbouring rows may touch: across y each counts
without this part of its height above and below."""
_SAME_ROW = 0.5
"""Lines whose centres are at most so many heights apart stand in one row."""


def unit_of(boxes: Boxes) -> float:
    """The height of a line, by which all distances are measured; at least a pixel."""
    heights = np.sort(boxes[:, 3] - boxes[:, 1])
    return max(float(heights[len(heights) // 2]), 1.0)


def strips_of(boxes: Boxes, indices: Indices) -> list[Indices]:
    """Groups that a horizontal white gap separates, from the top."""
    if len(indices) == 1:
        return [indices]
    low, high = boxes[indices, 1], boxes[indices, 3]
    heights = high - low
    margin = np.minimum(heights, unit_of(boxes[indices])) / _MARGIN
    low, high = low + margin, high - margin
    order = np.argsort(low, kind="stable")
    reach = np.maximum.accumulate(high[order])
    begins = np.flatnonzero(low[order][1:] > reach[:-1]) + 1
    return np.split(indices[order], begins)


def free_spans(boxes: Boxes, indices: Indices, least: float) -> list[Span]:
    """Where x has no box, at least so wide; the first and the last have no end."""
    taken = sorted((left, right) for left, _, right, _ in boxes[indices].tolist())
    found, reach = [(-np.inf, taken[0][0])], taken[0][1]
    for left, right in taken:
        if left >= reach + least:
            found.append((reach, left))
        reach = max(reach, right)
    return [*found, (reach, np.inf)]


def common_spans(some: list[Span], others: list[Span], least: float) -> list[Span]:
    """Where both are free, at least so wide."""
    found: list[Span] = []
    i = j = 0
    while i < len(some) and j < len(others):
        low, high = max(some[i][0], others[j][0]), min(some[i][1], others[j][1])
        if high - low >= least:
            found.append((low, high))
        if some[i][1] <= others[j][1]:
            i += 1
        else:
            j += 1
    return found


def parts_at(boxes: Boxes, indices: Indices, cuts: list[float]) -> list[Indices]:
    """Parts between vertical cuts, from the left; what crosses one belongs to where it begins."""
    places = np.searchsorted(np.array(sorted(cuts)), boxes[indices, 0])
    return [part for number in range(len(cuts) + 1) if len(part := indices[places == number])]


def rows_of(boxes: Boxes, indices: Indices) -> list[Indices]:
    """Rows by their centres, from the top, each from left to right."""
    if len(indices) == 1:
        return [indices]
    places = [
        ((top + bottom) / 2, bottom - top, left, index)
        for (left, top, _, bottom), index in zip(
            boxes[indices].tolist(), indices.tolist(), strict=True
        )
    ]
    rows: list[list[tuple[float, int]]] = []
    row_centre, row_height = -np.inf, 0.0
    for centre, height, left, index in sorted(places, key=lambda place: place[0]):
        if not rows or centre - row_centre > _SAME_ROW * min(row_height, height):
            rows.append([])
            row_centre, row_height = centre, height
        rows[-1].append((left, index))
    return [np.array([index for _, index in sorted(row)], dtype=np.intp) for row in rows]
