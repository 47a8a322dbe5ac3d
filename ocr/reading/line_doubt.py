"""How likely the text of a line is wrong, from what the recogniser saw while it read it.

A mean confidence hides the one character in forty that is wrong. What tells it: the least likely
character, characters that columns between others nearly were, gaps, the size of the print, and what
is seldom written. A logistic model weighs them; a table of steps makes of its sum a probability.
Both were fitted to lines with known text by `make calibration` (`doubt_model`).
"""

import bisect
import dataclasses
import functools
import itertools
import math
import re
import statistics
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engines.arrays import Classes
from engines.columns import BLANK, Columns
from engines.text_models import Evidence
from ocr_contract.doubt import Reason
from reading.doubt_model import STEPS, WEIGHTS

LEAST, MOST = 0.001, 0.995
"""Nothing is sure."""
_SUMS, _SHARES = zip(*STEPS, strict=True)
_SMALLEST_SHARE = 0.005
_FEW = 4
"""Characters from which on there is a usual way between two."""
_SMALL_PX = 12
_NEARLY = 0.3
"""A blank that was a character so nearly may hide one."""
_WIDE = 1.2
"""The logarithm of a gap that is no usual one: over three times as wide."""
_UNCLEAR = 0.7
_LOST_POINT = re.compile(r"(?<![\d.,])\d+ \d\d(?!\d)|^0\d\d$")
_LEADER = re.compile(r"…|  ")
"""Its dots are no characters that somebody wants to read."""
_SUREST = 0.002
"""Of a page: surer than a clean print in small letters none needs to be."""
_LONG = 3.5
"""The logarithm of the length from which on small doubts of characters add up to less."""
_ODD = re.compile(r"[^\W\d_]\d|\d[^\W\d_]|[a-zß-öø-ÿ][A-ZÀ-ÖØ-Þ]")


Places = npt.NDArray[np.intp]


@dataclasses.dataclass(frozen=True)
class LineFacts:
    """What the doubt of a line follows from."""

    text: str
    confidence: float
    evidence: tuple[Evidence, ...]
    height: float
    """Of the line on the page, in pixels."""
    is_turned: bool
    """It does not run along the upright page, or its characters stand below each other."""
    page: float | None = None
    """As `unsure` has it of all lines of its page; None: it stands alone."""

    @functools.cached_property
    def parts(self) -> "list[_PartFacts]":
        """What each part of the evidence tells, once for the doubt and its reason."""
        return [_PartFacts.of(part) for part in self.evidence]


def doubt(line: LineFacts) -> float | None:
    """The probability that the text is wrong, `LEAST` to `MOST`; None without evidence."""
    if not line.evidence:
        return None
    total = sum(weight * value for weight, value in zip(WEIGHTS, features(line), strict=True))
    return _probability(total)


def reason(line: LineFacts) -> Reason | None:
    """What in particular makes a line doubtful, if it is."""
    parts = line.parts
    if _LOST_POINT.search(line.text):
        return Reason.LOST_POINT
    if line.is_turned:
        return Reason.ODD_DIRECTION
    if line.height < _SMALL_PX:
        return Reason.SMALL_PRINT
    if any(part.missed >= _NEARLY or part.gap >= _WIDE for part in parts):
        return Reason.MISSED_CHARACTERS
    if any(share < _UNCLEAR for part in parts for share in part.shares):
        return Reason.UNCLEAR_CHARACTERS
    return None


def unsure(parts: Iterable[Evidence]) -> float:
    """How unsure characters are in the mean, 0 and more. An unlikely character on a page that is
    else read surely is seldom wrong: 1 of 128 such lines, on a usual receipt 1 of 5."""
    logs = [
        -np.log(np.maximum(part.columns.probabilities[part.begins], _SMALLEST_SHARE),
                dtype=np.float64)
        for part in parts
    ]  # fmt: skip
    count = sum(map(len, logs))
    return float(sum(each.sum() for each in logs)) / max(count, 1)


