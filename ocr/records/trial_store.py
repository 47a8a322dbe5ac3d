"""Trial readings in the database: asked for, read, taken or dropped.

`ocr_contract.trial_readings` says what they are. A trial touches no text before it is taken; taken,
it is a reading of its page as any other: corrections are carried over or kept beside, and lines
remember what they said before.
"""

import dataclasses
import datetime
import json
from typing import NamedTuple

from image_warnings import ImageWarning
from ocr_contract import trial_readings
from ocr_contract.error_codes import ErrorCode
from ocr_contract.replies import TrialReply
from ocr_contract.schema import Status
from ocr_contract.trial_readings import State
from ocr_errors import ConflictError, NotNowError, UnknownIdError
from page_records import ImageResult, Page, Provenance, Task
from records import corrections, document_pages, duplicates, results, search_index
from records.database import Connection, Database, utc_now
from records.request_effects import RequestEffects

MOST_IN_WORK = 2
"""One is read, one waits."""
MOST_KEPT = 50
KEPT_DAYS = 7


class Trial(NamedTuple):
    """One trial whose turn it is."""

    trial_id: int
    reading: str
    page_number: int
    task: Task


class StoredTrial(NamedTuple):
    """What was read on trial, as it was stored."""

    page: str
    provenance: str


class TrialStore:
    """Safe to share between threads."""

    def __init__(self, database: Database, effects: RequestEffects) -> None:
        self._database = database
        self._effects = effects

    def ask(
        self, image_id: int, page_number: int | None, reading: str, request_id: str | None
    ) -> TrialReply:
        """A trial waits for its turn; what was read on trial of that page before is forgotten.

        Raises:
            UnknownIdError: unknown_image.
            ConflictError: not_read.
            NotNowError: trial_busy.
        """

        def effect(connection: Connection) -> TrialReply:
            original, number = _page(connection, image_id, page_number)
            _make_room(connection, original, number)
            connection.execute(
                "INSERT INTO trial_readings (image_id, page_number, reading, state, created_at) "
                "VALUES (?, ?, ?, ?, ?)",
                (original, number, reading, State.WAITING, utc_now()),
            )
            return TrialReply(connection.last_insert_rowid(), State.WAITING)

        return self._effects.once(TrialReply, request_id, "trials", effect)

    def recover(self) -> None:
        """After a start: what was in work when the service ended is not tried by itself, for it may
        be what the service ended with."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE trial_readings SET state = ?, error_code = ?, error = ?, finished_at = ? "
                "WHERE state IN ('waiting', 'reading')",
                (
                    State.FAILED,
                    ErrorCode.TRIAL_INTERRUPTED,
                    "The service ended before this was read. Nothing was changed; ask again.",
                    utc_now(),
                ),
            )

    def begin_next(self) -> Trial | None:
        """The oldest one that waits is read now."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "UPDATE trial_readings SET state = 'reading' WHERE id = (SELECT min(id) "
                "FROM trial_readings WHERE state = 'waiting') "
                "RETURNING id, reading, image_id, page_number"
            ).fetchall()
            if not rows:
                return None
            ((trial_id, reading, image_id, number),) = rows
            ((path, sha256, pages),) = connection.execute(
                "SELECT path, sha256, page_count FROM images WHERE id = ?", (image_id,)
            ).fetchall()
        others = tuple(each for each in range(1, (pages or 1) + 1) if each != number)
        return Trial(trial_id, reading, number, Task(image_id, path, sha256, others))

    def is_wanted(self, trial_id: int) -> bool:
        """Whether it was neither dropped nor overtaken by a reading of its image."""
        with self._database.reading() as connection:
            return bool(
                connection.execute(
                    "SELECT 1 FROM trial_readings WHERE id = ?", (trial_id,)
                ).fetchall()
            )

    def finish(self, trial_id: int, stored: StoredTrial) -> None:
        """It was read."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE trial_readings SET state = ?, page = ?, provenance = ?, finished_at = ? "
                "WHERE id = ?",
                (State.DONE, *stored, utc_now(), trial_id),
            )

    def fail(self, trial_id: int, code: str, message: str) -> None:
        """It could not be read."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE trial_readings SET state = ?, error_code = ?, error = ?, finished_at = ? "
                "WHERE id = ?",
                (State.FAILED, code, message, utc_now(), trial_id),
            )

    def reply_of(self, request_id: str | None) -> TrialReply | None:
        """What a request to take a trial was answered before."""
        return self._effects.stored_reply(TrialReply, request_id, "trials/take")

    def stored(self, trial_id: int) -> StoredTrial:
        """What it read.

        Raises:
            UnknownIdError: unknown_trial.
            ConflictError: trial_not_done.
        """
        with self._database.reading() as connection:
            return _stored(connection, trial_id)

    def drop(self, trial_id: int, request_id: str | None) -> TrialReply:
        """The present text is kept; what is in work is ended by whoever reads it."""

        def effect(connection: Connection) -> TrialReply:
            connection.execute("DELETE FROM trial_readings WHERE id = ?", (trial_id,))
            return TrialReply(trial_id, "dropped")

        return self._effects.once(TrialReply, request_id, "trials/drop", effect)

    def take(
        self, trial_id: int, page: Page, provenance: Provenance, request_id: str | None
    ) -> TrialReply:
        """What was read on trial is the page's text from now on.

        Raises:
            UnknownIdError: unknown_trial.
            ConflictError: trial_not_done.
        """

        def effect(connection: Connection) -> TrialReply:
            _stored(connection, trial_id)
            ((image_id, number, created_at),) = connection.execute(
                "DELETE FROM trial_readings WHERE id = ? RETURNING image_id, page_number, "
                "created_at",
                (trial_id,),
            ).fetchall()
            batch_id = _batch(connection, provenance, page, created_at)
            _replace(connection, image_id, number, page, provenance, batch_id)
            return TrialReply(trial_id, "taken")

        return self._effects.once(TrialReply, request_id, "trials/take", effect)


