"""All that web_service asks the database, but for `change_watch`: whether it has changed.

Each function is one short read on a connection of its own request.

Lists are newest first: by (updated_at, id), the key that `page_tokens` carries. A duplicate
has no pages of its own; it shows those of the image that it repeats, hence the many
`coalesce(duplicate_of, id)`.
"""

import contextlib
import dataclasses
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from image_records import ImageDetail, ImageFilter, ImageSummary, LineView, PageView
from ocr_contract.alternatives import from_json
from ocr_contract.doubt import DOUBTFUL
from ocr_contract.line_marks import points
from ocr_contract.page_tables import Table, table_of
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
       (SELECT o.page_count FROM images o
         WHERE o.id = coalesce(i.duplicate_of, i.id)) AS page_count,
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
    keys = _keys(connection, wanted, beyond=after, limit=limit + 1)
    images = summaries(connection, [image_id for _, image_id in keys[:limit]])
    return images, keys[limit - 1] if len(keys) > limit else None


def summaries(connection: sqlite3.Connection, ids: Sequence[int]) -> list[ImageSummary]:
    """These images, in this order."""
    rows = connection.execute(
        f"{_SUMMARY} WHERE i.id IN (SELECT value FROM json_each(?))",  # noqa: S608  # as below
        (_FIRST_WORDS_CHARS, json.dumps(list(ids))),
    )
    found = {row["id"]: _summary(row) for row in rows}
    return [found[image_id] for image_id in ids if image_id in found]


