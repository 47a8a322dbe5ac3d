"""Which way up a page stands whose letters the models do not know: Hebrew, Thai, Georgian, …

Its readings are rubbish each way, and rubbish may read better in a wrong one: Armenian, Georgian
and Arabic do so on their head. What is left is how the lines lie, and the page classifier, which is
asked about the page in all four positions: what it says of one alone is often wrong, of all seldom.
But it is just as sure that Hebrew, Tibetan and some Greek stand on their head when they do not. So
only a page whose lines lie is turned, unless its language is set up: then the second recogniser
tells which of two opposite ways it reads. docs/decisions/0030 has the figures.
"""

from collections.abc import Mapping, Sequence

import numpy as np

_READS = 0.87
"""Half of the running lines of scripts that the models know read better than this in one way; of 17
pages in 12 scripts that they do not know, in four positions, at most 0.85."""
_ENOUGH_LINES = 5
_NOT_AGAINST, _CLEARLY_FOR = -1.0, 4.0
"""How much likelier, as a natural logarithm, the classifier must hold it that a page lies than that
it does not: where many lines lie, and where there are only a few."""
_SECOND_READS, _SECOND_CLEAR = 0.6, 0.2
"""The second recogniser's mean confidence in the right way, and by how much it is above that in the
other one."""


def is_unread(surest: Sequence[float]) -> bool:
    """Whether running text reads well in no way; `surest` are the confidences of lines, each in
    the way in which it reads best."""
    return len(surest) > 0 and float(np.median(surest)) < _READS


def rotation_of_lying(seen: Mapping[int, float], lines: int) -> int:
    """By how many degrees counter-clockwise a page must be turned whose lines lie: 90, 270, or 0
    where the classifier speaks against it.

    `seen` is as `orientation.seen_in_all_positions` gives it; `lines` have been asked.
    """
    best = max((90, 270), key=seen.__getitem__)
    needed = _NOT_AGAINST if lines >= _ENOUGH_LINES else _CLEARLY_FOR
    return best if seen[best] - max(seen[0], seen[180]) >= needed else 0


def rotation_that_reads(read: Mapping[int, float]) -> int | None:
    """By how many degrees counter-clockwise a page must be turned for the second recogniser; None
    where it reads neither way, or both.

    `read` is, for each of two opposite turns, the mean confidence of some lines.
    """
    best, other = sorted(read, key=read.__getitem__, reverse=True)
    is_clear = read[best] >= _SECOND_READS and read[best] >= read[other] + _SECOND_CLEAR
    return best if is_clear else None