def _page(connection: Connection, image_id: int, page_number: int | None) -> tuple[int, int]:
    """The original and its page."""
    rows = connection.execute(
        "SELECT id, status FROM images "
        "WHERE id = (SELECT coalesce(duplicate_of, id) FROM images WHERE id = ?)",
        (image_id,),
    ).fetchall()
    if not rows:
        raise UnknownIdError(ErrorCode.UNKNOWN_IMAGE, f"There is no image number {image_id}.")
    ((original, status),) = rows
    numbers = connection.execute(
        "SELECT min(number) FROM pages WHERE image_id = ?1 AND (?2 IS NULL OR number = ?2)",
        (original, page_number),
    ).fetchall()
    if status != Status.DONE or numbers[0][0] is None:
        raise ConflictError(
            ErrorCode.NOT_READ,
            "Only a page that has been read can be read again on trial. Wait until it is done.",
        )
    return original, numbers[0][0]


def _make_room(connection: Connection, image_id: int, number: int) -> None:
    in_work = connection.execute(
        "SELECT image_id, page_number FROM trial_readings WHERE state IN ('waiting', 'reading')"
    ).fetchall()
    if (image_id, number) in in_work or len(in_work) >= MOST_IN_WORK:
        raise NotNowError(
            ErrorCode.TRIAL_BUSY,
            "A page is being read on trial already, and another one waits. Ask again when one is "
            "done.",
        )
    week_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=KEPT_DAYS)
    connection.execute(
        "DELETE FROM trial_readings WHERE (image_id = ?1 AND page_number = ?2) "
        "OR (state IN ('done', 'failed') AND (finished_at < ?3 OR id NOT IN "
        "(SELECT id FROM trial_readings ORDER BY id DESC LIMIT ?4)))",
        (image_id, number, week_ago.isoformat(), MOST_KEPT - 1),
    )


