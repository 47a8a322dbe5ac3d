"""The order of a page's lines: strips from the top, columns one after the other, tables by rows."""

from collections.abc import Sequence

import numpy as np

from reading.layout.block_search import BlockSearch
from reading.layout.boxes import NARROWEST_GAP, Boxes, Indices, rows_of, strips_of, unit_of
from reading.layout.cells import Placed, cells_of
from reading.layout.column_search import ColumnSearch
from reading.layout.listings import Listing
from reading.layout.ruling_lines import NO_LINES, RulingLines

_DEEPEST = 24
"""Cuts within cuts; what is still together then is read row by row."""
_CLOSE = 0.6
"""White space between the rows of a block, in heights of a line."""


class _Order:
    """One page's boxes and what may still be tried."""

    def __init__(self, boxes: Boxes, lines: RulingLines, texts: Sequence[str]) -> None:
        self._count = len(boxes)
        cells = cells_of(boxes, lines)
        self._units = [cell.members for cell in cells]
        heights = np.array([cell[1:] for cell in cells], dtype=np.float32).reshape(-1, 2)
        around = np.array([_around(boxes[unit]) for unit in self._units], dtype=np.float32).reshape(
            -1, 4
        )
        around[:, 1::2] = heights
        self._boxes = np.concatenate([boxes, around])
        placed, listing = Placed(self._boxes, heights), Listing(texts)
        self._search = ColumnSearch(placed, lines, listing)
        self._blocks = BlockSearch(placed, lines, listing)

    def all(self) -> list[int]:
        """The order of all lines."""
        top = self._nested()
        found = self.of(top)
        while any(index >= self._count for index in found):
            found = [
                line
                for index in found
                for line in (
                    [index] if index < self._count else self.of(self._units[index - self._count])
                )
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
        least = NARROWEST_GAP * unit_of(self._boxes[indices])
        order: list[int] = []
        position = 0
        band: list[Indices] = []
        for count, columns in self._search.in_strips(strips, least):
            if columns or (band and not self._is_close(band[-1], strips[position])):
                order += self._band(band, least, depth)
                band = []
            for column in columns:
                order += self.of(column, depth + 1)
            if not columns:
                band.append(strips[position])
            position += count
        return order + self._band(band, least, depth)

    def _is_close(self, above: Indices, below: Indices) -> bool:
        """Whether hardly more than the usual white space lies between two strips."""
        gap = self._boxes[below, 1].min() - self._boxes[above, 3].max()
        return bool(gap < _CLOSE * unit_of(self._boxes[np.concatenate([above, below])]))

    def _band(self, strips: list[Indices], least: float, depth: int) -> list[int]:
        """Strips close below each other: row by row, but for blocks beside each other."""
        if len(strips) > 1 and (parts := self._blocks.of(np.concatenate(strips), least)):
            return [index for part in parts for index in self.of(part, depth + 1)]
        return [index for strip in strips for index in self._strip(strip, depth)]

    def _by_rows(self, indices: Indices) -> list[int]:
        return [int(index) for row in rows_of(self._boxes, indices) for index in row]

    def _strip(self, indices: Indices, depth: int) -> list[int]:
        """A strip that no horizontal white space parts."""
        rows = rows_of(self._boxes, indices)
        if len(rows) > 1:
            least = NARROWEST_GAP * unit_of(self._boxes[indices])
            parts = self._search.in_one_strip(indices, least)
            if len(parts) > 1:
                return [index for part in parts for index in self.of(part, depth + 1)]
        return [int(index) for row in rows for index in row]


def _around(boxes: Boxes) -> Boxes:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def order_of(boxes: Boxes, lines: RulingLines = NO_LINES, texts: Sequence[str] = ()) -> list[int]:
    """The indices of the boxes of level lines, in reading order; `texts`, one for each or none,
    are what they say."""
    return _Order(boxes, lines, texts).all() if len(boxes) else []
