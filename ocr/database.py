"""The one read-write connection to data/ocr_data.db: lock, pragmas, schema, transactions.

`store` (batches and results) and `catalogue` (files and rows) work through it. The connection
also checkpoints. Never open the same file with the stdlib's `sqlite3` in this process: closing
one would drop the other's POSIX locks.
"""

import contextlib
import ctypes
import datetime
import fcntl
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import apsw

from ocr_contract import schema
from ocr_errors import StoreError

BUSY_TIMEOUT_MS = 5000
_APPLICATION_ID = 0x4F435254  # "OCRT", as schema.sql sets it
_MIGRATIONS: dict[int, str] = {}
"""From version n to n + 1: SQL, run in one transaction with the new version number."""


class Cursor(Protocol):
    """The rows of a statement."""

    def fetchall(self) -> list[tuple[Any, ...]]: ...
    def __iter__(self) -> Iterator[tuple[Any, ...]]: ...


class Connection(Protocol):
    """What `store` and `catalogue` use of apsw.Connection; a row is a tuple of plain values."""

    def execute(self, statements: str, bindings: Sequence[Any] = ()) -> Cursor: ...
    def executemany(self, statements: str, bindings: Iterable[Sequence[Any]]) -> Cursor: ...
    def changes(self) -> int: ...
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
            StoreError: locked by another service, no database, too new, or not writable.
        """
        self._mutex = threading.RLock()
        self._lock_fd = _lock(path.with_name(path.name + ".lock"))
        try:
            self._connection = _connect(path)
        except BaseException:
            os.close(self._lock_fd)
            raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing: committed and on disk when the block ends, undone when it raises.

        Within a transaction of the same thread it is a part of that one.
        """
        with self._mutex:
            if self._connection.in_transaction:
                yield cast(Connection, self._connection)
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield cast(Connection, self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """The connection for queries only; keep it short, the writers wait."""
        with self._mutex:
            yield cast(Connection, self._connection)

    def close(self) -> None:
        """Close the connection (the WAL stays for readers) and let go of the lock."""
        with self._mutex:
            self._connection.close()
            if self._lock_fd >= 0:
                os.close(self._lock_fd)
                self._lock_fd = -1


def _lock(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise StoreError(
            "data_not_writable",
            f"{path} cannot be opened for writing ({os.strerror(error.errno or 0)}). "
            "Give the data folder to the user that runs ocr_service.",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StoreError(
            "already_running",
            f"Another ocr_service already uses {path.parent}. Stop it, or choose another "
            "data folder with OCR_DATA_FOLDER.",
        ) from error
    return descriptor


def _connect(path: Path) -> apsw.Connection:
    try:
        connection = apsw.Connection(str(path))
        try:
            _set_up(connection)
        except BaseException:
            connection.close()
            raise
    except apsw.NotADBError as error:
        raise StoreError(
            "not_a_database",
            f"{path} is not an SQLite database. It is left as it is; move it away, then restart.",
        ) from error
    except schema.SchemaError as error:
        raise StoreError("schema_version", str(error)) from error
    except apsw.Error as error:
        raise StoreError(
            "database_unusable", f"{path} cannot be used: {error}. Check the disk and the rights."
        ) from error
    return connection


def _set_up(connection: apsw.Connection) -> None:
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    _check_ours(connection)  # before anything that writes: even WAL mode changes the file
    for policy in _POLICIES:
        policy(connection)
    _migrate(connection)


def _check_ours(connection: apsw.Connection) -> None:
    """Raise unless the database is empty, or ours and not newer than this program."""
    version = int(connection.pragma("user_version"))
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()[0][0]
    if (version or tables) and connection.pragma("application_id") != _APPLICATION_ID:
        raise StoreError(
            "foreign_database",
            "The database belongs to another program. Choose another data folder.",
        )
    if version > schema.SCHEMA_VERSION:
        schema.check_version(version)


def _keep_wal(connection: apsw.Connection) -> None:
    """Without the -wal and -shm files a read-only mount cannot read after a clean stop."""
    flag = ctypes.c_int(1)
    connection.file_control("main", apsw.SQLITE_FCNTL_PERSIST_WAL, ctypes.addressof(flag))


def _write_ahead(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")


def _survive_power_loss(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA synchronous = FULL")


def _bound_the_wal(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA wal_autocheckpoint = 1000")
    connection.execute("PRAGMA journal_size_limit = 67108864")


def _enforce_references(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")


_POLICIES = (
    _keep_wal,  # before WAL mode, or the first close removes the files
    _write_ahead,
    _survive_power_loss,
    _bound_the_wal,
    _enforce_references,
)


def _migrate(connection: apsw.Connection) -> None:
    version = int(connection.pragma("user_version"))
    if version == 0:
        _apply(connection, schema.schema_sql(), schema.SCHEMA_VERSION)
        return
    while version < schema.SCHEMA_VERSION:
        _apply(connection, _MIGRATIONS[version], version + 1)
        version += 1


def _apply(connection: apsw.Connection, sql: str, version: int) -> None:
    """Run `sql` and record `version` in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(sql)
        connection.execute(f"PRAGMA user_version = {version:d}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
