"""Files and rows: what a look at the folder means for the table `images`.

A new file is a new row, pending. A file whose content is known already is either that file
under a new name (the old name is gone: the row moves and keeps its text) or a duplicate
(see `duplicates`). A changed file is read again. A deleted one is marked missing and keeps its
text for the day when it comes back.
"""

import enum
import itertools
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import heartbeat
from ocr_contract.error_codes import ErrorCode
from ocr_contract.schema import Status
from ocr_errors import ImageError
from records import duplicates, recognition, search_index
from records.database import Connection, Database, utc_now
from records.folder_rows import TRY_AGAIN, FolderRows
from records.id_set import IdSet
from records.recognition import Candidate, FolderMove
from source_files import FileStat, display_name, lstat_below

ROWS_TOGETHER = 500
"""Changed in one transaction: some 50 ms, so that a folder of a million that vanishes, or is
renamed, holds up neither the pages that are being read nor this thread's sign of life."""

REST = 0.5
"""For this many times as long as one such change took, the others have the database."""


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
        self._last_move: FolderMove | None = None
        self.rows = FolderRows(database)
        self.absent = IdSet()
        """Rows whose file the latest look did not see; what is found elsewhere goes from it."""

    def has_row(self, path: bytes) -> bool:
        """Whether there was ever a file of this name."""
        with self._database.reading() as connection:
            return _find(connection, path) is not None

    def content_of(self, stat: FileStat) -> str | None:
        """The SHA-256 of the file with this stat, when it was hashed under any name."""
        with self._database.reading() as connection:
            found = recognition.by_stat(connection, stat)
        return next((each.sha256 for each in found if each.sha256 is not None), None)

    def recognise(self, files: Sequence[tuple[bytes, FileStat]]) -> set[bytes]:
        """Take in those of at most ROWS_TOGETHER `files` that their stat alone tells to be known.

        They were missing and are back as they were, or lie under another name. Returns which.
        """
        known: dict[bytes, tuple[FileStat, Candidate]] = {}
        taken: set[int] = set()
        for path, stat in files:
            with self._database.reading() as connection:
                found = recognition.by_stat(connection, stat)
            for candidate in sorted(found, key=lambda each: _likeness(each.path, path)):
                if candidate.image_id not in taken and self._may_be(candidate, path):
                    taken.add(candidate.image_id)
                    known[path] = (stat, candidate)
                    break
        if known:
            with self._database.transaction() as connection:
                for path, (stat, candidate) in known.items():
                    if candidate.path == path:
                        duplicates.settle(connection, candidate.image_id)
                    else:
                        self._move(connection, candidate.image_id, candidate.path, path, stat)
        return set(known)

    def _may_be(self, candidate: Candidate, path: bytes) -> bool:
        if candidate.sha256 is None and (
            # Its verdict depends on its name, and says nothing once it was missing.
            candidate.status == Status.MISSING or _name(candidate.path) != _name(path)
        ):
            return False
        if candidate.path == path:
            return candidate.status == Status.MISSING
        return self._is_gone(candidate.image_id, candidate.path)

    def _is_gone(self, image_id: int, path: bytes) -> bool:
        """Asking for the path is not enough where names are the same in any case."""
        return image_id in self.absent or not self._exists(path)

    def register(self, path: bytes, stat: FileStat, sha256: str) -> Outcome:
        """A finished file with readable content."""
        with self._database.transaction() as connection:
            row = _find(connection, path)
            if row is not None:
                return _seen_again(connection, row, stat, sha256)
            back = self._last_move and self._last_move.back(path)
            likely = recognition.by_content(connection, stat, sha256, back, self.absent)
            for image_id, old in likely:
                if self._is_gone(image_id, old):
                    self._move(connection, image_id, old, path, stat)
                    return Outcome.RENAMED
            is_copy = duplicates.find_original(connection, sha256) is not None
            image_id = _insert(connection, path, stat, sha256)
            duplicates.settle(connection, image_id)
            return Outcome.DUPLICATE if is_copy else Outcome.NEW

    def _move(
        self, connection: Connection, image_id: int, old: bytes, path: bytes, stat: FileStat
    ) -> None:
        _move(connection, image_id, path, stat)
        self.absent.discard(image_id)
        self._last_move = FolderMove.of(old, path) or self._last_move

    def refuse_all(self, files: Iterable[tuple[bytes, FileStat, ImageError | None]]) -> None:
        """`refuse`, in one transaction."""
        with self._database.transaction():
            for path, stat, error in files:
                if error is not None:
                    self.refuse(path, stat, error)

    def refuse(self, path: bytes, stat: FileStat, error: ImageError) -> Outcome:
        """A file that cannot be read, for a reason that needs no decoding.

        One that cannot be read at this moment keeps its text for when it can be again.
        """
        status = Status.IGNORED if error.ignored else Status.FAILED
        with self._database.transaction() as connection:
            row = _find(connection, path)
            image_id = _insert(connection, path, stat, None) if row is None else row.image_id
            if row is not None:
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

    def mark_missing(
        self, image_ids: Iterable[int], *, pause: Callable[[float], bool] = lambda _: False
    ) -> int:
        """The files of these rows are gone. Their text stays. Returns how many rows changed.

        In many short transactions, when there are many: others write in between, for as long as
        `pause(seconds)` takes, and a service that ends in the middle goes on with the rest after
        its start. Nothing more is done when that returns True. Duplicates go first, or a text
        would move from one that goes to the next.
        """
        count = 0
        for which in ("duplicate_of IS NOT NULL", "duplicate_of IS NULL"):
            ids = iter(image_ids)
            while some := list(itertools.islice(ids, ROWS_TOGETHER)):
                heartbeat.beat()
                started = time.monotonic()
                if listed := self._listed(some, which):
                    count += self._mark_missing(listed, which)
                if pause(REST * (time.monotonic() - started)):
                    return count
        return count

    def _listed(self, image_ids: Sequence[int], which: str) -> list[int]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM images WHERE id IN (SELECT value FROM json_each(?)) "  # noqa: S608
                f"AND status <> ? AND {which}",  # one of two constants
                (json.dumps(image_ids), Status.MISSING),
            )
            return [row[0] for row in rows]

    def _mark_missing(self, image_ids: Sequence[int], which: str) -> int:
        with self._database.transaction() as connection:
            gone = [
                row[0]
                for image_id in image_ids
                for row in connection.execute(
                    "UPDATE images SET status = ?1, updated_at = ?2 WHERE id = ?3 "  # noqa: S608
                    f"AND status <> ?1 AND {which} RETURNING id",  # one of two constants
                    (Status.MISSING, utc_now(), image_id),
                ).fetchall()
            ]
            for image_id in gone:  # once all are marked: an heir must not be gone, too
                duplicates.went_missing(connection, image_id)
        return len(gone)


