"""Where things stand: from a stored picture or a PDF's page to the upright page, and to points.

All in parts of a side, x to the right and y down, so that no number of pixels matters:

    stored picture ──orientation──▶ as a viewer shows it ──rotation──▶ upright page ──▶ PDF's points
"""

from collections.abc import Callable
from typing import NamedTuple

Place = tuple[float, float]
Turn = Callable[[float, float], Place]

_ORIENTED: dict[int, Turn] = {
    1: lambda x, y: (x, y),
    2: lambda x, y: (1 - x, y),
    3: lambda x, y: (1 - x, 1 - y),
    4: lambda x, y: (x, 1 - y),
    5: lambda x, y: (y, x),
    6: lambda x, y: (1 - y, x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (y, 1 - x),
}
"""EXIF's orientations: where a stored place is shown."""
_ROTATED: dict[int, Turn] = {
    0: lambda x, y: (x, y),
    90: lambda x, y: (y, 1 - x),
    180: lambda x, y: (1 - x, 1 - y),
    270: lambda x, y: (1 - y, x),
}
"""Degrees counter-clockwise."""


class Box(NamedTuple):
    """A rectangle in PDF's points, y up."""

    left: float
    bottom: float
    right: float
    top: float


class Affine(NamedTuple):
    """As PDF writes it: (x, y) goes to (a·x + c·y + e, b·x + d·y + f)."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def at(self, x: float, y: float) -> Place:
        """Where (x, y) goes."""
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f


def picture_matrix(orientation: int, rotation: int, size: tuple[float, float]) -> Affine:
    """Draws a stored picture, PDF's unit square, upright on a page of that size in points."""
    oriented, rotated = _ORIENTED.get(orientation, _ORIENTED[1]), _ROTATED[rotation]

    def place(x: float, up: float) -> Place:
        shown, down = rotated(*oriented(x, 1 - up))
        return shown * size[0], (1 - down) * size[1]

    return _through(place)


def upright_to_points(
    page_size: tuple[int, int], box: Box, rotation: int = 0, page_turn: int = 0
) -> Affine:
    """From pixels of the upright page, of that size, to the points of a PDF's page whose visible
    part is `box`; `page_turn` is its /Rotate, clockwise, `rotation` what then made it upright."""
    back, turned = _ROTATED[-rotation % 360], _ROTATED[page_turn % 360]

    def place(x: float, y: float) -> Place:
        across, down = turned(*back(x / page_size[0], y / page_size[1]))
        left, bottom, right, top = box
        return left + across * (right - left), top - down * (top - bottom)

    return _through(place)


def _through(place: Callable[[float, float], Place]) -> Affine:
    (e, f), (ax, ay), (cx, cy) = place(0, 0), place(1, 0), place(0, 1)
    return Affine(ax - e, ay - f, cx - e, cy - f, e, f)
