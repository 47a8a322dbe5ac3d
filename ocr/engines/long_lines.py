"""Lines longer than the recogniser takes: cut at blanks, read in parts, joined again.

A part ends in the middle of a blank, so that no character is cut, lost or read twice. Where a line
has no blank it is cut where the least ink is.
"""

import itertools
import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import median
from engines.text_models import Recognised
from engines.unspaced_scripts import runs_on

MOST_HEIGHTS = 40
"""The recogniser is given 1,920 columns of 48 at most: longer shapes would cost each lane 20 MB."""
_PART_HEIGHTS = 24
"""Parts are about so long, in heights of the line; at both ends they may be longer by …"""
_SEARCHED_HEIGHTS = 8
"""… so much, where there is a better place to cut."""
_SPACE_HEIGHTS = 0.1
"""A blank so wide stands for a space: a line's crop is half as high again as its letters."""
_GAP_HEIGHTS = 1
_INK_SHARE = 0.35
"""Ink differs from the ground by more than this share of the largest difference."""
_LEAST_CONTRAST = 8
_RULE_QUANTILE = 0.02
"""So few columns of a line are blank at least; in these only a rule has ink."""
_GROUND_HEIGHTS = 4
"""The paper's shade is taken from pieces so long."""

Texts = list[Recognised]


def recognise_in_parts(
    crops: Sequence[Pixels], recognise: Callable[[Sequence[Pixels]], Texts]
) -> Texts:
    """What `recognise` says of crops (height, width, 3) of any length."""
    cut = [_parts(crop) for crop in crops]
    texts = iter(recognise([part for parts, _ in cut for part in parts]))
    return [_joined(list(itertools.islice(texts, len(parts))), spaces) for parts, spaces in cut]


def recognise_beside_gaps(
    crops: Sequence[Pixels], recognise: Callable[[Sequence[Pixels]], Texts]
) -> Texts:
    """What `recognise` says of crops with one wide blank, as where a leader was: on both sides of
    it there are words of their own, which it would read as one."""
    parts: list[list[Pixels]] = []
    for crop in crops:
        place, blank = _best_cut(_ink_by_column(crop))
        wide = blank >= _GAP_HEIGHTS * crop.shape[0]
        parts.append([crop[:, :place], crop[:, place:]] if wide else [crop])
    texts = iter(recognise([part for those in parts for part in those]))
    return [_joined(list(itertools.islice(texts, len(those))), [True]) for those in parts]


def _parts(crop: Pixels) -> tuple[list[Pixels], list[bool]]:
    """A crop's parts, and whether there is a space between each two."""
    height, width = crop.shape[:2]
    if width <= MOST_HEIGHTS * height:
        return [crop], []
    ink = _ink_by_column(crop)
    count = math.ceil(width / (_PART_HEIGHTS * height))
    cuts, spaces = [0], []
    for number in range(1, count):
        wanted, reach = width * number // count, _SEARCHED_HEIGHTS * height
        place, blank = _best_cut(ink[wanted - reach : wanted + reach])
        cuts.append(wanted - reach + place)
        spaces.append(blank >= _SPACE_HEIGHTS * height)
    cuts.append(width)
    return [crop[:, start:end] for start, end in itertools.pairwise(cuts)], spaces


def _ink_by_column(crop: Pixels) -> npt.NDArray[np.intp]:
    """(width,): pixels of ink in each column, beyond what a rule along the line has."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.float32)
    apart = np.abs(grey - _ground(grey))
    ink = (apart > max(_INK_SHARE * float(apart.max()), _LEAST_CONTRAST)).sum(axis=0)
    rule = int(np.quantile(ink, _RULE_QUANTILE))
    if rule > np.quantile(ink, 0.9) / 2:  # no blanks at all
        rule = 0
    beyond: npt.NDArray[np.intp] = np.maximum(ink - rule, 0)
    return beyond


def _ground(grey: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(width,): the paper's shade along a line (height, width)."""
    height, width = grey.shape
    count = max(width // (_GROUND_HEIGHTS * height), 1)
    shades = [median(part) for part in np.array_split(grey, count, axis=1)]
    middles = (np.arange(count) + 0.5) * width / count
    ground: npt.NDArray[np.float32] = np.interp(np.arange(width), middles, shades)
    return ground.astype(np.float32)


def _best_cut(ink: npt.NDArray[np.intp]) -> tuple[int, int]:
    """The middle of the widest run with the least ink, and its width when it is blank, else 0."""
    least = int(ink.min())
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (ink == least).astype(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    widest = int(np.argmax(ends - starts))
    start, end = int(starts[widest]), int(ends[widest])
    return (start + end) // 2, end - start if least == 0 else 0


def _joined(parts: Texts, spaces: Sequence[bool]) -> Recognised:
    """One text; each part's confidence counts by its characters."""
    if len(parts) == 1:
        return parts[0]
    text = parts[0].text
    for after, space in zip(parts[1:], spaces, strict=True):
        text = _glued(text, after.text, space=space)
    weights = [len(part.text) for part in parts]
    confidence = parts[0].confidence
    if sum(weights):
        confidence = float(np.average([part.confidence for part in parts], weights=weights))
    return Recognised(text, confidence, tuple(each for part in parts for each in part.evidence))


def _glued(before: str, after: str, *, space: bool) -> str:
    if not (before and after):
        return before + after
    if space and not (runs_on(before[-1]) and runs_on(after[0])):
        return f"{before.rstrip()} {after.lstrip()}"
    return before + after
