"""Whether white space between two parts of a page parts columns, or the cells of a table's rows.

Columns are read one after the other, a table row by row. Three things tell columns: rows that do
not stand beside each other, as two texts have each their own pitch; running text, whose lines fill
their width on both sides; and a ruling line that no row's rule crosses (`ruling_lines`).
"""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from engines.arrays import median, quantile
from reading.layout.boxes import Boxes, Numbers, unit_of

LEAST_ROWS = 3
_LEAST_UNPAIRED_ROWS = 4
"""Of fewer rows two or three may stand askew in any form."""
_FILLED_SHARE, _USUALLY_FILLED = 0.45, 0.75
"""In running text the median row covers so much of its width, and a quarter of the rows so much."""
LONG = 6
"""In running text the median row's longest piece is so many times as long as high."""
_FILLED_BY_PARAGRAPH, _LONG_IN_PARAGRAPH = 0.75, 2 * LONG
"""In a paragraph all rows but the last are so; it may have two."""
_BESIDE = 0.25
"""Rows stand beside each other when their distance is the usual one, to within so many heights …"""
_MOST_SHIFT = 0.5
"""… and that is no more than this: a page that is curved or a little askew."""
_MOST_SHIFT_OF_AS_MANY = 1.0
"""Where both sides have as many rows, it may be so much."""
_PAIRED = 0.7
"""From this share of the rows on, the two sides are rows of one table."""
_WIDEST_GAP = 0.6
"""Between columns whose rows stand beside each other, in widths of the narrower one."""
_NARROWEST_SHARE = 0.12
"""A column of text is at least so wide as a share of both."""

_REGULAR = 0.12
"""Rows have one pitch when each distance is the usual one, to within such a share of it."""
_MOSTLY_EVEN = 0.8
"""Of many rows, so many distances are the usual one."""
_OTHER_PITCH = 1.08, 1.7
"""Pitches that differ so are those of two texts; from twice on, rows of one side are missing."""
_BETWEEN = 0.3
"""A row stands between two others when it is at least so far from both, in pitches."""


@dataclasses.dataclass(frozen=True)
class Side:
    """One side of a gap: its rows, from the top."""

    centres: Numbers
    """(rows,): y of each."""
    filled: Numbers
    """(rows,): share of the side's width that text covers."""
    longest: Numbers
    """(rows,): length of the longest piece, in heights of a line."""
    width: float

    @property
    def is_running_text(self) -> bool:
        """Whether its lines fill their width."""
        return (
            len(self.centres) >= LEAST_ROWS
            and median(self.filled) >= _FILLED_SHARE
            and quantile(self.filled.tolist(), 0.75) >= _USUALLY_FILLED
            and median(self.longest) >= LONG
        )

    @property
    def is_paragraph(self) -> bool:
        """Whether it is a sentence or two, of which all rows but the last fill its width."""
        return (
            len(self.centres) > 1
            and float(self.filled[:-1].min()) >= _FILLED_BY_PARAGRAPH
            and float(self.longest[:-1].min()) >= _LONG_IN_PARAGRAPH
        )


def side_of(boxes: Boxes) -> Side:
    """The rows of some lines; pieces whose centres lie close are one row."""
    centres = (boxes[:, 1] + boxes[:, 3]) / 2
    order = np.argsort(centres, kind="stable")
    chosen, centres = boxes[order], centres[order]
    unit = unit_of(chosen)
    begins = [0, *((centres[1:] - centres[:-1] > unit / 2).nonzero()[0] + 1).tolist()]
    counts = [end - begin for begin, end in itertools.pairwise([*begins, len(chosen)])]
    widths = chosen[:, 2] - chosen[:, 0]
    width = max(float(chosen[:, 2].max() - chosen[:, 0].min()), 1.0)
    return Side(
        np.add.reduceat(centres, begins) / counts,
        np.add.reduceat(widths, begins) / width,
        np.maximum.reduceat(widths, begins) / unit,
        width,
    )


