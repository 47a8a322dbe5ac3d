"""A line as it goes to the database, but that its page has still to choose among what else it may
be: text, how doubtful it is and why."""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from engines.text_models import Evidence
from ocr_contract.alternatives import MAX_PLACES, Alternative
from ocr_contract.doubt import LOOK_AT
from page_records import Line
from reading.likely_places import likely_places
from reading.line_crops import shares_along, thousandths
from reading.line_doubt import LineFacts, doubt, reason, unsure
from reading.line_reading import DOWNWARD, UPRIGHT, Reading
from reading.rival_readings import alternatives
from reading.second_doubt import second_doubt

MOST_CANDIDATES = 6
"""Readings of one place among which the page's words choose those that are kept (`page_words`)."""
Point = tuple[float, float]
Judge = Callable[[Reading, npt.NDArray[np.float32], float | None], Line]
"""Makes a line of its reading, its polygon (4, 2), and how `unsure` the characters of its page
are."""
_OFFERED = 0.01
"""From this doubt on a line has other readings: one of ten misread words stands in a line that is
not worth a look."""


def judged(reading: Reading, polygon: npt.NDArray[np.float32], page: float | None = None) -> Line:
    """Its polygon begins at the text's own top left."""
    points, words = _points(polygon, _turn(reading)), _words(reading, polygon)
    facts = facts_of(reading, polygon, page)
    found = doubt(facts)
    if found is None:
        found = second_doubt(reading.model, reading.text, reading.confidence)
    if reading.doubt_reason is not None:
        return Line(
            reading.text, reading.confidence, points, doubt=max(found or 0.0, reading.least_doubt),
            doubt_reason=reading.doubt_reason, model=reading.model, words=words,
        )  # fmt: skip
    if found is None or found < _OFFERED:
        return Line(
            reading.text, reading.confidence, points, doubt=found, model=reading.model, words=words
        )
    return Line(
        reading.text, reading.confidence, points, doubt=found,
        doubt_reason=reason(facts) if found >= LOOK_AT else None,
        alternatives=_alternatives(reading.text, reading.evidence), model=reading.model,
        words=words,
    )  # fmt: skip


def page_unsure(readings: Iterable[Reading]) -> float:
    """Of all lines of a page."""
    return unsure(part for reading in readings for part in reading.evidence)


def facts_of(
    reading: Reading, polygon: npt.NDArray[np.float32], page: float | None = None
) -> LineFacts:
    """What its doubt follows from."""
    points = _points(polygon, reading.way.turn)  # of a column its length, as the model knows it
    return LineFacts(
        reading.text, reading.confidence, reading.evidence, _height(points),
        is_turned=reading.way != UPRIGHT, page=page,
    )  # fmt: skip


def _points(polygon: npt.NDArray[np.float32], turn: int) -> tuple[Point, ...]:
    """From the top left of the text that stands upright when it is turned so."""
    corners = polygon.tolist()
    first = turn // 90 % len(corners)
    return tuple((x, y) for x, y in [*corners[first:], *corners[:first]])


def _turn(reading: Reading) -> int:
    """Degrees counter-clockwise by which a line is turned until its text runs to the right; also a
    column's, whose characters stand upright below each other."""
    return DOWNWARD.turn if reading.way.stacked else reading.way.turn


def _words(reading: Reading, polygon: npt.NDArray[np.float32]) -> tuple[int, ...] | None:
    if reading.places is None or len(reading.places) != 2 * len(reading.text.split()):
        return None
    return thousandths(shares_along(polygon, _turn(reading), reading.places))


def _height(points: Sequence[Point]) -> float:
    """Across the text, in pixels of the page."""
    top_left, top_right, bottom_right, bottom_left = points
    return (math.dist(top_left, bottom_left) + math.dist(top_right, bottom_right)) / 2


def _alternatives(text: str, evidence: Sequence[Evidence]) -> tuple[Alternative, ...]:
    """Of all parts. A part that was written otherwise in the end, as leaders are, has none."""
    found: list[Alternative] = []
    cursor = 0
    for part in evidence:
        core = part.text.strip()
        start = text.find(core, cursor)
        if start < 0 and len(evidence) == 1 and len(part.text) == len(text):
            start, core = 0, text  # punctuation of a column, sign for sign
        if start < 0:
            continue
        shift = start - (len(part.text) - len(part.text.lstrip()))
        places = likely_places(part)
        found += [
            each
            for each in alternatives(places, part.text, shift, MOST_CANDIDATES)
            if start <= each.start and each.end <= start + len(core)
        ]
        cursor = start + len(core)
    return tuple(found[:MAX_PLACES])
