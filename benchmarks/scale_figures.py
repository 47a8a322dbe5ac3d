"""What `make scale` measures, as rows: a cost at a size, what is wanted of it, how it grows."""

import dataclasses
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from least_squares import slope

MIN_FOR_GROWTH = 2
"""Sizes at which a cost must be known before a line is laid through."""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One cost at one size."""

    what: str
    value: float | None
    """In `unit`; of many measurements the 95th percentile. None: not measured, `note` says why."""
    unit: str = "ms"
    median: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    """What is wanted, in `unit`; without either the row only informs."""
    failures: str = ""
    """How many of the measurements gave no answer, for people; empty: all did."""
    note: str = ""
    grows: bool = True
    """Whether an exponent says something of it."""

    @property
    def reached(self) -> bool | None:
        """Whether it is as wanted; None when nothing is wanted of it or it was not measured."""
        if self.at_most is None and self.at_least is None:
            return None
        if self.failures:
            return False
        if self.value is None:
            return None
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low <= self.value <= high

    @property
    def wanted(self) -> str:
        """For people; empty when nothing is."""
        if self.at_most is not None:
            return f"≤ {self.at_most:g}"
        return "" if self.at_least is None else f"≥ {self.at_least:g}"

    def to_json(self) -> dict[str, Any]:
        """For the file of raw figures."""
        return dataclasses.asdict(self) | {"reached": self.reached}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Row":
        """What `to_json` made."""
        return cls(**{field.name: value[field.name] for field in dataclasses.fields(cls)})


def percentile_95(values: Sequence[float]) -> float:
    """The smallest value that 95 % of them do not exceed."""
    ordered = sorted(values)
    return ordered[math.ceil(0.95 * len(ordered)) - 1]


def timed_row(
    what: str,
    times_ms: Sequence[float],
    *,
    at_most: float | None = None,
    failures: str = "",
    note: str = "",
) -> Row:
    """From many measurements of the same cost."""
    if not times_ms:
        return Row(what, None, at_most=at_most, failures=failures, note=note or "not measured")
    return Row(
        what, percentile_95(times_ms), "ms", statistics.median(times_ms), at_most,
        failures=failures, note=note,
    )  # fmt: skip


def exponent(by_pages: Mapping[int, Row]) -> float | None:
    """p where the cost grows as pages to the power of p; None without two sizes.

    Of the median where there is one: it says more of the work than the slowest do.
    """
    points = {
        pages: row.value if row.median is None else row.median
        for pages, row in by_pages.items()
        if row.grows and row.value is not None
    }
    known = {pages: value for pages, value in points.items() if value is not None and value > 0}
    if len(known) < MIN_FOR_GROWTH:
        return None
    return slope(list(map(math.log, known)), list(map(math.log, known.values())))


def by_what(rows: Mapping[int, Iterable[Row]]) -> dict[str, dict[int, Row]]:
    """Name of a cost to its row at each size, in the order in which they were measured."""
    found: dict[str, dict[int, Row]] = {}
    for pages, some in rows.items():
        for row in some:
            found.setdefault(row.what, {})[pages] = row
    return found
