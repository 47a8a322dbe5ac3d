"""All that web_service asks the database, but for `change_watch`: whether it has changed.

Each function is one short read on a connection of its own request.

Lists are newest first: by (updated_at, id), the key that `page_tokens` carries. A duplicate
has no pages of its own; it shows those of the image that it repeats, hence the many
`coalesce(duplicate_of, id)`.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from image_records import ImageDetail, ImageFilter, ImageSummary, LineView, PageView
from ocr_contract.alternatives import from_json
from ocr_contract.doubt import DOUBTFUL
from ocr_contract.schema import SchemaError, Status, open_reader
from page_tokens import SortKey
from web_errors import NotFoundError, from_database

_FIRST_WORDS_CHARS = 240

_COUNTED = """coalesce(p.doubtful_count, (SELECT count(*) FROM lines l
  LEFT JOIN corrections c ON c.line_id = l.id
  WHERE l.page_id = p.id AND l.doubt >= _FROM AND c.line_id IS NULL))""".replace(
    "_FROM", str(DOUBTFUL)
)
"""Of a page `p`; those from before version 4 are counted by ocr_service by and by."""
_SUMMARY = """
SELECT i.id, i.name, i.status, i.error_code, i.error, i.warning_code, i.warning,
       i.duplicate_of, i.size_bytes, i.found_at, i.updated_at, i.finished_at,
       (SELECT count(*) FROM pages p WHERE p.image_id = coalesce(i.duplicate_of, i.id)) AS pages,
       (SELECT sum(p.line_count) FROM pages p
         WHERE p.image_id = coalesce(i.duplicate_of, i.id)) AS line_count,
       (SELECT sum(p.confidence * p.line_count) / nullif(sum(p.line_count), 0) FROM pages p
         WHERE p.image_id = coalesce(i.duplicate_of, i.id)
           AND p.confidence IS NOT NULL) AS confidence,
       (SELECT sum(_DOUBTFUL) FROM pages p
         WHERE p.image_id = coalesce(i.duplicate_of, i.id)) AS doubtful_count,
       (SELECT sum(p.unspelled_count) FROM pages p
         WHERE p.image_id = coalesce(i.duplicate_of, i.id)) AS unspelled_count,
       substr(coalesce(first.corrected, first.text), 1, ?) AS first_words,
       first.thumbnail, first.width, first.height
  FROM images i
  LEFT JOIN pages first
    ON first.image_id = coalesce(i.duplicate_of, i.id) AND first.number = 1
""".replace("_DOUBTFUL", _COUNTED)


@contextlib.contextmanager
def reading(database: Path, query_limit_s: float) -> Iterator[sqlite3.Connection]:
    """A connection for one request; what SQLite says becomes a WebError.

    Raises:
        DatabaseWaitingError, TooSlowError: see `web_errors.from_database`.
    """
    try:
        with contextlib.closing(open_reader(database, query_limit_s=query_limit_s)) as connection:
            yield connection
    except (sqlite3.Error, SchemaError) as error:
        raise from_database(error, database) from error


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Images by status, every status present, and "total"; "warnings": of the done ones, those
    that have a warning."""
    by_status = {status.value: 0 for status in Status}
    warnings = 0
    for status, has_warning, images in connection.execute(
        "SELECT status, has_warning, images FROM image_counts"
    ):
        by_status[status] += images
        if has_warning and status == Status.DONE:
            warnings += images
    return by_status | {"total": sum(by_status.values()), "warnings": warnings}


def list_images(
    connection: sqlite3.Connection, wanted: ImageFilter, *, after: SortKey | None, limit: int
) -> tuple[list[ImageSummary], SortKey | None]:
    """One page of the list, and the key after which the next one begins, if there is one.

    A search has a list of its own: see `searches`.
    """
    where, parameters = _conditions(wanted)
    if after is not None:
        where.append("(i.updated_at, i.id) < (?, ?)")
        parameters += after
    # Only fixed pieces are joined here and below; every value is a parameter.
    condition = " AND ".join(where)
    sql = f"{_SUMMARY} WHERE {condition} ORDER BY i.updated_at DESC, i.id DESC LIMIT ?"
    rows = connection.execute(sql, (_FIRST_WORDS_CHARS, *parameters, limit + 1)).fetchall()
    images = [_summary(row) for row in rows[:limit]]
    more = len(rows) > limit
    return images, (images[-1].updated_at, images[-1].id) if more else None


