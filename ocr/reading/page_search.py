"""How a page is searched for lines: first as a whole, then closer where its print is small.

A first look at the page scaled down finds all lines of ordinary print; where all print is large, it
is scaled down further. Where letters would be too low to be found in it, a part of the page is
looked at closer; and if that shows more, the whole page is, at the scale that its print needs
(docs/decisions/0013).
"""

import logging
import math
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Polygons, median
from engines.tiled_detection import MOST_TILE_PIXELS
from machine_limits import is_lack_of_memory
from page_records import MAX_LINES
from reading.huge_letters import HUGE, WANTED, joined
from reading.print_size import Mask, Place, Print
from reading.small_pages import lone_character, margin_of, with_margin

Detect = Callable[[Pixels, int], Polygons]
"""As `TextModels.detect`."""

_LONG_STRIP_RATIO = 2.5
"""A page longer than this, in relation to its width, is searched at proportionally more pixels."""
_SMALLEST_SIDE = 320
_MOST_PIXELS = 40 * MOST_TILE_PIXELS
"""Of a page's map; the time of a search is bounded by it."""
_LEGIBLE = 4.7
"""Letters, as an x, so high in pixels of the map are found; lower ones perhaps not."""
_TOO_LOW = 4.0
"""Lower ones may be found, but not well enough to be cut out whole."""
_LOW_LINE = 13
"""So high are the lines of such letters; in higher ones low letters are broken pieces."""
_WANTED = 5.5
"""To this height they are brought when a page is looked at closer."""
_AMPLE = 7.0
"""Letters, as an x, that are higher in the map than this need none so large, …"""
_SMALLEST_AMPLE_SIDE, _AMPLE_STEP = 480, 160
"""In few steps: the networks are prepared for each shape of map by itself."""
_MOST_LEFT_OUT = 0.2
"""… unless more than this share of what may be print is not found in the smaller one."""
_MOST_PROBES = 2
_PROBE_SIDE = 640
_NEW = 0.08
"""A closer look is worth it when so much of what it finds is new, or if lines were cut up."""
_CUT_UP = 1.5
"""Lines were cut up when the first look has so many times as many."""
_MERGED = 0.6
"""Several lines were found as one when the closer look's are lower than this share of them."""
_MASK_SIDE = 512
_MOST_SHOWN = 0.1
"""A line of the first look stays when the closer look shows less of it."""
_MOST_PIECES_OF_ONE = 2
"""Where more lines are found, there is more than one character: an empty grid is no letter."""
_LARGE = 60
"""Lines so high in the first look stay whole when the closer look shows pieces of them: as high as
they are, or …"""
_MOST_PIECES_SHOWN = 0.5
"""… covering no more of them. What shows more, in lower lines, are lines found as one before."""
_SIGN, _MOSTLY, _LEAST_SIGNS = 1.4, 0.5, 30
"""A page on which more than this share of so many lines are hardly longer than high has single
signs, as a grid of digits. They are found less well than words: …"""
_LOW_SIGN, _WANTED_SIGN = 14, 16
"""… where they are lower than so many pixels of the map, ones and sevens are lost (of 3,000 cells
280 at 11 pixels, none at 13), and the page is searched at the scale that brings them to so many."""
_INSIDE = 0.5
"""Of one line in another, from which on it counts as a part of that."""

log = logging.getLogger("page_search")


def find_lines(page: Pixels, detect: Detect, side: int) -> Polygons:
    """(count, 4, 2): the lines of a page (height, width, 3), in its pixels.

    `side` is the longest side at which a page of ordinary shape is searched first.
    """
    margin = margin_of(page)
    found = _find(with_margin(page, margin) if margin else page, detect, side)
    if margin:
        edges = np.array(page.shape[1::-1], dtype=np.float32)
        found = np.clip(found - np.float32(margin), 0, edges)
    lone = lone_character(page, found) if len(found) <= _MOST_PIECES_OF_ONE else None
    if lone is not None:
        return lone
    return _at_most(MAX_LINES, found)


def _at_most(count: int, polygons: Polygons) -> Polygons:
    """The longest ones: more than the service takes are a texture, of which the text stands out."""
    if len(polygons) <= count:
        return polygons
    log.warning("%d regions look like text; the %d longest are read", len(polygons), count)
    lengths = np.ptp(polygons, axis=1).max(axis=1)
    return polygons[np.sort(np.argsort(-lengths, kind="stable")[:count])]


