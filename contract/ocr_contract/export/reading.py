"""A connection to the database for an export, which may last for hours.

A reader's questions are cut after a while, and a database may be put in another's place: so the
connection is made anew every moment. No transaction lasts longer than one question.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from ocr_contract.schema import open_reader

_RENEWED_S = 0.5


class ExportReading:
    """Gives a connection to whoever asks for one. For one thread."""

    def __init__(
        self, database: Path, *, query_limit_s: float,
        opener: Callable[..., sqlite3.Connection] = open_reader,
    ) -> None:  # fmt: skip
        """A question may take `query_limit_s`."""
        self._database = database
        self._query_limit_s = query_limit_s
        self._opener = opener
        self._connection: sqlite3.Connection | None = None
        self._opened_at = 0.0

    def __call__(self) -> sqlite3.Connection:
        """A connection for the next moment. Raises sqlite3.Error, SchemaError."""
        if self._connection is not None and time.monotonic() - self._opened_at > _RENEWED_S:
            self.close()
        if self._connection is None:
            self._connection = self._opener(
                self._database, query_limit_s=_RENEWED_S + self._query_limit_s
            )
            self._opened_at = time.monotonic()
        return self._connection

    def close(self) -> None:
        """The next one who asks gets a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def __enter__(self) -> "ExportReading":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()