def summaries(connection: sqlite3.Connection, ids: Sequence[int]) -> list[ImageSummary]:
    """These images, in this order."""
    rows = connection.execute(
        f"{_SUMMARY} WHERE i.id IN (SELECT value FROM json_each(?))",  # noqa: S608  # as below
        (_FIRST_WORDS_CHARS, json.dumps(list(ids))),
    )
    found = {row["id"]: _summary(row) for row in rows}
    return [found[image_id] for image_id in ids if image_id in found]


def export_rows(
    connection: sqlite3.Connection, *, after_id: int, limit: int
) -> list[dict[str, Any]]:
    """The next images for the table export, by id, each with its whole text."""
    rows = connection.execute(
        """
        SELECT i.id, i.name, i.status, i.error_code, i.error, i.warning_code, i.warning,
               i.duplicate_of, i.finished_at,
               count(p.id) AS pages, coalesce(sum(p.line_count), 0) AS lines,
               sum(p.confidence * p.line_count) / nullif(sum(p.line_count), 0) AS confidence,
               coalesce(sum(_DOUBTFUL), 0) AS doubtful_lines,
               (SELECT group_concat(text, char(12)) FROM (
                  SELECT coalesce(t.corrected, t.text) AS text FROM pages t
                   WHERE t.image_id = coalesce(i.duplicate_of, i.id) ORDER BY t.number
               )) AS text
          FROM (SELECT * FROM images WHERE id > ? ORDER BY id LIMIT ?) i
          LEFT JOIN pages p ON p.image_id = coalesce(i.duplicate_of, i.id)
         GROUP BY i.id ORDER BY i.id
        """.replace("_DOUBTFUL", _COUNTED),
        (after_id, limit),
    )
    return [dict(row) for row in rows]


def image_detail(connection: sqlite3.Connection, image_id: int) -> ImageDetail:
    """One image with its pages and lines.

    Raises:
        NotFoundError: there is no such image.
    """
    row = connection.execute(
        f"{_SUMMARY} WHERE i.id = ?", (_FIRST_WORDS_CHARS, image_id)
    ).fetchone()
    if row is None:
        raise NotFoundError(f"There is no image number {image_id}.")
    summary = _summary(row)
    source_id = summary.duplicate_of or summary.id
    original = connection.execute("SELECT name FROM images WHERE id = ?", (source_id,)).fetchone()
    batch = connection.execute(
        "SELECT b.* FROM batches b JOIN images i ON i.batch_id = b.id WHERE i.id = ?", (source_id,)
    ).fetchone()
    pages = connection.execute(
        "SELECT * FROM pages WHERE image_id = ? ORDER BY number", (source_id,)
    ).fetchall()
    return ImageDetail(
        summary=summary,
        original_name=original["name"] if summary.duplicate_of and original else None,
        engine=batch["engine"] if batch else None,
        device=batch["device"] if batch else None,
        pages=[_page(connection, page) for page in pages],
    )


def neighbours(
    connection: sqlite3.Connection, image: ImageSummary, wanted: ImageFilter
) -> tuple[int | None, int | None]:
    """The ids before and after `image` in the list: (newer, older)."""
    where, parameters = _conditions(wanted)
    found: list[int | None] = []
    for comparison, direction in ((">", "ASC"), ("<", "DESC")):
        conditions = [*where, f"(i.updated_at, i.id) {comparison} (?, ?)"]
        row = connection.execute(
            f"SELECT i.id FROM images i WHERE {' AND '.join(conditions)} "  # noqa: S608  # as above
            f"ORDER BY i.updated_at {direction}, i.id {direction} LIMIT 1",
            (*parameters, image.updated_at, image.id),
        ).fetchone()
        found.append(row["id"] if row else None)
    return found[0], found[1]


