"""The columns of a line, as a recogniser with CTC tells them: characters, blanks, spaces."""

from typing import NamedTuple

from engines.arrays import Classes, Flags, Numbers

BLANK = 0
"""The class of a column between two characters."""
SPACE = -1
"""The class of a space: PaddleOCR puts it behind a model's characters."""
_LEAST_SPACE = 0.125
"""A space has to be so many times as likely as a blank; docs/decisions/0011 has the figures."""


class Columns(NamedTuple):
    """What a recogniser says of the columns of a line, or of several; each is (…, columns)."""

    classes: Classes
    """The likeliest class."""
    probabilities: Numbers
    """That class's probability; where no character begins it may be 0."""
    spaces: Flags
    """A space is nearly as likely as a blank, as `near_space` says."""


def character_begins(classes: Classes) -> Flags:
    """(…, columns): whether a column begins a character: no blank, and no repeat of the last."""
    begins: Flags = classes != BLANK
    begins[..., 1:] &= classes[..., 1:] != classes[..., :-1]
    return begins


def near_space(ends: Numbers) -> Flags:
    """(…, columns): whether the second of two probabilities (…, columns, 2) is near the first's.

    They are a blank's and a space's, or numbers in the same proportion.
    """
    near: Flags = ends[..., 1] >= _LEAST_SPACE * ends[..., 0]
    return near