def _find(page: Pixels, detect: Detect, side: int) -> Polygons:
    longest = max(page.shape[:2])
    seen = Print(page)
    first_side = _first_side(page, side)
    ample_side = _ample_side(page, seen, first_side)
    first = _look(page, detect, ample_side)
    if ample_side < first_side and seen.share_left_out(first) > _MOST_LEFT_OUT:
        first = _look(page, detect, first_side)
    else:
        first_side = ample_side
    scale = min(first_side / longest, 1.0)
    first = _with_huge_letters(page, detect, first, scale)
    if side_for_signs := _side_for_signs(page, first, scale):
        closer = _look(page, detect, side_for_signs)
        return closer if len(closer) > len(first) else first
    places = seen.small(first, _LEGIBLE / scale) if scale < 1 else []
    closer_side = _closer_side(page, places)
    if closer_side <= first_side or not any(
        _shows_more(page, place, detect, first, scale, closer_side)
        for place in places[:_MOST_PROBES]
    ):
        return first
    log.debug("searching again at %d pixels", closer_side)
    closer = _look(page, detect, closer_side)
    return merged(first, closer, (page.shape[0], page.shape[1]), _LARGE / scale)


def merged(first: Polygons, closer: Polygons, size: tuple[int, int], large: float) -> Polygons:
    """Both looks' lines: the closer one's, and those of the first that it does not show.

    Letters can be too large for the closer look, which then finds pieces of them: lines of the
    first look that are `large` pixels high stay whole. `size` is the page's (height, width).
    """
    if not len(first) or not len(closer):
        return closer if len(closer) else first
    scale = min(4 * _MASK_SIDE / max(size), 1.0)
    shape = (int(size[0] * scale) + 2, int(size[1] * scale) + 2)
    shown = _painted(closer * scale, shape)
    closer_heights = _heights(closer)

    def stays(line: Polygons, height: float) -> bool:
        share = _share(shown, line * scale)
        if height < large or share < _MOST_SHOWN:
            return share < _MOST_SHOWN
        own = _painted(line[None] * scale, shape)
        pieces = [_share(own, polygon * scale) >= _INSIDE for polygon in closer]
        as_high = closer_heights[pieces] >= _MERGED * height
        return bool(as_high.any()) or share < _MOST_PIECES_SHOWN

    heights = _heights(first).tolist()
    kept = first[[stays(line, height) for line, height in zip(first, heights, strict=True)]]
    taken = _painted(kept * scale, shape)
    whole = [_share(taken, polygon * scale) < _INSIDE for polygon in closer]
    return np.concatenate([closer[whole], kept])


def _first_side(page: Pixels, side: int) -> int:
    long, short = max(page.shape[:2]), min(page.shape[:2])
    wanted = int(side * max(1.0, long / short / _LONG_STRIP_RATIO))
    return max(min(wanted, _affordable_side(page)), _SMALLEST_SIDE)


def _ample_side(page: Pixels, seen: Print, first_side: int) -> int:
    """The longest side of the map that is large enough for the page's print, at
    most `first_side`."""
    longest: int = max(page.shape[:2])
    side = min(first_side, longest)
    lowest = seen.lowest(_AMPLE * longest / side)
    if lowest is None:
        return first_side
    steps = math.ceil(longest * _AMPLE / lowest / _AMPLE_STEP)
    ample = max(steps * _AMPLE_STEP, _SMALLEST_AMPLE_SIDE)
    return ample if ample < side else first_side


