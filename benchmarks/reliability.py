"""How well doubts keep their word: of lines at 10 % one in ten should be wrong."""

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


class Tenth(NamedTuple):
    """Lines whose doubt lies within one tenth."""

    number: int
    lines: int
    doubt: float
    wrong: float
    """Means, 0 to 1."""

    @property
    def chance(self) -> float:
        """Two standard errors of the share of wrong lines: as far off it may be by chance."""
        return float(2 * (self.doubt * (1 - self.doubt) / self.lines) ** 0.5)

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
            found.append(
                Tenth(
                    number,
                    len(inside),
                    sum(line.doubt for line in inside) / len(inside),
                    sum(line.wrong for line in inside) / len(inside),
                )
            )
    return found


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
    return (
        f"{markdown(head, rows)}\n\nOff by {calibration_error(lines):.1f} points in the mean over "
        f"{len(lines)} lines (goal: {GOAL_POINTS:g}).\n\n"
        f"{markdown(['band', 'lines', 'share of lines', 'wrong'], by_band)}"
    )


def _band_cells(lines: Sequence[Judged], wanted: Band) -> list[str]:
    inside = [line for line in lines if band(line.doubt) is wanted]
    wrong = sum(line.wrong for line in inside) / max(len(inside), 1)
    return [str(len(inside)), f"{len(inside) / max(len(lines), 1):.1%}", f"{wrong:.1%}"]
