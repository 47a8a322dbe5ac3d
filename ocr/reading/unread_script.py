"""Which way up a page stands whose letters the models do not know: Hebrew, Thai, Georgian, …

Its readings are rubbish each way, and rubbish may read better in a wrong one: Armenian, Georgian
and Arabic do so on their head. What is left is how the lines lie, and the page classifier, which is
asked about the page in all four positions: what it says of one alone is often wrong, of all seldom.
But it is just as sure that Hebrew, Tibetan and some Greek stand on their head when they do not. So
only a page whose lines lie is turned, except where more speaks for it: the second recogniser, if
its language is set up; small Greek letters, which the models know from formulas and find in one way
only; or, together with the classifier, the shape of Arabic's joined letters or of Hangul
(`joined_letters`). docs/decisions/0030, 0047, 0052 and 0061 have the figures.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from engines.arrays import median

_READS = 0.87
"""Half of the running lines of scripts that the models know read better than this in one way; of 17
pages in 12 scripts that they do not know, in four positions, at most 0.85."""
_ENOUGH_LINES = 5
_NOT_AGAINST, _CLEARLY_FOR = -1.0, 4.0
"""How much likelier, as a natural logarithm, the classifier must hold it that a page lies than that
it does not: where many lines lie, and where there are only a few."""
_GREEK = frozenset("αβγδεζηθικλμνξοπρςστυφχψωάέήίόύώ")
_GREEK_LETTERS, _GREEK_KINDS, _GREEK_CLEAR = 8, 5, 3
"""So many of them, of so many kinds, are read where Greek stands upright, and so many times as many
as in any other way; of letters on their head only a few look so."""
_GREEK_SHARE = 0.3
"""And of all letters that are read: a formula has others."""
_SECOND_READS, _SECOND_CLEAR = 0.6, 0.2
"""The second recogniser's mean confidence in the right way, and by how much it is above that in the
other one."""


def is_unread(surest: Sequence[float]) -> bool:
    """Whether running text reads well in no way; `surest` are the confidences of lines, each in
    the way in which it reads best."""
    return len(surest) > 0 and median(surest) < _READS


def rotation_of_greek(texts: Mapping[int, Iterable[str]]) -> int | None:
    """By how many degrees counter-clockwise a page of Greek must be turned; None where it is none.

    `texts` are readings of its lines after each turn.
    """
    letters = {
        turn: Counter(sign for text in read for sign in text.lower() if sign.isalpha())
        for turn, read in texts.items()
    }
    greek = {
        turn: sum(count for sign, count in read.items() if sign in _GREEK)
        for turn, read in letters.items()
    }
    best, *others = sorted(greek, key=greek.__getitem__, reverse=True)
    most = max((greek[turn] for turn in others), default=0)
    is_greek = (
        greek[best] >= max(_GREEK_LETTERS, _GREEK_CLEAR * most)
        and len(_GREEK & letters[best].keys()) >= _GREEK_KINDS
        and greek[best] >= _GREEK_SHARE * letters[best].total()
    )
    return best if is_greek else None


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
