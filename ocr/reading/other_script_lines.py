"""Lines in letters that the main recogniser cannot spell: they are marked, or read by another one.

A line is marked when it is likely to hold such letters (`unspelled`). With languages set up, lines
that are marked or nearly so go to the second recogniser, and where most of a page is in another
script, all its lines do: a short one among them may be read as look-alikes, with certainty. Its
reading is taken when it is sure enough, and is in letters that the main one does not know. What
nobody reads stays marked. docs/decisions/0031 has the figures.
"""

import dataclasses
import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from decoding.pixels import Pixels
from image_warnings import ImageWarning
from ocr_contract.doubt import LOOK_AT, Reason
from ocr_contract.error_codes import ErrorCode
from reading.character_tables import tables_of
from reading.line_crops import turned
from reading.line_reading import HEAD, UPRIGHT, Reading
from reading.seldom_letters import SELDOM_READ, Language, language_of, with_seldom_letters
from reading.unspelled import likelihood

_MARKED = ((0.15, 0.8), (0.5, 0.6), (1.01, 0.3))
"""A line so likely to hold letters of another script is marked (the second), where the mean of its
page's lines is less than the first: on a page of such lines there is less to prove."""
_AMONG_SPELLED, _SEEMS_SPELLED = 0.5, 0.9
"""On a page whose mean is less than the first, a line must be so likely to be marked or asked …"""
_SURELY_READ, _LEAST_LETTERS, _LEAST_SIGNS = 0.93, 4, 6
"""… if it was read with such confidence, with so many letters, and with so many when digits count,
too: Ş and º are no other script, and a recogniser of Cyrillic spells them somehow."""
_ASKED = 0.15
"""From here on the second recogniser is asked, where there is one."""
_MOST_OF_PAGE = 0.5
"""When the second reading of so many of a page's lines is taken, the others are asked as well."""
_SURE = 0.6
"""The least confidence of a second reading of a marked line, …"""
_SURE_AMONG = 0.45
"""… on a page most of whose lines were read so, …"""
_SURE_UNMARKED = 0.8
"""… and of one that the main recogniser seems to have spelled."""
_SURE_LOOKALIKE = 0.75
"""… on a page in another script."""
_SURELY_WRONG = 1.0
"""The doubt of a marked line."""


class SecondReading(Protocol):
    """The surest reading of a line by another recogniser."""

    @property
    def text(self) -> str:
        """Empty where nothing was read."""

    @property
    def confidence(self) -> float:
        """0 to 1."""

    @property
    def model(self) -> str:
        """What read it."""

    @property
    def places(self) -> tuple[float, ...] | None:
        """Of its words, as of `line_reading.Reading`."""

    @property
    def is_lost(self) -> bool:
        """The recogniser failed on the line: what it says is not known."""


class SecondRecogniser(Protocol):
    """Reads lines in the languages that are set up."""

    @property
    def languages(self) -> frozenset[str]:
        """Their codes, as OCR_LANGUAGES names them."""

    def read(self, lines: Sequence[Pixels]) -> Sequence[SecondReading]:
        """The surest reading of each cut-out line of one page."""


