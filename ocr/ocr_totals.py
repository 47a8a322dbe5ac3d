"""What was read since the database began, for /metrics: it goes on counting over restarts."""

import dataclasses

from database import Database
from ocr_contract.schema import Status


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
    return Totals(batches, pages, seconds, {str(code): int(count) for code, count in failures})