def _stored(connection: Connection, trial_id: int) -> StoredTrial:
    rows = connection.execute(
        "SELECT state, page, provenance FROM trial_readings WHERE id = ?", (trial_id,)
    ).fetchall()
    if not rows:
        raise UnknownIdError(
            ErrorCode.UNKNOWN_TRIAL,
            f"There is no trial reading {trial_id}: it was taken, dropped or replaced, or its "
            "image was read again.",
        )
    ((state, page, provenance),) = rows
    if state != State.DONE:
        raise ConflictError(ErrorCode.TRIAL_NOT_DONE, "This trial reading is not done.")
    return StoredTrial(page, provenance)


def _batch(connection: Connection, provenance: Provenance, page: Page, started_at: str) -> int:
    """Where it came from."""
    connection.execute(
        "INSERT INTO batches (started_at, finished_at, images, pages, seconds, engine, device, "
        "precision, models, parameters) VALUES (?, ?, 1, 1, ?, ?, ?, ?, ?, ?)",
        (
            started_at,
            utc_now(),
            page.seconds,
            provenance.engine,
            provenance.device,
            provenance.precision,
            json.dumps(provenance.models),
            json.dumps(provenance.parameters),
        ),
    )
    return connection.last_insert_rowid()


def _replace(
    connection: Connection,
    image_id: int,
    number: int,
    page: Page,
    provenance: Provenance,
    batch_id: int,
) -> None:
    before = [
        corrections.PastLine(number, polygon, text)
        for polygon, text in connection.execute(
            "SELECT polygon, lines.text FROM lines JOIN pages ON pages.id = page_id "
            "WHERE image_id = ? AND pages.number = ?",
            (image_id, number),
        )
    ]
    ((sha256, page_count),) = connection.execute(
        "SELECT sha256, page_count FROM images WHERE id = ?", (image_id,)
    ).fetchall()
    if page_count is None:
        connection.execute("UPDATE images SET batch_id = ? WHERE id = ?", (batch_id, image_id))
        results.store_result(connection, ImageResult(image_id, sha256, (page,)))
    else:
        _replace_one_of_many(connection, image_id, number, _signed(page, provenance))
    corrections.remember_texts(connection, image_id, before)


def _replace_one_of_many(connection: Connection, image_id: int, number: int, page: Page) -> None:
    """A page of a document, whose others stay as they are."""
    own = _own_warning(connection, image_id)
    kept = corrections.collect(connection, image_id, number)
    search_index.will_change(connection, image_id, followers=True)
    connection.execute("DELETE FROM pages WHERE image_id = ? AND number = ?", (image_id, number))
    results.store_page(connection, image_id, number, page, of_document=True)
    connection.execute(
        "UPDATE pages SET stage = ? WHERE image_id = ? AND number = ?",
        (document_pages.DONE, image_id, number),
    )
    corrections.reattach(connection, image_id, kept)
    warning = document_pages.warning_of(connection, image_id, own)
    connection.execute(
        "UPDATE images SET updated_at = ?, warning_code = ?, warning = ? WHERE id = ?",
        (
            utc_now(),
            warning.code if warning else None,
            warning.message if warning else None,
            image_id,
        ),
    )
    duplicates.spread(connection, image_id)


def _own_warning(connection: Connection, image_id: int) -> list[ImageWarning]:
    """The document's, where it is not one of its pages'."""
    rows = connection.execute(
        "SELECT warning_code, warning FROM images WHERE id = ?1 AND warning_code IS NOT NULL "
        "AND warning_code NOT IN (SELECT warning_code FROM pages WHERE image_id = ?1 "
        "AND warning_code IS NOT NULL)",
        (image_id,),
    )
    return [ImageWarning(code, message) for code, message in rows]


def _signed(page: Page, provenance: Provenance) -> Page:
    """Each line says what read it, for the image's batch did not."""
    name = trial_readings.recogniser(tuple(provenance.models))
    lines = (dataclasses.replace(line, model=line.model or name) for line in page.lines)
    return dataclasses.replace(page, lines=tuple(lines))
