"""Whether a database that nobody writes is sound: SQLite's own check of it, and whose it is."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import apsw

import heartbeat
from ocr_contract import schema
from ocr_contract.error_codes import ErrorCode
from ocr_errors import StoreError

APPLICATION_ID = 0x4F435254  # "OCRT", as schema.sql sets it
_PROGRESS_STEPS = 20_000
"""Of SQLite's, between two questions whether to go on: some milliseconds, at most a tenth of a
second, as it reads through a table's pages in one go."""


class Content(NamedTuple):
    """What a sound database holds."""

    version: int
    images: int
    pages: int


def examine(path: Path, *, between: Callable[[], None] = heartbeat.beat) -> Content:
    """Read all of a database that nobody writes; the file and its folder stay as they are.

    Raises:
        StoreError: foreign_database, schema_version, database_damaged, database_unusable.
    """
    try:
        with contextlib.closing(open_to_read(path, "immutable=1")) as connection:
            return check(connection, path, between)
    except (apsw.CorruptError, apsw.NotADBError) as error:  # of opening
        raise damaged(path, str(error)) from error
    except apsw.Error as error:
        raise StoreError(ErrorCode.DATABASE_UNUSABLE, f"{path} cannot be read: {error}.") from error


def open_to_read(path: Path, parameters: str = "mode=ro") -> apsw.Connection:
    """A connection that cannot write."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    return apsw.Connection(f"{path.absolute().as_uri()}?{parameters}", flags)


def check(connection: apsw.Connection, path: Path, between: Callable[[], None]) -> Content:
    """Read all that an open connection sees of `path`; `between` may raise to give up.

    Raises:
        StoreError: as `examine`. apsw.Error: the file cannot be read.
    """
    failed: list[BaseException] = []

    def progress() -> bool:
        try:
            between()
        except BaseException as error:  # SQLite ends the statement and calls it interrupted
            failed.append(error)
            return True
        return False

    connection.set_progress_handler(progress, _PROGRESS_STEPS)
    try:
        version = int(connection.pragma("user_version"))
        if connection.pragma("application_id") != APPLICATION_ID or version < 1:
            raise StoreError(ErrorCode.FOREIGN_DATABASE, f"{path} belongs to another program.")
        if version > schema.SCHEMA_VERSION:
            schema.check_version(version)
        if problem := first_problem(connection, "integrity_check(1)"):
            raise damaged(path, problem)
        rows: list[Any] = connection.execute(
            "SELECT (SELECT count(*) FROM images), (SELECT count(*) FROM pages)"
        ).fetchall()
    except schema.SchemaError as error:
        raise StoreError(ErrorCode.SCHEMA_VERSION, str(error)) from error
    except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError) as error:
        raise damaged(path, str(error)) from error
    except apsw.InterruptError:
        raise failed[0] from None
    finally:
        connection.set_progress_handler(None)
    return Content(version, *rows[0])


def first_problem(connection: apsw.Connection, check: str) -> str | None:
    """What a check of SQLite's (integrity_check, quick_check) finds; None when all is well."""
    rows = connection.execute(f"PRAGMA {check}").fetchall()
    return None if rows == [("ok",)] else str(rows[0][0])


def damaged(path: Path, problem: str) -> StoreError:
    """The error for a database that fails a check."""
    line = " ".join(problem.split())[:200]
    return StoreError(ErrorCode.DATABASE_DAMAGED, f"{path} is damaged ({line}).")