def features(line: LineFacts) -> tuple[float, ...]:
    """What the model weighs, the constant first."""
    parts = line.parts
    shares = sorted(share for part in parts for share in part.shares)
    unlikely = [1 - share for share in shares[:2]] or [1.0]
    count = max(len(shares), 1)
    text = line.text.strip()
    signs = sum(not character.isalnum() and character != " " for character in text)
    total = max(-sum(math.log(max(share, _SMALLEST_SHARE)) for share in shares), 0.0)
    page = total / count if line.page is None else line.page
    return (
        1.0,
        _log_odds(unlikely[0]),
        _log_odds(unlikely[-1]),
        math.log(max(1 - line.confidence, 1e-4)),
        total**0.5,
        math.log(count),
        max(part.missed for part in parts) ** 0.5,
        max(part.space for part in parts) ** 0.5,
        max(part.gap for part in parts),
        math.log(min(max(line.height, 6.0), 60.0) / 20),
        max(0.0, 14 - line.height) / 8,
        float(line.is_turned),
        float(_LOST_POINT.search(text) is not None),
        min(len(_ODD.findall(text)), 3) ** 0.5,
        signs / max(len(text), 1),
        float(count <= 2),
        float(text.isdigit()),
        math.log(max(page, _SUREST)),
        float(_LEADER.search(text) is not None),
        total**0.5 * max(math.log(count) - _LONG, 0.0),
    )


class _PartFacts(NamedTuple):
    """Of one part of a line."""

    shares: list[float]
    """Of its characters."""
    missed: float
    """How nearly a blank was a character."""
    space: float
    """How nearly a blank was a space, or a space a blank."""
    gap: float
    """The longest way between two characters that is no space, in logarithms of the usual one."""

    @classmethod
    def of(cls, part: Evidence) -> "_PartFacts":
        columns, space = part.columns, len(part.characters) - 1
        begins = part.begins
        return cls(
            columns.probabilities[begins].tolist(),
            *_missed(columns, begins, space),
            _gap(columns.classes[begins], begins, space),
        )


def _missed(columns: Columns, begins: Places, space: int) -> tuple[float, float]:
    """`missed` and `space`. That a blank beside a character is nearly that one says nothing."""
    asked = columns.rival_shares[:, 0] > 0
    if not asked.any():
        return 0.0, 0.0
    (blanks,) = ((columns.classes == BLANK) & asked).nonzero()
    if not len(blanks):
        return 0.0, 0.0
    places, found = begins.tolist(), [BLANK, *columns.classes[begins].tolist(), BLANK]
    missed = nearly_space = 0.0
    for blank, rivals, shares in zip(
        blanks.tolist(), columns.rivals[blanks].tolist(), columns.rival_shares[blanks].tolist(),
        strict=True,
    ):  # fmt: skip
        after = bisect.bisect_left(places, blank)
        before, behind = found[after : after + 2]
        for rival, share in zip(rivals, shares, strict=True):
            if rival in (before, behind):
                continue
            if rival != space:
                missed = max(missed, share)
            elif BLANK not in (before, behind):
                nearly_space = max(nearly_space, share)
    return missed, nearly_space


def _gap(classes: Classes, begins: Places, space: int) -> float:
    if len(begins) < _FEW:
        return 0.0
    places, found = begins.tolist(), classes.tolist()  # short lists: quicker than arrays
    ways = [after - before for before, after in itertools.pairwise(places)]
    inside = [
        way
        for way, (one, other) in zip(ways, itertools.pairwise(found), strict=True)
        if space not in (one, other)
    ]
    if not inside:
        return 0.0
    return math.log(max(max(inside) / max(statistics.median(ways), 1.0), 1.0))


def _log_odds(value: float) -> float:
    clipped = min(max(value, 1e-4), 0.999)
    return math.log(clipped / (1 - clipped))


def _probability(total: float) -> float:
    """By the steps, straight between them."""
    return min(max(float(np.interp(total, _SUMS, _SHARES)), LEAST), MOST)
