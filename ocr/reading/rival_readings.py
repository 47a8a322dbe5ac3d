"""What else may stand in the doubtful places of a line: its second and third readings.

A recogniser with CTC says for each column of a line how likely each class is; what is read joins
the likeliest ones. Here the columns of one word, or of one character in a script without spaces,
are joined in every way that counts (a prefix beam search), so that a reading may have fewer or more
characters, or a space, and not only another character in one place.
"""

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engines.columns import BLANK, LEAST_SPACE, Columns
from engines.text_models import Evidence
from engines.unspaced_scripts import runs_on
from ocr_contract.alternatives import MAX_PLACES, MAX_READINGS, Alternative
from ocr_contract.text_folding import fold

_COUNTS = 0.01
"""A class so many times as likely as the best of its column may be read instead."""
_READABLE = 0.005
"""A reading so many times as likely as the first one is kept."""
_AS_LIKELY = 0.15
"""And where it differs by an accent, by case or width alone, or is about a space."""
_ODD = 0.3
"""So much less likely is a reading for each pair of signs that seldom stand side by side."""
_ODD_STROKE = re.compile(r"(?<![^\W_])l(?=[cdfgkmnpqrstvwxz])")
"""A small l before a consonant begins hardly any word; a capital I, drawn alike, begins many. Not
of these consonants are b, since lb is a unit, and those that go with an l: h, j and l itself."""
_BEAMS = 6
_MOST_PLACES = 12
"""Of one line; where more is doubtful, all of it is."""
_MOST_OPEN = 16
"""Columns of one place in which there is a choice; with more it is no text that can be told."""
_NEVER = (0.0, 0.0)
"""How likely a prefix is that no beam has, with a blank at its end and without."""
_LONGEST = 40
"""Characters of one place."""

Candidates = list[tuple[int, float]]
"""Classes of one column and how likely they are beside the best."""


class Place(NamedTuple):
    """A word of a line, or a character where there are no words."""

    start: int
    end: int
    """In the text."""
    readings: list[tuple[str, float]]
    """Every reading that counts and its share of their probability, the likeliest first."""


def alternatives(
    places: Sequence[Place], text: str, shift: int = 0, most: int = MAX_READINGS
) -> list[Alternative]:
    """The readings of `places` of a text that are worth keeping, `most` of each; they stand `shift`
    further on."""
    found = []
    for place in places:
        shown = text[place.start : place.end]
        likely = {reading: share * plausibility(reading) for reading, share in place.readings}
        first = likely.pop(shown, 0.0)
        is_blank, folded = shown == " ", fold(shown)
        others = [
            each
            for each, share in likely.items()
            # Search overlooks the difference, or hardly anybody cares.
            if share >= first * (_AS_LIKELY if is_blank or fold(each) == folded else _READABLE)
        ]
        others.sort(key=lambda each: -likely[each])
        if others:
            kept = tuple(others[:most])
            found.append(Alternative(place.start + shift, place.end + shift, kept))
    return found[:MAX_PLACES]


@functools.lru_cache(maxsize=1 << 12)
def plausibility(reading: str) -> float:
    """Letters and digits are seldom mixed in one word, nor is a capital in its midst, nor does one
    begin with what only a capital I can be."""
    odd = len(_ODD_STROKE.findall(reading))
    for one, other in itertools.pairwise(reading):
        odd += (one.isdigit() and other.isalpha()) or (one.isalpha() and other.isdigit())
        odd += one.islower() and other.isupper()
    return float(_ODD**odd)


def doubtful_places(evidence: Evidence, starts: Sequence[int]) -> list[Place]:
    """The places of a part of a line that have more than one reading; `starts` as `columns_of`
    finds them."""
    columns, text = evidence.columns, evidence.text
    is_open = (columns.rival_shares[:, 0] >= _COUNTS).tolist()
    if not text or True not in is_open:
        return []
    begins = [*starts, len(is_open)]
    spans = [
        (start, end)
        for start, end in word_spans(text, begins, is_open)
        if 0 < is_open[begins[start] : begins[end]].count(True) <= _MOST_OPEN
        and end - start <= _LONGEST
    ]
    if len(spans) > _MOST_PLACES:  # the most doubtful ones
        most = {span: columns.rival_shares[begins[span[0]] : begins[span[1]]].max()
                for span in spans}  # fmt: skip
        spans = sorted(sorted(spans, key=lambda span: -most[span])[:_MOST_PLACES])
    found = []
    for start, end in spans:
        first, last = begins[start], begins[end]
        readings = _readings(columns, first, last, evidence.characters)
        if text[start:end] != " ":
            readings = _without_blanks(readings)
        if len(readings) > 1:
            found.append(Place(start, end, readings))
    return found