def line_place(
    connection: sqlite3.Connection, image_id: int, line_id: int
) -> tuple[int, int, str] | None:
    """(page number, line number, the machine's text) of a line that this image shows."""
    row = connection.execute(
        "SELECT p.number AS page, l.number AS line, l.text FROM images i "
        "JOIN pages p ON p.image_id = coalesce(i.duplicate_of, i.id) "
        "JOIN lines l ON l.page_id = p.id WHERE i.id = ? AND l.id = ?",
        (image_id, line_id),
    ).fetchone()
    return (row["page"], row["line"], row["text"]) if row else None


def picture_name(
    connection: sqlite3.Connection, image_id: int, page_number: int, kind: str
) -> str | None:
    """File name under the previews folder; `kind` is "preview" or "thumbnail"."""
    row = connection.execute(
        "SELECT p.preview, p.thumbnail FROM images i "
        "JOIN pages p ON p.image_id = coalesce(i.duplicate_of, i.id) "
        "WHERE i.id = ? AND p.number = ?",
        (image_id, page_number),
    ).fetchone()
    return row[kind] if row else None


def _summary(row: sqlite3.Row) -> ImageSummary:
    return ImageSummary(
        id=row["id"], name=row["name"], status=Status(row["status"]),
        error_code=row["error_code"], error=row["error"],
        warning_code=row["warning_code"], warning=row["warning"], duplicate_of=row["duplicate_of"],
        size_bytes=row["size_bytes"], found_at=row["found_at"], updated_at=row["updated_at"],
        finished_at=row["finished_at"], pages=row["pages"], line_count=row["line_count"] or 0,
        confidence=row["confidence"], doubtful_count=row["doubtful_count"] or 0,
        unspelled_count=row["unspelled_count"] or 0, first_words=row["first_words"] or "",
        thumbnail=row["thumbnail"], width=row["width"], height=row["height"], snippet=None,
    )  # fmt: skip


def _page(connection: sqlite3.Connection, page: sqlite3.Row) -> PageView:
    rows = connection.execute(
        "SELECT l.*, c.text AS corrected FROM lines l "
        "LEFT JOIN corrections c ON c.line_id = l.id WHERE l.page_id = ? ORDER BY l.number",
        (page["id"],),
    )
    return PageView(
        number=page["number"], width=page["width"], height=page["height"],
        rotation=page["rotation"], text=page["text"], corrected=page["corrected"],
        confidence=page["confidence"], preview=page["preview"], seconds=page["seconds"],
        lines=[
            LineView(row["id"], row["number"], row["text"], row["corrected"], row["confidence"],
                     _polygon(row["polygon"]), row["doubt"], row["doubt_reason"],
                     from_json(row["alternatives"], row["text"]), row["model"])
            for row in rows
        ],
    )  # fmt: skip


def _polygon(text: str) -> list[list[float]]:
    """The points of a stored polygon; an unreadable one becomes none: the text still shows."""
    try:
        points = json.loads(text)
        return [[float(x), float(y)] for x, y in points]
    except (ValueError, TypeError):
        return []


def _conditions(wanted: ImageFilter) -> tuple[list[str], list[Any]]:
    """The conditions for `wanted` (never empty) and their parameters, on images as `i`."""
    found = ["1"]
    parameters: list[Any] = []
    if wanted.only_warned:  # as the index images_warned wants it
        found.append("i.status = 'done' AND i.warning_code IS NOT NULL")
    elif wanted.statuses is not None:
        # Most images are done: for them walk the list in its order (the + keeps the index on
        # status out of it); for the few others look them up by status.
        column = "+i.status" if Status.DONE in wanted.statuses else "i.status"
        found.append(f"{column} IN ({', '.join('?' * len(wanted.statuses))})")
        parameters += wanted.statuses
    return found, parameters
