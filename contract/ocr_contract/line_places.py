"""Which line of a new reading is which of the old one: by where they lie."""

import bisect
from collections.abc import Sequence
from typing import NamedTuple

from ocr_contract.line_marks import points

_SAME = 0.5
"""The share of two lines' common area in what they cover together. Two halves of a line that was
read as one, or a line that grew to two, have less: a person's text of one is not that of both."""


class _Box(NamedTuple):
    top: float
    left: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        return max(self.right - self.left, 0.0) * max(self.bottom - self.top, 0.0)


def matches(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Of each old polygon that is found again the index of the new one; each new one once."""
    new_boxes = sorted((box, index) for index, box in enumerate(map(_box, new)) if box is not None)
    shares = sorted(
        (
            (share, -old_index, -new_index)
            for old_index, polygon in enumerate(old)
            for new_index, share in _overlaps(_box(polygon), new_boxes)
        ),
        reverse=True,
    )
    found: dict[int, int] = {}
    taken: set[int] = set()
    for _, old_index, new_index in shares:
        if -old_index not in found and -new_index not in taken:
            found[-old_index] = -new_index
            taken.add(-new_index)
    return found


def _overlaps(old: _Box | None, new: Sequence[tuple[_Box, int]]) -> list[tuple[int, float]]:
    """Those of `new`, from the top on, that are the same: index and share."""
    if old is None:
        return []
    found = []
    for box, index in new[: bisect.bisect_left(new, old.bottom, key=lambda each: each[0].top)]:
        if box.bottom > old.top and (share := _share(old, box)) >= _SAME:
            found.append((index, share))
    return found


def _share(one: _Box, other: _Box) -> float:
    common = _Box(
        max(one.top, other.top), max(one.left, other.left),
        min(one.right, other.right), min(one.bottom, other.bottom),
    ).area  # fmt: skip
    together = one.area + other.area - common
    return common / together if together > 0 else 0.0


def _box(polygon: str) -> _Box | None:
    corners = points(polygon)
    if not corners:
        return None
    xs, ys = zip(*corners, strict=True)
    return _Box(min(ys), min(xs), max(xs), max(ys))
