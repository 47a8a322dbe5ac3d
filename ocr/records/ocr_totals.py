"""What was read since the database began, for /metrics: it goes on counting over restarts."""

import dataclasses
from typing import Any

from ocr_contract.schema import Status
from records.database import Database


@dataclasses.dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the whole database."""

    batches: int
    pages: int
    """Read, also those that were read again."""
    seconds: float
    """Wall time in the worker."""
    failures: dict[str, int]
    """Images that are failed or quarantined now, by error code."""
    warnings: dict[str, int] = dataclasses.field(default_factory=dict)
    """Images that are done with a warning now, by its code."""


def read(database: Database) -> Totals:
    """The sums of this moment."""
    with database.reading() as connection:
        ((batches, pages, seconds),) = connection.execute(
            "SELECT count(*), coalesce(sum(pages), 0), coalesce(sum(seconds), 0.0) "
            "FROM batches WHERE finished_at IS NOT NULL"
        ).fetchall()
        failures = connection.execute(
            "SELECT coalesce(error_code, 'unknown'), count(*) FROM images "
            "WHERE status IN (?, ?) GROUP BY 1",
            (Status.FAILED, Status.QUARANTINED),
        ).fetchall()
        warnings = connection.execute(
            "SELECT warning_code, count(*) FROM images "
            "WHERE status = 'done' AND warning_code IS NOT NULL GROUP BY 1"
        ).fetchall()
    return Totals(batches, pages, seconds, _by_code(failures), _by_code(warnings))


def _by_code(rows: list[tuple[Any, ...]]) -> dict[str, int]:
    return {str(code): int(count) for code, count in rows}
