"""A place on a page where a table may stand."""

from typing import NamedTuple

from reading.layout.boxes import Boxes, Indices

STRONG_CELLS = 3
"""A row of so many cells …"""
STRONG_SHARE = 0.6
"""… of the usual number is a table's beyond doubt."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


class Region(NamedTuple):
    """Where a table may stand."""

    indices: Indices
    """Its lines, in their order."""
    box: Box
    """Of its lines and its rules."""
    columns: int
    """So many are parted by white space."""
    is_regular: bool = False
    """White space alone tells its cells: where many rows have most of them."""
    is_parted: bool = False
    """Each line stands in one column alone: none spans several."""
    joined_rows: tuple[Indices, ...] = ()
    """Its rows, where white space tells which lines are further ones of a cell."""
    rules: tuple[float, ...] = ()
    """Heights of the level rules that run across all of it."""


def around(boxes: Boxes) -> Box:
    """That of some boxes."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
