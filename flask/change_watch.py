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
        self._generation = 0

    def version(self) -> tuple[int, int]:
        """Differs from the last answer after every commit of another process.

        Raises:
            WebError: the database cannot be read now.
        """
        try:
            if self._connection is None or self._clock() - self._opened_at > REOPEN_S:
                self.close()
                self._connection = open_reader(self._database, query_limit_s=_FOR_EVER_S)
                self._opened_at = self._clock()
                self._generation += 1
            row = self._connection.execute("PRAGMA data_version").fetchone()
        except (sqlite3.Error, SchemaError) as error:
            self.close()
            raise from_database(error, self._database) from error
        return self._generation, row[0]

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