def columns_of(evidence: Evidence) -> list[int]:
    """For each character of the text the column where it begins; of a space that was no class the
    last one before it."""
    columns, characters = evidence.columns, evidence.characters
    found: list[int] = []
    begins = evidence.begins
    for column, each in zip(begins.tolist(), columns.classes[begins].tolist(), strict=True):
        written = characters[each]
        if evidence.text[len(found) : len(found) + 1] == " " and written != " ":
            found.append(column)
        found += [column] * len(written)
    return found


def word_spans(
    text: str, begins: Sequence[int], is_open: Sequence[bool]
) -> Iterator[tuple[int, int]]:
    """The places of a text. Words and, where they are doubtful themselves, with them the signs
    beside; single characters of scripts without spaces; blanks within."""
    start = 0
    for place, character in enumerate(text):
        alone = runs_on(character)
        parts = character == " " or not (
            alone or character.isalnum() or True in is_open[begins[place] : begins[place + 1]]
        )
        if not (alone or parts):
            continue
        if place > start:
            yield start, place
        if alone or (character == " " and 0 < place < len(text) - 1):
            yield place, place + 1
        start = place + 1
    if start < len(text):
        yield start, len(text)


def _readings(
    columns: Columns, first: int, last: int, characters: Sequence[str]
) -> list[tuple[str, float]]:
    """All readings of columns `first` to `last` that count, with their shares."""
    space = len(characters) - 1
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
    """By what was read so far: how likely that is with a blank at its end, and without."""
    before: Candidates = []
    part = slice(first, last)
    for best, rivals, shares in zip(
        columns.classes[part].tolist(), columns.rivals[part].tolist(),
        columns.rival_shares[part].tolist(), strict=True,
    ):  # fmt: skip
        candidates = _candidates(best, rivals, shares, space)
        if len(candidates) == 1 and candidates == before:
            continue  # nothing new: the same class, or blank, once more
        before = candidates
        beams = _grown(beams, candidates)
    likely: dict[str, float] = {}
    for classes, (blank, other) in beams.items():
        text = "".join(characters[each] for each in classes)
        likely[text] = likely.get(text, 0.0) + blank + other
    total = sum(likely.values())
    ordered = sorted(likely.items(), key=lambda each: -each[1])
    return [(text, share / total) for text, share in ordered]


def _without_blanks(readings: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """At their ends, where they belong to nobody."""
    likely: dict[str, float] = {}
    for reading, share in readings:
        likely[reading.strip()] = likely.get(reading.strip(), 0.0) + share
    return sorted(likely.items(), key=lambda each: -each[1])


def _candidates(
    best: int, rivals: Sequence[int], shares: Sequence[float], space: int
) -> Candidates:
    """Of a column whose likeliest class is `best`."""
    found = [(best, 1.0)]
    for rival, share in zip(rivals, shares, strict=True):
        if share >= _COUNTS:
            weight = share / LEAST_SPACE if rival == space and best == BLANK else share
            found.append((rival, weight))
    return found


def _grown(
    beams: dict[tuple[int, ...], tuple[float, float]], candidates: Candidates
) -> dict[tuple[int, ...], tuple[float, float]]:
    """The beams one column further on; the likeliest of them."""
    total = sum(weight for _, weight in candidates)
    shares = [(each, weight / total) for each, weight in candidates]
    grown: dict[tuple[int, ...], tuple[float, float]] = {}
    for prefix, (blank, other) in beams.items():
        whole, last = blank + other, prefix[-1] if prefix else BLANK
        for each, share in shares:
            if each == BLANK:
                ended, open_ = grown.get(prefix, _NEVER)
                grown[prefix] = ended + whole * share, open_
                continue
            if each == last:
                ended, open_ = grown.get(prefix, _NEVER)
                grown[prefix] = ended, open_ + other * share
            longer = (*prefix, each)
            ended, open_ = grown.get(longer, _NEVER)
            grown[longer] = ended, open_ + (blank if each == last else whole) * share
    if len(grown) <= _BEAMS:
        return grown
    best = sorted(grown.items(), key=lambda each: -sum(each[1]))
    return dict(best[:_BEAMS])
