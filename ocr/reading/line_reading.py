"""Lines read in the direction in which their characters stand, whatever that is on the page.

A line may run along the page, upward or downward at its side, stand on its head, or be a column of
characters that stand upright below each other. Which it is, is found by reading it: in a wrong
direction a text reads badly.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np

from decoding.pixels import Pixels
from engines.line_ink import rarer_shade
from engines.text_models import Evidence, Recognised
from engines.word_spans import word_spans
from reading.line_crops import turned
from reading.small_pages import with_margin
from reading.vertical_text import as_horizontal, column_as_row, is_stacking_script

Recognise = Callable[[Sequence[Pixels]], list[Recognised]]
"""The text of each crop, in their order."""

LONG = 1.8
"""A region so many times as long as it is wide shows the axis along which its text runs. Of single
characters only the narrowest, an I or a 1, come near it."""
_TALL = 1.5
"""A region so many times as high as wide may be a text that runs up or down."""
NARROWEST_CHARACTER = 3.5
"""And up to here it may be one upright character instead."""
_FLAT, _FLAT_SHARE = 1.5, 0.35
"""Ink so many times as wide as high, and no higher than this share of its region, is a dash with
much ground above and below: on its side it would read as a 1, surely."""
_GROUND = 0.2
"""Of its height, around a narrow character."""
_READS_WELL = 0.85
_CLEARLY = 0.1
"""How much better a direction that is not the usual one has to read."""
_LEAST_COLUMN = 0.7
_TRIED_ON_HEAD = 0.4, 0.82
"""A line that reads between these may stand on its head: of 1,266 that did, one in a hundred read
worse, as rules of asterisks do, and one in fifty better …"""
_HEAD_RATIO = 3.0
"""… when it is so many times as long as high: 0, 8, I, O, X and H are the same on their head."""


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """One way to read a line."""

    turn: int
    """Degrees counter-clockwise by which the line is turned until its characters stand upright."""
    stacked: bool = False
    """Its characters then stand below each other, not side by side."""


UPRIGHT, UPWARD, HEAD, DOWNWARD = Way(0), Way(270), Way(180), Way(90)
COLUMN = Way(0, stacked=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """A line as it was read in one way."""

    text: str
    confidence: float
    way: Way
    evidence: tuple[Evidence, ...] = ()
    doubt_reason: str | None = None
    """As of `page_records.Line`; it comes with …"""
    least_doubt: float = 0.0
    """… so much doubt at least."""
    model: str | None = None
    """As of `page_records.Line`."""
    places: tuple[float, ...] | None = None
    """Where each word begins and ends along the line as it was cut out and turned: shares of its
    length, two a word; None: not known."""
    crop: Pixels | None = dataclasses.field(default=None, compare=False)
    """The line as it was read, where cutting it out of the page again would be slower or something
    else: slanting ones, and those that a leader was taken out of (`cut_leaders`)."""


def read_lines(
    crops: Sequence[Pixels], recognise: Recognise, known: Mapping[int, Reading] | None = None
) -> list[Reading]:
    """The best reading of each line that was cut out of an upright page; `known` are readings as
    the page lies that there are already, by index."""
    known = known or {}
    before = [
        [known[index]] if index in known and _usual_ways(crop) == [UPRIGHT] else []
        for index, crop in enumerate(crops)
    ]
    usual = [[] if read else _usual_ways(crop) for crop, read in zip(crops, before, strict=True)]
    anew = read_ways(crops, usual, recognise)
    found = [[*read, *first] for read, first in zip(before, anew, strict=True)]
    more = [_further_ways(crop, readings) for crop, readings in zip(crops, found, strict=True)]
    if any(more):
        further = read_ways(crops, more, recognise)
        found = [[*first, *second] for first, second in zip(found, further, strict=True)]
    return [placed(crop, _best(readings)) for crop, readings in zip(crops, found, strict=True)]


def read_ways(
    crops: Sequence[Pixels], ways: Sequence[Sequence[Way]], recognise: Recognise
) -> list[list[Reading]]:
    """Each crop read in each of its ways, all in one call; a column of fewer than two characters
    has no reading."""
    prepared = [
        (number, way, pixels)
        for number, (crop, wanted) in enumerate(zip(crops, ways, strict=True))
        for way in wanted
        if (pixels := _prepared(crop, way)) is not None
    ]
    texts = recognise([pixels for _, _, pixels in prepared])
    readings: list[list[Reading]] = [[] for _ in crops]
    for (number, way, _), (text, confidence, evidence) in zip(prepared, texts, strict=True):
        read = as_horizontal(text) if way.stacked else text
        readings[number].append(Reading(read, confidence, way, evidence))
    return readings


def is_tall(crop: Pixels) -> bool:
    """Whether its text may run up or down."""
    return bool(crop.shape[0] >= _TALL * crop.shape[1])


def _prepared(crop: Pixels, way: Way) -> Pixels | None:
    upright = turned(crop, way.turn)
    if way.stacked:
        return column_as_row(upright)
    if is_tall(upright):  # an I or an exclamation mark: without ground beside it, it is not read
        return with_margin(upright, round(_GROUND * upright.shape[0]))
    return upright


def _usual_ways(crop: Pixels) -> list[Way]:
    if not is_tall(crop) or _is_dash(crop):
        return [UPRIGHT]
    if crop.shape[0] >= NARROWEST_CHARACTER * crop.shape[1]:
        return [DOWNWARD, UPWARD]
    return [UPRIGHT, DOWNWARD, UPWARD]


def _is_dash(crop: Pixels) -> bool:
    """Whether all its ink is one flat stroke."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    _, _, width, height = cv2.boundingRect(rarer_shade(np.asarray(grey)))
    return 0 < _FLAT * height <= width and height <= _FLAT_SHARE * crop.shape[0]