class _Row(NamedTuple):
    image_id: int
    sha256: str | None
    status: str
    error_code: str | None
    error: str | None


def _name(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]


def _likeness(old: bytes, new: bytes) -> int:
    """The same name comes first, then the same in another folder."""
    return 0 if old == new else 1 if _name(old) == _name(new) else 2


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
    if row.status == Status.MISSING or row.error_code in TRY_AGAIN:
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
            search_index.CHANGING,
        ),
    )
    image_id = connection.last_insert_rowid()
    search_index.is_new(connection, image_id)
    return image_id


def _move(connection: Connection, image_id: int, path: bytes, stat: FileStat) -> None:
    """One in work waits again: at its old path the worker may find another file by now."""
    search_index.will_change(connection, image_id)
    ((status, error_code, sha256),) = connection.execute(
        "UPDATE images SET path = ?, name = ?, size_bytes = ?, mtime_ns = ?, ctime_ns = ?, "
        "inode = ?, updated_at = ?, status = iif(status = 'processing', 'pending', status) "
        "WHERE id = ? RETURNING status, error_code, sha256",
        (path, display_name(path), *stat, utc_now(), image_id),
    ).fetchall()
    if status == Status.MISSING or (error_code in TRY_AGAIN and sha256 is not None):
        duplicates.settle(connection, image_id)


def _set_stat(connection: Connection, image_id: int, stat: FileStat) -> None:
    connection.execute(
        "UPDATE images SET size_bytes = ?, mtime_ns = ?, ctime_ns = ?, inode = ? WHERE id = ?",
        (*stat, image_id),
    )


def path_exists(root: str | os.PathLike[str]) -> Callable[[bytes], bool]:
    """An `exists` for `Catalogue` that asks the file system; what cannot be told may exist."""
    base = os.fsencode(root)

    def exists(path: bytes) -> bool:
        try:
            lstat_below(base, path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return True

    return exists
