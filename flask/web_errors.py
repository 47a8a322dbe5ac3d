"""The errors of web_service: each with a stable code, a sentence with the remedy, an HTTP status.

WebError
├── BadParameterError      400  something in the address or the form is wrong
├── LoginNeededError       401  the page has a password, and this visitor has not given it
├── RefusedError           403  a form that did not come from our own page
├── NotFoundError          404  no such image, page or picture
├── DatabaseWaitingError   503  the database cannot be read now; the page tries again by itself
├── ExportError            422  this file cannot be made (503: not now)
├── TooSlowError           503  the question took too long; asking again would not help
└── BusyError              503  as many as may be ask for the same costly thing; soon there is room
"""

import sqlite3
from pathlib import Path

from ocr_contract import data_owner
from ocr_contract.error_codes import ErrorCode
from ocr_contract.schema import SchemaError


class WebError(Exception):
    """Shown to the visitor as it stands: the message names nothing secret."""

    http_status = 500
    code: str = ErrorCode.INTERNAL

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class BadParameterError(WebError):
    """Something in the address or the form is wrong."""

    http_status = 400
    code = ErrorCode.BAD_PARAMETER


class LoginNeededError(WebError):
    """The page has a password, and this visitor has not given it."""

    http_status = 401
    code = ErrorCode.LOGIN_NEEDED


class RefusedError(WebError):
    """A request that would change something and did not come from our own page."""

    http_status = 403
    code = ErrorCode.REFUSED


class NotFoundError(WebError):
    """No such image, page or picture."""

    http_status = 404
    code = ErrorCode.NOT_FOUND


class DatabaseWaitingError(WebError):
    """The database cannot be read at this moment."""

    http_status = 503
    code = ErrorCode.DATABASE_NOT_READY


class ExportError(WebError):
    """A file that was asked for cannot be made."""

    http_status = 422
    code = ErrorCode.EXPORT_FAILED

    def __init__(self, message: str, *, code: str, http_status: int = 422) -> None:
        super().__init__(message, code=code)
        self.http_status = http_status


class TooSlowError(WebError):
    """A query ran into its time limit."""

    http_status = 503
    code = ErrorCode.TOO_SLOW


class BusyError(WebError):
    """As many visitors as may be ask for the same costly thing."""

    http_status = 503
    code = ErrorCode.BUSY


def from_database(error: sqlite3.Error | SchemaError, database: Path) -> WebError:
    """What a visitor should read when `database` said `error`."""
    if isinstance(error, SchemaError):
        return DatabaseWaitingError(str(error), code=ErrorCode.DATABASE_VERSION)
    # Only errors of SQLite itself carry the code; its low byte is the primary one.
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary == sqlite3.SQLITE_INTERRUPT:
        return TooSlowError("That took too long. A longer or rarer word is found faster.")
    if primary == sqlite3.SQLITE_CANTOPEN:
        hindrance = data_owner.somebody_elses(database.parent)
        when = hindrance or "It appears as soon as the reader has started for the first time."
        return DatabaseWaitingError(
            f"There is no database yet. {when}", code=ErrorCode.DATABASE_MISSING
        )
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseWaitingError(
            "The database is busy for a moment.", code=ErrorCode.DATABASE_BUSY
        )
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DatabaseWaitingError(
            "The database file is damaged. Nothing was changed; restore a backup of it.",
            code=ErrorCode.DATABASE_DAMAGED,
        )
    return DatabaseWaitingError(f"The database cannot be read now ({error}).")
