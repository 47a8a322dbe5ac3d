"""What on a page is ink, and whether there is any, for the pages on which no text was found.

A page is blank only where there is no ink. Rules, the shadow at a scan's edge and the paper's own
grain do not count as such; a picture, a stamp or letters that nobody can read do.
"""

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.line_ink import rarer_shade

_SIDE = 1000
"""Pixels of the longer side at which it is looked for, or of three widths of a strip: letters of an
A4 page are some 6 high."""
_STRIP_RATIO = 3
_SMALL = 100
"""A page with a shorter side is compared as a whole, not with what is near."""
_AROUND = 41
"""Ink differs from what is this near, …"""
_CONTRAST = 24
"""… by this much of 255."""
_EDGE = 0.015
"""Share of a side in which a scan shows the scanner's lid."""
_SPECK = 4
"""Both sides of a speck of ink are at least so long."""
_RULE_LENGTH, _RULE_FILLING = 0.2, 0.2
"""A rule, a frame or a grid is longer than this share of the page, and fills less of its place."""
_SATURATED = 1.5
"""So many times as strong as the strongest ink would be black."""
_ENOUGH_SPECKS = 3
_LARGE_SPECK = 12
"""One so long is enough alone."""


def has_ink(page: Pixels) -> bool:
    """Whether a page (height, width, 3) shows more than paper and rules."""
    long, short = max(page.shape[:2]), min(page.shape[:2])
    if short < _SMALL:
        return int(np.ptp(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY))) > 2 * _CONTRAST
    scale = _SIDE / min(long, _STRIP_RATIO * short)
    if scale < 1:
        height, width = (max(round(side * scale), 1) for side in page.shape[:2])
        page = np.asarray(cv2.resize(page, (width, height), interpolation=cv2.INTER_AREA))
    specks = _specks(page)
    large = specks.max(axis=1, initial=0) >= _LARGE_SPECK
    return bool(large.any()) or len(specks) >= _ENOUGH_SPECKS


def ink_of(region: Pixels) -> npt.NDArray[np.uint8]:
    """(height, width): 1 where a part of a page is not as most of it is."""
    if not region.size:
        return np.zeros(region.shape[:2], dtype=np.uint8)
    return rarer_shade(np.asarray(cv2.cvtColor(region, cv2.COLOR_BGR2GRAY)))


def with_more_contrast(page: Pixels) -> Pixels:
    """Its ink as black on white, of the same size: pencil, faded thermal print, white on grey."""
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    size = tuple(max(side // 4, 1) for side in grey.shape[::-1])
    paper = cv2.medianBlur(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), 21)
    ink = grey.astype(np.int16) - cv2.resize(paper, grey.shape[::-1]).astype(np.int16)
    smooth = cv2.blur(ink, (3, 3))
    darkest, brightest = int(smooth.min()), int(smooth.max())
    strongest = darkest if -darkest >= brightest else brightest
    black = np.clip(255 - ink * (_SATURATED * 255 / strongest), 0, 255) if strongest else ink + 255
    return np.ascontiguousarray(np.repeat(black.astype(np.uint8)[:, :, None], 3, axis=2))


def _specks(page: Pixels) -> npt.NDArray[np.int32]:
    """(count, 2): width and height of each connected piece of ink that is neither rule nor edge."""
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    paper = cv2.medianBlur(grey, _AROUND)
    ink = (cv2.absdiff(grey, paper) > _CONTRAST).astype(np.uint8)
    rows, columns = (round(side * _EDGE) for side in ink.shape)
    ink = np.ascontiguousarray(ink[rows : len(ink) - rows, columns : ink.shape[1] - columns])
    _, _, pieces, _ = cv2.connectedComponentsWithStats(ink)
    specks: npt.NDArray[np.int32] = np.asarray(pieces[1:], dtype=np.int32)
    left, top, width, height, area = specks.T
    bottom, right = ink.shape
    long = np.maximum(width, height) > _RULE_LENGTH * min(bottom, right)
    thin = area < _RULE_FILLING * width * height
    straight = np.minimum(width, height) < _LARGE_SPECK
    at_edge = (left == 0) | (top == 0) | (left + width == right) | (top + height == bottom)
    speck = np.minimum(width, height) >= _SPECK
    return specks[speck & ~(long & (thin | straight | at_edge)), 2:4]