def _further_ways(crop: Pixels, readings: Sequence[Reading]) -> list[Way]:
    """What is worth trying after the usual ways."""
    if len(readings) == 1 and is_tall(crop):
        return []
    if is_tall(crop):
        best = max(readings, key=_confidence)
        is_column = best.way != UPWARD and is_stacking_script(best.text)
        long = crop.shape[0] >= LONG * crop.shape[1]
        return [COLUMN] if long and (is_column or best.confidence < _READS_WELL) else []
    (reading,) = readings
    long = crop.shape[1] >= _HEAD_RATIO * crop.shape[0]
    least, most = _TRIED_ON_HEAD
    return [HEAD] if long and least <= reading.confidence < most else []


def _best(readings: Sequence[Reading]) -> Reading:
    by_way = {reading.way: reading for reading in readings}
    column = by_way.pop(COLUMN, None)
    best = max(by_way.values(), key=_confidence)
    upright = by_way.get(UPRIGHT)
    if upright is not None and upright.text.strip() and best is not upright:
        clearly = best.confidence >= max(_READS_WELL, upright.confidence + _CLEARLY)
        best = best if clearly else upright
    if column is None or not column.text.strip():
        return best
    # Lying characters of these scripts read well, too, but not their punctuation.
    same_script = is_stacking_script(best.text) and is_stacking_script(column.text)
    enough = _READS_WELL if same_script else best.confidence + _CLEARLY
    return column if column.confidence >= max(enough, _LEAST_COLUMN) else best


def placed(crop: Pixels, reading: Reading) -> Reading:
    """The reading of a line that was cut out, with its words' places."""
    pixels = turned(crop, reading.way.turn)
    if is_tall(pixels) and not reading.way.stacked:
        return reading  # a character alone, that was read with ground beside it
    row = column_as_row(pixels) if reading.way.stacked else pixels
    places = None if row is None else word_spans(reading.text, reading.evidence, row)
    return reading if places is None else dataclasses.replace(reading, places=places)


def _confidence(reading: Reading) -> float:
    return reading.confidence
