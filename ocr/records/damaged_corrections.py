"""What people typed, where it changed on the disk: each text is stored three times.

    corrections.text        of the line
    line_changes.text       the newest of its history; not in what was corrected before version 4
    pages.corrected         a line of the page's text

Two that say the same are right, and the third is made so: no other reading would bring this back.
"""

from collections.abc import Iterable
from typing import NamedTuple

from records import corrections, search_index
from records.database import Connection

TABLE = "corrections"
"""With the check of this table the three are compared."""


class _Copies(NamedTuple):
    """Of one correction, as they lie on the disk."""

    line_id: int
    page_id: int
    image_id: int
    correction: bytes
    change_id: int | None
    change: bytes | None
    line_of_page: bytes | None

    @property
    def agree(self) -> bool:
        change = self.correction if self.change_id is None else self.change
        return self.correction == change == self.line_of_page and _is_text(self.correction)

    @property
    def right(self) -> str | None:
        """What two of them say; None where nobody knows."""
        stored = (self.correction, self.change, self.line_of_page)
        twice = [text for text in stored if text is not None and stored.count(text) > 1]
        return twice[0].decode() if twice and _is_text(twice[0]) else None


def find(connection: Connection) -> list[int]:
    """The ids of corrected lines whose copies differ."""
    return [copies.line_id for copies in _all(connection, "1") if not copies.agree]


def mend(connection: Connection, line_ids: Iterable[int]) -> int:
    """Make the copies of these corrections alike; returns of how many nobody knows what was typed.

    Of these the correction stays as far as it is text.
    """
    unknown = 0
    for line_id in line_ids:
        for copies in list(_all(connection, "lines.id = ?", line_id)):
            right = copies.right
            unknown += right is None
            text = copies.correction.decode(errors="replace") if right is None else right
            search_index.will_change(connection, copies.image_id, followers=True)
            connection.execute(
                "UPDATE corrections SET text = ? WHERE line_id = ?", (text, copies.line_id)
            )
            connection.execute(
                "UPDATE line_changes SET text = ? WHERE id = ?", (text, copies.change_id)
            )
            corrections.refresh_page(connection, copies.page_id)
    return unknown


def _all(connection: Connection, which: str, *values: int) -> Iterable[_Copies]:
    rows = connection.execute(
        "SELECT lines.id, page_id, image_id, CAST(corrections.text AS BLOB), line_changes.id, "  # noqa: S608
        "CAST(line_changes.text AS BLOB), CAST(corrected AS BLOB), lines.number, line_count "
        "FROM corrections JOIN lines ON lines.id = corrections.line_id "
        "JOIN pages ON pages.id = page_id LEFT JOIN line_changes ON line_changes.id = "
        "(SELECT max(id) FROM line_changes WHERE line_id = corrections.line_id) "
        f"WHERE {which}",  # ours
        values,
    )
    for line_id, page_id, image_id, correction, change_id, change, page, number, count in rows:
        lines = (page or b"").split(b"\n")
        of_page = lines[number - 1] if len(lines) == count else None
        yield _Copies(line_id, page_id, image_id, correction, change_id, change, of_page)


def _is_text(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
