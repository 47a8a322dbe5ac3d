"""How a page is searched for lines: first as a whole, then closer where its print is small.

A first look at the page scaled down finds all lines of ordinary print. Where letters would be too
low to be found in it, a part of the page is looked at closer; and if that shows more, the whole
page is, at the scale that its print needs (docs/decisions/0013).
"""

import logging
from collections.abc import Callable

import cv2
import numpy as np

from decode import Pixels
from print_size import Place, small_print
from reading_order import Polygons
from small_pages import lone_character, margin_of, with_margin
from tiled_detection import MOST_TILE_PIXELS
from usable_memory import is_lack_of_memory

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
_MOST_PROBES = 2
_PROBE_SIDE = 640
_MORE = 1.15
"""A closer look is worth it when it covers so much more, or finds lines that were cut up."""
_MERGED = 0.6
"""Several lines were found as one when the closer look's are lower than this share of them."""
_MASK_SIDE = 512

log = logging.getLogger("page_search")


def find_lines(page: Pixels, detect: Detect, side: int) -> Polygons:
    """(count, 4, 2): the lines of a page (height, width, 3), in its pixels.

    `side` is the longest side at which a page of ordinary shape is searched first.
    """
    lone = lone_character(page)
    if lone is not None:
        return lone
    margin = margin_of(page)
    if not margin:
        return _find(page, detect, side)
    found = _find(with_margin(page, margin), detect, side) - np.float32(margin)
    return np.clip(found, 0, np.array(page.shape[1::-1], dtype=np.float32))


def _find(page: Pixels, detect: Detect, side: int) -> Polygons:
    longest = max(page.shape[:2])
    first_side = _first_side(page, side)
    first = _look(page, detect, first_side)
    scale = min(first_side / longest, 1.0)
    places = small_print(page, first, _LEGIBLE / scale) if scale < 1 else []
    closer_side = _closer_side(page, places)
    if closer_side <= first_side or not any(
        _shows_more(page, place, detect, first, scale, closer_side)
        for place in places[:_MOST_PROBES]
    ):
        return first
    log.debug("searching again at %d pixels", closer_side)
    return merged(first, _look(page, detect, closer_side), page.shape[:2])


def merged(first: Polygons, closer: Polygons, size: tuple[int, ...]) -> Polygons:
    """Both looks' lines: the closer one's, and those of the first that it does not show.

    Large letters can be too large for the closer look, which then finds pieces of them.
    """
    if not len(first) or not len(closer):
        return closer if len(closer) else first
    scale = _MASK_SIDE * 4 / max(size)
    shape = tuple(int(length * scale) + 2 for length in size[:2])
    shown = np.zeros(shape, dtype=np.uint8)
    for polygon in closer:
        _paint(shown, polygon * scale)
    kept = [polygon for polygon in first if _share(shown, polygon * scale) < 0.5]
    if not kept:
        return closer
    taken = np.zeros(shape, dtype=np.uint8)
    for polygon in kept:
        _paint(taken, polygon * scale)
    whole = [polygon for polygon in closer if _share(taken, polygon * scale) < 0.5]
    return np.stack([*whole, *kept])


def _first_side(page: Pixels, side: int) -> int:
    long, short = max(page.shape[:2]), min(page.shape[:2])
    wanted = int(side * max(1.0, long / short / _LONG_STRIP_RATIO))
    return max(min(wanted, _affordable_side(page)), _SMALLEST_SIDE)


def _closer_side(page: Pixels, places: list[Place]) -> int:
    """The longest side of the map in which the smallest print found is legible; 0 without any."""
    if not places:
        return 0
    heights = sorted(place.letter_height for place in places)
    scale = _WANTED / heights[len(heights) // 4]
    longest = max(page.shape[:2])
    return min(round(longest * scale), longest, _affordable_side(page))


def _affordable_side(page: Pixels) -> int:
    long, short = max(page.shape[:2]), min(page.shape[:2])
    return int((_MOST_PIXELS * long / short) ** 0.5)


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
    after = detect(part, round(max(part.shape[:2]) * scale))
    if not len(after):
        return False
    zoom = _MASK_SIDE / reach
    masks = []
    for polygons in (first - (left, top), after):
        mask = np.zeros([int(length * zoom) + 2 for length in part.shape[:2]], dtype=np.uint8)
        for polygon in polygons:
            _paint(mask, polygon * zoom)
        masks.append(mask)
    before_mask, after_mask = masks
    if int((before_mask | after_mask).sum()) > _MORE * int(before_mask.sum()):
        return True
    centres = first.mean(axis=1) - (left, top)
    inside = ((centres >= 0) & (centres < part.shape[1::-1])).all(axis=1)
    before = first[inside]
    if not len(before):
        return True
    low = _height(before) * first_scale < _LOW_LINE
    return (
        (low and place.letter_height * first_scale < _TOO_LOW)
        or len(before) > 1.5 * len(after)
        or _height(after) < _MERGED * _height(before)
    )


def _height(polygons: Polygons) -> float:
    sides = np.stack([polygons[:, 1] - polygons[:, 0], polygons[:, 3] - polygons[:, 0]])
    return float(np.median(np.linalg.norm(sides, axis=2).min(axis=0)))


def _start(middle: int, reach: int, length: int) -> int:
    return max(min(middle - reach // 2, length - reach), 0)


def _paint(mask: "np.typing.NDArray[np.uint8]", polygon: Polygons) -> None:
    cv2.fillPoly(mask, [polygon.astype(np.int32)], (1,))


def _share(mask: "np.typing.NDArray[np.uint8]", polygon: Polygons) -> float:
    """How much of a polygon is painted."""
    left, top = (max(int(low), 0) for low in polygon.min(axis=0))
    right, bottom = (int(high) + 1 for high in polygon.max(axis=0))
    part = mask[top : bottom + 1, left : right + 1]
    own = np.zeros_like(part)
    _paint(own, polygon - (left, top))
    return float((own & part).sum()) / max(int(own.sum()), 1)
