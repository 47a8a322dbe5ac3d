"""The database as both services see it: version, states of an image, how a reader opens the file.

The tables themselves are documented in `schema.sql`, beside this module.
"""

import enum
import sqlite3
import time
from importlib import resources
from pathlib import Path

SCHEMA_VERSION = 5
BUSY_TIMEOUT_S = 1.0
QUERY_LIMIT_S = 2.0
_PROGRESS_STEPS = 10_000
"""Virtual machine instructions between two looks at the clock: well under a millisecond."""


class Status(enum.StrEnum):
    """The states of an image. Only ocr_service moves an image from one to another."""

    PENDING = "pending"
    """Seen, finished, waiting for its turn."""
    PROCESSING = "processing"
    """Claimed by the batch in work."""
    DONE = "done"
    """Its text is in the database (or under the image that it repeats)."""
    FAILED = "failed"
    """It cannot be read; `error_code` and `error` say why. Read again when the file changes."""
    QUARANTINED = "quarantined"
    """It broke the worker too often; left alone until the file changes or a person asks."""
    IGNORED = "ignored"
    """It is not something to read, e.g. a text file or a FIFO; `error` says why."""
    MISSING = "missing"
    """It was deleted from the folder; its text is kept."""


class SchemaError(Exception):
    """The database cannot be used by this version of the program."""


def schema_sql() -> str:
    """The commented SQL that creates an empty database."""
    return resources.files("ocr_contract").joinpath("schema.sql").read_text(encoding="utf-8")


def check_version(user_version: int) -> None:
    """Raise SchemaError unless `user_version` is the one that this program reads."""
    if user_version > SCHEMA_VERSION:
        raise SchemaError(
            f"The database has schema version {user_version}; this program knows {SCHEMA_VERSION}. "
            "Update the program, or use the database that belongs to this version."
        )
    if user_version < SCHEMA_VERSION:
        raise SchemaError(
            f"The database has schema version {user_version}, older than {SCHEMA_VERSION}. "
            "Start ocr_service of this version once: it migrates the database."
        )


def open_reader(database: Path, *, query_limit_s: float = QUERY_LIMIT_S) -> sqlite3.Connection:
    """A read-only connection for one short piece of work, rows as `sqlite3.Row`.

    A query that runs longer than `query_limit_s` after the opening ends with
    `sqlite3.OperationalError("interrupted")`.

    Raises:
        sqlite3.Error: there is no database, or it cannot be opened at this moment.
        SchemaError: it belongs to another version of the program.
    """
    uri = database.absolute().as_uri() + "?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA query_only = 1")
        connection.execute(
            "PRAGMA temp_store = 2"
        )  # never a temporary file: the mount is read-only
        check_version(connection.execute("PRAGMA user_version").fetchone()[0])
        deadline = time.monotonic() + query_limit_s
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _PROGRESS_STEPS)
    except BaseException:
        connection.close()
        raise
    return connection