def are_columns(
    left: Side, right: Side, unit: float, running: tuple[bool, bool], gap: float
) -> bool:
    """Whether each side is to be read for itself; `unit` is the height of a line, and `running`
    whether each side's widest column is running text; `gap` is how wide the white space is."""
    narrow, wide = sorted([left.width, right.width])
    if min(len(left.centres), len(right.centres)) < LEAST_ROWS:
        return False
    if narrow < _NARROWEST_SHARE * (narrow + wide):
        return False
    if all(running) and gap <= _WIDEST_GAP * narrow:
        return True
    return any(running) and are_unpaired(left, right, unit, _LEAST_UNPAIRED_ROWS)


def are_rows(left: Side, right: Side, unit: float) -> bool:
    """Whether the rows of the side that has fewer, a few at least, stand beside the other's."""
    fewest = min(len(left.centres), len(right.centres))
    return fewest >= LEAST_ROWS and not are_unpaired(left, right, unit, LEAST_ROWS)


def are_blocks(left: Side, right: Side) -> bool:
    """Whether two sides of words, as two addresses, are each a block of its own: their rows have
    different pitches, or those of one stand between those of the other."""
    pitches = _pitch(left.centres), _pitch(right.centres)
    if None in pitches:
        return False
    close, wide = sorted(pitch for pitch in pitches if pitch is not None)
    if _OTHER_PITCH[0] * close < wide < _OTHER_PITCH[1] * close:
        return True
    few, many = sorted([left.centres, right.centres], key=len)
    apart = np.abs(few[:, None] - many).min(axis=1)
    return wide < _OTHER_PITCH[1] * close and bool((apart >= _BETWEEN * close).all())


def are_paragraphs(sides: Sequence[Side]) -> bool:
    """Whether two and more are wrapped texts, and the others one row each, as a label is."""
    wrapped = [side for side in sides if len(side.centres) > 1]
    return len(wrapped) > 1 and all(side.is_paragraph for side in wrapped)


def has_one_pitch(side: Side) -> bool:
    """Whether its rows follow each other evenly."""
    return _pitch(side.centres) is not None


def is_even(side: Side) -> bool:
    """Whether nearly all of its rows follow each other at one pitch: not those below headings."""
    steps = np.diff(side.centres)
    usual = float(np.median(steps)) if len(steps) else 0.0
    return bool(usual and (np.abs(steps - usual) <= _REGULAR * usual).mean() >= _MOSTLY_EVEN)


def _pitch(centres: Numbers) -> float | None:
    """From one row to the next; None where that differs, or the rows are too few."""
    steps = np.diff(centres)
    usual = float(np.median(steps)) if len(centres) >= LEAST_ROWS else 0.0
    return usual if usual and (np.abs(steps - usual) <= _REGULAR * usual).all() else None


def are_unpaired(left: Side, right: Side, unit: float, least_rows: int) -> bool:
    """Whether the rows of one side do not stand beside those of the other, as far as both reach:
    at least so many rows of each."""
    low = max(left.centres[0], right.centres[0]) - unit
    high = min(left.centres[-1], right.centres[-1]) + unit
    both = [side.centres[(side.centres > low) & (side.centres < high)] for side in (left, right)]
    few, many = sorted(both, key=len)
    if len(few) < least_rows:
        return False
    if len(few) == len(many):
        apart, most = many - few, _MOST_SHIFT_OF_AS_MANY * unit
    else:
        places = np.clip(np.searchsorted(many, few), 1, max(len(many) - 1, 1))
        above, below = many[places - 1] - few, many[np.minimum(places, len(many) - 1)] - few
        apart, most = np.where(np.abs(above) <= np.abs(below), above, below), _MOST_SHIFT * unit
    shift = float(np.clip(median(apart), -most, most))
    return float((np.abs(apart - shift) <= _BESIDE * unit).mean()) < _PAIRED
