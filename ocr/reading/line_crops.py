"""Lines cut out of pages, straightened, and turned as they are to be read."""

import math
from collections.abc import Sequence
from typing import overload

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Polygons
from ocr_contract.word_boxes import WHOLE

_MAX_SIDE = 16_000
"""A warped crop is never larger: OpenCV's limit for remapping is 32,767."""
_MAX_SOURCE_SIDE = 32_000
"""OpenCV's limit for what is warped is the same."""
_GROWN = 0.1
"""Share of a line's height that is added on both sides."""
_MARGIN = 4
"""Pixels around a polygon that the interpolation looks at."""
_ROTATIONS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}


class LineCrops(Sequence[Pixels]):
    """The lines of a page, each cut out when it is asked for."""

    def __init__(self, page: Pixels, polygons: Polygons) -> None:
        """`polygons` (count, 4, 2), as `crop_line` takes them."""
        self._page = page
        self._polygons = polygons

    def __len__(self) -> int:
        return len(self._polygons)

    @overload
    def __getitem__(self, number: int) -> Pixels: ...
    @overload
    def __getitem__(self, number: slice) -> list[Pixels]: ...
    def __getitem__(self, number: int | slice) -> Pixels | list[Pixels]:
        if isinstance(number, slice):
            return [self.at(one) for one in range(len(self))[number]]
        return self.at(number)

    def at(self, number: int) -> Pixels:
        """One of them."""
        return crop_line(self._page, self._polygons[number])


def crop_line(page: Pixels, polygon: npt.NDArray[np.float32]) -> Pixels:
    """The quadrilateral `polygon` (4, 2), straightened, as it stands on the page; at least 1×1
    pixel.

    Axis-aligned rectangles, most lines of a scan, are cut out; others are warped.
    """
    corners: list[list[float]] = polygon.tolist()  # so few numbers are slower in numpy
    if _runs_along_axes(corners):
        left, top, right, bottom = _cut_sides(corners)
        rows = slice(max(top, 0), max(bottom, top + 1, 0))  # a negative end would count from below
        columns = slice(max(left, 0), max(right, left + 1, 0))
        crop = page[rows, columns]
    else:
        crop = _warp(page, polygon)
    if crop.size == 0:
        return np.zeros((1, 1, 3), dtype=np.uint8)
    return np.ascontiguousarray(crop)


