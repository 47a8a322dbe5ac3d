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

_SQL = f"""
SELECT i.id, '/' || i.name AS name, i.status, i.warning_code IS NOT NULL AS has_warning,
       i.found_at, i.search_form, {LINE_COUNT} AS line_count, {CONFIDENCE} AS confidence,
       (SELECT text FROM search_texts t WHERE t.id = i.id) AS text
  FROM images i WHERE i.id IN (SELECT value FROM json_each(?))
"""  # noqa: S608  # fixed pieces


def load(
    connection: sqlite3.Connection, ids: Sequence[int], *, only_unfolded: bool = False
) -> list[Document]:
    """These images, in any order; `only_unfolded`: of them those that the index holds otherwise."""
    sql = f"{_SQL} AND i.search_form < 2" if only_unfolded else _SQL
    return [
        Document(
            id=row[0], name=row[1], status=Status(row[2]), has_warning=bool(row[3]),
            found_at=row[4], line_count=row[6], confidence=row[7], text=row[8] or "",
        )
        for row in connection.execute(sql, (json.dumps(list(ids)),))
    ]  # fmt: skip


def first_snippet(connection: sqlite3.Connection, marker: Marker, image_id: int) -> Snippet | None:
    """What an image shows around its first hits; None when only its name is a hit."""
    rows = connection.execute(
        "SELECT substr(coalesce(corrected, text), 1, ?), substr(text, 1, ?) FROM pages "
        "WHERE image_id = (SELECT coalesce(duplicate_of, id) FROM images WHERE id = ?) "
        "ORDER BY number",
        (_SNIPPET_TEXT_CHARS, _SNIPPET_TEXT_CHARS, image_id),
    )
    # The person's text first; a hit that only the machine's text has is shown all the same.
    texts = [text for now, machine in rows.fetchall() for text in dict.fromkeys((now, machine))]
    return next(filter(None, map(marker.snippet, texts)), None)
