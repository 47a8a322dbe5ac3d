"""How many lines of a page are doubtful, kept beside the page so that lists need not count.

Pages that were read before version 4 are counted behind the work (`count_some`), the newest first.
"""

from ocr_contract.doubt import DOUBTFUL, Reason
from records.database import Connection

_LEFT = "pages_to_count"
"""Key in service_state: pages with ids up to this one may not be counted yet."""
_COUNT = """
    UPDATE pages SET (doubtful_count, unspelled_count) = (
      SELECT coalesce(sum(doubt >= ?1), 0), coalesce(sum(doubt_reason IS ?2), 0)
        FROM lines LEFT JOIN corrections ON line_id = lines.id
       WHERE page_id = pages.id AND line_id IS NULL)
"""
_BINDINGS = DOUBTFUL, str(Reason.OTHER_SCRIPT)


def count(connection: Connection, page_id: int) -> None:
    """Keep a page's numbers in step with its lines and corrections; part of a transaction."""
    connection.execute(f"{_COUNT} WHERE id = ?3", (*_BINDINGS, page_id))


def count_some(connection: Connection, most: int) -> int:
    """Count the next pages that are not counted yet, `most` at most; returns how many it looked
    at, 0 at the end. Part of its caller's transaction, so a kill leaves before or after."""
    rows = connection.execute("SELECT value FROM service_state WHERE key = ?", (_LEFT,)).fetchall()
    if not rows:
        return 0
    pages = connection.execute(
        "SELECT id FROM pages WHERE id <= ? ORDER BY id DESC LIMIT ?", (int(rows[0][0]), most)
    ).fetchall()
    if not pages:
        connection.execute("DELETE FROM service_state WHERE key = ?", (_LEFT,))
        return 0
    last = pages[-1][0]
    connection.execute(
        f"{_COUNT} WHERE id BETWEEN ?3 AND ?4 AND doubtful_count IS NULL",
        (*_BINDINGS, last, pages[0][0]),
    )
    connection.execute("UPDATE service_state SET value = ? WHERE key = ?", (str(last - 1), _LEFT))
    return len(pages)
