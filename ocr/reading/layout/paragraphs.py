"""Which lines of a page make a paragraph, by how they lie: gaps, indents, short last lines, size.

Lines come in reading order. Pieces of one row that stand close are one row; cells of a table,
which stand apart, are paragraphs of their own. Rows below each other at an even pitch make a
block, and inside it these begin a paragraph: a row after one that had room for its first word, an
indented row, the first row of a list's item. Where a column ends, a sentence may go on in the next.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from engines.arrays import Polygons, median
from engines.unspaced_scripts import runs_on
from ocr_contract.usual_widths import is_right_to_left, usual_width
from reading.layout import items
from reading.layout.skew import level_boxes, turn_to_level
from reading.layout.text_rows import LARGER, TextRow, blocks_of, text_rows

_WIDER = 1.25
"""A pitch so many times the usual one parts paragraphs."""
_INDENT = 0.5
"""In heights; less is the line's own beginning."""
_NARROW = 4
"""A block less wide than so many heights is a column of numbers or words."""
_ROOM = 0.3
"""So much more room than its first word takes, in heights, a row has to leave that the next begins
a paragraph."""
_FEW = 3
"""With fewer pitches in a block the page tells which one is usual."""
_LIKE = 0.7
"""Two columns are as wide as each other, to this share."""


def paragraph_numbers(
    polygons: Polygons, texts: Sequence[str], *, vertical: bool = False
) -> list[int]:
    """From 1, for lines (count, 4, 2) in reading order; as for `reading_order`, `vertical` ones
    run down."""
    if len(polygons) == 0:
        return []
    if vertical:
        x, y = polygons[..., 0], polygons[..., 1]
        polygons = np.roll(np.stack([y, -x], axis=-1), -1, axis=1)
    boxes = level_boxes(polygons, turn_to_level(polygons))
    if 2 * sum(map(is_right_to_left, texts)) > len(texts):
        boxes = np.stack([-boxes[:, 2], boxes[:, 1], -boxes[:, 0], boxes[:, 3]], axis=1)
    rows = text_rows(boxes, texts)
    blocks = blocks_of(rows)
    usual = _usual_pitch(blocks)
    numbers = [0] * len(texts)
    number = 0
    before: Sequence[TextRow] = ()
    for block in blocks:
        begins = _begins(block, usual)
        begins[0] = not _goes_on(before, block)
        for row, is_first in zip(block, begins, strict=True):
            number += is_first
            for piece in row.pieces:
                numbers[piece] = number
        before = block
    return numbers


def _usual_pitch(blocks: Sequence[Sequence[TextRow]]) -> float:
    """Of the page, in heights."""
    pitches = [
        (row.middle - before.middle) / before.height
        for block in blocks
        for before, row in itertools.pairwise(block)
    ]
    return median(pitches) if pitches else 1.0


def _begins(block: Sequence[TextRow], usual: float) -> list[bool]:
    """Of each row, whether it begins a paragraph."""
    pitches = [row.middle - before.middle for before, row in itertools.pairwise(block)]
    height = median([row.height for row in block])
    pitch = median(pitches) if len(pitches) >= _FEW else usual * height
    right = max(row.right for row in block)
    if right - min(row.left for row in block) < _NARROW * height and not runs_on(block[0].text[:1]):
        return [True] * len(block)
    centred = _is_centred(block, height)
    begins, first, body = [True], 0, 0.0
    for number, (before, row) in enumerate(itertools.pairwise(block), 1):
        after = block[number + 1] if number + 1 < len(block) else None
        is_second = number == first + 1
        goes_on = centred or (
            not _had_room(before, row, right, height)
            and _is_aligned(before, row, after, None if is_second else body, height)
        )
        is_new = (
            not goes_on
            or pitches[number - 1] > _WIDER * pitch
            or items.begins_item(row.text, before.text, block[first].text)
        )
        begins.append(is_new)
        if is_new:
            first = number
        elif is_second:
            body = row.left
    return begins


def _is_centred(block: Sequence[TextRow], height: float) -> bool:
    """Whether most of its rows are shorter or longer than the one before on both sides alike."""
    count = 0
    for before, row in itertools.pairwise(block):
        left, right = row.left - before.left, before.right - row.right
        count += abs(left) > _INDENT * height and abs(left - right) <= _INDENT * height
    return 2 * count >= len(block)


def _had_room(before: TextRow, row: TextRow, right: float, height: float) -> bool:
    """Whether the first word of a row would have fitted into the one before."""
    room = right - before.right - _ROOM * height
    if room <= 0:
        return False
    word = row.text[:1] if runs_on(row.text[:1]) else row.text.partition(" ")[0]
    share = usual_width(f"{word} ") / max(usual_width(row.text), 1e-9)
    return room > min(share, 1.0) * (row.right - row.left)


def _is_aligned(
    before: TextRow, row: TextRow, after: TextRow | None, body: float | None, height: float
) -> bool:
    """Whether a row begins where its paragraph goes on: `body` is where its other rows do, and
    None for the second one, which may begin elsewhere than the first."""
    if body is not None:
        return abs(row.left - body) <= _INDENT * height
    indent = row.left - before.left
    if indent <= _INDENT * height:
        return True
    hangs = after is not None and abs(after.left - row.left) <= _INDENT * height
    return hangs or items.is_item(before.text)


def _goes_on(before: Sequence[TextRow], block: Sequence[TextRow]) -> bool:
    """Whether a sentence that one column ended in goes on in the next one."""
    if len(before) <= 1 or len(block) <= 1:
        return False
    last, first = before[-1], block[0]
    widths = sorted(
        max(r.right for r in rows) - min(r.left for r in rows) for rows in (before, block)
    )
    heights = sorted((last.height, first.height))
    return (
        first.bottom < last.top
        and widths[0] >= _LIKE * widths[1]
        and heights[1] <= LARGER * heights[0]
        and items.is_open(last.text)
        and first.text[:1].islower()
    )
