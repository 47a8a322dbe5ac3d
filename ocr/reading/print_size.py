"""How large the print of a page is, from its pixels alone: what a search would have to see.

Where much changes from pixel to pixel there is print, or a picture. From a few such places,
the letters' heights are measured as those of connected specks of ink. Halftones and noise look like
small print: what is said here is a reason to look closer, or less far, no finding.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Polygons

_CELL = 16
"""Pixels of the page along a side of the squares in which changes are counted."""
_EVERY_ROW = 4
"""Print is found in every fourth row as well as in all."""
_BUSY = 6
"""Mean difference of neighbouring pixels, of 255, from which on a cell may hold print."""
_MOST_PLACES = 4
"""Of each kind: where a search found nothing, and where most is."""
_MOST_MEASURED = 6
"""Before a search, where most is."""
_LEAST_MEASURED = 2
_LEAST_CELLS = 6
"""A place has so many busy cells, or it is a rule, a stain or a logo."""
_LEAST_LETTERS = 12
_LEAST_HEIGHT = 3
_WIDEST_LETTER = 12
"""Small letters run into each other: a speck may be a word."""
_LEAST_INK_CONTRAST = 16

Mask = npt.NDArray[np.uint8]
_Lengths = npt.NDArray[np.int32]


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A part of a page with letters."""

    top: int
    left: int
    side: int
    letter_height: float
    """Of most of them, in pixels of the page: nearly that of an x."""


class Print:
    """Where a page, (height, width, 3), may have print."""

    def __init__(self, page: Pixels) -> None:
        self._page = page
        self._busy = _busy_cells(page)

    def small(self, polygons: Polygons, legible: float) -> list[Place]:
        """Places with letters lower than `legible` pixels, those that `polygons` leave out first;
        these are what a search has found."""
        side = _cells(legible)
        squares = dict.fromkeys(
            _fullest(self._left_out(polygons), side, _MOST_PLACES)
            + _fullest(self._busy, side, _MOST_PLACES)
        )
        return [place for place in self._measured(squares, side) if place.letter_height < legible]

    def lowest(self, expected: float) -> float | None:
        """The height, in pixels, of the lowest letters where most of the print is: each place is
        large enough for letters of the `expected` height. None where too few places can tell."""
        side = _cells(expected)
        places = self._measured(_fullest(self._busy, side, _MOST_MEASURED), side)
        heights = [place.letter_height for place in places]
        return min(heights) if len(heights) >= _LEAST_MEASURED else None

    def share_left_out(self, polygons: Polygons) -> float:
        """How much of what may be print no polygon covers: 0 to 1."""
        return float(self._left_out(polygons).sum()) / max(int(self._busy.sum()), 1)

    def _left_out(self, polygons: Polygons) -> Mask:
        return self._busy & (1 - _covered(self._busy.shape, polygons))

    def _measured(self, squares: Iterable[tuple[int, int]], side: int) -> list[Place]:
        """Those of the squares of `side` cells, by row and column, that have letters."""
        found = []
        for row, column in squares:
            top, left, length = row * _CELL, column * _CELL, side * _CELL
            height = _letter_height(self._page[top : top + length, left : left + length])
            if height is not None:
                found.append(Place(top, left, length, height))
        return found


def _cells(letter_height: float) -> int:
    """Along the side of a square that holds some lines of letters so high."""
    return int(np.clip(16 * letter_height / _CELL, 6, 20))


def _busy_cells(page: Pixels) -> Mask:
    """(rows, columns) of cells: 1 where neighbouring pixels differ much."""
    grey = cv2.cvtColor(page[:: min(_EVERY_ROW, page.shape[0])], cv2.COLOR_BGR2GRAY)
    changes = cv2.absdiff(grey[:, 1:], grey[:, :-1]) if grey.shape[1] > 1 else grey
    rows, columns = (max(side // _CELL, 1) for side in page.shape[:2])
    means = cv2.resize(changes, (columns, rows), interpolation=cv2.INTER_AREA)
    return (np.asarray(means) >= _BUSY).astype(np.uint8)


def _covered(cells: tuple[int, ...], polygons: Polygons) -> Mask:
    """(rows, columns) of cells: 1 where a polygon is."""
    mask = np.zeros(cells, dtype=np.uint8)
    for polygon in (polygons / _CELL).astype(np.int32):
        cv2.fillPoly(mask, [polygon], (1,))
    return mask


def _fullest(cells: Mask, side: int, most: int) -> list[tuple[int, int]]:
    """(row, column) of the squares of `side` cells with the most of `cells`, a few."""
    rows, columns = (-(-count // side) for count in cells.shape)
    padded = np.zeros((rows * side, columns * side), dtype=np.uint32)
    padded[: cells.shape[0], : cells.shape[1]] = cells
    counts = padded.reshape(rows, side, columns, side).sum(axis=(1, 3)).ravel()
    best = np.argsort(-counts.astype(np.int64), kind="stable")[:most]
    return [
        (int(i) // columns * side, int(i) % columns * side)
        for i in best
        if counts[i] >= _LEAST_CELLS
    ]


def _letter_height(part: Pixels) -> float | None:
    """The height of most letters of a part of a page; None without letters."""
    grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_BGR2GRAY)
    apart = cv2.absdiff(grey, np.full_like(grey, _quantile(np.asarray(grey), 0.5)))
    strongest = _quantile(np.asarray(apart), 0.99)
    ink = (apart > max(0.4 * strongest, _LEAST_INK_CONTRAST)).astype(np.uint8)
    _, _, specks, _ = cv2.connectedComponentsWithStats(ink)
    sides: _Lengths = np.asarray(specks[1:], dtype=np.int32)
    widths, heights = sides[:, cv2.CC_STAT_WIDTH], sides[:, cv2.CC_STAT_HEIGHT]
    letters = (heights >= _LEAST_HEIGHT) & (widths <= _WIDEST_LETTER * heights)
    if letters.sum() < _LEAST_LETTERS:
        return None
    height = _median(heights[letters], (widths * heights)[letters])
    near = letters & (heights >= 0.5 * height) & (heights <= 2 * height)
    return height if near.sum() >= _LEAST_LETTERS else None


def _quantile(shades: npt.NDArray[Any], share: float) -> int:
    """The shade up to which `share` of the pixels are; by counting, which is fast."""
    counts = cv2.calcHist([shades], [0], None, [256], [0, 256])
    so_far = np.asarray(counts, dtype=np.int64).cumsum()
    return int(np.searchsorted(so_far, share * so_far[-1]))


def _median(values: _Lengths, weights: _Lengths) -> float:
    """The value below and above which half of the weights are: dust counts for nothing."""
    order = np.argsort(values)
    so_far = weights[order].cumsum()
    return float(values[order][np.searchsorted(so_far, so_far[-1] / 2)])
