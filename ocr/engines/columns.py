"""The columns of a line, as a recogniser with CTC tells them: characters, blanks, spaces."""

from typing import NamedTuple

import numpy as np

from engines.arrays import Classes, Flags, Numbers

BLANK = 0
"""The class of a column between two characters."""
RIVALS = 2
"""So many classes beside the likeliest one are asked for."""
_CLEAR = 0.97
"""A line whose characters are all as likely as this is not looked at closer."""
_LINES_COLUMNS = 2
"""Axes of what a recogniser says."""
_FEW = 8
"""Characters of a line that is always looked at: of prices a dot is lost without any trace in
those that are read."""
SPACE = -1
"""The class of a space: PaddleOCR puts it behind a model's characters."""
LEAST_SPACE = 0.125
"""A space has to be so many times as likely as a blank; docs/decisions/0011 has the figures."""


class Columns(NamedTuple):
    """What a recogniser says of the columns of a line, or of several; each is (…, columns)."""

    classes: Classes
    """The likeliest class."""
    probabilities: Numbers
    """That class's probability; where no character begins it may be 0."""
    spaces: Flags
    """A space is nearly as likely as a blank, as `near_space` says."""
    rivals: Classes
    """(…, columns, 2): the classes that are likeliest after it, in lines that are doubtful."""
    rival_shares: Numbers
    """(…, columns, 2): how likely they are beside the likeliest class, 0 to 1; 0 where nobody
    looked, because all characters of the line are clear."""


def doubtful_lines(classes: Classes, probabilities: Numbers) -> list[int]:
    """Of several lines (lines, columns): of which it is worth knowing what else they may be."""
    if classes.ndim != _LINES_COLUMNS:
        return []
    begins = character_begins(classes)
    least = np.where(begins, probabilities, 1).min(axis=1, initial=1)
    asked: list[int] = ((least < _CLEAR) | (begins.sum(axis=1) <= _FEW)).nonzero()[0].tolist()
    return asked


def no_rivals(classes: Classes) -> tuple[Classes, Numbers]:
    """`rivals` and `rival_shares` where nobody looked."""
    shape = (*classes.shape, RIVALS)
    return np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.float32)


def character_begins(classes: Classes) -> Flags:
    """(…, columns): whether a column begins a character: no blank, and no repeat of the last."""
    begins: Flags = classes != BLANK
    begins[..., 1:] &= classes[..., 1:] != classes[..., :-1]
    return begins


def near_space(ends: Numbers) -> Flags:
    """(…, columns): whether the second of two probabilities (…, columns, 2) is near the first's.

    They are a blank's and a space's, or numbers in the same proportion.
    """
    near: Flags = ends[..., 1] >= LEAST_SPACE * ends[..., 0]
    return near
