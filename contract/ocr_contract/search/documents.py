"""Images as `matching` judges them, read from the database."""

import json
import sqlite3
from collections.abc import Sequence

from ocr_contract.schema import Status
from ocr_contract.search.columns import CONFIDENCE, LINE_COUNT
from ocr_contract.search.marks import Marker, Snippet
from ocr_contract.search.matching import Document

_SNIPPET_TEXT_CHARS = 100_000
"""How far into a page a snippet is looked for; the search itself sees everything."""


def load(
    connection: sqlite3.Connection, ids: Sequence[int], *, numbers: bool = True,
    only_unfolded: bool = False,
) -> list[Document]:  # fmt: skip
    """These images, in any order.

    Without `numbers` they have no lines and no confidence, which takes half as long; with
    `only_unfolded` of them those that the index does not hold folded.
    """
    lines, confidence = (LINE_COUNT, CONFIDENCE) if numbers else ("0", "NULL")
    which = "AND i.search_form < 2" if only_unfolded else ""
    rows = connection.execute(
        f"""
        SELECT i.id, '/' || i.name, i.status, i.warning_code IS NOT NULL, i.found_at,
               {lines}, {confidence}, (SELECT text FROM search_texts t WHERE t.id = i.id)
          FROM images i WHERE i.id IN (SELECT value FROM json_each(?)) {which}
        """,  # noqa: S608  # fixed pieces
        (json.dumps(list(ids)),),
    )
    return [
        Document(
            id=row[0], name=row[1], status=Status(row[2]), has_warning=bool(row[3]),
            found_at=row[4], line_count=row[5], confidence=row[6], text=row[7] or "",
        )
        for row in rows
    ]  # fmt: skip


def first_snippet(
    connection: sqlite3.Connection, marker: Marker, image_id: int
) -> tuple[int, Snippet] | None:
    """The number of the first page with a hit, and what stands around it; None when only the
    image's name is a hit."""
    rows = connection.execute(
        "SELECT number, substr(coalesce(corrected, text), 1, ?1), substr(text, 1, ?1), "
        "substr(coalesce(embedded_text, ''), 1, ?1) FROM pages "
        "WHERE image_id = (SELECT coalesce(duplicate_of, id) FROM images WHERE id = ?2) "
        "ORDER BY number",
        (_SNIPPET_TEXT_CHARS, image_id),
    )
    # The person's text first; a hit that only the machine's or a PDF's own has is shown all the
    # same. One page after the other: a document has many.
    found = (
        (number, marker.snippet(text)) for number, *page in rows for text in dict.fromkeys(page)
    )
    return next(((number, snippet) for number, snippet in found if snippet is not None), None)
