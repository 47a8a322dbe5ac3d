"""The work queue: what the pipeline does to the database.

An image goes pending → processing → done or failed. `attempts` counts what the service saw: how
often the worker ended on it. What was in work when the service itself ended is no such attempt;
`service_ends` keeps an eye on it. Results (`results`) are stored with everything that belongs to
them in one transaction a batch, and only for an image whose row still waits for that batch.
"""

import json
import math
from collections.abc import Iterable
from typing import NamedTuple

from ocr_contract.schema import Status
from ocr_errors import ImageError
from page_records import BatchResult, DocumentPage, Provenance, Task
from records import document_pages, results, search_index, service_ends
from records.database import Connection, Database, utc_now
from records.service_ends import Named

_PAGES_READ = (
    "coalesce(sum((SELECT count(*) FROM pages WHERE image_id = images.id AND stage IN (1, 2))), 0)"
)


class Claim(NamedTuple):
    """A batch to read."""

    batch_id: int
    tasks: list[Task]
    suspect: bool
    """One image that may end the worker or the service: it is read with no other beside it."""


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

        But not for ever: `service_ends` says what the service ends with again and again.
        """
        with self._database.transaction() as connection:
            in_work = connection.execute(
                "SELECT id, sha256 FROM images WHERE status = ?", (Status.PROCESSING,)
            ).fetchall()
            if not in_work:
                return Recovered(0, 0)
            verdicts = service_ends.after_an_end(
                connection, [sha256 for _, sha256 in in_work], max_attempts
            )
            for image_id, sha256 in in_work:
                if sha256 in verdicts:
                    results.store_error(connection, image_id, Status.QUARANTINED, verdicts[sha256])
            connection.execute(
                "UPDATE images SET status = ?, updated_at = ? WHERE status = ?",
                (Status.PENDING, utc_now(), Status.PROCESSING),
            )
            return Recovered(len(in_work) - len(verdicts), len(verdicts))

    def claim(
        self,
        limit: int,
        paths: frozenset[bytes] | None = None,
        *,
        suspects: bool = True,
        lived_s: float = math.inf,
    ) -> Claim | None:
        """Take up to `limit` pending images (of `paths`) into a new batch; None without any.

        What may end the worker or the service comes last and alone, so that it takes no other with
        it: without `suspects` not at all, and what the service ended with only when it has
        lived for `lived_s` seconds (`next_trial_s`).
        """
        claim = self._claim(limit, paths, suspects=suspects, lived_s=lived_s)
        if claim is not None:
            with self._database.reading() as connection:
                search_index.prepare(connection)
        return claim

    def _claim(
        self, limit: int, paths: frozenset[bytes] | None, *, suspects: bool, lived_s: float
    ) -> Claim | None:
        with self._database.transaction() as connection:
            held = service_ends.held_back(connection)
            fresh = _pending(connection, "attempts = 0", limit, paths, held)
            ids = fresh
            if suspects and not ids:
                ids = _pending(connection, "attempts > 0", 1, paths, held)
            if suspects and not ids:
                ids = service_ends.on_trial(connection, _named(paths), lived_s)
            if not ids:
                return None
            now = utc_now()
            connection.execute(
                "INSERT INTO batches (started_at, images) VALUES (?, ?)", (now, len(ids))
            )
            batch_id = connection.last_insert_rowid()
            rows = connection.execute(
                "UPDATE images SET status = ?, batch_id = ?, updated_at = ? "  # noqa: S608
                f"WHERE id IN ({', '.join('?' * len(ids))}) "  # question marks only
                "RETURNING id, path, sha256",
                (Status.PROCESSING, batch_id, now, *ids),
            ).fetchall()
            done = document_pages.read_numbers(connection, ids)
            tasks = [
                Task(image_id, path, sha256, tuple(done.get(image_id, ())), careful=not fresh)
                for image_id, path, sha256 in sorted(rows)  # SQLite promises no order for them
            ]
            return Claim(batch_id, tasks, suspect=not fresh)

    def next_trial_s(
        self, paths: frozenset[bytes] | None = None, *, quarantined: bool
    ) -> float | None:
        """When the next image that the service ended with may be tried; None without any.

        In seconds of the service's life; with `quarantined` also the last trial of those.
        """
        with self._database.reading() as connection:
            found = service_ends.trials(connection, _named(paths), quarantined=quarantined)
        return min((trial.due_s for trial in found), default=None)

    def store_page(self, found: DocumentPage) -> int:
        """Store one page of a document that is in work; returns how many that are: 0 or 1."""
        with self._database.transaction() as connection:
            if not _in_work(connection, found.image_id, found.batch_id):
                return 0
            if not results.store_document_page(connection, found):
                return 0
            connection.execute(
                "UPDATE batches SET pages = pages + 1 WHERE id = ?", (found.batch_id,)
            )
            return 1

    def document_pages(self, image_ids: Iterable[int]) -> tuple[int, int]:
        """Of the documents among these images: (pages read by now, pages that they have)."""
        with self._database.reading() as connection:
            ((read, pages),) = connection.execute(
                f"SELECT {_PAGES_READ}, coalesce(sum(page_count), 0) FROM images "  # noqa: S608
                "WHERE page_count IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(image_ids)),),
            ).fetchall()
        return read, pages

    def count_pages_left(self) -> int:
        """How many pages the waiting documents have beyond one each, as far as they are known."""
        with self._database.reading() as connection:
            ((left,),) = connection.execute(
                f"SELECT coalesce(sum(page_count), 0) - count(*) - {_PAGES_READ} "  # noqa: S608
                "FROM images INDEXED BY images_documents "
                "WHERE page_count IS NOT NULL AND status IN ('pending', 'processing')"
            ).fetchall()
        return max(int(left), 0)

    def count_unfinished(self, batch_id: int) -> int:
        """How many documents of a batch that is over wait for their next portion."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT count(*) FROM images WHERE status = ? AND batch_id = ? "
                "AND page_count IS NOT NULL",
                (Status.PENDING, batch_id),
            ).fetchall()
            return int(rows[0][0])

    def finish(self, result: BatchResult, provenance: Provenance) -> int:
        """Store a batch's results; returns how many pages. Committed when this returns."""
        pages = 0
        with self._database.transaction() as connection:
            for image in result.images:
                if _in_work(connection, image.image_id, result.batch_id):
                    pages += results.store_result(connection, image)
            connection.execute(
                "UPDATE batches SET finished_at = ?, pages = pages + ?, seconds = ?, engine = ?, "
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

    def give_up(
        self,
        batch_id: int,
        error: ImageError,
        max_attempts: int,
        *,
        alone: bool,
        page: int | None = None,
    ) -> list[int]:
        """The worker ended on this batch: try its images again alone, or quarantine them.

        Only one that was `alone` in the worker can be to blame; of a document that was in it only
        its `page`, where that is known: the document goes on without it. Returns the ids that went
        into quarantine.
        """
        with self._database.transaction() as connection:
            rows = connection.execute(
                "UPDATE images SET status = ?, attempts = attempts + 1, updated_at = ? "
                "WHERE batch_id = ? AND status = ? RETURNING id, attempts",
                (Status.PENDING, utc_now(), batch_id, Status.PROCESSING),
            ).fetchall()
            for image_id, _ in rows:
                service_ends.clear(connection, image_id)  # the worker ended, and the service lived
                document_pages.let_search(connection, image_id)
            quarantined = []
            for image_id, attempts in rows:
                if not alone or attempts < max_attempts:
                    continue
                if page is not None and results.store_unread_page(
                    connection, image_id, page, error
                ):
                    continue  # the next portion ends it, if this was its last page
                results.store_error(connection, image_id, Status.QUARANTINED, error)
                quarantined.append(image_id)
            return quarantined

    def release(self, batch_id: int) -> None:
        """The service stops in an orderly way: this batch's images wait as if never claimed."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE images SET status = ?, updated_at = ? WHERE batch_id = ? AND status = ?",
                (Status.PENDING, utc_now(), batch_id, Status.PROCESSING),
            )

    def counts(self) -> dict[str, int]:
        """How many images are in each state, and their total."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT status, sum(images) FROM image_counts GROUP BY status"
            )
            counts = {status.value: 0 for status in Status} | dict(rows.fetchall())
        return counts | {"total": sum(counts.values())}

    def count_warned(self) -> int:
        """How many images are done with a warning."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT coalesce(sum(images), 0) FROM image_counts "
                "WHERE status = 'done' AND has_warning = 1"
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
    connection: Connection,
    which: str,
    limit: int,
    paths: frozenset[bytes] | None,
    held: list[str],
) -> list[int]:
    """The ids of pending originals; `which` is a condition of ours on `attempts`.

    None of those whose content is `held` back.
    """
    named, chosen = _named(paths)
    rows = connection.execute(
        "SELECT id FROM images WHERE status = ? AND duplicate_of IS NULL "  # noqa: S608
        f"AND {which} AND sha256 NOT IN (SELECT value FROM json_each(?)) {named} "
        "ORDER BY id LIMIT ?",  # the words are ours, the values bound
        (Status.PENDING, json.dumps(held), *chosen, limit),
    )
    return [row[0] for row in rows]


def _named(paths: frozenset[bytes] | None) -> Named:
    """The condition for originals that these paths show."""
    if paths is None:
        return Named()
    chosen = sorted(paths)
    marks = ", ".join("?" * len(chosen))
    return Named(
        f"AND id IN (SELECT coalesce(duplicate_of, id) FROM images WHERE path IN ({marks}))",  # noqa: S608
        chosen,
    )


def _in_work(connection: Connection, image_id: int, batch_id: int) -> bool:
    """False when the file changed or vanished meanwhile: the result belongs to no row."""
    return bool(
        connection.execute(
            "SELECT 1 FROM images WHERE id = ? AND batch_id = ? AND status = ?",
            (image_id, batch_id, Status.PROCESSING),
        ).fetchall()
    )
