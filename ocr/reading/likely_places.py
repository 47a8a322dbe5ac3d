"""The doubtful places of a line with all their readings: what the recogniser nearly read, and what
it often takes for what it read."""

import itertools
import statistics
from collections.abc import Sequence

from engines.text_models import Evidence
from reading.look_alikes import look_alikes
from reading.rival_readings import (
    Place,
    columns_of,
    doubtful_places,
    plausibility,
    word_spans,
)

_PARTED, _PARTED_LIKELY = 4.0, 2.0
"""Characters so many times as far apart as usual are of two words, more likely than of one."""
_FEW = 4
"""With fewer characters a part has no usual way between two."""
_CLOSING = ")]"
"""Signs behind a number that may be its last digit."""


def likely_places(evidence: Evidence) -> list[Place]:
    """Of a part of a line, in rising order, without overlaps."""
    text, columns = evidence.text, evidence.columns
    starts = columns_of(evidence)
    found = {
        (place.start, place.end): place.readings for place in doubtful_places(evidence, starts)
    }
    if len(starts) == len(text):  # as it is but for leaders and the like
        shares = _shares(evidence, starts)
        wide = _wide(starts)
        none_open = [False] * len(columns.classes)
        for start, end in word_spans(text, [*starts, len(columns.classes)], none_open):
            if text[start:end] == " ":
                continue
            alike = look_alikes(text, start, end, shares[start:end])
            alike |= {
                f"{text[start:place]} {text[place:end]}": _PARTED_LIKELY
                for place in wide
                if start < place < end
            }
            _add(found, text, start, end, alike)
            if text[end - 1].isdigit() and text[end : end + 1] and text[end] in _CLOSING:
                alike = look_alikes(text, start, end + 1, shares[start : end + 1])
                _add(found, text, start, end + 1, alike)
    return [Place(*span, readings) for span, readings in sorted(found.items())]


def _add(
    found: dict[tuple[int, int], list[tuple[str, float]]],
    text: str,
    start: int,
    end: int,
    alike: dict[str, float],
) -> None:
    """What a word may have been, to the readings of the place where it stands."""
    if not alike:
        return
    place = next((span for span in found if span[0] <= start and end <= span[1]), None)
    if place is None:
        if any(first < end and start < last for first, last in found):
            return
        place = (start, end)
        found[place] = [(text[start:end], 1.0)]
    shown, readings = text[slice(*place)], dict(found[place])
    likely = readings.get(shown, 0.0) * plausibility(shown)
    for reading, weight in alike.items():
        whole = shown[: start - place[0]] + reading + shown[end - place[0] :]
        readings[whole] = readings.get(whole, 0.0) + weight * likely / plausibility(whole)
    found[place] = list(readings.items())


def _wide(starts: Sequence[int]) -> list[int]:
    """The characters before which there is much more room than usual, as between a label and its
    unit."""
    if len(starts) < _FEW:
        return []
    ways = [after - before for before, after in itertools.pairwise(starts)]
    if max(ways) < _PARTED:
        return []
    least = _PARTED * max(statistics.median(ways), 1)
    return [place for place, way in enumerate(ways, 1) if way >= least]


def _shares(evidence: Evidence, starts: Sequence[int]) -> list[float]:
    """The probability of each character of the text; of a space that was no class 1."""
    begins = evidence.begins.tolist()
    shares = evidence.columns.probabilities[evidence.begins].tolist()
    of_column = dict(zip(begins, shares, strict=True))
    return [of_column.get(column, 1.0) for column in starts]
