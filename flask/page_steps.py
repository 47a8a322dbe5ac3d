"""Which page of a document is shown, and the links to the others."""

import dataclasses
import sqlite3

from ocr_contract.search.marks import Marker

_AROUND = 2
"""So many links before and after the page that is shown, and the first and the last."""


@dataclasses.dataclass(frozen=True, slots=True)
class PageSteps:
    """The links of one page of a document."""

    number: int
    """The one that is shown."""
    numbers: list[int]
    """Those that there are by now."""

    @property
    def before(self) -> int | None:
        """The page before this one."""
        return max((number for number in self.numbers if number < self.number), default=None)

    @property
    def after(self) -> int | None:
        """The page after this one."""
        return min((number for number in self.numbers if number > self.number), default=None)

    @property
    def links(self) -> list[int | None]:
        """Numbers to show; None where some are left out."""
        wanted = {*self.numbers[:1], *self.numbers[-1:]}
        wanted |= {n for n in self.numbers if abs(n - self.number) <= _AROUND}
        found: list[int | None] = []
        last = None
        for number in sorted(wanted):
            if last is not None and number > last + 1:
                found.append(None)
            found.append(number)
            last = number
        return found


def numbers(connection: sqlite3.Connection, image_id: int) -> list[int]:
    """The numbers of the pages that this image shows, by now."""
    rows = connection.execute(
        "SELECT number FROM pages WHERE image_id = "
        "(SELECT coalesce(duplicate_of, id) FROM images WHERE id = ?) ORDER BY number",
        (image_id,),
    )
    return [row[0] for row in rows]


def first_hit(connection: sqlite3.Connection, image_id: int, marker: Marker) -> int | None:
    """The first page with a hit; None where only the name has one."""
    rows = connection.execute(
        "SELECT number, coalesce(corrected, text), text, coalesce(embedded_text, '') "
        "FROM pages WHERE image_id = "
        "(SELECT coalesce(duplicate_of, id) FROM images WHERE id = ?) ORDER BY number",
        (image_id,),
    )
    for number, *texts in rows:
        if any(marker.spans(text, most=1) for text in dict.fromkeys(texts)):
            return int(number)
    return None
