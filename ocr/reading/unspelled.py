"""How likely a line holds letters that the recogniser has no class for: of another script, say.

Such letters leave traces. Most are read as blanks, so that there is ink between two characters, or
at an end, to which none belongs; the others as look-alikes, whose probabilities are low and which
mix capitals, digits and alphabets as no language does. A logistic model weighs these; it was fitted
to drawn lines in 41 languages and to real ones (`unspelled_model`, docs/decisions/0031).
"""

import collections
import itertools
import math
import operator
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import median, quantile
from engines.columns import BLANK
from engines.text_models import Evidence
from reading.character_tables import BITS, BLANK_KIND, CHARACTERS, KINDS, Tables, tables_of
from reading.unspelled_model import BIAS, WEIGHTS

COLUMN_PX = 8
"""So wide a column is, where a line is 48 pixels high …"""
_LINE_PX = 48
_SAMPLED_ROWS = 24
"""… and here it is looked at with about so many rows."""
_INK_SHARE, _LEAST_CONTRAST = 0.4, 20
_LEAST_INK = 2
"""Rows of ink in a column that is more than a speck."""
_UPRIGHT_RULE, _RULE = 0.92, 0.85
"""A column or row with more ink than this share belongs to a frame."""
_PLAIN_SHARE = 0.9
"""A line is plain when all its characters are as likely as this, …"""
_PLAIN_GAP, _PLAIN_END = 1.5 * COLUMN_PX, 5 * COLUMN_PX
"""… follow each other without a wider gap than usual, and fill the line to its ends: four of five
lines that can be spelled, and of those that cannot the few that nothing tells apart."""
_EMPTY_RATIO = 2.0
"""A line without any character counts when it is so many times as long as high …"""
_EMPTY_INK = 0.25
"""… and so much of its length has ink; then it is as likely as this:"""
_EMPTY = 0.9

_MODEL = np.array(WEIGHTS)

_BIT = [1 << number for number in range(len(KINDS))]
_LATIN, _EAST = BITS["l"] | BITS["a"], BITS["c"] | BITS["k"]
_LATIN_DIGIT, _LATIN_GREEK = BITS["l"] | BITS["d"], BITS["l"] | BITS["g"]
_COUNTED_KINDS = [KINDS.index(kind) for kind in "ckgadps"]

Numbers = npt.NDArray[np.float64]
_Marks = npt.NDArray[np.uint8]


class _Characters(NamedTuple):
    """What was read of a line."""

    tables: Tables
    classes: npt.NDArray[np.int64]
    """With spaces."""
    kept: npt.NDArray[np.int64]
    """Without."""
    centres: Numbers
    """Of those, in pixels of a line that is 48 high."""
    shares: Numbers
    """Their probabilities."""
    width: int
    """Of that line."""


def likelihood(cut: Callable[[], Pixels], evidence: Sequence[Evidence]) -> float:
    """0 to 1, for a line as it was read; 0 where nobody tells what was seen. `cut` gives the line
    (height, width, 3), where that is worth a look: most lines are surely spelled."""
    if not evidence:
        return 0.0
    found = _characters(evidence)
    if len(found.kept) and _is_plain(found):
        return 0.0
    crop = cut()
    height, width = crop.shape[:2]
    if len(found.kept) == 1 and width < _EMPTY_RATIO * height:
        return 0.0  # one sign, such as a bullet or a pictogram
    if not len(found.kept):
        has_ink = float((_sums(_ink(crop), 0) >= _LEAST_INK).mean()) >= _EMPTY_INK
        return _EMPTY if has_ink and width >= _EMPTY_RATIO * height else 0.0
    total = BIAS + float(np.dot(_MODEL, _features(found, _ink(crop))))
    return 1 / (1 + math.exp(-min(max(total, -30.0), 30.0)))


def features(crop: Pixels, evidence: Sequence[Evidence]) -> Numbers | None:
    """What the model weighs; None for a line without any character."""
    found = _characters(evidence)
    return _features(found, _ink(crop)) if len(found.kept) else None


def is_plain(evidence: Sequence[Evidence]) -> bool:
    """Whether a line is surely spelled, so that the model is not asked."""
    if not evidence:
        return False
    found = _characters(evidence)
    return len(found.kept) > 0 and _is_plain(found)


def _is_plain(found: _Characters) -> bool:
    """Whether the line is surely spelled: most lines are, and need no closer look."""
    centres, kept = found.centres, found.kept
    if found.shares.min() < _PLAIN_SHARE or centres[0] > _PLAIN_END:
        return False
    if found.width - centres[-1] > _PLAIN_END:
        return False
    widths = found.tables.widths[kept]
    (places,) = (found.tables.kinds[found.classes] != BLANK_KIND).nonzero()
    in_words = places[1:] - places[:-1] == 1
    between = (centres[1:] - centres[:-1])[in_words]
    expected = ((widths[1:] + widths[:-1]) / 2)[in_words]
    if not len(between):
        return True
    usual = median(between / expected)
    return float((between - usual * expected).max()) <= _PLAIN_GAP


def _features(found: _Characters, ink: _Marks) -> Numbers:
    count = len(found.kept)
    sureness = _sureness(found.shares.tolist())  # lists: so few numbers are slower in numpy
    plain = np.array([*_room(found, ink), *sureness, *_mixture(found)], dtype=float)
    places = found.tables.places[found.kept]
    shares = np.bincount(places, minlength=len(CHARACTERS) + 1)[:-1] * (min(count, 12) / count)
    return np.concatenate([plain, np.sign(plain) * np.log1p(3 * np.abs(plain)), shares])


