"""The work queue: what the pipeline does to the database.

An image goes pending → processing → done or failed. `attempts` is raised when it is claimed,
in the claim's own transaction, so that an attempt that takes the whole machine down counts
too. Results (`results`) are stored with everything that belongs to them in one transaction a
batch, and only for an image whose row still waits for that batch.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

from ocr_contract.schema import Status
from ocr_errors import ImageError
from page_records import BatchResult, Provenance, Task
from records import results
from records.database import Connection, Database, utc_now

_ENDS_THE_SERVICE = ImageError(
    "service_ended",
    "The service ended each time while it read this image. Ask for it to be read again, or "
    "replace the file.",
)


class Claim(NamedTuple):
    """A batch to read."""

    batch_id: int
    tasks: list[Task]
    suspect: bool
    """One image that was tried before: it must be read with no other beside it."""


class Recovered(NamedTuple):
    """What became of the images that were in work when the service ended."""

    pending: int
    quarantined: int


class Store:
    """The rows that say what was read. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recover(self, max_attempts: int) -> Recovered:
        """After a start: what was in work goes back to pending.

        But not for ever: what was in work whenever the service ended is what ends it.
        """
        with self._database.transaction() as connection:
            spent = connection.execute(
                "SELECT id FROM images WHERE status = ? AND attempts >= ?",
                (Status.PROCESSING, max_attempts),
            ).fetchall()
            for (image_id,) in spent:
                results.store_error(connection, image_id, Status.QUARANTINED, _ENDS_THE_SERVICE)
            connection.execute(
                "UPDATE images SET status = ?, updated_at = ? WHERE status = ?",
                (Status.PENDING, utc_now(), Status.PROCESSING),
            )
            return Recovered(connection.changes(), len(spent))

    def claim(
        self, limit: int, paths: frozenset[bytes] | None = None, *, suspects: bool = True
    ) -> Claim | None:
        """Take up to `limit` pending images (of `paths`) into a new batch; None without any.

        An image that was tried before is a suspect: it comes last and alone, so that one that
        breaks the worker takes no other with it. With `suspects` False it does not come.
        """
        with self._database.transaction() as connection:
            fresh = _pending(connection, "attempts = 0", limit, paths)
            ids = fresh
            if suspects and not fresh:
                ids = _pending(connection, "attempts > 0", 1, paths)
            if not ids:
                return None
            now = utc_now()
            connection.execute(
                "INSERT INTO batches (started_at, images) VALUES (?, ?)", (now, len(ids))
            )
            batch_id = connection.last_insert_rowid()
            rows = connection.execute(
                "UPDATE images SET status = ?, attempts = attempts + 1, batch_id = ?, "  # noqa: S608
                f"updated_at = ? WHERE id IN ({', '.join('?' * len(ids))}) "  # question marks only
                "RETURNING id, path, sha256",
                (Status.PROCESSING, batch_id, now, *ids),
            ).fetchall()
            # SQLite promises no order for them.
            return Claim(batch_id, [Task(*row) for row in sorted(rows)], suspect=not fresh)

    def finish(self, result: BatchResult, provenance: Provenance) -> int:
        """Store a batch's results; returns how many pages. Committed when this returns."""
        pages = 0
        with self._database.transaction() as connection:
            for image in result.images:
                if _in_work(connection, image.image_id, result.batch_id):
                    pages += results.store_result(connection, image)
            connection.execute(
                "UPDATE batches SET finished_at = ?, pages = ?, seconds = ?, engine = ?, "
                "device = ?, precision = ?, models = ?, parameters = ? WHERE id = ?",
                (
                    utc_now(),
                    pages,
                    result.seconds,
                    provenance.engine,
                    provenance.device,
                    provenance.precision,
                    json.dumps(provenance.models),
                    json.dumps(
                        provenance.parameters | {"inference_seconds": round(result.inference_s, 4)}
                    ),
                    result.batch_id,
                ),
            )
        return pages

    def give_up(self, batch_id: int, error: ImageError, max_attempts: int) -> list[int]:
        """The worker died on this batch: try its images again alone, or quarantine them.

        Returns the ids that went into quarantine.
        """
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT id, attempts FROM images WHERE batch_id = ? AND status = ?",
                (batch_id, Status.PROCESSING),
            ).fetchall()
            spent = [image_id for image_id, attempts in rows if attempts >= max_attempts]
            for image_id, _ in rows:
                if image_id in spent:
                    results.store_error(connection, image_id, Status.QUARANTINED, error)
                else:
                    connection.execute(
                        "UPDATE images SET status = ?, updated_at = ? WHERE id = ?",
                        (Status.PENDING, utc_now(), image_id),
                    )
            return spent

    def release(self, batch_id: int) -> None:
        """The service stops in an orderly way: this batch's images wait as if never claimed."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE images SET status = ?, attempts = max(attempts - 1, 0), updated_at = ? "
                "WHERE batch_id = ? AND status = ?",
                (Status.PENDING, utc_now(), batch_id, Status.PROCESSING),
            )

    def counts(self) -> dict[str, int]:
        """How many images are in each state, and their total."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT status, count(*) FROM images GROUP BY status")
            counts = {status.value: 0 for status in Status} | dict(rows.fetchall())
        return counts | {"total": sum(counts.values())}

    def count_warned(self) -> int:
        """How many images are done with a warning."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT count(*) FROM images WHERE status = 'done' AND warning_code IS NOT NULL"
            ).fetchall()
            return int(rows[0][0])

    def names(self, image_ids: Iterable[int]) -> list[str]:
        """The names of these images, for people."""
        with self._database.reading() as connection:
            return [
                row[0]
                for image_id in image_ids
                for row in connection.execute("SELECT name FROM images WHERE id = ?", (image_id,))
            ]

    @property
    def paused(self) -> bool:
        """Whether a person paused the reading; it outlives a restart."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT value FROM service_state WHERE key = 'paused'")
            return [row[0] for row in rows] == ["1"]


def _pending(
    connection: Connection, which: str, limit: int, paths: frozenset[bytes] | None
) -> list[int]:
    """The ids of pending originals; `which` is a condition of ours on `attempts`."""
    chosen = sorted(paths or ())
    marks = ", ".join("?" * len(chosen))
    named = (
        f"AND id IN (SELECT coalesce(duplicate_of, id) FROM images WHERE path IN ({marks}))"  # noqa: S608
        if paths is not None
        else ""
    )
    rows = connection.execute(
        "SELECT id FROM images WHERE status = ? AND duplicate_of IS NULL "  # noqa: S608
        f"AND {which} {named} ORDER BY id LIMIT ?",  # the words are ours, the values bound
        (Status.PENDING, *chosen, limit),
    )
    return [row[0] for row in rows]


def _in_work(connection: Connection, image_id: int, batch_id: int) -> bool:
    """False when the file changed or vanished meanwhile: the result belongs to no row."""
    return bool(
        connection.execute(
            "SELECT 1 FROM images WHERE id = ? AND batch_id = ? AND status = ?",
            (image_id, batch_id, Status.PROCESSING),
        ).fetchall()
    )
