"""How many of the lines that people looked at were wrong, and how sure that is."""

import dataclasses
import math
import sqlite3

_Z = 1.959964
"""Of the normal distribution: 95 of 100 such intervals hold the truth."""


@dataclasses.dataclass(frozen=True, slots=True)
class ErrorRate:
    """Of some lines that were reviewed."""

    reviewed: int
    wrong: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's: right for few lines, and for none that is wrong, too."""
        if not self.reviewed:
            return 0.0, 1.0
        share, square = self.wrong / self.reviewed, _Z * _Z / self.reviewed
        middle = (share + square / 2) / (1 + square)
        half = _Z * math.sqrt(share * (1 - share) / self.reviewed + square / self.reviewed / 4)
        half /= 1 + square
        return max(middle - half, 0.0), min(middle + half, 1.0)

    def sentence(self, is_sample: bool) -> str:
        """For people."""
        if not self.reviewed:
            return "No line has been reviewed yet."
        low, high = self.interval
        lines, were = ("line", "was") if self.reviewed == 1 else ("lines", "were")
        kind = "drawn at random" if is_sample else f"that {were} doubtful and reviewed"
        return (
            f"Of {self.reviewed:,} {lines} {kind} {100 * self.wrong / self.reviewed:.1f} % "
            f"{were} wrong, between {100 * low:.1f} and {100 * high:.1f} %."
        )


def measured(connection: sqlite3.Connection, is_sample: bool) -> ErrorRate:
    """Of all that was reviewed in this way."""
    row = connection.execute(
        "SELECT count(*), coalesce(sum(was_wrong), 0) FROM reviews WHERE is_sample = ?",
        (int(is_sample),),
    ).fetchone()
    return ErrorRate(row[0], row[1])
