"""Where on a page a table may stand: lines in rows and columns, or between rules of one length.

Lines come in reading order, in which columns of running text are parted already: what stands beside
a line and far from it in the order is another column's.
"""

from collections.abc import Sequence

import numpy as np

from reading.layout.boxes import Boxes, Indices, unit_of
from reading.layout.ruling_lines import Segments
from reading.tables.ruled_regions import ruled_regions
from reading.tables.table_evidence import checked
from reading.tables.table_region import Region, around
from reading.tables.table_rows import LEAST_LINES, parts_of, trimmed

_STRIP, _NARROW = 1.7, 30
"""A text so many times as high as wide, or only so many heights of a line wide, is a receipt's:
rules tell nothing …"""
_ALL = 0.9
"""… unless so many of all lines stand between them: a picture of a table."""


def find_regions(
    boxes: Boxes, blocks: Sequence[Indices], texts: Sequence[str], level: Segments
) -> list[Region]:
    """Of a page's levelled lines in reading order, with its level rules; `blocks` as `blocks_of`
    finds them."""
    if not blocks:
        return []
    is_strip = _is_strip(boxes)
    taken = np.zeros(len(boxes), dtype=np.bool_)
    found: list[Region] = []

    def take(region: Region, *, ruled: bool) -> None:
        if taken[region.indices].any():
            return
        is_receipt = is_strip and not _is_all(region, boxes)
        ruled = ruled and not is_receipt
        table = checked(region, boxes, texts, ruled=ruled, is_receipt=is_receipt)
        if table is not None:
            taken[table.indices] = True
            found.append(table)

    for region in ruled_regions(level, boxes, blocks, unit_of(boxes[np.concatenate(blocks)])):
        take(region, ruled=True)
    for block in blocks:
        rest = block[~taken[block]]
        if len(rest) < max(LEAST_LINES, len(block) / 2):
            continue
        for part in parts_of(rest, boxes):
            if (lines := trimmed(part, boxes)) is not None:
                take(Region(lines, around(boxes[lines]), 0), ruled=False)
    return sorted(found, key=lambda region: int(region.indices[0]))


def _is_strip(boxes: Boxes) -> bool:
    left, top, right, bottom = around(boxes)
    return right - left < max((bottom - top) / _STRIP, _NARROW * unit_of(boxes))


def _is_all(region: Region, boxes: Boxes) -> bool:
    return len(region.indices) >= _ALL * len(boxes)
