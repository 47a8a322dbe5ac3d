"""The rows of `images` beside the folder: in the order of their paths, some at a time.

A look reads them in step with the files (`folder.side_by_side`), each piece in a short turn of the
one connection. The order is that of the bytes of a path, for SQLite as for Python.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ocr_contract.schema import Status
from records import duplicates
from records.database import Database

ROWS_TOGETHER = 1250
"""Those of a thousand files and of some missing ones between them."""
"""Read in one turn: a millisecond or two."""

AS_IT_WAS = 0
MISSING = 1
TO_TRY = 2
"""Its last error may be over, although the file has not changed. A link or a pipe is so, too: the
look itself tells whether it is one still."""

TRY_AGAIN = (*duplicates.OF_THE_MOMENT, "too_many_bytes", "too_many_pixels")
"""Errors that the same content need not have next time: the moment's, or the settings'."""

RowSeen = tuple[bytes, int, int, int, int, int]
"""path, size_bytes, mtime_ns, ctime_ns, inode, AS_IT_WAS or MISSING or TO_TRY. A plain tuple, equal
to what a look tells of an unchanged file: a million are compared as they come."""


class Standing(NamedTuple):
    """Where a file stands."""

    path: bytes
    status: str
    code: str | None
    """Of its error; of its warning when it is done."""


class FolderRows:
    """Reads rows in the order of their paths."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seen(
        self, after: bytes, up_to: bytes | None, *, limits_changed: bool = False
    ) -> list[RowSeen]:
        """The next rows, with the stat they were last seen with.

        With `limits_changed` what was too large for the settings of that time is to be tried, too.
        """
        codes = ", ".join(
            f"'{code}'" for code in (TRY_AGAIN if limits_changed else duplicates.OF_THE_MOMENT)
        )
        return self._next(
            "path, size_bytes, mtime_ns, ctime_ns, inode, CASE "
            f"WHEN status = 'missing' THEN {MISSING} WHEN error_code IS NULL THEN {AS_IT_WAS} "
            f"WHEN status IN ('failed', 'ignored') AND error_code IN ({codes}) THEN {TO_TRY} "
            f"ELSE {AS_IT_WAS} END",  # no other columns: an index has all of these
            after,
            up_to,
        )

    def commits(self) -> int:
        """As long as this stays the same no row was changed."""
        return self._database.commits

    def ids(self, paths: Sequence[bytes]) -> list[int]:
        """Of those of these paths that have a row; at most ROWS_TOGETHER of them."""
        marks = ", ".join("?" * len(paths))
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT id FROM images WHERE path IN ({marks})",  # noqa: S608  question marks
                paths,
            ).fetchall()
        return [image_id for (image_id,) in rows]

    def standings(self, after: bytes, up_to: bytes | None) -> list[Standing]:
        """The next rows, with where they stand."""
        columns = "path, status, CASE status WHEN 'done' THEN warning_code ELSE error_code END"
        return [Standing(*row) for row in self._next(columns, after, up_to)]

    def any_listed(self) -> bool:
        """Whether there is a row that is not missing."""
        others = ", ".join(f"'{status}'" for status in Status if status != Status.MISSING)
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT EXISTS (SELECT 1 FROM images WHERE status IN ({others}))"  # noqa: S608
            ).fetchall()  # words of ours: by the index on status, also among a million missing
            return bool(rows[0][0])

    def _next(self, columns: str, after: bytes, up_to: bytes | None) -> list[tuple]:  # type: ignore[type-arg]
        within, bounds = ("", [after]) if up_to is None else ("AND path <= ?", [after, up_to])
        with self._database.reading() as connection:
            return connection.execute(
                f"SELECT {columns} FROM images WHERE path > ? {within} "  # noqa: S608  of ours
                f"ORDER BY path LIMIT {ROWS_TOGETHER}",
                bounds,
            ).fetchall()
