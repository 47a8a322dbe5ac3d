"""Files and rows: what a look at the folder means for the table `images`.

A new file is a new row, pending. A file whose content is known already is either that file
under a new name (the old name is gone: the row moves and keeps its text) or a duplicate
(see `duplicates`). A changed file is read again. A deleted one is marked missing and keeps its
text for the day when it comes back.
"""

import enum
import os
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from typing import NamedTuple

import heartbeat
from ocr_contract.error_codes import ErrorCode
from ocr_contract.schema import Status
from ocr_errors import ImageError
from records import duplicates, search_index
from records.database import Connection, Database, utc_now
from source_files import FileStat, display_name

_TRY_AGAIN = (*duplicates.OF_THE_MOMENT, "too_many_bytes", "too_many_pixels")
"""Errors that the same content need not have next time: the moment's, or the settings'."""

_ROWS_TOGETHER = 500
"""Changed in one transaction: some 50 ms, so that a folder of hundreds of thousands that vanishes
holds up neither the pages that are being read nor this thread's sign of life."""


class Outcome(enum.StrEnum):
    """What registering a file did."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    RENAMED = "renamed"
    DUPLICATE = "duplicate"
    RETURNED = "returned"
    """It was missing, or could not be read for a while."""
    REFUSED = "refused"


class Catalogue:
    """Keeps `images` true to the folder."""

    def __init__(self, database: Database, *, exists: Callable[[bytes], bool]) -> None:
        """`exists(path)` tells whether that path is still in the folder."""
        self._database = database
        self._exists = exists

    def known(self) -> dict[bytes, FileStat | None]:
        """Every path that has a row, with the stat it was last seen with; None when missing."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT path, size_bytes, mtime_ns, ctime_ns, inode, status FROM images"
            )
            return {
                path: None if status == Status.MISSING else FileStat(*stat)
                for path, *stat, status in rows
            }

    def to_try_again(self, *, limits_changed: bool = False) -> set[bytes]:
        """Files whose last error may be over although their stat has not changed.

        With `limits_changed` also those that were too large for the settings of that time.
        """
        codes = _TRY_AGAIN if limits_changed else duplicates.OF_THE_MOMENT
        marks = ", ".join("?" * len(codes))
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT path FROM images WHERE (status = ? OR (status = ? "  # noqa: S608
                f"AND sha256 IS NOT NULL)) AND error_code IN ({marks})",  # question marks only
                (Status.FAILED, Status.IGNORED, *codes),
            )
            return {row[0] for row in rows}

    def register(self, path: bytes, stat: FileStat, sha256: str) -> Outcome:
        """A finished file with readable content."""
        with self._database.transaction() as connection:
            row = _find(connection, path)
            if row is not None:
                return _seen_again(connection, row, stat, sha256)
            twin = duplicates.find_original(connection, sha256)
            if twin is not None and not self._exists(twin[1]):
                _move(connection, twin[0], path, stat)
                return Outcome.RENAMED
            copy = None if twin is None else duplicates.with_inode(connection, sha256, stat.inode)
            if copy is not None and not self._exists(copy[1]):
                _move(connection, copy[0], path, stat)  # a duplicate under a new name
                return Outcome.RENAMED
            image_id = _insert(connection, path, stat, sha256)
            duplicates.settle(connection, image_id)
            search_index.put_in(connection, image_id)
            return Outcome.NEW if twin is None else Outcome.DUPLICATE

    def refuse(self, path: bytes, stat: FileStat, error: ImageError) -> Outcome:
        """A file that cannot be read, for a reason that needs no decoding.

        One that cannot be read at this moment keeps its text for when it can be again.
        """
        status = Status.IGNORED if error.ignored else Status.FAILED
        with self._database.transaction() as connection:
            row = _find(connection, path)
            image_id = _insert(connection, path, stat, None) if row is None else row.image_id
            if row is None:
                search_index.put_in(connection, image_id)
            else:
                if (row.status, row.error) == (status, error.message):
                    _set_stat(connection, image_id, stat)
                    return Outcome.UNCHANGED
                if error.code == ErrorCode.UNREADABLE:
                    duplicates.cannot_be_read_now(connection, image_id)
                else:
                    duplicates.content_left(connection, image_id)
            connection.execute(
                "UPDATE images SET status = ?1, error_code = ?2, error = ?3, attempts = 0, "
                "sha256 = CASE ?2 WHEN 'unreadable' THEN sha256 END, updated_at = ?4 WHERE id = ?5",
                (status, error.code, error.message, utc_now(), image_id),
            )
            _set_stat(connection, image_id, stat)
            return Outcome.REFUSED

    def listed(self, paths: Set[bytes]) -> Set[bytes]:
        """Those of `paths` that have a row which is not missing."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT path FROM images WHERE status <> ?", (Status.MISSING,)
            )
            return {row[0] for row in rows} & paths

    def standings(self) -> dict[bytes, tuple[str, str | None]]:
        """Every path that has a row, with its status and error code; when done, its warning's."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT path, status, "
                "CASE status WHEN 'done' THEN warning_code ELSE error_code END FROM images"
            )
            return {path: (status, code) for path, status, code in rows}

    def mark_missing(self, paths: Collection[bytes]) -> int:
        """These files are gone. Their text stays. Returns how many rows changed.

        In many short transactions, when there are many: others write in between, and a service
        that ends in the middle goes on with the rest after its start. Duplicates go first, or a
        text would move from one that goes to the next.
        """
        return sum(
            self._mark_missing(some, which)
            for which in ("duplicate_of IS NOT NULL", "duplicate_of IS NULL")
            for some in _slices(sorted(paths))
        )

    def _mark_missing(self, paths: Sequence[bytes], which: str) -> int:
        heartbeat.beat()
        with self._database.transaction() as connection:
            found = [
                connection.execute(
                    f"SELECT id FROM images WHERE path = ? AND status <> ? AND {which}",  # noqa: S608
                    (path, Status.MISSING),  # one of two constants
                ).fetchall()
                for path in paths
            ]
            gone = [image_id for rows in found for (image_id,) in rows]
            now = utc_now()
            connection.executemany(
                "UPDATE images SET status = ?, updated_at = ? WHERE id = ?",
                [(Status.MISSING, now, image_id) for image_id in gone],
            )
            for image_id in gone:  # once all are marked: an heir must not be gone, too
                duplicates.went_missing(connection, image_id)
        return len(gone)


