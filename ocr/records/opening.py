"""Opening data/ocr_data.db for writing: looked at first, then pragmas, schema, migrations.

Until that has passed not one byte of the file, its WAL included, is written: a database that is
damaged, foreign or too new is left exactly as it is. How much is read before depends on how the
service ended (`stop_mark`), not on the database's size; the rest is read behind the work
(`thorough_check`).
"""

import contextlib
import ctypes
import time
from collections.abc import Callable
from pathlib import Path

import apsw

from disk_guard import free_bytes
from ocr_contract import schema
from ocr_contract.data_folder import BACKUPS_FOLDER
from ocr_errors import DiskFullError, StoreError
from records import migration_copy, quick_look
from records.database_copy import (
    APPLICATION_ID,
    damaged,
    first_problem,
    newest_good,
)
from records.migrations import MIGRATIONS
from records.stop_mark import Ending

BUSY_TIMEOUT_MS = 5000
CHECKPOINT_PAGES = 1000
JOURNAL_SIZE_LIMIT_BYTES = 64 << 20
_NO_ROOM_BYTES = 1 << 20
"""With less than this an input/output error is called what it is: a full disk."""
CACHE_KIB = 16 << 10
"""What an insert touches lies all over a large database; SQLite's own 2 MB do not hold it."""


def open_database(
    path: Path, last_end: Ending, *, before_writing: Callable[[], None] = lambda: None
) -> apsw.Connection:
    """The read-write connection; the caller holds the lock.

    `before_writing` is called when nothing was found that stands in the way.

    Raises:
        StoreError: not_a_database, foreign_database, database_damaged, schema_version,
            migration_backup_failed, database_unusable.
    """
    try:
        connection = apsw.Connection(str(path))
        try:
            _set_up(connection, path, last_end, before_writing)
        except BaseException:
            connection.close()
            raise
    except apsw.NotADBError as error:
        raise StoreError(
            "not_a_database",
            f"{path} is not an SQLite database. It is left as it is; move it away, then restart."
            + _what_to_restore(path),
        ) from error
    except apsw.CorruptError as error:
        raise is_damaged(path, str(error)) from error
    except schema.SchemaError as error:
        raise StoreError("schema_version", str(error)) from error
    except apsw.Error as error:
        if is_full_disk(error, path.parent):
            raise DiskFullError from error
        raise StoreError(
            "database_unusable", f"{path} cannot be used: {error}. Check the disk and the rights."
        ) from error
    return connection


def _set_up(
    connection: apsw.Connection, path: Path, last_end: Ending, before_writing: Callable[[], None]
) -> None:
    started = time.monotonic()
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # when refused, touch nothing
    _check_ours(connection)  # before anything that writes: even WAL mode changes the file
    _check_sound(connection, path, last_end, time.monotonic() - started)
    before_writing()
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
    for policy in _POLICIES:
        policy(connection)
    _migrate(connection, path)


def _check_ours(connection: apsw.Connection) -> None:
    """Raise unless the database is empty, or ours and not newer than this program."""
    version = int(connection.pragma("user_version"))
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()[0][0]
    if (version or tables) and connection.pragma("application_id") != APPLICATION_ID:
        raise StoreError(
            "foreign_database",
            "The database belongs to another program. Choose another data folder.",
        )
    if version > schema.SCHEMA_VERSION:
        schema.check_version(version)


def _check_sound(
    connection: apsw.Connection, path: Path, last_end: Ending, passed_s: float
) -> None:
    """Raise unless it looks sound: at a look, or, where damage was met before, read as a whole.

    What SQLite needed to read a long log (`passed_s`) is taken from the time for reading on.
    """
    if last_end is Ending.SUSPECT:
        for name in quick_look.tables(connection):
            if problem := first_problem(connection, f"integrity_check('{name}')"):
                raise is_damaged(path, problem)
        return
    reading_s = 0.0 if last_end is Ending.CLEAN else max(quick_look.READING_S - passed_s, 0.0)
    if problem := quick_look.problem(connection, reading_s=reading_s):
        raise is_damaged(path, problem)


def is_full_disk(error: BaseException, folder: Path) -> bool:
    """SQLite calls some of them input/output errors, e.g. when its -shm cannot grow."""
    if isinstance(error, apsw.IOError):
        with contextlib.suppress(OSError):
            return free_bytes(folder) < _NO_ROOM_BYTES
    return isinstance(error, apsw.FullError)


def is_damaged(path: Path, problem: str) -> StoreError:
    """The error for a database in use that is damaged, with what to do about it."""
    error = damaged(path, problem)
    return StoreError(
        error.code, f"{error.message} It is left as it is.{_what_to_restore(path, always=True)}"
    )


def _what_to_restore(path: Path, *, always: bool = False) -> str:
    folder = path.with_name(BACKUPS_FOLDER)
    backup = newest_good(folder)
    if backup is not None:
        return (
            f" The newest good backup is {backup}; put it back with: ocrctl restore {backup.name}"
        )
    if not always:
        return ""
    return (
        f" There is no good backup in {folder}. Move the file away to begin anew: every image "
        "of the folder is read again."
    )


def _keep_wal(connection: apsw.Connection) -> None:
    """Without the -wal and -shm files a read-only mount cannot read after a clean stop."""
    flag = ctypes.c_int(1)
    connection.file_control("main", apsw.SQLITE_FCNTL_PERSIST_WAL, ctypes.addressof(flag))


def _write_ahead(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")


def _survive_power_loss(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA synchronous = FULL")


def _bound_the_wal(connection: apsw.Connection) -> None:
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_SIZE_LIMIT_BYTES}")


def _remember_pages(connection: apsw.Connection) -> None:
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")


def _enforce_references(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")


_POLICIES = (
    _keep_wal,  # before WAL mode, or the first close removes the files
    _write_ahead,
    _survive_power_loss,
    _bound_the_wal,
    _remember_pages,
    _enforce_references,
)


def _migrate(connection: apsw.Connection, path: Path) -> None:
    version = int(connection.pragma("user_version"))
    if version == 0:
        _apply(connection, schema.schema_sql(), schema.SCHEMA_VERSION)
        return
    if version < schema.SCHEMA_VERSION:
        _back_up(connection, path, version)
    while version < schema.SCHEMA_VERSION:
        _apply(connection, MIGRATIONS[version], version + 1)
        version += 1


def _back_up(connection: apsw.Connection, path: Path, version: int) -> None:
    """A copy of the old version; it is checked behind the work."""
    folder = path.parent / BACKUPS_FOLDER
    try:
        migration_copy.save(connection, path, version, folder)
    except (OSError, StoreError, apsw.Error) as error:
        raise StoreError(
            "migration_backup_failed",
            f"{path} must be migrated, but could not be saved in {folder} first "
            f"({error}). Nothing was changed. Make room there, then restart.",
        ) from error


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
