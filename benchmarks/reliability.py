"""How well doubts keep their word: of lines at 10 % one in ten should be wrong.

Lines of one page are wrong together: what chance does to a share of them is told by whole pages.
"""

import collections
import math
from collections.abc import Sequence
from typing import NamedTuple

from bench_tables import markdown
from ocr_contract.doubt import Band, band

TENTHS = 10
_ENOUGH = 30
"""With fewer lines a tenth's share is chance."""
GOAL_POINTS = 3.0


class Judged(NamedTuple):
    """A line's doubt, and what became of it."""

    doubt: float
    wrong: bool
    document: str = ""
    """Where it stands; lines without are documents of their own."""
    kind: str = ""
    """Of the document."""


class Tenth(NamedTuple):
    """Lines whose doubt lies within one tenth."""

    number: int
    lines: int
    doubt: float
    wrong: float
    """Means, 0 to 1."""
    error: float
    """The standard error of the difference."""

    @property
    def chance(self) -> float:
        """Two standard errors: as far off the share of wrong lines may be by chance."""
        return 2 * self.error

    @property
    def off_points(self) -> float:
        """How many points more of them are wrong than was said."""
        return 100 * (self.wrong - self.doubt)


def tenths(lines: Sequence[Judged]) -> list[Tenth]:
    """Those in which there are lines."""
    found = []
    for number in range(TENTHS):
        inside = [line for line in lines if min(int(line.doubt * TENTHS), TENTHS - 1) == number]
        if inside:
            found.append(_part(number, inside))
    return found


def _part(number: int, lines: Sequence[Judged]) -> Tenth:
    count = len(lines)
    doubt, wrong = (sum(each) / count for each in zip(*(line[:2] for line in lines), strict=True))
    return Tenth(number, count, doubt, wrong, _error(lines))


def _error(lines: Sequence[Judged]) -> float:
    """The standard error of the lines' mean (wrong less doubt): the larger of that of lines, had
    their doubts been right, and that of documents."""
    by_document: dict[str, float] = collections.defaultdict(float)
    for place, line in enumerate(lines):
        by_document[line.document or str(place)] += line.wrong - line.doubt
    alone = sum(line.doubt * (1 - line.doubt) for line in lines)
    return math.sqrt(max(alone, sum(each**2 for each in by_document.values()))) / len(lines)


def chance_error(lines: Sequence[Judged]) -> float:
    """As `calibration_error`, what doubts that are right would come to by chance alone."""
    parts = tenths(lines)
    mean = math.sqrt(2 / math.pi)  # of what is normally distributed, without its sign
    return sum(part.lines * 100 * mean * part.error for part in parts) / max(len(lines), 1)


def calibration_error(lines: Sequence[Judged]) -> float:
    """By how many points a line's doubt is off, in the mean over the tenths' lines."""
    parts = tenths(lines)
    return sum(part.lines * abs(part.off_points) for part in parts) / max(len(lines), 1)


def table(lines: Sequence[Judged]) -> str:
    """By tenths, and below by the bands of the page."""
    rows = [
        [
            f"{10 * part.number} to {10 * part.number + 10} %",
            str(part.lines),
            f"{part.doubt:.1%}",
            f"{part.wrong:.1%}",
            f"{part.off_points:+.1f}",
            f"±{100 * part.chance:.1f}" if part.lines >= _ENOUGH else "too few lines",
        ]
        for part in tenths(lines)
    ]
    head = ["doubt", "lines", "mean doubt", "wrong", "points off", "by chance"]
    by_band = [[each, *_band_cells(lines, each)] for each in Band]
    documents = len({line.document or str(place) for place, line in enumerate(lines)})
    return (
        f"{markdown(head, rows)}\n\nOff by {calibration_error(lines):.1f} points in the mean over "
        f"{len(lines)} lines of {documents} documents (goal: {GOAL_POINTS:g}; by chance alone, as "
        f"lines of one document go together: {chance_error(lines):.1f}).\n\n"
        f"{markdown(['band', 'lines', 'share of lines', 'wrong'], by_band)}"
    )


def kinds_table(lines: Sequence[Judged]) -> str:
    """By kind of document, those first whose doubts are off by the most lines."""
    by_kind: dict[str, list[Judged]] = collections.defaultdict(list)
    for line in lines:
        by_kind[line.kind].append(line)
    parts = {kind: _part(0, those) for kind, those in by_kind.items()}
    rows = [
        [
            kind,
            str(part.lines),
            f"{part.doubt:.1%}",
            f"{part.wrong:.1%}",
            f"{part.off_points:+.1f}",
            f"±{100 * part.chance:.1f}",
        ]
        for kind, part in sorted(
            parts.items(), key=lambda each: -abs(each[1].off_points * each[1].lines)
        )
    ]
    return markdown(["kind", "lines", "mean doubt", "wrong", "points off", "by chance"], rows)


def _band_cells(lines: Sequence[Judged], wanted: Band) -> list[str]:
    inside = [line for line in lines if band(line.doubt) is wanted]
    wrong = sum(line.wrong for line in inside) / max(len(inside), 1)
    return [str(len(inside)), f"{len(inside) / max(len(lines), 1):.1%}", f"{wrong:.1%}"]