class _Row(NamedTuple):
    image_id: int
    sha256: str | None
    status: str
    error_code: str | None
    error: str | None


def _slices(paths: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (paths[at : at + _ROWS_TOGETHER] for at in range(0, len(paths), _ROWS_TOGETHER))


def _find(connection: Connection, path: bytes) -> _Row | None:
    rows = connection.execute(
        "SELECT id, sha256, status, error_code, error FROM images WHERE path = ?", (path,)
    ).fetchall()
    return _Row(*rows[0]) if rows else None


def _seen_again(connection: Connection, row: _Row, stat: FileStat, sha256: str) -> Outcome:
    _set_stat(connection, row.image_id, stat)
    if sha256 != row.sha256:
        duplicates.content_left(connection, row.image_id)
        connection.execute("UPDATE images SET sha256 = ? WHERE id = ?", (sha256, row.image_id))
        duplicates.settle(connection, row.image_id)
        return Outcome.CHANGED
    if row.status == Status.MISSING or row.error_code in _TRY_AGAIN:
        duplicates.settle(connection, row.image_id)
        return Outcome.RETURNED
    return Outcome.UNCHANGED


def _insert(connection: Connection, path: bytes, stat: FileStat, sha256: str | None) -> int:
    now = utc_now()
    connection.execute(
        "INSERT INTO images (path, name, size_bytes, mtime_ns, ctime_ns, inode, sha256, status, "
        "found_at, updated_at, search_form) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            path,
            display_name(path),
            *stat,
            sha256,
            Status.PENDING,
            now,
            now,
            search_index.CHANGING,  # the caller puts it in when all of it stands
        ),
    )
    return connection.last_insert_rowid()


def _move(connection: Connection, image_id: int, path: bytes, stat: FileStat) -> None:
    with search_index.changing(connection, image_id):
        ((status, error_code),) = connection.execute(
            "UPDATE images SET path = ?, name = ?, updated_at = ? WHERE id = ? "
            "RETURNING status, error_code",
            (path, display_name(path), utc_now(), image_id),
        ).fetchall()
    _set_stat(connection, image_id, stat)
    if status == Status.MISSING or error_code in _TRY_AGAIN:
        duplicates.settle(connection, image_id)


def _set_stat(connection: Connection, image_id: int, stat: FileStat) -> None:
    connection.execute(
        "UPDATE images SET size_bytes = ?, mtime_ns = ?, ctime_ns = ?, inode = ? WHERE id = ?",
        (*stat, image_id),
    )


def path_exists(root: str | os.PathLike[str]) -> Callable[[bytes], bool]:
    """An `exists` for `Catalogue` that asks the file system."""
    base = os.fsencode(root)
    return lambda path: os.path.lexists(os.path.join(base, path))
