"""How likely a line holds letters that the recogniser has no class for: of another script, say.

Such letters leave traces. Most are read as blanks, so that there is ink between two characters, or
at an end, to which none belongs; the others as look-alikes, whose probabilities are low and which
mix capitals, digits and alphabets as no language does. A logistic model weighs these; it was fitted
to drawn lines in 41 languages and to real ones (`unspelled_model`, docs/decisions/0031).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import median
from engines.columns import BLANK, character_begins
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

Numbers = npt.NDArray[np.float64]


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


def likelihood(crop: Pixels, evidence: Sequence[Evidence]) -> float:
    """0 to 1, for a line (height, width, 3) as it was read; 0 where nobody tells what was seen."""
    if not evidence:
        return 0.0
    found = _characters(evidence)
    height, width = crop.shape[:2]
    if len(found.kept) == 1 and width < _EMPTY_RATIO * height:
        return 0.0  # one sign, such as a bullet or a pictogram
    if not len(found.kept):
        has_ink = float((_ink(crop).sum(axis=0) >= _LEAST_INK).mean()) >= _EMPTY_INK
        return _EMPTY if has_ink and width >= _EMPTY_RATIO * height else 0.0
    if _is_plain(found):
        return 0.0
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
    centres, classes = found.centres, found.kept
    if found.shares.min() < _PLAIN_SHARE or centres[0] > _PLAIN_END:
        return False
    if found.width - centres[-1] > _PLAIN_END:
        return False
    widths = found.tables.widths[classes]
    between, expected = np.diff(centres), (widths[1:] + widths[:-1]) / 2
    in_words = np.diff(np.flatnonzero(found.tables.kinds[found.classes] != BLANK_KIND)) == 1
    between, expected = between[in_words], expected[in_words]
    if not len(between):
        return True
    usual = median(between / expected)
    return float((between - usual * expected).max()) <= _PLAIN_GAP


def _features(found: _Characters, ink: npt.NDArray[np.bool_]) -> Numbers:
    count = len(found.kept)
    plain = np.array([*_room(found, ink), *_sureness(found.shares), *_mixture(found)], dtype=float)
    places = found.tables.places[found.kept]
    shares = np.bincount(places, minlength=len(CHARACTERS) + 1)[:-1] * (min(count, 12) / count)
    return np.concatenate([plain, np.sign(plain) * np.log1p(3 * np.abs(plain)), shares])


def _characters(evidence: Sequence[Evidence]) -> _Characters:
    tables = tables_of(evidence[0].characters)
    classes, centres, shares = [], [], []
    start = 0
    for part in evidence:
        columns = part.columns
        (begins,) = character_begins(columns.classes).nonzero()
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


def _ink(crop: Pixels) -> npt.NDArray[np.bool_]:
    """A sample of the line's pixels: where they differ from the ground, without rules."""
    every = max(crop.shape[0] // _SAMPLED_ROWS, 1)
    sample = crop[::every, ::every, 1].astype(np.int16)
    ground = median(np.concatenate([sample[0], sample[-1]]))
    apart = np.abs(sample - ground)
    strongest = apart.max(axis=0)
    tenth = max(len(strongest) // 10, 1)
    contrast = float(np.partition(strongest, -tenth)[-tenth])
    ink: npt.NDArray[np.bool_] = apart > max(_INK_SHARE * contrast, _LEAST_CONTRAST)
    ink[:, ink.mean(axis=0) > _UPRIGHT_RULE] = False
    ink[ink.mean(axis=1) > _RULE] = False
    return ink


def _room(found: _Characters, ink: npt.NDArray[np.bool_]) -> list[float]:
    """How much ink there is between the characters, beyond what is theirs."""
    px = _LINE_PX / len(ink)
    rows = ink.sum(axis=1)
    height = max(int((rows > max(int(rows.max()) * 0.1, 1)).sum()), 3) * px
    inked = np.concatenate([[0.0], np.cumsum(ink.sum(axis=0) >= _LEAST_INK) * px])
    places = np.clip(np.round(found.centres / px).astype(int), 0, ink.shape[1])
    before, total = inked[places], float(inked[-1])
    widths = found.tables.widths[found.kept]
    between, expected = np.diff(before), (widths[1:] + widths[:-1]) / 2
    usual = np.quantile(between / expected, 0.4) if len(between) else 0.62 * height
    em = float(np.clip(usual, 0.35 * height, 0.8 * height))
    first = before[0] / em - widths[0] / 2
    last = (total - before[-1]) / em - widths[-1] / 2
    beyond = np.concatenate([[first], between / em - expected, [last]])
    ordered = np.sort(beyond)[::-1]
    count = len(found.kept)
    far, near = int((beyond > 0.7).sum()), int((beyond > 0.45).sum())
    surplus = float(np.clip(beyond - 0.25, 0, None).sum())
    return [
        min(total / height / count, 8),
        total / (em * float(widths.sum())),
        float(ordered[0]),
        float(ordered[1]),
        float(beyond[1:-1].max()) if count > 1 else 0.0,
        surplus / count,
        surplus,
        near / count,
        min(near, 8),
        far / count,
        min(far, 8),
        em / height,
    ]


def _sureness(shares: Numbers) -> list[float]:
    return [
        float(shares.mean()),
        float(shares.min()),
        *(float((shares < limit).mean()) for limit in (0.6, 0.9, 0.97)),
        min(int((shares < 0.6).sum()), 8),
        min(len(shares), 30),
    ]


def _mixture(found: _Characters) -> list[float]:
    """Shares of kinds of characters, and how often kinds meet that no language lets meet."""
    tables, count = found.tables, len(found.kept)
    kinds = tables.kinds[found.classes]
    one, other = kinds[:-1], kinds[1:]
    bits = (1 << one) | (1 << other)
    digits = int((bits == BITS["l"] | BITS["d"]).sum())
    lower, upper = tables.lower[found.classes], tables.upper[found.classes]
    capitals = int((lower[:-1] & upper[1:]).sum())
    greek = int((bits == BITS["l"] | BITS["g"]).sum())
    latin, east = BITS["l"] | BITS["a"], BITS["c"] | BITS["k"]
    chinese = int((((bits & latin) > 0) & ((bits & east) > 0)).sum())
    signs = int((((bits & BITS["s"]) > 0) & (one != other)).sum())
    letters = ((1 << kinds) & latin) > 0
    number = int(letters.sum())
    vowels = int((letters & tables.vowels[found.classes]).sum())
    alike = int((letters & tables.alike[found.classes]).sum())
    of_kind = np.bincount(kinds, minlength=len(KINDS))
    return [
        *(int(of_kind[KINDS.index(kind)]) / count for kind in "ckgadps"),
        digits / count,
        min(digits, 5),
        capitals / count,
        min(capitals, 5),
        greek / count,
        chinese / count,
        signs / count,
        _longest(letters & ~tables.vowels[found.classes]),
        vowels / max(number, 1),
        alike / max(number, 1) * min(number, 12),
    ]


def _longest(flags: npt.NDArray[np.bool_]) -> int:
    """The length of the longest run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))
