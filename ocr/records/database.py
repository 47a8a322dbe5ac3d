"""The one read-write connection to data/ocr_data.db: lock, transactions, and its files' truth.

`store` (batches and results) and `catalogue` (files and rows) work through it; `opening` sets it
up. The connection also checkpoints. Never open the same file with the stdlib's `sqlite3` in this
process: closing one would drop the other's POSIX locks. Another connection of apsw (`beside`) is
the same library, which knows of both and lets go of no lock that is still needed.
"""

import contextlib
import datetime
import errno
import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import apsw

import folder_rights
from ocr_contract.data_folder import LOCK_SUFFIX
from ocr_contract.error_codes import ErrorCode
from ocr_errors import DiskFullError, StoreError
from records import opening, search_index, stop_mark
from records.database_copy import Copy, damaged, write_copy
from records.stop_mark import Ending

_BESIDE_STEPS = 250
"""Instructions, or pages of a check, between two questions whether to go on: some milliseconds."""
_LARGE_LOG_BYTES = 8 << 20
"""Left by a kill; twice what the automatic checkpoints let it become."""

log = logging.getLogger("database")


class Cursor(Protocol):
    """The rows of a statement."""

    def fetchall(self) -> list[tuple[Any, ...]]: ...
    def __iter__(self) -> Iterator[tuple[Any, ...]]: ...


class Connection(Protocol):
    """What `store` and `catalogue` use of apsw.Connection; a row is a tuple of plain values."""

    def execute(self, statements: str, bindings: Sequence[Any] = ()) -> Cursor: ...
    def executemany(self, statements: str, bindings: Iterable[Sequence[Any]]) -> Cursor: ...
    def changes(self) -> int: ...
    def total_changes(self) -> int: ...
    def set_rollback_hook(self, hook: Callable[[], None] | None, /) -> None: ...
    def last_insert_rowid(self) -> int: ...


