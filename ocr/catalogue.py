"""Files and rows: what a look at the folder means for the table `images`.

A new file is a new row, pending. A file whose content is known already is either that file
under a new name (the old name is gone: the row moves and keeps its text) or a duplicate
(`duplicate_of`: it shows the original's text and follows its state). A changed file is read
again. A deleted one is marked missing and keeps its text.

Only `rows with duplicate_of IS NULL` are ever read by the engine; we call them originals.
"""

import enum
import os
from collections.abc import Callable, Iterable

from database import Connection, Database, utc_now
from ocr_contract.schema import Status
from ocr_errors import ImageError
from source_files import FileStat, display_name

_TRY_AGAIN = ("unreadable", "changed_while_read", "file_vanished")
"""Errors that lie in the moment, not in the content: the same content is read again."""


class Outcome(enum.StrEnum):
    """What registering a file did."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    RENAMED = "renamed"
    DUPLICATE = "duplicate"
    RETURNED = "returned"
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

    def register(self, path: bytes, stat: FileStat, sha256: str) -> Outcome:
        """A finished file with readable content."""
        with self._database.transaction() as connection:
            row = _find(connection, path)
            if row is not None:
                return self._seen_again(connection, row, stat, sha256)
            twin = _original_with(connection, sha256)
            if twin is not None and not self._exists(twin[1]):
                _move(connection, twin[0], path, stat)
                return Outcome.RENAMED
            image_id = _insert(connection, path, stat, sha256)
            if twin is not None:
                _follow(connection, image_id, twin[0])
                return Outcome.DUPLICATE
            return Outcome.NEW

    def refuse(self, path: bytes, stat: FileStat, error: ImageError) -> Outcome:
        """A file that cannot be read, for a reason that needs no decoding."""
        with self._database.transaction() as connection:
            row = _find(connection, path)
            image_id = _insert(connection, path, stat, None) if row is None else row[0]
            if row is not None:
                _hand_over(connection, image_id)
            connection.execute("DELETE FROM pages WHERE image_id = ?", (image_id,))
            connection.execute(
                "UPDATE images SET status = ?, error_code = ?, error = ?, sha256 = NULL, "
                "duplicate_of = NULL, attempts = 0, updated_at = ?, size_bytes = ?, "
                "mtime_ns = ?, ctime_ns = ?, inode = ? WHERE id = ?",
                (
                    Status.IGNORED if error.ignored else Status.FAILED,
                    error.code,
                    error.message,
                    utc_now(),
                    *stat,
                    image_id,
                ),
            )
            return Outcome.REFUSED

    def mark_missing(self, paths: Iterable[bytes]) -> int:
        """These files are gone. Their text stays. Returns how many rows changed."""
        count = 0
        with self._database.transaction() as connection:
            for path in paths:
                row = _find(connection, path)
                if row is None or row[2] == Status.MISSING:
                    continue
                image_id, _, status, *_ = row
                if status in (Status.PENDING, Status.PROCESSING):
                    _hand_over(connection, image_id)  # a living duplicate must still be read
                connection.execute(
                    "UPDATE images SET status = ?, updated_at = ? WHERE id = ?",
                    (Status.MISSING, utc_now(), image_id),
                )
                count += 1
        return count

    def _seen_again(
        self, connection: Connection, row: "_Row", stat: FileStat, sha256: str
    ) -> Outcome:
        image_id, old_sha256, status, error_code, duplicate_of = row
        _set_stat(connection, image_id, stat)
        if sha256 == old_sha256 and error_code not in _TRY_AGAIN:
            if status != Status.MISSING:
                return Outcome.UNCHANGED
            _set_status(connection, image_id, _status_by_content(connection, image_id))
            return Outcome.RETURNED
        if duplicate_of is None:
            _hand_over(connection, image_id)
        connection.execute(
            "UPDATE images SET status = ?, sha256 = ?, attempts = 0, error_code = NULL, "
            "error = NULL, duplicate_of = NULL, updated_at = ? WHERE id = ?",
            (Status.PENDING, sha256, utc_now(), image_id),
        )
        twin = _original_with(connection, sha256, other_than=image_id)
        if twin is not None:
            connection.execute("DELETE FROM pages WHERE image_id = ?", (image_id,))
            _follow(connection, image_id, twin[0])
        return Outcome.CHANGED


_Row = tuple[int, str | None, str, str | None, int | None]


def _find(connection: Connection, path: bytes) -> _Row | None:
    rows = connection.execute(
        "SELECT id, sha256, status, error_code, duplicate_of FROM images WHERE path = ?", (path,)
    ).fetchall()
    return rows[0] if rows else None


def _original_with(
    connection: Connection, sha256: str, other_than: int = -1
) -> tuple[int, bytes] | None:
    """The original (id, path) that has this content and whose state is worth following."""
    rows = connection.execute(
        "SELECT id, path FROM images WHERE sha256 = ? AND duplicate_of IS NULL AND id <> ? "
        "AND status <> ? AND coalesce(error_code, '') NOT IN (?, ?, ?) "
        "AND (status <> ? OR id IN (SELECT image_id FROM pages)) ORDER BY id LIMIT 1",
        (sha256, other_than, Status.IGNORED, *_TRY_AGAIN, Status.MISSING),
    ).fetchall()
    return rows[0] if rows else None


def _insert(connection: Connection, path: bytes, stat: FileStat, sha256: str | None) -> int:
    now = utc_now()
    connection.execute(
        "INSERT INTO images (path, name, size_bytes, mtime_ns, ctime_ns, inode, sha256, status, "
        "found_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (path, display_name(path), *stat, sha256, Status.PENDING, now, now),
    )
    return connection.last_insert_rowid()


def _move(connection: Connection, image_id: int, path: bytes, stat: FileStat) -> None:
    connection.execute(
        "UPDATE images SET path = ?, name = ? WHERE id = ?", (path, display_name(path), image_id)
    )
    _set_stat(connection, image_id, stat)
    if _status(connection, image_id) == Status.MISSING:
        _set_status(connection, image_id, _status_by_content(connection, image_id))


def _follow(connection: Connection, image_id: int, original_id: int) -> None:
    """Make `image_id` a duplicate that stands where its original stands."""
    connection.execute(
        "UPDATE images SET duplicate_of = ?1, updated_at = ?3, "
        "(status, error_code, error, finished_at) = (SELECT "
        "CASE status WHEN 'missing' THEN 'done' WHEN 'processing' THEN 'pending' ELSE status END, "
        "error_code, error, finished_at FROM images WHERE id = ?1) WHERE id = ?2",
        (original_id, image_id, utc_now()),
    )


def _hand_over(connection: Connection, image_id: int) -> None:
    """Make a duplicate of `image_id`, if there is one, the original in its place, text and all."""
    heirs = connection.execute(
        "SELECT id FROM images WHERE duplicate_of = ? ORDER BY status = ?, id LIMIT 1",
        (image_id, Status.MISSING),
    ).fetchall()
    if not heirs:
        return
    heir = heirs[0][0]
    connection.execute("UPDATE pages SET image_id = ? WHERE image_id = ?", (heir, image_id))
    connection.execute("UPDATE images SET duplicate_of = NULL WHERE id = ?", (heir,))
    connection.execute(
        "UPDATE images SET duplicate_of = ? WHERE duplicate_of = ? OR id = ?",
        (heir, image_id, image_id),
    )


def _status(connection: Connection, image_id: int) -> str:
    rows = connection.execute("SELECT status FROM images WHERE id = ?", (image_id,)).fetchall()
    return str(rows[0][0])


def _status_by_content(connection: Connection, image_id: int) -> Status:
    """Where a returned file stands: done when its text (or its original's) is stored."""
    rows = connection.execute(
        "SELECT error_code, EXISTS (SELECT 1 FROM pages "
        "WHERE image_id = coalesce(duplicate_of, images.id)) FROM images WHERE id = ?",
        (image_id,),
    ).fetchall()
    error_code, has_pages = rows[0]
    if error_code is not None:
        return Status.FAILED
    return Status.DONE if has_pages else Status.PENDING


def _set_status(connection: Connection, image_id: int, status: Status) -> None:
    connection.execute(
        "UPDATE images SET status = ?, updated_at = ? WHERE id = ?", (status, utc_now(), image_id)
    )


def _set_stat(connection: Connection, image_id: int, stat: FileStat) -> None:
    connection.execute(
        "UPDATE images SET size_bytes = ?, mtime_ns = ?, ctime_ns = ?, inode = ? WHERE id = ?",
        (*stat, image_id),
    )


def path_exists(root: str | os.PathLike[str]) -> Callable[[bytes], bool]:
    """An `exists` for `Catalogue` that asks the file system."""
    base = os.fsencode(root)
    return lambda path: os.path.lexists(os.path.join(base, path))
