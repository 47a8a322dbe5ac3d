"""The order in which a person would read the lines of a page.

Rows from top to bottom, each from left to right, except where the page has columns of running
text: then one column after the other. `reading.layout` tells which is which.
"""

from collections.abc import Sequence

import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Polygons
from reading.layout.boxes import Boxes
from reading.layout.page_order import order_of
from reading.layout.ruling_lines import NO_LINES, find_ruling_lines
from reading.layout.skew import level_boxes, turn_to_level

_STRIP = 1.7


def reading_order(
    polygons: Polygons,
    *,
    vertical: bool = False,
    page: Pixels | None = None,
    texts: Sequence[str] = (),
) -> list[int]:
    """The indices of `polygons` in reading order; `vertical` text runs down in columns that
    follow each other from right to left.

    `page` is where they were found: its ruling lines tell columns and cells. `texts`, one for
    each or none, are what they say: numbered and sorted lines are read down.
    """
    if len(polygons) == 0:
        return []
    if vertical:  # its columns become rows when the page is laid on its left side
        x, y = polygons[..., 0], polygons[..., 1]
        polygons = np.roll(np.stack([y, -x], axis=-1), -1, axis=1)
    turn = turn_to_level(polygons)
    boxes = level_boxes(polygons, turn)
    lines = NO_LINES
    if page is not None and not vertical and not _is_strip(boxes):
        lines = find_ruling_lines(page, turn, boxes)
    return order_of(boxes, lines, texts)


def _is_strip(boxes: Boxes) -> bool:
    """Whether the text is much higher than wide, as on a receipt: it has rows, and no cells whose
    ruling lines would be worth the time."""
    width, height = (boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)).tolist()
    return bool(height > _STRIP * width)
