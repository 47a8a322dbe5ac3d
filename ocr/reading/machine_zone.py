"""Machine-readable zones of passports, identity cards and visas, after ICAO Doc 9303.

Two lines of 44 or 36 signs, or three of 30: capitals, digits and the filler <. The format says of
most places whether a letter or a digit stands there, which no recogniser sees: an O in "UTO" and a
nought in a date are drawn alike, and either is read for the other, surely. Check digits then say
whether all of it came right. docs/decisions/0057 has what was tried.
"""

import dataclasses
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ocr_contract.doubt import Reason
from page_records import Line

_ZONE_LINE = re.compile(r"[A-Z0-9<]{30}|[A-Z0-9<]{36}|[A-Z0-9<]{44}")
_TO_LETTERS, _TO_DIGITS = str.maketrans("012568", "OIZSGB"), str.maketrans("ODQILZSGB", "000112568")
_LETTER, _DIGIT, _ANY = "a", "n", "x"
_EITHER = {"0": "O", "O": "0"}
"""What may be taken for each other where the format allows both."""
_MOST_EITHER = 8
"""Such places of one zone; their number doubles what is tried with each."""
_WEIGHTS = 7, 3, 1
_FEWEST_CHECKS = 2
"""By chance one in a hundred texts passes."""
_WRONG = 0.9
"""The doubt of lines whose check digits do not come right: some sign is wrong, or the line was cut
apart otherwise than its card has it."""
_MANY_WAYS = 0.2
"""And where they do so in more than one way, none of which is as it was read."""
_Span = tuple[int, int]


class _Format(NamedTuple):
    """One kind of zone; places count through all its lines."""

    codes: str
    """Letters with which it begins."""
    lines: tuple[str, ...]
    """For each sign of each line what may stand there: _LETTER, _DIGIT (or a filler), _ANY."""
    checks: tuple[tuple[tuple[_Span, ...], int], ...]
    """Spans, and the place of the check digit over them."""

    @property
    def places(self) -> str:
        """Of all lines, one after the other."""
        return "".join(self.lines)


def _two_lines(
    codes: str, width: int, optional: str, *further: tuple[tuple[_Span, ...], int]
) -> _Format:
    """Name above; number, country, birth, sex and expiry below, and `optional` places."""
    below = _ANY * 9 + _DIGIT + _LETTER * 3 + _DIGIT * 7 + _LETTER + _DIGIT * 7 + optional
    spans = (((0, 9),), 9), (((13, 19),), 19), (((21, 27),), 27), *further
    shifted = tuple(
        (tuple((start + width, end + width) for start, end in parts), place + width)
        for parts, place in spans
    )
    return _Format(codes, (_LETTER * width, below), shifted)


_FORMATS = (
    _two_lines(
        "P", 44, _ANY * 14 + _DIGIT * 2,
        (((28, 42),), 42), (((0, 10), (13, 20), (21, 43)), 43),
    ),
    _two_lines("V", 44, _ANY * 16),
    _two_lines("ACIP", 36, _ANY * 7 + _DIGIT, (((0, 10), (13, 20), (21, 35)), 35)),
    _two_lines("V", 36, _ANY * 8),
    _Format(
        "ACI",
        (
            _LETTER * 5 + _ANY * 9 + _DIGIT + _ANY * 15,
            _DIGIT * 7 + _LETTER + _DIGIT * 7 + _LETTER * 3 + _ANY * 11 + _DIGIT,
            _LETTER * 30,
        ),
        (
            (((5, 14),), 14), (((30, 36),), 36), (((38, 44),), 44),
            (((5, 30), (30, 37), (38, 45), (48, 59)), 59),
        ),
    ),
)  # fmt: skip
"""Passports, visas, cards of two lines, small visas, cards of three lines."""


def with_machine_zones(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page, in order of reading; those of a zone with letters where letters stand
    and digits where digits do, or with their doubt where no such reading has its check digits."""
    found = list(lines)
    number = 0
    while number < len(found):
        zone = _zone_at(found, number)
        if zone is not None:
            found[number : number + len(zone.lines)] = _settled(found[number:], zone)
            number += len(zone.lines)
        else:
            number += 1
    return found


def _zone_at(lines: Sequence[Line], number: int) -> _Format | None:
    """The format of the lines from here on."""
    for form in _FORMATS:
        texts = [line.text for line in lines[number : number + len(form.lines)]]
        if (
            [*map(len, texts)] == [*map(len, form.lines)]
            and texts[0][0].translate(_TO_LETTERS) in form.codes
            and all(map(_ZONE_LINE.fullmatch, texts))
            and any("<<" in text for text, places in zip(texts, form.lines, strict=True)
                    if places.strip(_LETTER) == "")
        ):  # fmt: skip
            return form
    return None


def _settled(lines: Sequence[Line], zone: _Format) -> Iterator[Line]:
    """Its lines."""
    text = "".join(line.text for line, _ in zip(lines, zone.lines, strict=False))
    of_one_kind = "".join(
        sign.translate({_LETTER: _TO_LETTERS, _DIGIT: _TO_DIGITS}.get(place, {}))
        for sign, place in zip(text, zone.places, strict=True)
    )
    right = [each for each in _ways(of_one_kind, zone) if _checks(each, zone)]
    is_told = of_one_kind in right or len(right) == 1
    text = right[0] if right else text
    least = 0.0 if is_told else _MANY_WAYS if right else _WRONG
    start = 0
    for line, places in zip(lines, zone.lines, strict=False):
        own = text[start : start + len(places)]
        start += len(places)
        # Names have no check digit: what does not come right is in the other lines.
        doubted = 0.0 if places.strip(_LETTER) == "" else least
        yield _as(line, own, doubted)


def _as(line: Line, text: str, least: float) -> Line:
    """The line with this text and so much doubt at least."""
    alternatives = line.alternatives if text == line.text else ()
    line = dataclasses.replace(line, text=text, alternatives=alternatives)
    if least <= (line.doubt or 0.0):
        return line
    return dataclasses.replace(line, doubt=least, doubt_reason=Reason.CHECK_DIGIT)


def _ways(text: str, zone: _Format) -> Iterator[str]:
    """As it is, and with other signs where either may stand; the fewest of them first."""
    places = [
        number
        for number, (sign, place) in enumerate(zip(text, zone.places, strict=True))
        if place == _ANY and sign in _EITHER
    ]
    if len(places) > _MOST_EITHER:
        places = []
    choices = itertools.product((False, True), repeat=len(places))
    for chosen in sorted(choices, key=sum):
        signs = list(text)
        for number, other in zip(places, chosen, strict=True):
            signs[number] = _EITHER[signs[number]] if other else signs[number]
        yield "".join(signs)


def _checks(text: str, zone: _Format) -> bool:
    """Whether all check digits are those of what they stand behind; of fillers alone, and of a
    number that goes on elsewhere, there may be none."""
    compared = [
        int(text[place]) == _check_digit("".join(text[start:end] for start, end in spans))
        for spans, place in zone.checks
        if text[place].isdigit()
    ]
    return len(compared) >= _FEWEST_CHECKS and all(compared)


def _check_digit(signs: str) -> int:
    """Digits count themselves, letters from A as 10, fillers 0, weighed by 7, 3, 1 in turn."""
    values = (0 if sign == "<" else int(sign, 36) for sign in signs)
    return sum(a * b for a, b in zip(values, itertools.cycle(_WEIGHTS), strict=False)) % 10