class OtherScripts:
    """Marks lines, and has them read where that is possible."""

    def __init__(self, second: SecondRecogniser | None = None) -> None:
        self._second = second

    @property
    def any_is_read(self) -> bool:
        """Whether languages are set up."""
        return self._second is not None

    def reads(self, crops: Sequence[Pixels]) -> float:
        """The mean confidence with which the second recogniser reads lines, of which there is
        one at least, as they stand; 0 without one."""
        if self._second is None:
            return 0.0
        found = self._second.read(crops)
        return sum(each.confidence for each in found if each.text) / len(crops)

    def settle(
        self,
        crops: Sequence[Pixels],
        readings: Sequence[Reading],
        wider: Callable[[int], Pixels] | None = None,
    ) -> list[Reading]:
        """The readings of a page's lines, marked or replaced. `crops` are the lines as they stand
        on the page, asked for one by one; `wider` cuts a line out with more around it."""
        lines = _judged(crops, readings)
        settled = [_marked(line) if line.is_marked else line.reading for line in lines]
        settled = self._with_other_scripts(crops, lines, settled, wider)
        return self._with_seldom_letters(crops, settled, wider)

    def seldom_read(self, texts: Sequence[str]) -> Language | None:
        """The language of a page, if it has letters that nobody reads here."""
        found = language_of(texts)
        return None if found is None or self._reads_language(found) else found

    def _reads_language(self, language: Language) -> bool:
        return self._second is not None and language.code in self._second.languages

    def _with_seldom_letters(
        self,
        crops: Sequence[Pixels],
        readings: list[Reading],
        wider: Callable[[int], Pixels] | None,
    ) -> list[Reading]:
        """The readings of a page in a language that is set up and has such letters, with them."""
        language = language_of([reading.text for reading in readings])
        if self._second is None or language is None or not self._reads_language(language):
            return readings
        asked = [
            number
            for number, reading in enumerate(readings)
            if reading.model is None and any(map(str.isalpha, reading.text))
        ]
        cut = wider or crops.__getitem__
        shown = [turned(cut(number), readings[number].way.turn) for number in asked]
        for number, second in zip(asked, self._second.read(shown), strict=True):
            reading = readings[number]
            text = with_seldom_letters(reading.text, second.text)
            if text != reading.text and second.confidence >= _SURE:
                readings[number] = dataclasses.replace(reading, text=text, model=second.model)
        return readings

    def _with_other_scripts(
        self,
        crops: Sequence[Pixels],
        lines: Sequence["_Line"],
        settled: list[Reading],
        wider: Callable[[int], Pixels] | None,
    ) -> list[Reading]:
        if self._second is None or not any(line.likely >= _ASKED for line in lines):
            return settled
        asked = [number for number, line in enumerate(lines) if line.likely >= _ASKED]
        cut = wider or crops.__getitem__
        found = self._read(asked, cut, lines)
        least = Least(_SURE, _SURE_UNMARKED)
        taken = [number for number in asked if is_better(found[number], lines[number], least)]
        if len(taken) >= _MOST_OF_PAGE * len(lines):
            others = [number for number in range(len(lines)) if number not in found]
            found |= self._read(others, cut, lines)
            least = Least(_SURE_AMONG, _SURE_LOOKALIKE)
            taken = [number for number in found if is_better(found[number], lines[number], least)]
        for number in taken:
            settled[number] = _replaced(lines[number].reading, found[number])
        for number, reading in found.items():
            if reading.is_lost:
                settled[number] = _lost(lines[number])
        return settled

    def _read(
        self, asked: Sequence[int], cut: Callable[[int], Pixels], lines: Sequence["_Line"]
    ) -> dict[int, SecondReading]:
        """The second readings of these lines, by their numbers."""
        if not asked or self._second is None:
            return {}
        crops = [turned(cut(number), lines[number].reading.way.turn) for number in asked]
        return dict(zip(asked, self._second.read(crops), strict=True))


def other_script_warning(lines: int, *, any_is_read: bool) -> ImageWarning:
    """For the image; `any_is_read`: languages are set up, but these lines are in others."""
    is_one = lines == 1
    what = "1 line is" if is_one else f"{lines} lines are"
    setting = "Add its language" if any_is_read else "Set OCR_LANGUAGES to its language"
    remedy = setting if is_one else setting.replace("its language", "their languages")
    end = " to OCR_LANGUAGES" if any_is_read else ""
    return ImageWarning(
        ErrorCode.OTHER_SCRIPT,
        f"{what} in a script that is not set up. {remedy}{end} (README: Other scripts), then have "
        "the image read again.",
    )


def seldom_letters_warning(language: Language, *, any_is_read: bool) -> ImageWarning:
    """For the image; as of `other_script_warning`."""
    remedy = f"Add {language.code} to" if any_is_read else f"Set OCR_LANGUAGES={language.code} in"
    where = "OCR_LANGUAGES" if any_is_read else "the settings"
    what_to_do = (
        f"{remedy} {where} (README: Other scripts), then have the image read again."
        if language.is_set_up_by_code
        else "No recogniser for it is known here: look for them in its lines."
    )
    return ImageWarning(
        ErrorCode.SELDOM_LETTERS,
        f"The page seems to be in {language.name}. Of its letters these are seldom read right: "
        f"{language.letters}. {what_to_do}",
    )


