"""Copies of the database that can be trusted: made online, checked, with a checksum beside them.

    data/backups/NAME.db               one file, complete without a write-ahead log
    data/backups/NAME.db.sha256        as `sha256sum` writes it
    data/backups/NAME.backup           a list of pieces (`chunked_copy`), likewise with its checksum

A copy gets its name when it is complete, checked and on disk; before that it is a hidden file.
"""

import contextlib
import datetime
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import apsw

import heartbeat
from ocr_contract.error_codes import ErrorCode
from ocr_errors import DiskFullError, StoreError
from records import chunked_copy
from records.chunk_store import sync
from records.database_check import APPLICATION_ID as APPLICATION_ID
from records.database_check import damaged as damaged
from records.database_check import examine
from records.database_check import first_problem as first_problem

STEP_PAGES = 256
"""A megabyte: the writers wait for one such step."""
_REST_S = 0.002
"""Between two steps, so that a waiting writer gets its turn: locks are not fair."""
_CHUNK_BYTES = 1 << 20
_SIDE_FILES = ("-wal", "-shm", "-journal")

Turn = Callable[[], "contextlib.AbstractContextManager[object]"]


class Copy(NamedTuple):
    """A checked copy."""

    path: Path
    size_bytes: int
    sha256: str
    images: int
    pages: int


def write_copy(
    source: apsw.Connection,
    target: Path,
    *,
    turn: Turn = contextlib.nullcontext,
    between: Callable[[], None] = heartbeat.beat,
) -> Copy:
    """Copy the open database `source` to `target` while others go on writing through it.

    `turn()` is held while the connection is used, a megabyte at a time; `between` is called in
    between and may raise to give up.

    Raises:
        StoreError: the copy did not pass the check; DiskFullError: there is no room for it.
        OSError: the folder cannot be written.
    """
    target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    try:
        _remove(partial)
        _copy_pages(source, partial, turn, between)
        content = examine(partial, between=between)
        sha256 = sha256_of(partial, between)
        size_bytes = partial.stat().st_size
        publish(partial, target, sha256)
    except apsw.FullError as error:
        raise DiskFullError from error
    except apsw.Error as error:
        raise StoreError(
            ErrorCode.COPY_FAILED, f"The database could not be copied: {error}."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            _remove(partial)
    return Copy(target, size_bytes, sha256, content.images, content.pages)


def publish(partial: Path, target: Path, sha256: str) -> None:
    """Give a whole and checked copy its name, with the checksum beside it, both on disk."""
    partial.chmod(0o640)  # texts are nobody else's business, whatever the umask
    sync(partial)
    checksum_file(target).unlink(missing_ok=True)  # never a new copy with an old checksum
    partial.replace(target)
    write_checksum(target, sha256)
    sync(target.parent)


def utc_stamp() -> str:
    """The moment as it stands in the names of copies: 20260131T120000Z."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")


def _copy_pages(
    source: apsw.Connection, partial: Path, turn: Turn, between: Callable[[], None]
) -> None:
    copy = apsw.Connection(str(partial))
    try:
        # Nobody else sees the file before it is whole; `sync` comes at the end.
        copy.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        with turn():
            backup = copy.backup("main", source, "main")
        try:
            while not backup.done:
                with turn():
                    backup.step(STEP_PAGES)
                between()
                time.sleep(_REST_S)
        finally:
            with turn():
                backup.close(True)
        copy.execute("PRAGMA journal_mode = DELETE")  # it says WAL in its header by now
    finally:
        copy.close()


def listed(folder: Path) -> list[Path]:
    """Every backup in a folder, of both forms, in the order of their names."""
    if not folder.is_dir():
        return []
    forms = ("*.db", f"*{chunked_copy.SUFFIX}")
    found = [path for form in forms for path in folder.glob(form)]
    return sorted(path for path in found if not path.name.startswith("."))


def newest_good(folder: Path) -> Path | None:
    """The newest backup whose checksum is right, or, without one, that passes SQLite's check."""
    for path in sorted(listed(folder), key=lambda backup: backup.stat().st_mtime, reverse=True):
        with contextlib.suppress(StoreError, OSError):
            verify(path)
            return path
    return None


def verify(path: Path, between: Callable[[], None] = heartbeat.beat) -> None:
    """Raise StoreError unless the copy is as it was written, every piece of it included.

    `between` is called again and again, and may raise to give up.

    Raises:
        StoreError: checksum_differs, or, where there is no checksum, as `examine`.
    """
    expected = read_checksum(path)
    if expected is not None and sha256_of(path, between) != expected:
        raise StoreError(ErrorCode.CHECKSUM_DIFFERS, f"{path} is not as it was written: damaged.")
    if path.suffix == chunked_copy.SUFFIX:
        chunked_copy.verify(path, between)
    elif expected is None:
        examine(path, between=between)


def checksum_file(path: Path) -> Path:
    """Where the checksum of a copy stands."""
    return path.with_name(path.name + ".sha256")


def read_checksum(path: Path) -> str | None:
    """The SHA-256 in hex that a copy should have; None when it has no checksum beside it."""
    try:
        words = checksum_file(path).read_text(encoding="ascii", errors="replace").split()
    except FileNotFoundError:
        return None
    return words[0].lower() if words else ""


def sha256_of(path: Path, between: Callable[[], None] = heartbeat.beat) -> str:
    """SHA-256 of a file's content, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            between()
    return digest.hexdigest()


def write_checksum(path: Path, sha256: str) -> None:
    """Lay the checksum of a copy beside it."""
    partial = path.with_name(f".{path.name}.sha256.partial")
    try:
        partial.write_text(f"{sha256}  {path.name}\n", encoding="ascii")
        sync(partial)
        partial.replace(checksum_file(path))
    finally:
        partial.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    for suffix in ("", *_SIDE_FILES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
