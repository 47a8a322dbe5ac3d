"""Stamps: coloured ink over a page's own, which is black. Each is taken for itself.

Where a stamp crosses a line, the line is found in pieces. In the colour's own light the stamp
vanishes and what is beneath shows; the coloured ink alone shows what the stamp says.
"""

import dataclasses
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Polygons, median

_SIDE = 600
"""Pixels of the longer side at which stamps are looked for."""
_COLOURED = 48
"""Difference of the largest and the smallest channel of coloured ink, of 255."""
_DARK = 110
"""Black ink is darker in every channel."""
_LEAST_SIDE = 0.05
"""A stamp is at least so wide and high, as a share of the page's longer side."""
_MOST_AREA = 0.4
"""Of the page: what is larger is its design."""
_MOST_FILLING = 0.5
"""Of its place: what fills more is a picture or a bar. A stamp is strokes."""
_LEAST_BENEATH = 0.003
"""Of its place: black ink within a stamp, or there is nothing to separate; …"""
_MOST_BENEATH = 0.5
"""… and more of it is no ink but the ground of white and coloured letters, as in an editor."""
_MISSED = 0.2
"""Share of the black ink in a stamp's place that is in no line, from which on it is read anew."""
_LARGE = 0.05
"""Of the page; a pen's circle around an amount is smaller."""
_CROSSING = 0.01
"""Share of a line's place that is ink of either kind, from which on a stamp crosses it."""
_TOUCHES = 0.01
"""Of the lesser of both inks: so much of the black has colour beside it where strokes cross. On ten
receipts and pages with stamps it was 0.03 and more in some line, of words in colour beside black
ones nothing."""
_OUTSIDE = 0.3
"""Or so much of the strokes is outside of the line, as of a circle around an amount."""
_MOST_STAMPS = 4
_GAP, _SHINES_THROUGH = 9, 0.02
"""Where strokes so wide in pixels have black holes, of this share of them, black shines through."""
_INPAINTED = 3
"""Pixels from which what is covered is drawn."""
_AROUND = 8
"""Pixels of the page around what is read anew."""
_RING, _PALER = (3, 7), 0.5
"""What is so near to ink, in pixels of the small page, is its ground and has at most so much of its
colour: of 14 stamps and pens on receipts a ninth, of photographs and textures 0.6 and more."""
_LEAST_COLOURED = 0.0005
"""With less of the page in colour there is no stamp."""
_JOINED = 9
"""Strokes so near, in pixels of the small page, belong to one stamp."""

Mask = npt.NDArray[np.uint8]


