"""What a client was told, and whether the database still says so after a crash.

A reader's view counts as told, and so does every reply to a request. Whatever stands in here must
be found again after any end of the service.
"""

import sqlite3
from pathlib import Path
from typing import Any

from soak_report import require

_PAGES = """
SELECT CAST(images.path AS TEXT), images.status, pages.text, pages.corrected
FROM images JOIN pages ON pages.image_id = images.id
"""


class Journal:
    """Texts by path, corrections by path, replies by request id."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self.texts: dict[str, str] = {}
        self.corrected: dict[str, str] = {}
        self.asked: dict[str, str] = {}
        """Corrections sent and not yet answered: they may be there or not."""
        self.replies: dict[str, str] = {}
        self.stamps: dict[str, str] = {}
        """When the effect of a request was first seen in the database."""

    def read(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows, as any program may read them; none while there is no database yet."""
        try:
            connection = sqlite3.connect(f"{self._database.as_uri()}?mode=ro", uri=True, timeout=5)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        except sqlite3.OperationalError:  # not there yet
            return []

    def look(self) -> int:
        """Note every text that a reader sees now; returns how many are known."""
        for path, status, text, _ in self.read(_PAGES):
            if status == "done":
                self.texts.setdefault(path, text)
        return len(self.texts)

    def check(self) -> None:
        """Nothing that was told is lost, and nothing is there twice."""
        rows = self.read(_PAGES)
        found = {path: (text, corrected) for path, _, text, corrected in rows}
        require(len(found) == len(rows), "an image has two sets of pages")
        twice = self.read("SELECT path FROM images GROUP BY CAST(path AS TEXT) HAVING count(*) > 1")
        require(not twice, f"a path has two rows: {twice}")
        lost = [path for path, text in self.texts.items() if found.get(path, ("", ""))[0] != text]
        require(not lost, f"{len(lost)} texts that a reader saw are lost, e.g. {lost[:3]}")
        for path, text in self.corrected.items():
            allowed = (text, self.asked.get(path))
            require(
                found[path][1] in allowed, f"{path}: corrected to {text!r}, found {found[path]}"
            )
        requests: dict[str, str] = dict(self.read("SELECT request_id, reply FROM requests"))
        for request_id, reply in self.replies.items():
            require(requests.get(request_id) == reply, f"the reply to {request_id} is lost")
        stamps: dict[str, str] = dict(self.read("SELECT request_id, created_at FROM requests"))
        for request_id, stamp in stamps.items():
            known = self.stamps.setdefault(request_id, stamp)
            require(known == stamp, f"{request_id} took effect a second time")