def grown(polygon: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A line's quadrilateral (4, 2), a little higher: marks above and below letters, of Thai or
    Arabic, may stand out of what was found."""
    across = (polygon[[3, 2]] - polygon[[0, 1]]) * _GROWN
    return np.concatenate([polygon[:2] - across, polygon[2:] + across[::-1]])


def shares_along(
    polygon: npt.NDArray[np.float32], turn: int, shares: Sequence[float]
) -> list[float]:
    """Places along a line as it was cut out and turned by `turn` degrees, as shares of the way
    between the middles of its polygon's first and last edge: where the polygon is narrower at one
    end, straightening stretched it unevenly."""
    corners: list[list[float]] = polygon.tolist()
    first = turn // 90
    cut = _cut_corners(corners) if _runs_along_axes(corners) else corners
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = [*cut[first:], *cut[:first]]
    # From the unit square to a quadrilateral: Heckbert, "Fundamentals of Texture Mapping", 1989.
    wide = (x1 - x2, y1 - y2), (x3 - x2, y3 - y2)
    odd = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    area = wide[0][0] * wide[1][1] - wide[1][0] * wide[0][1]
    if area == 0:
        return list(shares)
    g = (odd[0] * wide[1][1] - wide[1][0] * odd[1]) / area
    h = (wide[0][0] * odd[1] - odd[0] * wide[0][1]) / area
    start, end = _middles([*corners[first:], *corners[:first]])
    way = end[0] - start[0], end[1] - start[1]
    length = max(way[0] ** 2 + way[1] ** 2, 1e-9)
    found = []
    for share in shares:
        depth = g * share + h / 2 + 1
        x = (share * (x1 - x0 + g * x1) + (x3 - x0 + h * x3) / 2 + x0) / depth
        y = (share * (y1 - y0 + g * y1) + (y3 - y0 + h * y3) / 2 + y0) / depth
        found.append(((x - start[0]) * way[0] + (y - start[1]) * way[1]) / length)
    return found


def thousandths(shares: Sequence[float]) -> tuple[int, ...]:
    """Places of words as they are stored: each begins and ends on the line, in this order."""
    places = [min(max(round(WHOLE * share), 0), WHOLE) for share in shares]
    pairs = zip(places[::2], places[1::2], strict=True)
    return tuple(place for start, end in pairs for place in (start, max(start, end)))


def _middles(corners: list[list[float]]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Of the first and of the last edge of a line."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    return ((x0 + x3) / 2, (y0 + y3) / 2), ((x1 + x2) / 2, (y1 + y2) / 2)


def _cut_corners(corners: list[list[float]]) -> list[list[float]]:
    """Of the pixels that are cut out for an upright rectangle."""
    left, top, right, bottom = _cut_sides(corners)
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def _cut_sides(corners: list[list[float]]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of them."""
    left, top = (math.floor(min(sides)) for sides in zip(*corners, strict=True))
    right, bottom = (math.ceil(max(sides)) for sides in zip(*corners, strict=True))
    return left, top, right, bottom


def turned(pixels: Pixels, degrees: int) -> Pixels:
    """A crop or a page turned counter-clockwise by 0, 90, 180 or 270 degrees."""
    return np.asarray(cv2.rotate(pixels, _ROTATIONS[degrees]), np.uint8) if degrees else pixels


def is_upright(polygon: npt.NDArray[np.float32]) -> bool:
    """Whether a quadrilateral (4, 2) is cut out as it stands, without straightening."""
    return _runs_along_axes(polygon.tolist())


def _runs_along_axes(corners: list[list[float]]) -> bool:
    """Whether the sides run along the axes, to within a pixel."""
    top_left, top_right, bottom_right, bottom_left = corners
    return (
        abs(top_left[1] - top_right[1]) <= 1
        and abs(bottom_left[1] - bottom_right[1]) <= 1
        and abs(top_left[0] - bottom_left[0]) <= 1
        and abs(top_right[0] - bottom_right[0]) <= 1
    )


def _warp(page: Pixels, polygon: npt.NDArray[np.float32]) -> Pixels:
    page, polygon = _around(page, polygon)
    top_left, top_right, bottom_right, bottom_left = polygon
    width = max(np.linalg.norm(top_right - top_left), np.linalg.norm(bottom_right - bottom_left))
    height = max(np.linalg.norm(bottom_left - top_left), np.linalg.norm(bottom_right - top_right))
    size = (min(max(int(width), 1), _MAX_SIDE), min(max(int(height), 1), _MAX_SIDE))
    corners = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(polygon.astype(np.float32), corners)
    warped = cv2.warpPerspective(
        page, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, dtype=np.uint8)


def _around(
    page: Pixels, polygon: npt.NDArray[np.float32]
) -> tuple[Pixels, npt.NDArray[np.float32]]:
    """The part of a page around the polygon, where OpenCV could not warp from the whole one."""
    if max(page.shape[:2]) <= _MAX_SOURCE_SIDE:
        return page, polygon
    low = np.clip(np.floor(polygon.min(axis=0)) - _MARGIN, 0, None).astype(int)
    high = np.ceil(polygon.max(axis=0)).astype(int) + _MARGIN
    low = np.minimum(low, [page.shape[1] - 1, page.shape[0] - 1])
    high = np.clip(high, low + 1, low + _MAX_SOURCE_SIDE)
    return page[low[1] : high[1], low[0] : high[0]], polygon - low.astype(np.float32)