@dataclasses.dataclass(frozen=True, slots=True)
class Box:
    """A part of a page, in its pixels."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, page: Pixels) -> Pixels:
        """That part of the page, as a view."""
        return page[self.top : self.bottom, self.left : self.right]

    def holds(self, polygons: Polygons) -> npt.NDArray[np.bool_]:
        """(count,): whether the middle of each polygon lies in it."""
        x, y = polygons.mean(axis=1).T
        inside: npt.NDArray[np.bool_] = (
            (x >= self.left) & (x < self.right) & (y >= self.top) & (y < self.bottom)
        )
        return inside

    def hides_text(self, page: Pixels, polygons: Polygons) -> bool:
        """Whether much of the black ink around the stamp is in no line that was found."""
        part = self.of(page)
        black = (_extremes(part)[0] < _DARK).astype(np.uint8)
        inked = int(black.sum())
        corner = np.array([self.left, self.top], dtype=np.float32)
        for polygon in (polygons - corner).round().astype(np.int32):
            cv2.fillPoly(black, [polygon], (0,))
        return int(black.sum()) > _MISSED * inked

    def is_large(self, page: Pixels) -> bool:
        """Whether it is worth a second reading where no line was missed: a pen's mark is not."""
        area = (self.right - self.left) * (self.bottom - self.top)
        return bool(area >= _LARGE * page.shape[0] * page.shape[1])

    def crosses_text(self, page: Pixels, polygons: Polygons) -> bool:
        """Whether strokes of the stamp run through a line of black text that was found: not where
        colour is the line's ground, as in a table's head, or the ink of some of its words; and dark
        blue is no black."""
        part = self.of(page)
        coloured = _coloured(part)
        black = (_extremes(part)[0] < _DARK).astype(np.uint8) & (1 - coloured)
        wide = np.asarray(cv2.dilate(coloured, np.ones((3, 3), dtype=np.uint8)), dtype=np.uint8)
        beside = wide & black
        _, labels = cv2.connectedComponents(wide)
        sizes = np.bincount(labels[coloured.astype(bool)])
        corner = np.array([self.left, self.top], dtype=np.float32)
        for polygon in (polygons[self.holds(polygons)] - corner).round().astype(np.int32):
            line = np.zeros(coloured.shape, dtype=np.uint8)
            cv2.fillPoly(line, [polygon], (1,))
            whole, strokes, ink, touching = (
                int((line & mask).sum()) for mask in (line, coloured, black, beside)
            )
            least = min(strokes, ink)
            if (
                strokes <= _MOST_FILLING * whole
                and least > _CROSSING * whole
                and (touching > _TOUCHES * least or _reaches_out(labels, line & coloured, sizes))
            ):
                return True
        return False

    def with_lines(self, polygons: Polygons, page: Pixels) -> "Box":
        """The place of the stamp and of all lines that it touches, with a little around."""
        low, high = polygons.min(axis=1), polygons.max(axis=1)
        touched = (low < (self.right, self.bottom)).all(axis=1)
        touched &= (high > (self.left, self.top)).all(axis=1)
        corners = np.concatenate(
            [[[self.left, self.top], [self.right, self.bottom]], low[touched], high[touched]]
        )
        left, top = (max(int(edge) - _AROUND, 0) for edge in corners.min(axis=0))
        right, bottom = (int(edge) + _AROUND for edge in corners.max(axis=0))
        return Box(left, top, min(right, page.shape[1]), min(bottom, page.shape[0]))

    def joined(self, other: "Box") -> "Box | None":
        """Both in one, when they overlap."""
        apart = (
            self.right <= other.left
            or other.right <= self.left
            or self.bottom <= other.top
            or other.bottom <= self.top
        )
        if apart:
            return None
        low, high = min, max
        return Box(
            low(self.left, other.left),
            low(self.top, other.top),
            high(self.right, other.right),
            high(self.bottom, other.bottom),
        )


