"""Which line of a new reading is which of the old one: by where they lie."""

from collections.abc import Sequence
from typing import NamedTuple

from ocr_contract.line_marks import points

_SAME = 0.5
"""The share of two lines' common area in what they cover together. Two halves of a line that was
read as one, or a line that grew to two, have less: a person's text of one is not that of both."""


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        return max(self.right - self.left, 0.0) * max(self.bottom - self.top, 0.0)


def matches(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Of each old polygon that is found again the index of the new one; each new one once."""
    new_boxes = [_box(polygon) for polygon in new]
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


def _overlaps(old: _Box | None, new: Sequence[_Box | None]) -> list[tuple[int, float]]:
    shares = (_share(old, box) if old and box else 0.0 for box in new)
    return [(index, share) for index, share in enumerate(shares) if share >= _SAME]


def _share(one: _Box, other: _Box) -> float:
    common = _Box(
        max(one.left, other.left), max(one.top, other.top),
        min(one.right, other.right), min(one.bottom, other.bottom),
    ).area  # fmt: skip
    together = one.area + other.area - common
    return common / together if together > 0 else 0.0


def _box(polygon: str) -> _Box | None:
    corners = points(polygon)
    if not corners:
        return None
    xs, ys = zip(*corners, strict=True)
    return _Box(min(xs), min(ys), max(xs), max(ys))
