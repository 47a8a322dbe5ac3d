"""The columns of a line, as a recogniser with CTC tells them: characters, blanks, spaces."""

from typing import NamedTuple

import numpy as np

from engines.arrays import Classes, Flags, Numbers

BLANK = 0
"""The class of a column between two characters."""
RIVALS = 2
"""So many classes beside the likeliest one are asked for."""
_CLEAR = 0.97
"""A character that is as likely as this is not looked at closer …"""
_AROUND = 1
"""… and so many columns around one that is not are."""
_LINES_COLUMNS = 2
"""Axes of what a recogniser says."""
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
    """(…, columns, 2): the classes that are likeliest after it, around characters that are not
    clear."""
    rival_shares: Numbers
    """(…, columns, 2): how likely they are beside the likeliest class, 0 to 1; 0 where nobody
    looked."""


def doubtful_columns(classes: Classes, probabilities: Numbers) -> Flags:
    """Of several lines (lines, columns): of which columns it is worth knowing what else they may
    be. Those around a character that is not clear, and of a line without any character all."""
    if classes.ndim != _LINES_COLUMNS:
        return np.zeros(classes.shape, dtype=np.bool_)
    begins = character_begins(classes)
    unclear = begins & (probabilities < _CLEAR)
    asked = unclear | ~begins.any(axis=1, keepdims=True)
    for step in range(1, _AROUND + 1):
        asked[:, step:] |= unclear[:, :-step]
        asked[:, :-step] |= unclear[:, step:]
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
