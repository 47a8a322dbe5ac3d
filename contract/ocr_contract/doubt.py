"""How sure a line's text is, in numbers and words that both services share.

A line's doubt is the probability that its text is wrong anywhere, 0 to 1. Three bands make it
something to look at. Where nothing but a mean confidence is known, as of lines that were read
before version 4, the doubt comes from that: `schema.sql` has the same table.
"""

import enum

LOOK_AT = 0.05
"""From here on a line is worth a look."""
DOUBTFUL = 0.3
"""From here on a line is more likely to be wrong than the others of its page."""
_BY_CONFIDENCE = (0.75, 0.7), (0.95, 0.5), (0.98, 0.12), (0.995, 0.06)
"""With less confidence than the first the doubt is the second."""
_OF_THE_SUREST = 0.003


class Band(enum.StrEnum):
    """What a doubt means to a reader."""

    SURE = "sure"
    CHECK = "check"
    DOUBTFUL = "doubtful"


class Reason(enum.StrEnum):
    """Why a line is doubtful, where something in particular is the matter."""

    OTHER_SCRIPT = "other_script"
    """Letters of a script that is not set up; what stands there is not its text."""


SENTENCES = {
    Reason.OTHER_SCRIPT: "in a script that is not set up: what stands here are look-alikes",
}
"""For people, after "This line is"."""


def band(doubt: float) -> Band:
    """Where a doubt belongs."""
    if doubt < LOOK_AT:
        return Band.SURE
    return Band.CHECK if doubt < DOUBTFUL else Band.DOUBTFUL


def from_confidence(confidence: float) -> float:
    """The doubt of a line of which nothing else is known."""
    for below, doubt in _BY_CONFIDENCE:
        if confidence < below:
            return doubt
    return _OF_THE_SUREST
