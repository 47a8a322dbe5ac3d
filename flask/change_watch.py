"""Has the database changed since the last look? For `live`, and used by its one thread only."""

import contextlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from ocr_contract.schema import SchemaError, open_reader
from web_errors import from_database

REOPEN_S = 30.0
"""A restored backup is another file under the same name; a new connection sees it."""
_FOR_EVER_S = 10 * REOPEN_S
"""The reader's time limit counts from its opening and is meant for one request."""


class ChangeWatch:
    """Keeps one read connection, because PRAGMA data_version compares only within one."""

    def __init__(self, database: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._opened_at = 0.0
        self._seen = 0
        self._file: tuple[int, int] | None = None
        self._changes = 0

    def version(self) -> int:
        """Differs from the last answer after every commit of another process, and where the file
        is another one.

        Raises:
            WebError: the database cannot be read now.
        """
        try:
            if self._connection is None:
                self._open()
                self._changes += 1
            elif self._clock() - self._opened_at > REOPEN_S:
                self._changes += self._open_anew(self._connection)
            else:
                seen = _data_version(self._connection)
                self._changes += seen != self._seen
                self._seen = seen
        except (sqlite3.Error, SchemaError) as error:
            self.close()
            raise from_database(error, self._database) from error
        return self._changes

    def _open(self) -> None:
        self._file = _identity(self._database)  # before it is opened: rather seen twice than missed
        self._connection = open_reader(self._database, query_limit_s=_FOR_EVER_S)
        self._opened_at = self._clock()
        self._seen = _data_version(self._connection)

    def _open_anew(self, old: sqlite3.Connection) -> bool:
        """Whether something has changed since the last look; what is committed in between one of
        the two connections sees."""
        seen, file = self._seen, self._file
        with contextlib.closing(old):
            self._open()
            return self._file != file or _data_version(old) != seen

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:  # opening it says why
        return None
    return found.st_dev, found.st_ino


def _data_version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)
