"""One image's result in the database: its pages and lines, or its error.

Each function is part of the transaction of its caller, `store`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from image_warnings import ImageWarning, joined
from ocr_contract import alternatives, word_boxes
from ocr_contract.error_codes import ErrorCode
from ocr_contract.schema import Status
from ocr_contract.search.other_readings import other_words
from ocr_errors import ImageError
from page_records import DocumentPage, DocumentState, ImageResult, Line, Page
from records import (
    corrections,
    document_pages,
    duplicates,
    search_index,
    service_ends,
    stored_tables,
)
from records.database import Connection, utc_now


def store_result(connection: Connection, image: ImageResult) -> int:
    """Everything that belongs to one image; returns how many pages it has."""
    service_ends.clear(connection, image.image_id)  # whatever came of it, the service lived
    if image.sha256 is not None:
        _settle_content(connection, image.image_id, image.sha256)
    # Most images are read for the first time: what is there only after a reading is asked for once.
    is_known = document_pages.any_of(connection, image.image_id)
    if is_known:
        document_pages.let_search(connection, image.image_id)
    if image.document is not None:
        _store_document(connection, image.image_id, image.document)
        return 0  # its pages were counted as they came
    if image.error is not None:
        if image.error.code == "out_of_memory" and _shared_its_memory(connection, image.image_id):
            _let_wait(connection, image.image_id)
        else:
            store_error(connection, image.image_id, _status_after(image.error), image.error)
        return 0
    kept = corrections.collect(connection, image.image_id, has_lines=is_known)
    search_index.will_change(connection, image.image_id, followers=True)
    if is_known:
        connection.execute("DELETE FROM pages WHERE image_id = ?", (image.image_id,))
    for number, page in enumerate(image.pages, 1):
        store_page(connection, image.image_id, number, page)
    corrections.reattach(connection, image.image_id, kept)
    connection.execute(
        "UPDATE images SET page_count = NULL WHERE id = ? AND page_count IS NOT NULL",
        (image.image_id,),
    )
    warning = joined(warning for page in image.pages for warning in page.warnings)
    store_done(connection, image.image_id, warning)
    return len(image.pages)


def store_done(connection: Connection, image_id: int, warning: ImageWarning | None) -> None:
    """Every page of the image was read."""
    connection.execute(
        "UPDATE images SET status = ?1, error_code = NULL, error = NULL, updated_at = ?2, "
        "finished_at = ?2, attempts = 0, warning_code = ?3, warning = ?4 WHERE id = ?5",
        (
            Status.DONE,
            utc_now(),
            warning.code if warning else None,
            warning.message if warning else None,
            image_id,
        ),
    )
    duplicates.spread(connection, image_id)


def store_document_page(connection: Connection, found: DocumentPage) -> bool:
    """One page of a document that goes on; False where this reading has it already."""
    service_ends.clear(connection, found.image_id)
    _settle_content(connection, found.image_id, found.sha256)
    kept = corrections.collect(connection, found.image_id, found.number)
    if not document_pages.make_room(connection, found.image_id, found.page_count, found.number):
        return False
    page = found.page
    if page is None:
        assert found.error is not None, "a page or an error"
        page = document_pages.unread(found.error)
    store_page(connection, found.image_id, found.number, page, of_document=True)
    corrections.reattach(connection, found.image_id, kept)
    connection.execute(  # whoever did it harm, this page did not
        "UPDATE images SET attempts = min(attempts, 1), updated_at = ? WHERE id = ?",
        (utc_now(), found.image_id),
    )
    return True


def store_unread_page(
    connection: Connection, image_id: int, number: int, error: ImageError
) -> bool:
    """The worker ends on this page of a document: the rest goes on without it.

    False where the image is no document that has such a page.
    """
    rows = connection.execute(
        "SELECT page_count, sha256 FROM images WHERE id = ? AND page_count >= ?",
        (image_id, number),
    ).fetchall()
    if not rows:
        return False
    ((page_count, sha256),) = rows
    found = DocumentPage(0, image_id, sha256, page_count, number, error=error)
    if not store_document_page(connection, found):
        return False
    connection.execute("UPDATE images SET attempts = 0 WHERE id = ?", (image_id,))
    return True


def _store_document(connection: Connection, image_id: int, state: DocumentState) -> None:
    """A portion is over: the document is done, or waits for the next one."""
    if document_pages.is_complete(connection, image_id, state.page_count):
        document_pages.finish(connection, image_id, state.page_count)
        warning = document_pages.warning_of(connection, image_id, state.warnings)
        store_done(connection, image_id, warning)
        return
    ((has_more, attempts),) = connection.execute(
        "SELECT batch_id IN (SELECT id FROM batches WHERE pages > 0), attempts FROM images "
        "WHERE id = ?",
        (image_id,),
    ).fetchall()
    if not has_more and attempts > 0:
        error = ImageError(
            ErrorCode.ENGINE_FAILED, "No further page of this document could be read."
        )
        store_error(connection, image_id, Status.FAILED, error)
        return
    connection.execute(
        "UPDATE images SET status = ?, attempts = ?, updated_at = ? WHERE id = ?",
        (Status.PENDING, int(state.is_short_of_memory or not has_more), utc_now(), image_id),
    )
    duplicates.spread(connection, image_id)


def _shared_its_memory(connection: Connection, image_id: int) -> bool:
    """Whether it was read beside others; what has failed before is read alone."""
    rows = connection.execute("SELECT attempts FROM images WHERE id = ?", (image_id,)).fetchall()
    return bool(rows[0][0] == 0)


def _let_wait(connection: Connection, image_id: int) -> None:
    connection.execute(
        "UPDATE images SET status = ?, attempts = attempts + 1, updated_at = ? WHERE id = ?",
        (Status.PENDING, utc_now(), image_id),
    )
    duplicates.spread(connection, image_id)


def _status_after(error: ImageError) -> Status:
    """Lack of memory says nothing against the file."""
    if error.ignored:
        return Status.IGNORED
    return Status.QUARANTINED if error.code == "out_of_memory" else Status.FAILED


def _settle_content(connection: Connection, image_id: int, sha256: str) -> None:
    """The text belongs to the bytes that the worker read, which may be others by now."""
    ((known,),) = connection.execute(
        "SELECT sha256 FROM images WHERE id = ?", (image_id,)
    ).fetchall()
    if known != sha256:
        duplicates.content_left(connection, image_id)
        connection.execute("UPDATE images SET sha256 = ? WHERE id = ?", (sha256, image_id))


def store_page(
    connection: Connection, image_id: int, number: int, page: Page, *, of_document: bool = False
) -> None:
    """One page that has no row yet, with all that belongs to it."""
    warning = joined(page.warnings) if of_document else None
    connection.execute(
        "INSERT INTO pages (image_id, number, width, height, rotation, text, line_count, "
        "confidence, preview, thumbnail, seconds, doubtful_count, unspelled_count, stage, "
        "warning_code, warning, embedded_text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            image_id,
            number,
            page.width,
            page.height,
            page.rotation,
            page.text,
            len(page.lines),
            page.confidence,
            page.preview,
            page.thumbnail,
            page.seconds,
            sum(line.is_doubtful for line in page.lines),
            sum(line.is_unspelled for line in page.lines),
            document_pages.READ if of_document else document_pages.DONE,
            warning.code if warning else None,
            warning.message if warning else None,
            page.embedded_text,
        ),
    )
    page_id = connection.last_insert_rowid()
    connection.executemany(
        "INSERT INTO lines (page_id, number, text, confidence, polygon, measured_doubt, "
        "doubt_reason, alternatives, model, words, paragraph) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(page_id, number, *columns) for number, columns in enumerate(_columns(page.lines), 1)],
    )
    stored_tables.store(connection, page_id, page.tables)
    connection.executemany(
        "INSERT OR IGNORE INTO other_words (word, image_id) VALUES (?, ?)",
        sorted((word, image_id) for word in _other_words(page)),
    )


def _other_words(page: Page) -> set[str]:
    return {
        word
        for line in page.lines
        for each in line.alternatives
        for word in other_words(each, line.text)
    }


def _columns(lines: Sequence[Line]) -> Iterator[tuple[Any, ...]]:
    """What stands in the rows of a page's lines."""
    for line, polygon in zip(lines, _polygons(lines), strict=True):
        yield (
            line.text,
            line.confidence,
            polygon,
            line.doubt,
            line.doubt_reason,
            alternatives.to_json(line.alternatives),
            line.model,
            word_boxes.to_text(line.words),
            line.paragraph,
        )


