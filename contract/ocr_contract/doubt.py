"""How sure a line's text is, in numbers and words that both services share.

A line's doubt is the probability that its text is wrong anywhere, 0 to 1. Three bands make it
something to look at. Where nothing but a mean confidence is known, as of lines that were read
before version 4, the doubt comes from that: `schema.sql` has the same table.
"""

import enum

from ocr_contract.doubt_bands import DOUBTFUL, LOOK_AT, WRONG_SHARES

__all__ = ["DOUBTFUL", "LOOK_AT", "WRONG", "Band", "Reason", "band", "from_confidence", "sentence"]

_BY_CONFIDENCE = (0.75, 0.9), (0.9, 0.65), (0.95, 0.47), (0.98, 0.24), (0.995, 0.1)
"""With less confidence than the first the doubt is the second: the share of wrong lines among the
9,042 of docs/decisions/0032. It does not change with the model: it stands in the schema."""
_OF_THE_SUREST = 0.011


class Band(enum.StrEnum):
    """What a doubt means to a reader."""

    SURE = "sure"
    CHECK = "check"
    DOUBTFUL = "doubtful"


WRONG = dict(zip(Band, WRONG_SHARES, strict=True))
"""The share of a band's lines that are wrong, as measured (docs/decisions/0032)."""


class Reason(enum.StrEnum):
    """Why a line is doubtful, where something in particular is the matter."""

    OTHER_SCRIPT = "other_script"
    """Letters of a script that is not set up; what stands there is not its text."""
    SECOND_READING_FAILED = "second_reading_failed"
    """It may be in a language that is set up, but what reads that failed on it."""
    LOST_POINT = "lost_point"
    """It looks like a number whose point or comma was not seen."""
    ODD_DIRECTION = "odd_direction"
    """It runs up, down or on its head, or its characters stand below each other."""
    CHECK_DIGIT = "check_digit"
    """A sign in the zone of a passport or card is wrong or uncertain by its own check digits."""
    SMALL_PRINT = "small_print"
    MISSED_CHARACTERS = "missed_characters"
    """Between two characters there is room, or even ink, for another one."""
    UNCLEAR_CHARACTERS = "unclear_characters"
    """A character is hardly likelier than another one."""


SENTENCES = {
    Reason.OTHER_SCRIPT: "Its letters belong to a script that is not set up.",
    Reason.SECOND_READING_FAILED: "The program that reads its language failed on it.",
    Reason.LOST_POINT: "A point or comma of the number may be missing.",
    Reason.ODD_DIRECTION: "It does not run along the page.",
    Reason.CHECK_DIGIT: "By its check digits a sign in it is wrong or uncertain.",
    Reason.SMALL_PRINT: "Its print is very small.",
    Reason.MISSED_CHARACTERS: "A character may be missing.",
    Reason.UNCLEAR_CHARACTERS: "A character is unclear.",
}
"""For people."""


def band(doubt: float) -> Band:
    """Where a doubt belongs."""
    if doubt < LOOK_AT:
        return Band.SURE
    return Band.CHECK if doubt < DOUBTFUL else Band.DOUBTFUL


def sentence(reason: str | None) -> str | None:
    """A reason for people; None for one that this version does not know."""
    return SENTENCES.get(Reason(reason)) if reason in set(Reason) else None


def from_confidence(confidence: float) -> float:
    """The doubt of a line of which nothing else is known."""
    for below, doubt in _BY_CONFIDENCE:
        if confidence < below:
            return doubt
    return _OF_THE_SUREST
