"""The pages of a document in the database: stored as they come, kept over a restart.

A document is one row of `images` with many rows of `pages`. While it is being read it goes from
pending to processing and back, a portion at a time; what was read stays (`pages.stage`):

    1  read, shown, not yet in the search index: to tell the index after each page would take the
       whole document out of it and put it in again
    2  the same in the index, since the end of a portion
    3  of the reading before; shown until its successor comes, and no longer in the index
    0  of a reading that is finished

Each function is part of the transaction of its caller.
"""

import json
from collections.abc import Iterable

from image_warnings import MAX_JOINED_CHARS, ImageWarning
from ocr_contract.error_codes import ErrorCode
from ocr_errors import ImageError
from page_records import Page
from records import search_index
from records.database import Connection

DONE, READ, SEARCHED, OUTDATED = range(4)
"""The values of pages.stage."""
_MOST_RANGES = 20
"""Of page numbers in one sentence."""


def read_numbers(connection: Connection, image_ids: Iterable[int]) -> dict[int, list[int]]:
    """Of the documents that are being read: the pages that need not be read again."""
    found: dict[int, list[int]] = {}
    for image_id, number in connection.execute(
        "SELECT image_id, number FROM pages WHERE stage IN (1, 2) "
        "AND image_id IN (SELECT value FROM json_each(?)) ORDER BY image_id, number",
        (json.dumps(list(image_ids)),),
    ):
        found.setdefault(image_id, []).append(number)
    return found


def make_room(connection: Connection, image_id: int, page_count: int, number: int) -> bool:
    """Before a page is stored: it has none of this number, and the old reading is outdated.

    False where this reading has the page already.
    """
    connection.execute("UPDATE images SET page_count = ? WHERE id = ?", (page_count, image_id))
    if _has(connection, image_id, DONE):
        search_index.will_change(connection, image_id, followers=True)
        connection.execute(
            "UPDATE pages SET stage = 3 WHERE image_id = ? AND stage = 0", (image_id,)
        )
    stages = connection.execute(
        "SELECT stage FROM pages WHERE image_id = ? AND number = ?", (image_id, number)
    ).fetchall()
    if stages and stages[0][0] != OUTDATED:
        return False
    connection.execute("DELETE FROM pages WHERE image_id = ? AND number = ?", (image_id, number))
    return True


def unread(error: ImageError) -> Page:
    """What stands in the place of a page that could not be read."""
    warning = ImageWarning(ErrorCode.PAGE_UNREAD, error.message)
    return Page(0, 0, 0, (), None, None, 0.0, (warning,))


def any_of(connection: Connection, image_id: int) -> bool:
    """Whether the image has a page, of whatever reading."""
    return bool(
        connection.execute("SELECT 1 FROM pages WHERE image_id = ? LIMIT 1", (image_id,)).fetchall()
    )


def let_search(connection: Connection, image_id: int) -> None:
    """What was read of a document can be found from now on."""
    if _has(connection, image_id, READ):
        search_index.will_change(connection, image_id, followers=True)
        connection.execute(
            "UPDATE pages SET stage = 2 WHERE image_id = ? AND stage = 1", (image_id,)
        )


def is_complete(connection: Connection, image_id: int, page_count: int) -> bool:
    """Whether this reading has every page."""
    rows = connection.execute(
        "SELECT count(*) FROM pages WHERE image_id = ? AND stage IN (1, 2) AND number <= ?",
        (image_id, page_count),
    ).fetchall()
    return bool(rows[0][0] >= page_count)


def finish(connection: Connection, image_id: int, page_count: int) -> None:
    """Every page was read: what is older, or is no more, goes."""
    search_index.will_change(connection, image_id, followers=True)
    connection.execute(
        "DELETE FROM pages WHERE image_id = ? AND (stage = 3 OR number > ?)", (image_id, page_count)
    )
    connection.execute("UPDATE pages SET stage = 0 WHERE image_id = ?", (image_id,))


def warning_of(
    connection: Connection, image_id: int, own: Iterable[ImageWarning]
) -> ImageWarning | None:
    """All that is doubtful about the pages and the document itself, pages not read first."""
    places: dict[tuple[str, str], list[int]] = {}
    for number, code, message in connection.execute(
        "SELECT number, warning_code, warning FROM pages WHERE image_id = ? "
        "AND warning_code IS NOT NULL ORDER BY warning_code <> ?, number",
        (image_id, ErrorCode.PAGE_UNREAD),
    ):
        places.setdefault((code, message), []).append(number)
    found = [
        ImageWarning(code, _of_pages(code, message, numbers))
        for (code, message), numbers in places.items()
    ]
    found += own
    if not found:
        return None
    text = found[0].message
    for warning in found[1:]:
        if len(text) + 1 + len(warning.message) <= MAX_JOINED_CHARS:
            text = f"{text} {warning.message}"
    return ImageWarning(found[0].code, text)


def _of_pages(code: str, message: str, numbers: list[int]) -> str:
    pages = f"{'Page' if len(numbers) == 1 else 'Pages'} {spans(numbers)}"
    if code == ErrorCode.PAGE_UNREAD:
        return f"{pages} could not be read. {message}"
    return f"{pages}: {message}"


def spans(numbers: list[int]) -> str:
    """Ascending numbers for people: 1–3, 7, 9."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = [str(first) if first == last else f"{first}–{last}" for first, last in ranges]
    more = [f"and {len(shown) - _MOST_RANGES} more"] if len(shown) > _MOST_RANGES else []
    return ", ".join(shown[:_MOST_RANGES] + more)


def _has(connection: Connection, image_id: int, stage: int) -> bool:
    return bool(
        connection.execute(
            "SELECT 1 FROM pages WHERE image_id = ? AND stage = ? LIMIT 1", (image_id, stage)
        ).fetchall()
    )