def _polygons(lines: Sequence[Line]) -> list[str]:
    """Each as JSON, to a hundredth of a pixel, and whole numbers as such: most are."""
    if any(len(line.polygon) != 4 for line in lines):
        return [f"[{_points(line)}]" for line in lines]
    values = [value for line in lines for point in line.polygon for value in point]
    form, numbers = _WHOLE_POINTS, list[float](map(int, values))
    if numbers != values:
        form, numbers = _FOUR_POINTS, [round(value, 2) for value in values]
    return [form % tuple(numbers[at : at + 8]) for at in range(0, len(numbers), 8)]


def _points(line: Line) -> str:
    return ",".join(f"[{round(x, 2):.12g},{round(y, 2):.12g}]" for x, y in line.polygon)


_WHOLE_POINTS = "[[%d,%d],[%d,%d],[%d,%d],[%d,%d]]"
_FOUR_POINTS = _WHOLE_POINTS.replace("%d", "%.12g")
"""No number of a page needs more digits."""


def store_error(connection: Connection, image_id: int, status: Status, error: ImageError) -> None:
    """What was read before stays, warning and all: it is still the text of this content."""
    if error.code in duplicates.OF_THE_MOMENT:
        duplicates.cannot_be_read_now(connection, image_id)
    connection.execute(
        "UPDATE images SET status = ?1, error_code = ?2, error = ?3, updated_at = ?4 WHERE id = ?5",
        (status, error.code, error.message, utc_now(), image_id),
    )
    duplicates.spread(connection, image_id)