def _characters(evidence: Sequence[Evidence]) -> _Characters:
    tables = tables_of(evidence[0].characters)
    classes, centres, shares = [], [], []
    start = 0
    for part in evidence:
        columns = part.columns
        begins = part.begins
        last = columns.classes != BLANK
        last[:-1] &= columns.classes[1:] != columns.classes[:-1]
        (ends,) = last.nonzero()
        classes.append(columns.classes[begins])
        centres.append((begins + ends + 1) * (COLUMN_PX / 2) + start)
        shares.append(columns.probabilities[begins])
        start += part.width
    every = np.concatenate(classes).astype(np.int64)
    kept = tables.kinds[every] != BLANK_KIND
    return _Characters(
        tables,
        every,
        every[kept],
        np.concatenate(centres)[kept],
        np.concatenate(shares)[kept],
        start,
    )


def _ink(crop: Pixels) -> _Marks:
    """A sample of the line's pixels: 1 where they differ from the ground, without rules."""
    every = max(crop.shape[0] // _SAMPLED_ROWS, 1)
    sample = crop[::every, ::every, 1].astype(np.int16)
    ground = median(np.concatenate([sample[0], sample[-1]]))
    apart = np.abs(2 * sample - np.int16(2 * ground))  # twice: the ground may be a half
    strongest = apart.max(axis=0)
    tenth = max(len(strongest) // 10, 1)
    contrast = float(np.partition(strongest, -tenth)[-tenth]) / 2
    least = np.int16(2 * max(_INK_SHARE * contrast, _LEAST_CONTRAST))
    ink: _Marks = (apart > least).view(np.uint8)
    ink[:, _sums(ink, 0) / ink.shape[0] > _UPRIGHT_RULE] = 0
    ink[_sums(ink, 1) / ink.shape[1] > _RULE] = 0
    return ink


def _sums(ink: _Marks, axis: int) -> npt.NDArray[np.int32]:
    """How many pixels of ink each column has, for axis 0, or each row, for axis 1."""
    sums = cv2.reduce(ink, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.asarray(sums, dtype=np.int32).ravel()


def _room(found: _Characters, ink: _Marks) -> list[float]:
    """How much ink there is between the characters, beyond what is theirs."""
    px = _LINE_PX / len(ink)
    rows = _sums(ink, 1)
    height = max(int((rows > max(int(rows.max()) * 0.1, 1)).sum()), 3) * px
    inked = [0, *(_sums(ink, 0) >= _LEAST_INK).cumsum().tolist()]
    columns = ink.shape[1]
    before = [
        inked[min(max(round(centre / px), 0), columns)] * px for centre in found.centres.tolist()
    ]
    total: float = inked[-1] * px
    widths: list[float] = found.tables.widths[found.kept].tolist()
    between = [right - left for left, right in itertools.pairwise(before)]
    expected = [(right + left) / 2 for left, right in itertools.pairwise(widths)]
    ways = [way / wide for way, wide in zip(between, expected, strict=True)]
    usual = quantile(ways, 0.4) if ways else 0.62 * height
    em = min(max(usual, 0.35 * height), 0.8 * height)
    first = before[0] / em - widths[0] / 2
    last = (total - before[-1]) / em - widths[-1] / 2
    inside = [way / em - wide for way, wide in zip(between, expected, strict=True)]
    beyond = sorted([first, *inside, last], reverse=True)
    count = len(widths)
    far, near = (sum(each > limit for each in beyond) for limit in (0.7, 0.45))
    surplus = sum(each - 0.25 for each in beyond if each > 0.25)
    return [
        min(total / height / count, 8),
        total / (em * sum(widths)),
        beyond[0],
        beyond[1],
        max(inside, default=0.0),
        surplus / count,
        surplus,
        near / count,
        min(near, 8),
        far / count,
        min(far, 8),
        em / height,
    ]


def _sureness(shares: list[float]) -> list[float]:
    count = len(shares)
    return [
        sum(shares) / count,
        min(shares),
        *(sum(share < limit for share in shares) / count for limit in (0.6, 0.9, 0.97)),
        min(sum(share < 0.6 for share in shares), 8),
        min(count, 30),
    ]


def _mixture(found: _Characters) -> list[float]:
    """Shares of kinds of characters, and how often kinds meet that no language lets meet."""
    tables, count, classes = found.tables, len(found.kept), found.classes
    kinds: list[int] = tables.kinds[classes].tolist()
    lower, upper = tables.lower[classes].tolist(), tables.upper[classes].tolist()
    vowels, alike = tables.vowels[classes].tolist(), tables.alike[classes].tolist()
    pairs = collections.Counter(itertools.pairwise(kinds))
    met = [(_BIT[one] | _BIT[other], one != other, often) for (one, other), often in pairs.items()]
    digits = sum(often for bits, _, often in met if bits == _LATIN_DIGIT)
    greek = sum(often for bits, _, often in met if bits == _LATIN_GREEK)
    chinese = sum(often for bits, _, often in met if bits & _LATIN and bits & _EAST)
    signs = sum(often for bits, differ, often in met if differ and bits & BITS["s"])
    capitals = sum(map(operator.and_, lower, upper[1:]))
    letters = [bool(_BIT[kind] & _LATIN) for kind in kinds]
    number = sum(letters)
    consonants = run = 0
    for is_letter, is_vowel in zip(letters, vowels, strict=True):
        run = run + 1 if is_letter and not is_vowel else 0
        consonants = max(consonants, run)
    return [
        *(kinds.count(kind) / count for kind in _COUNTED_KINDS),
        digits / count,
        min(digits, 5),
        capitals / count,
        min(capitals, 5),
        greek / count,
        chinese / count,
        signs / count,
        consonants,
        sum(map(operator.and_, letters, vowels)) / max(number, 1),
        sum(map(operator.and_, letters, alike)) / max(number, 1) * min(number, 12),
    ]
