"""What requests of the socket change in the database: each once, however often it is sent.

A request that carries an id is remembered in `requests` in the transaction of its effect, with its
reply: sent again, it only gets that reply.
"""

import datetime
import json
from collections.abc import Callable
from typing import TypeVar

from ocr_contract.control import Review
from ocr_contract.error_codes import ErrorCode
from ocr_contract.replies import CorrectionReply, PauseReply, Reply, ReprocessReply
from ocr_errors import ConflictError
from records import corrections, duplicates, reviews, service_ends
from records.database import Connection, Database, utc_now

REQUESTS_KEPT_DAYS = 7
_SLICE_ROWS = 1000
"""Of a change of many: between two transactions others have their turn."""
_R = TypeVar("_R", bound=Reply)


class RequestEffects:
    """Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
            return ReprocessReply(sum(queue_again(connection, image_id) for image_id in image_ids))

        return self.once(ReprocessReply, request_id, "reprocess", effect)

    def retry_quarantined(self, request_id: str | None) -> ReprocessReply:
        """Every quarantined image waits again, with all its duplicates.

        In slices: sent again after a kill it goes on with what is left, and counts only that.
        """
        stored = self.stored_reply(ReprocessReply, request_id, "retry")
        if stored is not None:
            return stored
        queued = 0
        while count := self._retry_some():
            queued += count
        return self.once(ReprocessReply, request_id, "retry", lambda _: ReprocessReply(queued))

    def _retry_some(self) -> int:
        """Originals with all that show their text, so that they stand alike; returns how many."""
        with self._database.transaction() as connection:
            originals = connection.execute(
                "SELECT id FROM images WHERE status = 'quarantined' AND duplicate_of IS NULL "
                "LIMIT ?",
                (_SLICE_ROWS,),
            ).fetchall()
            for (image_id,) in originals:
                service_ends.clear(connection, image_id)
            connection.execute(
                "UPDATE images SET status = 'pending', attempts = 0, error_code = NULL, "
                "error = NULL, updated_at = ?1 WHERE status = 'quarantined' AND "
                "(id IN (SELECT value FROM json_each(?2)) "
                "OR duplicate_of IN (SELECT value FROM json_each(?2)))",
                (utc_now(), json.dumps([image_id for (image_id,) in originals])),
            )
            return connection.changes()

    def correct(
        self,
        line_id: int,
        text: str | None,
        request_id: str | None,
        seen: str | None = None,
        review: Review | None = None,
        chosen_from: str | None = None,
        by: str | None = None,
    ) -> CorrectionReply:
        """Store, replace or (None) take back a person's text for a line, perhaps in a review, or
        chosen from another model's reading; `by` is who it was, for the line's history.

        Raises:
            UnknownIdError: unknown_line.
            ConflictError: line_changed: the line is not what `seen` is the mark of.
        """

        def effect(connection: Connection) -> CorrectionReply:
            corrections.set_correction(connection, line_id, text, seen, chosen_from, by)
            if review is not None:
                reviews.set_verdict(connection, line_id, text, review)
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
            raise ConflictError(
                ErrorCode.REQUEST_ID_REUSED, f"This request_id was used for {rows[0][0]}."
            )
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


def queue_again(connection: Connection, image_id: int) -> int:
    """Let an image's original, with all its duplicates, wait again; 1 when it does now."""
    queued = connection.execute(
        "UPDATE images SET status = 'pending', attempts = 0, error_code = NULL, error = NULL, "
        "updated_at = ?1 WHERE id = (SELECT coalesce(duplicate_of, id) FROM images WHERE id = ?2) "
        "AND sha256 IS NOT NULL AND status NOT IN ('pending', 'processing', 'missing') "
        "RETURNING id",
        (utc_now(), image_id),
    ).fetchall()
    for (original_id,) in queued:
        service_ends.clear(connection, original_id)
        duplicates.spread(connection, original_id)
    return len(queued)
