"""Which way up lines of joined letters stand, Arabic's and its kin's, or of Hangul: seen from
their shape alone.

The letters are joined along a line that lies low, tall strokes rise from it, bowls and dots hang
around it; Hangul's last consonants and level vowels lie low, its first consonants high. A logistic
model for each weighs where a line's ink lies, in which directions its edges run and how long its
strokes are, in strips from top to bottom; it was fitted to upright Arabic, Persian and Urdu, or
Hangul, against the same lines on their head and 31 and more other scripts in both positions
(benchmarks/fit_joined_letters.py). docs/decisions/0052 and 0061 have the figures.
"""

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.line_ink import rarer_shade
from reading import hangul_model, joined_letters_model

_LEAST_SIDE = 8
"""Pixels: of less nothing can be told."""
_SCANNED, _HEIGHT = 96, 48
"""Pixels to which a line is brought before ink is told from ground, and after what is blank above
and below it is cut off."""
_STRIPS, _EDGE_STRIPS, _DIRECTIONS = 16, 8, 8
_EMPTY_ROW = 0.02
"""Of the ink in the fullest row: with less a row is not the line's."""
_DOT = 0.03
"""Pieces smaller than this share of a square of the line's height are dots."""
_STANDS, _CLEARLY = 0.0, 4.0
"""The mean of a page's lines in the right way, as a natural logarithm of odds, and by how much it
is above that in the other way."""
_HANGUL_LENGTH = 10
"""Of all lines together, in their heights. Short words of other scripts may look like Hangul on its
head: of 1,205 lines in nine scripts that are shorter eleven do, of 145 longer ones none."""
_JOINED, _HANGUL = (
    (model.BIAS, np.array(model.WEIGHTS)) for model in (joined_letters_model, hangul_model)
)

Features = npt.NDArray[np.float64]
_Greys = npt.NDArray[np.float32]


def stand(crops: Iterable[Pixels]) -> bool | None:
    """True where most lines look as joined letters or Hangul do that stand upright, False where
    they look so on their head, None where neither is seen; text runs along the crops."""
    found, length = [], 0.0
    for crop in crops:
        upright, on_its_head = features(crop), features(crop[::-1, ::-1])
        if upright is not None and on_its_head is not None:
            found.append((upright, on_its_head))
            length += crop.shape[1] / crop.shape[0]
    if not found:
        return None
    upright, on_its_head = np.mean(found, axis=0)
    for bias, weights in (_JOINED, _HANGUL) if length >= _HANGUL_LENGTH else (_JOINED,):
        odds, odds_on_its_head = (float(bias + line @ weights) for line in (upright, on_its_head))
        if max(odds, odds_on_its_head) >= _STANDS and abs(odds - odds_on_its_head) >= _CLEARLY:
            return odds > odds_on_its_head
    return None


def features(crop: Pixels) -> Features | None:
    """(101,): what the model weighs, of a crop along which the text runs; None of a blank one."""
    ink = _ink(crop)
    if ink is None:
        return None
    found: Features = np.concatenate([10 * _edges(ink), *_strokes(ink), _pieces(ink)])
    return found


def _ink(crop: Pixels) -> _Greys | None:
    """(48, width): how much ink there is, 0 to 1, from the line's first row of ink to its last."""
    if min(crop.shape[:2]) < _LEAST_SIDE:
        return None
    grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_BGR2GRAY).astype(np.float32)
    even = _at_height(grey, _SCANNED).clip(0, 255).astype(np.uint8)
    ink = rarer_shade(even)
    rows, columns = ink.sum(axis=1), ink.sum(axis=0)
    inked = np.flatnonzero(rows > _EMPTY_ROW * rows.max())
    if inked.size == 0:
        return None
    across = np.flatnonzero(columns)
    part = ink[inked[0] : inked[-1] + 1, across[0] : across[-1] + 1]
    if part.shape[0] < _LEAST_SIDE:
        return None
    return _at_height(part.astype(np.float32), _HEIGHT)


def _at_height(line: _Greys, height: int) -> _Greys:
    scale = height / line.shape[0]
    size = max(round(line.shape[1] * scale), _LEAST_SIDE), height
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(line, size, interpolation=how), dtype=np.float32)


def _edges(ink: _Greys) -> Features:
    """(64,): the shares of each strip's edges that face each way."""
    right, down = cv2.Sobel(ink, cv2.CV_32F, 1, 0), cv2.Sobel(ink, cv2.CV_32F, 0, 1)
    turns = np.arctan2(down, right) / (2 * np.pi)
    facing = np.floor(turns * _DIRECTIONS + 0.5).astype(int) % _DIRECTIONS
    strip = np.arange(_HEIGHT)[:, None] * _EDGE_STRIPS // _HEIGHT
    places = (strip * _DIRECTIONS + facing).ravel()
    counted = np.bincount(places, np.hypot(right, down).ravel(), _EDGE_STRIPS * _DIRECTIONS)
    shares: Features = counted / max(float(counted.sum()), 1e-6)
    return shares


def _strokes(ink: _Greys) -> tuple[Features, Features]:
    """(16,) each: where the ink lies from top to bottom, and how long the strokes are there, in
    pixels, as a logarithm."""
    share = ink.sum(axis=1).reshape(_STRIPS, -1).sum(axis=1)
    is_ink = ink > 0.5
    begins = np.diff(is_ink.astype(np.int8), axis=1, prepend=0) > 0
    pixels, strokes = (each.reshape(_STRIPS, -1).sum(axis=1) for each in (is_ink, begins))
    return 10 * share.astype(np.float64) / share.sum(), np.log((pixels + 1) / (strokes + 0.5))


def _pieces(ink: _Greys) -> Features:
    """(5,): how much wider than high the pieces are; dots above and below, pieces, each for a
    square of the line's height; how much of the ground is ink."""
    is_ink = (ink > 0.5).astype(np.uint8)
    squares = ink.shape[1] / _HEIGHT
    _, _, found, _ = cv2.connectedComponentsWithStats(is_ink)
    _, top, width, height, area = found[1:].T
    wider = (width / height * area).sum() / max(area.sum(), 1)
    is_dot, middle = area < _DOT * _HEIGHT**2, (top + height / 2) / _HEIGHT
    above, below = (is_dot & (middle < 0.45)).sum(), (is_dot & (middle > 0.55)).sum()
    counted = np.array([above, below, len(area)]) / squares
    return np.array([np.log(wider + 0.1), *counted, np.log(is_ink.mean() + 1e-3)])