def find_stamps(page: Pixels) -> list[Box]:
    """Where stamps lie over black ink on a page (height, width, 3)."""
    every = max(round(max(page.shape[:2]) / _SIDE), 1)
    size = (-(-page.shape[1] // every), -(-page.shape[0] // every))
    small = np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    coloured = _coloured(small)
    height, width = coloured.shape
    share = cv2.countNonZero(coloured) / coloured.size
    if share < _LEAST_COLOURED:  # nearly every scan ends here
        return []
    black = _extremes(small)[0] < _DARK
    if share > _MOST_AREA or not black.any():
        return []
    spread = np.asarray(cv2.subtract(*_extremes(small)), dtype=np.uint8)
    joined = cv2.dilate(coloured, np.ones((_JOINED, _JOINED), dtype=np.uint8))
    _, labels, pieces, _ = cv2.connectedComponentsWithStats(joined)
    found: list[Box] = []
    for number, (left, top, wide, high, _) in enumerate(pieces[1:].tolist(), 1):
        place = slice(top, top + high), slice(left, left + wide)
        own = coloured[place].astype(bool) & (labels[place] == number)
        if (
            min(wide, high) >= _LEAST_SIDE * max(height, width)
            and wide * high <= _MOST_AREA * height * width
            and own.mean() <= _MOST_FILLING
            and _LEAST_BENEATH <= black[place].mean() <= _MOST_BENEATH
            and _stands_out(spread[place], own, black[place])
        ):
            edges = (edge * every for edge in (left, top, left + wide, top + high))
            _add(found, Box(*edges))
    return found[:_MOST_STAMPS]


def _stands_out(spread: Mask, ink: npt.NDArray[np.bool_], black: npt.NDArray[np.bool_]) -> bool:
    """Whether what is around ink of a place has much less colour. In a photograph colours begin
    where they are a little stronger than beside it."""
    own = ink.astype(np.uint8)
    near, around = (cv2.dilate(own, np.ones((side, side), np.uint8)) for side in _RING)
    ground = (around > near) & ~black
    return not ground.any() or median(spread[ground]) <= _PALER * median(spread[ink])


def _add(boxes: list[Box], box: Box) -> None:
    """A ring and what stands in it are one stamp."""
    for other in boxes:
        if whole := box.joined(other):
            boxes.remove(other)
            _add(boxes, whole)
            return
    boxes.append(box)


def _reaches_out(labels: npt.NDArray[Any], within: Mask, sizes: npt.NDArray[np.int64]) -> bool:
    """Whether strokes go on outside of a line, of which `within` are the coloured pixels: as those
    of a circle do, and the letters of a word do not. `labels` number all strokes from 1 on, and
    `sizes` are their pixels."""
    inside = labels[within.astype(bool)]
    whole = int(sizes[np.unique(inside)].sum())
    return bool(whole - inside.size > _OUTSIDE * whole)


def beneath_stamp(part: Pixels) -> Pixels:
    """What is beneath the stamp in a part of a page: seen through ink that lets black through, or
    drawn on from around ink that covers."""
    ink = _coloured(part)
    wide = cv2.dilate(ink, np.ones((3, 3), dtype=np.uint8))
    brightest, _ = _extremes(part)
    own = max(median(brightest[ink.astype(bool)]), 1.0) if ink.any() else 255.0
    filled = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((_GAP, _GAP), dtype=np.uint8))
    holes = (filled.astype(bool) & ~ink.astype(bool) & (brightest < _DARK)).sum()
    if holes < _SHINES_THROUGH * ink.sum():
        around = cv2.inpaint(np.ascontiguousarray(part), wide, _INPAINTED, cv2.INPAINT_TELEA)
        return np.ascontiguousarray(around, dtype=np.uint8)
    shown = np.clip(brightest * (median(brightest) / own), 0, 255).astype(np.uint8)
    through = np.where(wide.astype(bool)[..., None], shown[..., None], part).astype(np.uint8)
    return np.ascontiguousarray(through)


def stamp_alone(part: Pixels) -> Pixels:
    """The stamp on the paper's colour."""
    wide = cv2.dilate(_coloured(part), np.ones((3, 3), dtype=np.uint8)).astype(bool)
    paper = np.median(part.reshape(-1, 3), axis=0)
    return np.ascontiguousarray(np.where(wide[..., None], part, paper).astype(np.uint8))


def _coloured(page: Pixels) -> Mask:
    """(height, width): 1 where ink is coloured, and the paper is not."""
    brightest, darkest = _extremes(page)
    spread = cv2.subtract(brightest, darkest)
    usual = int(median(spread[::4, ::4]))  # of yellowed paper
    return np.asarray(spread > usual + _COLOURED, dtype=np.uint8)


def _extremes(page: Pixels) -> tuple[Mask, Mask]:
    """(height, width) each: the largest and the smallest channel. numpy takes ten times as long."""
    blue, green, red = cv2.split(np.ascontiguousarray(page))
    largest = cv2.max(cv2.max(blue, green), red)
    smallest = cv2.min(cv2.min(blue, green), red)
    return np.asarray(largest, dtype=np.uint8), np.asarray(smallest, dtype=np.uint8)
