"""Text searched in tiles: a page of any size with the detector's memory of one tile.

The tiles overlap, and each gives its part of one map of the page, so that no line is cut or found
twice: lines are taken from the whole map. A tile without ink is not searched.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Numbers

STEP = 32
"""Sides are multiples of this: the network halves them five times."""
MOST_TILE_PIXELS = 1280 * 1024
"""The detector's memory is proportional to its tile; a page at 1,120 has up to as many."""
_OVERLAP = 96
"""Half of it is what the network sees beyond a seam: two lines of print."""
_LEAST_CONTRAST = 12
"""Between the darkest and the lightest pixel of a tile that may hold ink."""
_SURE = 50.0
"""The sigmoid of larger logits is 1 to the last digit."""

ByteMap = npt.NDArray[np.uint8]
"""(height, width): probabilities of text in 255ths, a quarter of the memory of numbers."""


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """A tile along one side, in pixels of the map; it answers for `own_start` to `own_end`."""

    start: int
    end: int
    own_start: int
    own_end: int


def is_tiled(size: tuple[int, int]) -> bool:
    """Whether a map (height, width) is too large to be searched at once."""
    return size[0] * size[1] > MOST_TILE_PIXELS


def count_tiles(size: tuple[int, int]) -> int:
    """Of a map (height, width)."""
    rows, columns = _grid(size) if is_tiled(size) else (1, 1)
    return rows * columns


def map_in_tiles(
    page: Pixels, size: tuple[int, int], run: Callable[[Pixels], Numbers], *, logits: bool
) -> ByteMap:
    """The map of `size` (height, width; multiples of 32) of a page (height, width, 3).

    `run` gives the map (height, width) of one scaled tile; its numbers are probabilities, or
    their logits.
    """
    made = np.zeros(size, dtype=np.uint8)
    rows, columns = _grid(size)
    down, across = page.shape[0] / size[0], page.shape[1] / size[1]
    for row, column in itertools.product(_spans(size[0], rows), _spans(size[1], columns)):
        top, bottom = round(row.start * down), max(round(row.end * down), 1)
        left, right = round(column.start * across), max(round(column.end * across), 1)
        part = page[min(top, bottom - 1) : bottom, min(left, right - 1) : right]
        if not _may_hold_ink(part):
            continue
        wanted = (column.end - column.start, row.end - row.start)
        tile = np.asarray(cv2.resize(part, wanted), dtype=np.uint8)
        found = _in_bytes(run(tile), logits=logits)
        made[row.own_start : row.own_end, column.own_start : column.own_end] = found[
            row.own_start - row.start : row.own_end - row.start,
            column.own_start - column.start : column.own_end - column.start,
        ]
    return made


def _grid(size: tuple[int, int]) -> tuple[int, int]:
    """(rows, columns) of tiles that leave the least to compute."""
    best: tuple[int, int, int] | None = None
    for columns in range(1, max(size[1] // (2 * _OVERLAP), 1) + 1):
        width = _tile_side(size[1], columns)
        tallest = MOST_TILE_PIXELS // width // STEP * STEP
        if tallest >= size[0]:
            rows = 1
        elif tallest > 2 * _OVERLAP:
            rows = math.ceil((size[0] - _OVERLAP) / (tallest - _OVERLAP))
        else:
            continue
        cost = rows * columns * width * _tile_side(size[0], rows)
        if best is None or cost < best[0]:
            best = (cost, rows, columns)
    assert best is not None  # the narrowest tiles may be 4,000 pixels and more high
    return best[1:]


def _tile_side(side: int, count: int) -> int:
    """How long each of `count` overlapping tiles is, so that together they make `side`."""
    return min(math.ceil((side + (count - 1) * _OVERLAP) / count / STEP) * STEP, side)


def _spans(side: int, count: int) -> Iterator[Span]:
    """`count` tiles of one length, evenly spread; seams lie in the middle of what two share."""
    length = _tile_side(side, count)
    starts = [round(i * (side - length) / max(count - 1, 1)) for i in range(count)]
    seams = [(start + length + after) // 2 for start, after in itertools.pairwise(starts)]
    for start, own_start, own_end in zip(starts, [0, *seams], [*seams, side], strict=True):
        yield Span(start, start + length, own_start, own_end)


def _may_hold_ink(part: Pixels) -> bool:
    least, most, _, _ = cv2.minMaxLoc(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY))
    return most - least >= _LEAST_CONTRAST


def _in_bytes(numbers: Numbers, *, logits: bool) -> ByteMap:
    if logits:
        numbers = np.reciprocal(1 + np.exp(-np.clip(numbers, -_SURE, _SURE)))
    return np.asarray(np.rint(numbers * 255), dtype=np.uint8)
