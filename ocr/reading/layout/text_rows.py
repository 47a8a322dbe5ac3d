"""Rows of text and blocks of rows, from lines in reading order."""

import dataclasses
from collections.abc import Sequence

from reading.layout.boxes import Boxes

_WIDEST_SPACE = 1.2
"""Pieces of a row that stand further apart, in heights of a line, are cells."""
_SAME_ROW = 0.5
_MOST_PITCH = 2.6
"""From one row of a block to the next, in heights."""
_LEAST_OVERLAP = 0.5
"""Of the narrower one of a block and its next row."""
_NEAR = 20
"""The last rows of a block tell how wide it is."""
LARGER = 1.4
"""Letters so many times as large belong to another block."""


@dataclasses.dataclass(frozen=True, slots=True)
class TextRow:
    """Pieces that stand close beside each other."""

    pieces: tuple[int, ...]
    left: float
    top: float
    right: float
    bottom: float
    text: str
    is_alone: bool
    """Nothing else stands beside it: it is no row of cells."""

    @property
    def height(self) -> float:
        """At least a pixel."""
        return max(self.bottom - self.top, 1.0)

    @property
    def middle(self) -> float:
        """Of its height."""
        return (self.top + self.bottom) / 2


def text_rows(boxes: Boxes, texts: Sequence[str]) -> list[TextRow]:
    """Of lines in reading order: pieces of a row that stand close are one."""
    groups: list[list[int]] = []
    beside: list[bool] = []
    places = boxes.tolist()
    for index, box in enumerate(places):
        is_in_row = bool(groups) and _are_beside(places[groups[-1][-1]], box)
        gap = box[0] - places[groups[-1][-1]][2] if is_in_row else 0.0
        if is_in_row and gap <= _WIDEST_SPACE * (box[3] - box[1]):
            groups[-1].append(index)
        else:
            groups.append([index])
            beside.append(is_in_row)
    beside.append(False)
    return [
        TextRow(
            pieces=tuple(group),
            left=float(boxes[group, 0].min()),
            top=float(boxes[group, 1].min()),
            right=float(boxes[group, 2].max()),
            bottom=float(boxes[group, 3].max()),
            text=" ".join(texts[index].strip() for index in group),
            is_alone=not (beside[number] or beside[number + 1]),
        )
        for number, group in enumerate(groups)
    ]


def _are_beside(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether the second of two boxes stands to the right of the first in its row."""
    height = min(one[3] - one[1], other[3] - other[1])
    apart = abs(one[1] + one[3] - other[1] - other[3]) / 2
    return apart <= _SAME_ROW * height and other[0] + other[2] > one[0] + one[2]


def blocks_of(rows: Sequence[TextRow]) -> list[list[TextRow]]:
    """Rows below each other, in letters of one size; at least one row is given."""
    blocks = [[rows[0]]]
    for row in rows[1:]:
        if _is_below(blocks[-1], row):
            blocks[-1].append(row)
        else:
            blocks.append([row])
    return blocks


def _is_below(block: Sequence[TextRow], row: TextRow) -> bool:
    before = block[-1]
    if not (before.is_alone and row.is_alone):
        return False
    smaller, larger = sorted((before.height, row.height))
    pitch = row.middle - before.middle
    near = block[-_NEAR:]
    left, right = min(each.left for each in near), max(each.right for each in near)
    overlap = min(right, row.right) - max(left, row.left)
    width = min(right - left, row.right - row.left)
    return (
        larger <= LARGER * smaller
        and _SAME_ROW * smaller < pitch <= _MOST_PITCH * larger
        and overlap >= _LEAST_OVERLAP * width
    )