def second_reading_warning(lines: int) -> ImageWarning:
    """For the image; so many of its lines went to the second recogniser, which failed on them."""
    what = "1 line may" if lines == 1 else f"{lines} lines may"
    return ImageWarning(
        ErrorCode.SECOND_READING_FAILED,
        f"{what} be in a language of OCR_LANGUAGES, but the program that reads it failed there: "
        "the main one's letters stand for it. Have the image read again; if that fails, too, "
        "report it with the service's log.",
    )


class _Line(NamedTuple):
    reading: Reading
    likely: float
    """That it holds letters of another script."""
    is_marked: bool


def _judged(crops: Sequence[Pixels], readings: Sequence[Reading]) -> list[_Line]:
    found = [likely(crops, number, reading) for number, reading in enumerate(readings)]
    mean = sum(found) / max(len(found), 1)
    if mean < _AMONG_SPELLED:
        found = [
            0.0 if each < _SEEMS_SPELLED and _is_surely_read(reading) else each
            for each, reading in zip(found, readings, strict=True)
        ]
    least = next(enough for below, enough in _MARKED if mean < below)
    return [
        _Line(_not_on_head(reading, how_likely), how_likely, how_likely >= least)
        for reading, how_likely in zip(readings, found, strict=True)
    ]


def _is_surely_read(reading: Reading) -> bool:
    """Whether a line is letters of which the recogniser is sure."""
    letters, signs = (sum(map(is_one, reading.text)) for is_one in (str.isalpha, str.isalnum))
    is_long = letters >= _LEAST_LETTERS and signs >= _LEAST_SIGNS
    return reading.confidence >= _SURELY_READ and is_long


def _not_on_head(reading: Reading, how_likely: float) -> Reading:
    """What reads best in which way says nothing of letters that are not known."""
    if reading.way == HEAD and how_likely >= _ASKED:
        return dataclasses.replace(reading, way=UPRIGHT, places=None)
    return reading


def likely(crops: Sequence[Pixels], number: int, reading: Reading) -> float:
    """How likely a line holds letters of another script, 0 to 1; most are not even cut out."""
    if reading.way.stacked:
        return 0.0
    return likelihood(lambda: turned(crops[number], reading.way.turn), reading.evidence)


class Least(NamedTuple):
    """How sure a second reading must be."""

    marked: float
    unmarked: float
    """Of a line that the main recogniser seems to have spelled."""


def is_better(second: SecondReading, line: _Line, least: Least) -> bool:
    """Whether the second reading of a line is taken."""
    if not has_other_letters(second.text, _letters_known(line.reading)):
        return False
    return second.confidence >= (least.marked if line.is_marked else least.unmarked)


def has_other_letters(text: str, known: frozenset[str]) -> bool:
    """Whether a letter or vowel sign of a text is none that the main recogniser knows."""
    return any(
        character not in known and unicodedata.category(character)[0] in "LM" for character in text
    )


def _letters_known(reading: Reading) -> frozenset[str]:
    known = tables_of(reading.evidence[0].characters).known if reading.evidence else frozenset()
    return known - SELDOM_READ


def _marked(line: _Line) -> Reading:
    return dataclasses.replace(
        line.reading, doubt_reason=Reason.OTHER_SCRIPT, least_doubt=_SURELY_WRONG
    )


def _lost(line: _Line) -> Reading:
    """The first reading, as far as it may be right."""
    return dataclasses.replace(
        line.reading,
        doubt_reason=Reason.SECOND_READING_FAILED,
        least_doubt=_SURELY_WRONG if line.is_marked else max(line.likely, LOOK_AT),
    )


def _replaced(reading: Reading, second: SecondReading) -> Reading:
    """Without the evidence, which is of another text."""
    places = None if reading.way.stacked else second.places  # a column was read as it lies
    return Reading(second.text, second.confidence, reading.way, model=second.model, places=places)