def utc_now() -> str:
    """The time now as the database writes it."""
    now = datetime.datetime.now(datetime.UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Database:
    """An open database that this process alone writes. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open `path`, creating or migrating it.

        Raises:
            StoreError: locked by another service, damaged, too new, or not writable.
        """
        self.path = path
        self._mutex = threading.RLock()
        self._full = False
        self._damage: str | None = None
        self.commits = 0
        """Transactions until now. It is counted up before they show: what was read at one number
        is not changed while that number stays."""
        self._beside_lock = threading.Lock()
        self._beside_must_end = threading.Event()
        self._lock_fd = lock(path)
        try:
            self.last_end = stop_mark.read(self._lock_fd, path)
            self._connection = opening.open_database(
                path, self.last_end, before_writing=lambda: stop_mark.clear(self._lock_fd)
            )
            self._files = self._inodes()
            self._log_waits = self.wal_bytes() > _LARGE_LOG_BYTES
            if self._log_waits:  # or the first commit, before the socket is bound, copies all of it
                self._connection.wal_autocheckpoint(0)
        except BaseException as error:
            if isinstance(error, StoreError) and error.code == ErrorCode.DATABASE_DAMAGED:
                # The next look, on a slower day, might come less far and pass it.
                stop_mark.write(self._lock_fd, path, Ending.SUSPECT)
            os.close(self._lock_fd)
            raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing: committed and on disk when the block ends, undone when it raises.

        Within a transaction of the same thread it is a part of that one.

        Raises:
            DiskFullError: there is no room for it; it may be tried again.
            StoreError: database_replaced: the file was exchanged while the service ran;
                database_damaged: damage was met, now or before.
        """
        with self._mutex:
            if self._connection.in_transaction:
                yield cast(Connection, self._connection)
                return
            self._refuse_if_damaged()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                connection = cast(Connection, self._connection)
                yield connection
                search_index.settle(connection)
                self._commit()
            except BaseException as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if self.is_full_disk(error):
                    self._full = True
                    raise DiskFullError from error
                if isinstance(error, apsw.CorruptError):
                    raise self.stop_writing(str(error)) from error
                raise
            self._full = False
            self._stay_durable()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """The connection for queries only; keep it short, the writers wait."""
        with self._mutex:
            yield cast(Connection, self._connection)

    @contextlib.contextmanager
    def beside(self, go_on: Callable[[], bool]) -> Iterator[apsw.Connection]:
        """A read-only connection of one's own for long reading, for which no writer waits.

        `go_on` is asked every few milliseconds; it may sleep, but must not use this database. What
        is in work ends with apsw.InterruptError when it says no, or when the files must be made
        anew (`_stay_durable`), for which nobody else may have them open.
        """
        with self._beside_lock:
            connection = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READONLY)
            try:
                connection.set_busy_timeout(opening.BUSY_TIMEOUT_MS)
                connection.set_progress_handler(
                    lambda: self._beside_must_end.is_set() or not go_on(), _BESIDE_STEPS
                )
                yield connection
            finally:
                connection.close()

    def files(self) -> list[int | None]:
        """Which files are open: after they were made anew others.

        Raises:
            StoreError: database_replaced.
        """
        with self._mutex:
            self._stay_durable()
            return list(self._files)

    def stop_writing(self, problem: str) -> StoreError:
        """Damage was met: nothing more is written, not even what the log still holds.

        Returns what to raise; `damage` has the whole sentence.
        """
        with self._mutex:
            self._damage = problem
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        return damaged(self.path, problem)

    @property
    def damage(self) -> StoreError | None:
        """The error that ends the service, if damage was met; it looks through the backups."""
        return None if self._damage is None else opening.is_damaged(self.path, self._damage)

    @property
    def is_full(self) -> bool:
        """Whether the last write did not fit on the disk."""
        return self._full

    def wal_bytes(self) -> int:
        """The write-ahead log's size."""
        with contextlib.suppress(OSError):
            return self._beside("-wal").stat().st_size
        return 0

    def copy_to(self, target: Path, *, between: Any) -> Copy:
        """A checked copy of this moment's state; writers go on (see `write_copy`)."""
        return write_copy(self._connection, target, turn=self.reading, between=between)

    def look_after(self) -> None:
        """Try again to write after a full disk, and cut back a log that grew. For idle moments.

        Never waits for a reader: the next time will do.

        Raises:
            StoreError: as `transaction`.
        """
        with self._mutex:
            self._refuse_if_damaged()
            self._stay_durable()  # files may be deleted while nothing is written, too
        if self._log_waits:
            self._copy_large_log()
        if self._full:
            with contextlib.suppress(DiskFullError), self.transaction() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO service_state (key, value) VALUES ('disk_tried', ?)",
                    (utc_now(),),
                )
        if self.wal_bytes() > opening.JOURNAL_SIZE_LIMIT_BYTES:
            with self._mutex, contextlib.suppress(apsw.BusyError, apsw.LockedError):
                self._connection.set_busy_timeout(0)
                try:
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                finally:
                    self._connection.set_busy_timeout(opening.BUSY_TIMEOUT_MS)

    def _copy_large_log(self) -> None:
        """Copy what a kill left in the log into the file, beside the writers; then all is usual."""
        left_for_later = contextlib.suppress(apsw.BusyError, apsw.LockedError, apsw.FullError)
        with self._beside_lock, left_for_later:
            connection = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READWRITE)
            try:
                connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            finally:
                connection.close()
        with self._mutex:
            self._connection.wal_autocheckpoint(opening.CHECKPOINT_PAGES)
            self._log_waits = False

    def close(self, *, clean: bool = True) -> None:
        """Close the connection (the WAL stays for readers) and let go of the lock.

        After a `clean` end the next start looks only at what needs it (`stop_mark`).
        """
        with self._mutex:
            self._connection.close()
            if self._lock_fd >= 0:
                if self._damage is not None:
                    stop_mark.write(self._lock_fd, self.path, Ending.SUSPECT)
                elif clean:
                    stop_mark.write(self._lock_fd, self.path, Ending.CLEAN)
                os.close(self._lock_fd)
                self._lock_fd = -1

    def _refuse_if_damaged(self) -> None:
        if self._damage is not None:
            raise damaged(self.path, self._damage)

    def _commit(self) -> None:
        self.commits += 1
        self._connection.execute("COMMIT")

    def is_full_disk(self, error: BaseException) -> bool:
        """Whether it says, however SQLite calls it, that nothing more fits on the disk."""
        return opening.is_full_disk(error, self.path.parent)

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def _inodes(self) -> list[int | None]:
        """Which files lie under the database's three names now."""
        return [_inode(self._beside(suffix)) for suffix in ("", "-wal", "-shm")]

    def _stay_durable(self) -> None:
        """What was committed must lie in files that the next start finds.

        Someone may delete -wal or -shm under a running service. The kernel keeps them for this
        connection alone: their content goes into the database file, and new ones are made.
        """
        now = self._inodes()
        if now == self._files:
            return
        if now[0] != self._files[0]:
            raise StoreError(
                ErrorCode.DATABASE_REPLACED,
                f"{self.path} was deleted or exchanged while the service ran. Stop the service "
                "before that, and use: ocrctl restore FILE",
            )
        log.warning("the files beside %s were deleted; they are made anew", self.path)
        self._beside_must_end.set()
        with self._beside_lock:
            self._beside_must_end.clear()
            self._connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
            self._connection.close()
            self._connection = opening.open_database(self.path, Ending.CLEAN)
            self._files = self._inodes()


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def lock(database: Path) -> int:
    """Take the writer's lock of a database; returns the descriptor that holds it.

    Raises:
        StoreError: data_not_writable, already_running.
    """
    path = database.with_name(database.name + LOCK_SUFFIX)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError from error
        raise StoreError(
            ErrorCode.DATA_NOT_WRITABLE,
            f"{path} cannot be opened for writing ({os.strerror(error.errno or 0)}). "
            + folder_rights.to_own(path.parent),
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StoreError(
            ErrorCode.ALREADY_RUNNING,
            f"Another ocr_service already uses {path.parent}. Stop it, or choose another "
            "data folder with OCR_DATA_FOLDER.",
        ) from error
    return descriptor
