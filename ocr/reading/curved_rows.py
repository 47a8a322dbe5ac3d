"""Rows of print that bend, as on paper that is curled or lies open in a book, made straight.

The search gives each line a rectangle. In that of a bent line stand parts of its neighbours, and
between bent lines the network sees bridges: what it gives for a paragraph may be one region, and
hardly a word of it is read. How far rows rise and fall is measured from ink alone: in neighbouring
upright strips the same rows lie a little higher or lower. Done again on what came out of it, a few
times, until nothing moves.
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels

_SIDE = 1400
"""Pixels of the longer side at which rows are measured, at most: print of 9 points is 15 high."""
_MOST_SIDE = 32_000
"""OpenCV's limit for what is moved."""
_PART = 256
"""Rows of a page that are moved at a time."""
_STRIPS = 28
"""Along the width; what is narrower than a few words has no rows."""
_COLUMNS = 4 * _STRIPS
_BANDS = 5
"""Down the page: paper may curl more at its top than at its foot."""
_PASSES = 5
_REACH = 0.3
"""The farthest that rows move from a strip to the next, in its widths: a slope of 17 degrees."""
_AROUND = 31
"""Ink differs from what is this near …"""
_CONTRAST = 16
"""… by so much of 255."""
_LEAST_ALIKE = 0.5
"""Of two strips' rows, 1 being the same; less alike are two columns, or a picture."""
_DOUBTED = 0.1
"""What such likeness says counts half, beside the mean of all: few rows bend by chance."""
_FARTHER = 0.15
"""By so much more alike must be what is farthest: rows resemble the next row."""
_SETTLED = 0.5
_FIRST_SIDE, _FIRST_PASSES, _FIRST_SHARPER = 700, 2, 1.04
"""A first, quick look: of 50 receipts 49 are told to be straight by it in a fifth of the time. Rows
that stand out 1.15 times as much at `_SIDE` did so 1.08 times and more here."""
_BENT = 3.0
"""Pixels at `_SIDE` by which rows leave their straight line, from their highest to their lowest
place; what is bent by less is read as it is …"""
_SHARPER = 1.15
"""… and so is a page whose rows do not stand out so many times as much afterwards: where there are
few rows, chance bends them, by up to fifty pixels. Scattered words may still become one row:
whoever reads the page anew compares what is read."""

Point = tuple[float, float]
Field = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class StraightPage:
    """A page whose rows are straight, and where its pixels were."""

    pixels: Pixels
    """Of the page's own size."""
    rises: Field
    """(height, columns) of a small picture of it, of fewer columns: how many of its pixels lower
    what stands there stood before."""

    def before(self, polygon: Sequence[Point], turn: int = 0) -> tuple[Point, ...]:
        """Where the points of a polygon were, in pixels of the page as it was; `turn`: both pages
        were turned counter-clockwise by so many degrees since."""
        height, width = self.pixels.shape[:2]
        rows, columns = self.rises.shape
        found = []
        for point in polygon:
            x, y = _turned(
                point, -turn % 360, (height, width) if turn % 180 == 0 else (width, height)
            )
            row = min(max(round(y / height * rows - 0.5), 0), rows - 1)
            rise = np.interp(x / width * columns - 0.5, np.arange(columns), self.rises[row])
            moved = min(max(y + float(rise) * height / rows, 0.0), float(height))
            found.append(_turned((x, moved), turn, (height, width)))
        return tuple(found)