def export_row(connection: sqlite3.Connection, image_id: int) -> dict[str, Any] | None:
    """One image for the table export, with its whole text; None where there is none.

    One at a time: the texts of fifty long documents neither fit into the memory nor into the time
    that a question may take.
    """
    row = connection.execute(
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
          FROM images i
          LEFT JOIN pages p ON p.image_id = coalesce(i.duplicate_of, i.id)
         WHERE i.id = ?
         GROUP BY i.id
        """.replace("_DOUBTFUL", _COUNTED),
        (image_id,),
    ).fetchone()
    return row and dict(row)


def image_head(connection: sqlite3.Connection, image_id: int) -> ImageDetail:
    """One image without its pages.

    Raises:
        NotFoundError: there is none.
    """
    row = connection.execute(
        f"{_SUMMARY} WHERE i.id = ?", (_FIRST_WORDS_CHARS, image_id)
    ).fetchone()
    if row is None:
        raise NotFoundError(f"There is no image number {image_id}.")
    summary = _summary(row)
    original = connection.execute(
        "SELECT name FROM images WHERE id = ?", (summary.source_id,)
    ).fetchone()
    batch = connection.execute(
        "SELECT b.* FROM batches b JOIN images i ON i.batch_id = b.id WHERE i.id = ?",
        (summary.source_id,),
    ).fetchone()
    return ImageDetail(
        summary=summary,
        original_name=original["name"] if summary.duplicate_of and original else None,
        engine=batch["engine"] if batch else None,
        device=batch["device"] if batch else None,
        pages=[],
    )


def image_detail(
    connection: sqlite3.Connection, image_id: int, page_number: int | None = None
) -> ImageDetail:
    """One image with its pages and lines, or with that page alone. A document of thousands of
    pages takes longer than a question may: those are asked for in portions (`pages_after`).

    Raises:
        NotFoundError: there is no such image, or it has no such page.
    """
    image = image_head(connection, image_id)
    pages = connection.execute(
        "SELECT * FROM pages WHERE image_id = ?1 AND (?2 IS NULL OR number = ?2) ORDER BY number",
        (image.summary.source_id, page_number),
    ).fetchall()
    if page_number is not None and not pages:
        raise NotFoundError(f"Image number {image_id} has no page {page_number}, or none yet.")
    return dataclasses.replace(image, pages=[_page(connection, page) for page in pages])


def pages_after(
    connection: sqlite3.Connection, image: ImageSummary, number: int, limit: int
) -> list[PageView]:
    """The next pages of an image behind that one."""
    pages = connection.execute(
        "SELECT * FROM pages WHERE image_id = ? AND number > ? ORDER BY number LIMIT ?",
        (image.source_id, number, limit),
    ).fetchall()
    return [_page(connection, page) for page in pages]


def neighbours(
    connection: sqlite3.Connection, image: ImageSummary, wanted: ImageFilter
) -> tuple[int | None, int | None]:
    """The ids before and after `image` in the list: (newer, older)."""
    here = image.updated_at, image.id
    newer = _keys(connection, wanted, beyond=here, limit=1, is_newer=True)
    older = _keys(connection, wanted, beyond=here, limit=1)
    return newer[0][1] if newer else None, older[0][1] if older else None


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
        finished_at=row["finished_at"], pages=row["pages"],
        page_count=row["page_count"] or row["pages"], line_count=row["line_count"] or 0,
        confidence=row["confidence"], doubtful_count=row["doubtful_count"] or 0,
        unspelled_count=row["unspelled_count"] or 0, first_words=row["first_words"] or "",
        thumbnail=row["thumbnail"], width=row["width"], height=row["height"], snippet=None,
    )  # fmt: skip


def _tables(
    connection: sqlite3.Connection, page_id: int, lines: Sequence[sqlite3.Row]
) -> list[Table]:
    """Those of a page, with the corrections of its lines."""
    rows = connection.execute(
        "SELECT * FROM page_tables WHERE page_id = ? ORDER BY number", (page_id,)
    ).fetchall()
    machine = {line["number"]: line["text"] for line in lines}
    corrected = {
        line["number"]: (line["text"], line["corrected"])
        for line in lines
        if line["corrected"] is not None
    }
    return [table_of(row, corrected, machine) for row in rows]


def _page(connection: sqlite3.Connection, page: sqlite3.Row) -> PageView:
    rows = connection.execute(
        "SELECT l.*, c.text AS corrected, r.was_wrong = 0 AS is_kept FROM lines l "
        "LEFT JOIN corrections c ON c.line_id = l.id "
        "LEFT JOIN reviews r ON r.line_id = l.id WHERE l.page_id = ? ORDER BY l.number",
        (page["id"],),
    ).fetchall()
    return PageView(
        number=page["number"], width=page["width"], height=page["height"],
        rotation=page["rotation"], text=page["text"],
        corrected=page["corrected"],
        confidence=page["confidence"], preview=page["preview"], seconds=page["seconds"],
        warning_code=page["warning_code"], warning=page["warning"],
        embedded_text=page["embedded_text"],
        lines=[
            LineView(row["id"], row["number"], row["text"], row["corrected"], row["confidence"],
                     points(row["polygon"]), row["doubt"], row["doubt_reason"],
                     from_json(row["alternatives"], row["text"]), row["model"], row["words"],
                     row["paragraph"], bool(row["is_kept"]))
            for row in rows
        ],
        tables=_tables(connection, page["id"], rows),
    )  # fmt: skip


def _keys(
    connection: sqlite3.Connection,
    wanted: ImageFilter,
    *,
    beyond: SortKey | None,
    limit: int,
    is_newer: bool = False,
) -> list[SortKey]:
    """Keys of the next older images of the list, or newer ones, those nearest to `beyond` first.

    Each state is walked in the list's order by an index of its own, however few images it has.
    """
    comparison, direction = (">", "ASC") if is_newer else ("<", "DESC")
    found: list[SortKey] = []
    for condition, values in _walks(wanted):
        # Only fixed pieces are joined here; every value is a parameter.
        after = f" AND (updated_at, id) {comparison} (?, ?)" if beyond else ""
        rows = connection.execute(
            f"SELECT updated_at, id FROM images WHERE {condition}{after} "  # noqa: S608
            f"ORDER BY updated_at {direction}, id {direction} LIMIT ?",
            (*values, *(beyond or ()), limit),
        )
        found += [(row[0], row[1]) for row in rows]
    return sorted(found, reverse=not is_newer)[:limit]


def _walks(wanted: ImageFilter) -> list[tuple[str, tuple[str, ...]]]:
    """The conditions, and their values, under which `images` are walked and put together."""
    if wanted.only_warned:  # as the index images_warned wants it
        return [("status = 'done' AND warning_code IS NOT NULL", ())]
    if wanted.statuses is None:
        return [("1", ())]
    return [("status = ?", (status,)) for status in wanted.statuses]
