"""Batches and requests: what the pipeline and the socket do to the database.

An image goes pending → processing → done or failed. `attempts` is raised when it is claimed,
in the claim's own transaction, so that an attempt that takes the whole machine down counts
too. Results (`results`) are stored with everything that belongs to them in one transaction a
batch, and only for an image whose row still waits for that batch.
"""

import datetime
import json
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

import corrections
import duplicates
import results
from database import Connection, Database, utc_now
from ocr_contract.replies import CorrectionReply, PauseReply, Reply, ReprocessReply
from ocr_contract.schema import Status
from ocr_errors import ConflictError, ImageError
from worker_protocol import BatchResult, Provenance, Task

REQUESTS_KEPT_DAYS = 7
_R = TypeVar("_R", bound=Reply)

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
            tasks = []
            for image_id in ids:
                tasks += connection.execute(
                    "UPDATE images SET status = ?, attempts = attempts + 1, batch_id = ?, "
                    "updated_at = ? WHERE id = ? RETURNING id, path, sha256",
                    (Status.PROCESSING, batch_id, now, image_id),
                ).fetchall()
            return Claim(batch_id, [Task(*row) for row in tasks], suspect=not fresh)

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

    def set_paused(self, paused: bool, request_id: str | None) -> PauseReply:
        """Pause or resume."""

        def effect(connection: Connection) -> PauseReply:
            connection.execute(
                "INSERT OR REPLACE INTO service_state (key, value) VALUES ('paused', ?)",
                ("1" if paused else "0",),
            )
            return PauseReply(paused)

        return self.once(PauseReply, request_id, "pause" if paused else "resume", effect)

    def reprocess(self, image_ids: list[int], request_id: str | None) -> ReprocessReply:
        """Read these images (or the originals that they repeat) again."""

        def effect(connection: Connection) -> ReprocessReply:
            return ReprocessReply(sum(_queue_again(connection, image_id) for image_id in image_ids))

        return self.once(ReprocessReply, request_id, "reprocess", effect)

    def correct(self, line_id: int, text: str | None, request_id: str | None) -> CorrectionReply:
        """Store, replace or (None) take back a person's text for a line.

        Raises:
            UnknownIdError: unknown_line.
        """

        def effect(connection: Connection) -> CorrectionReply:
            corrections.set_correction(connection, line_id, text)
            return CorrectionReply(line_id)

        return self.once(CorrectionReply, request_id, "corrections", effect)

    def stored_reply(self, kind: type[_R], request_id: str | None, action: str) -> _R | None:
        """The reply that this request had before; None for a new one.

        Raises:
            ConflictError: the id was used for another action.
        """
        if request_id is None:
            return None
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT action, reply FROM requests WHERE request_id = ?", (request_id,)
            ).fetchall()
        if not rows:
            return None
        if rows[0][0] != action:
            raise ConflictError("request_id_reused", f"This request_id was used for {rows[0][0]}.")
        return kind.from_json(json.loads(rows[0][1]))

    def once(
        self,
        kind: type[_R],
        request_id: str | None,
        action: str,
        effect: Callable[[Connection], _R],
    ) -> _R:
        """Run `effect` and remember its reply in one transaction; a repeated id only repeats it.

        Raises:
            ConflictError: the id was used for another action.
        """
        with self._database.transaction() as connection:
            stored = self.stored_reply(kind, request_id, action)
            if stored is not None:
                return stored
            reply = effect(connection)
            if request_id is not None:
                connection.execute(
                    "INSERT INTO requests (request_id, action, reply, created_at) "
                    "VALUES (?, ?, ?, ?)",
                    (request_id, action, json.dumps(reply.to_json()), utc_now()),
                )
            return reply

    def forget_old_requests(self, older_than_days: int = REQUESTS_KEPT_DAYS) -> int:
        """Nobody sends a request again after days; returns how many were forgotten."""
        now = datetime.datetime.now(datetime.UTC)
        limit = (now - datetime.timedelta(days=older_than_days)).isoformat()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM requests WHERE created_at < ?", (limit,))
            return connection.changes()


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


def _queue_again(connection: Connection, image_id: int) -> int:
    """Let an image's original, with all its duplicates, wait again; 1 when it does now."""
    queued = connection.execute(
        "UPDATE images SET status = 'pending', attempts = 0, error_code = NULL, error = NULL, "
        "updated_at = ?1 WHERE id = (SELECT coalesce(duplicate_of, id) FROM images WHERE id = ?2) "
        "AND sha256 IS NOT NULL AND status NOT IN ('pending', 'processing', 'missing') "
        "RETURNING id",
        (utc_now(), image_id),
    ).fetchall()
    for (original_id,) in queued:
        duplicates.spread(connection, original_id)
    return len(queued)


def _in_work(connection: Connection, image_id: int, batch_id: int) -> bool:
    """False when the file changed or vanished meanwhile: the result belongs to no row."""
    return bool(
        connection.execute(
            "SELECT 1 FROM images WHERE id = ? AND batch_id = ? AND status = ?",
            (image_id, batch_id, Status.PROCESSING),
        ).fetchall()
    )