def straightened(page: Pixels) -> StraightPage | None:
    """The page (height, width, 3) with its rows straight; None where they are so already, or there
    are none."""
    if max(page.shape[:2]) > _MOST_SIDE:
        return None
    grey = np.asarray(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    first = _measured(grey, _FIRST_SIDE, _FIRST_PASSES)
    if first is not None and first.gain < _FIRST_SHARPER:
        return None
    rows = _measured(grey, _SIDE, _PASSES)
    if rows is None or rows.bend < _BENT or rows.gain < _SHARPER:
        return None
    return StraightPage(_moved_page(page, rows.rises), rows.rises)


class _Measured(NamedTuple):
    """How the rows of a page run."""

    rises: Field
    """As of `StraightPage`."""
    bend: float
    """By how many pixels of the small picture they leave their straight line."""
    gain: float
    """How many times as much they stand out once they are straight."""


def _measured(grey: npt.NDArray[np.uint8], side: int, passes: int) -> _Measured | None:
    """The rows of a page (height, width), measured at so many pixels of its longer side; None where
    it is narrower than a few words."""
    scale = min(side / max(grey.shape), 1.0)
    height, width = (max(round(length * scale), 1) for length in grey.shape)
    if min(height, width) < 2 * _STRIPS:
        return None
    small = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    ink = _ink(np.asarray(small, dtype=np.uint8))
    reach = max(round(_REACH * width / _STRIPS), 2)
    rises: Field = np.zeros(ink.shape, dtype=np.float32)
    for _ in range(passes):
        more = _rises(_moved(ink, rises), reach)
        rises += more
        if np.abs(more).max() < _SETTLED:
            break
    slopes = _slopes(rises)
    plain = max(_sharpness(ink), _sharpness(_moved(ink, slopes)))
    gain = _sharpness(_moved(ink, rises)) / max(plain, 1e-6)
    return _Measured(rises, float(np.ptp(rises - slopes, axis=1).max()), gain)


def _turned(point: Point, degrees: int, size: tuple[int, int]) -> Point:
    """A place on a page of that (height, width), after the page is turned counter-clockwise."""
    x, y = point
    height, width = size
    return {0: (x, y), 90: (y, width - x), 180: (width - x, height - y), 270: (height - y, x)}[
        degrees
    ]


def _ink(grey: npt.NDArray[np.uint8]) -> Field:
    """(height, columns): how much a page differs from the paper around, in `_COLUMNS` columns: rows
    hardly rise within one, and moving them takes a tenth of the time that moving pixels does."""
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    paper = cv2.resize(cv2.medianBlur(half, _AROUND // 2), grey.shape[::-1])
    ink = cv2.absdiff(grey, paper).astype(np.float32)
    ink = np.where(ink >= _CONTRAST, np.minimum(ink, 4 * _CONTRAST), 0).astype(np.float32)
    columns = cv2.resize(ink, (_COLUMNS, len(ink)), interpolation=cv2.INTER_AREA)
    return np.asarray(columns, dtype=np.float32)


def _moved(ink: Field, rises: Field) -> Field:
    """What stands `rises` lower at each place."""
    height, width = rises.shape
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    moved = cv2.remap(ink, across, down + rises, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.float32)


def _moved_page(page: Pixels, rises: Field) -> Pixels:
    """The same of a page of any size, part by part: places of all its pixels would take ten times
    as much memory as they do."""
    height, width = page.shape[:2]
    scale = rises.shape[1] / width, rises.shape[0] / height
    moved = np.empty_like(page)
    for top in range(0, height, _PART):
        down, across = np.mgrid[top : min(top + _PART, height), 0:width].astype(np.float32)
        small = (across + 0.5) * scale[0] - 0.5, (down + 0.5) * scale[1] - 0.5
        lower = cv2.remap(rises, *small, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE) / scale[1]
        moved[top : top + _PART] = cv2.remap(
            page, across, down + lower, cv2.INTER_CUBIC, None, cv2.BORDER_REPLICATE
        )
    return moved


def _rises(ink: Field, reach: int) -> Field:
    """(height, width): how many pixels lower the rows at each place lie than those of their line in
    the mean, as far as neighbouring strips tell."""
    height, width = ink.shape
    steps, weights = _steps(ink, reach)
    told, alike = (
        np.asarray(cv2.GaussianBlur(each, (7, 3), 1.3, None, 0.8), dtype=np.float32)
        for each in (weights * steps, weights)
    )
    mean = float((weights * steps).sum()) / max(float(weights.sum()), _DOUBTED)
    slopes = (told + _DOUBTED * mean) / (alike + _DOUBTED)
    slopes = np.pad(slopes, ((0, 0), (1, 1)), mode="edge")
    rises = np.pad(np.cumsum(slopes, axis=1), ((0, 0), (1, 0)))
    rises -= rises[:, 1:-1].mean(axis=1, keepdims=True)
    beyond = width / _STRIPS  # a strip at each side, left out again
    wide = cv2.resize(rises.astype(np.float32), (width + 2 * round(beyond), height))
    return np.ascontiguousarray(wide[:, round(beyond) : round(beyond) + width], dtype=np.float32)


def _steps(ink: Field, reach: int) -> tuple[Field, Field]:
    """(bands, strips - 1) each: how many pixels lower the rows of a strip lie than those of the one
    before, and how alike both are, 0 to 1."""
    height = len(ink)
    rows = _standing_out(cv2.resize(ink, (_STRIPS, height), interpolation=cv2.INTER_AREA), 1.5)
    before, after = rows[:, :-1], np.pad(rows[:, 1:], ((reach, reach), (0, 0)))
    shifts = range(-reach, reach + 1)
    alike = np.stack([_in_bands(before * after[reach + k : reach + k + height]) for k in shifts])
    power = np.sqrt(_in_bands(before**2) * _in_bands(rows[:, 1:] ** 2))
    alike /= np.maximum(power, 1e-6)
    nearer = alike - _FARTHER * np.abs(np.array(shifts))[:, None, None] / reach
    best = nearer.argmax(axis=0)
    at_end = (best == 0) | (best == 2 * reach)
    inner = np.clip(best, 1, 2 * reach - 1)
    low, mid, high = (np.take_along_axis(alike, (inner + k)[None], axis=0)[0] for k in (-1, 0, 1))
    curve = low - 2 * mid + high
    top = np.where(curve < 0, (low - high) / np.minimum(2 * curve, -1e-6), 0)
    steps = inner - reach + np.clip(top, -0.5, 0.5)
    weights = np.where(
        at_end | (mid < _LEAST_ALIKE), 0, mid * np.sqrt(power / max(power.max(), 1e-6))
    )
    return steps.astype(np.float32), weights.astype(np.float32)


def _in_bands(values: Field) -> Field:
    """(bands, strips): the sums of (height, strips) in overlapping bands."""
    height = len(values)
    middles = (np.arange(_BANDS) + 0.5) * height / _BANDS
    away = np.abs(np.arange(height)[None] - middles[:, None]) / (height / _BANDS)
    return np.maximum(1 - away, 0).astype(np.float32) @ values


def _slopes(rises: Field) -> Field:
    """(height, width): what straight lines, level in the mean, rise as these do."""
    across = np.linspace(-1, 1, rises.shape[1], dtype=np.float32)
    return np.asarray(np.outer(rises @ across / (across @ across), across), dtype=np.float32)


def _sharpness(ink: Field) -> float:
    """How much rows and the ground between them differ, along the whole width."""
    return float((_standing_out(ink.mean(axis=1, keepdims=True), 1.0) ** 2).sum())


def _standing_out(strips: cv2.typing.MatLike, deviation: float) -> Field:
    """(height, strips): how much more ink there is than a little higher and lower."""
    rows = np.asarray(cv2.GaussianBlur(strips, (1, 7), deviation), dtype=np.float32)
    return rows - np.asarray(cv2.blur(rows, (1, 2 * _AROUND + 1)), dtype=np.float32)