def _closer_side(page: Pixels, places: list[Place]) -> int:
    """The longest side of the map in which the smallest print found is legible; 0 without any."""
    if not places:
        return 0
    heights = sorted(place.letter_height for place in places)
    scale = _WANTED / heights[len(heights) // 4]
    longest: int = max(page.shape[:2])
    return min(round(longest * scale), longest, _affordable_side(page))


def _with_huge_letters(page: Pixels, detect: Detect, found: Polygons, scale: float) -> Polygons:
    """Lines whose letters a search at this scale finds in pieces, as a coarser one shows them."""
    if not len(found) or (highest := float(_heights(found).max()) * scale) < HUGE:
        return found
    steps = round(max(page.shape[:2]) * scale * WANTED / highest / _AMPLE_STEP)
    coarse = _look(page, detect, max(steps * _AMPLE_STEP, _SMALLEST_SIDE))
    return joined(page, found, coarse, HUGE / scale)


def _side_for_signs(page: Pixels, found: Polygons, scale: float) -> int:
    """The longest side of the map in which single signs are not lost; 0 where most lines are none,
    or high enough."""
    if scale >= 1 or len(found) < _LEAST_SIGNS:
        return 0
    heights = _heights(found)
    lengths = np.linalg.norm(found[:, 1] - found[:, 0], axis=1) + np.linalg.norm(
        found[:, 3] - found[:, 0], axis=1
    )
    is_sign = lengths - heights <= _SIGN * heights
    if is_sign.mean() <= _MOSTLY:
        return 0
    height = median(heights[is_sign]) * scale
    longest: int = max(page.shape[:2])
    side = min(round(longest * scale * _WANTED_SIGN / height), longest, _affordable_side(page))
    return side if height < _LOW_SIGN and side > longest * scale else 0


def _affordable_side(page: Pixels) -> int:
    long, short = max(page.shape[:2]), min(page.shape[:2])
    side: int = math.isqrt(_MOST_PIXELS * long // short)
    return side


def _look(page: Pixels, detect: Detect, side: int) -> Polygons:
    while True:
        try:
            return detect(page, side)
        except Exception as error:
            if not is_lack_of_memory(error) or side // 2 < _SMALLEST_SIDE:
                raise
            side //= 2
            log.warning("not enough memory; searching at %d pixels", side)


def _shows_more(
    page: Pixels,
    place: Place,
    detect: Detect,
    first: Polygons,
    first_scale: float,
    closer_side: int,
) -> bool:
    """Whether a place shows more text at the closer look's scale than the first look has there."""
    scale = closer_side / max(page.shape[:2])
    reach = round(_PROBE_SIDE / scale)
    top = _start(place.top + place.side // 2, reach, page.shape[0])
    left = _start(place.left + place.side // 2, reach, page.shape[1])
    part = np.ascontiguousarray(page[top : top + reach, left : left + reach])
    after = _look(part, detect, round(max(part.shape[:2]) * scale))
    if not len(after):
        return False
    zoom = _MASK_SIDE / reach
    shape = (int(part.shape[0] * zoom) + 2, int(part.shape[1] * zoom) + 2)
    before_mask, after_mask = (
        _painted(polygons * zoom, shape) for polygons in (first - (left, top), after)
    )
    around = np.asarray(cv2.dilate(before_mask, np.ones((3, 3), dtype=np.uint8)))  # to a pixel
    if int(after_mask[around == 0].sum()) > _NEW * int(after_mask.sum()):
        return True
    low, high = first.min(axis=1) - (left, top), first.max(axis=1) - (left, top)
    before = first[((high > 0) & (low < part.shape[1::-1])).all(axis=1)]
    if not len(before):
        return True
    height, closer_height = (median(_heights(lines)) for lines in (before, after))
    low_print = place.letter_height * first_scale < _TOO_LOW and height * first_scale < _LOW_LINE
    return low_print or len(before) > _CUT_UP * len(after) or closer_height < _MERGED * height


def _heights(polygons: Polygons) -> npt.NDArray[np.float32]:
    """(count,): the shorter side of each."""
    sides = np.stack([polygons[:, 1] - polygons[:, 0], polygons[:, 3] - polygons[:, 0]])
    shorter: npt.NDArray[np.float32] = np.linalg.norm(sides, axis=2).min(axis=0)
    return shorter


def _start(middle: int, reach: int, length: int) -> int:
    return max(min(middle - reach // 2, length - reach), 0)


def _painted(polygons: Polygons, shape: tuple[int, int]) -> Mask:
    mask: Mask = np.zeros(shape, dtype=np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [polygon.round().astype(np.int32)], (1,))
    return mask


def _share(mask: Mask, polygon: Polygons) -> float:
    """How much of a polygon (4, 2) is painted."""
    left, top = (max(int(low), 0) for low in polygon.min(axis=0))
    right, bottom = (int(high) + 1 for high in polygon.max(axis=0))
    part = mask[top : bottom + 1, left : right + 1]
    own = _painted(polygon[None] - (left, top), part.shape)
    return float((own & part).sum()) / max(int(own.sum()), 1)
