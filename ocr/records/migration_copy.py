"""The copy of the old version before a migration: made quickly, and checked behind the work.

The service has not begun and holds the lock, so the log is emptied into the file, and the file is
copied as it lies: by reference where the file system can, otherwise within the kernel. To read it
page by page, to check it and to hash it took ten times as long, while nobody could search.

    data/backups/before-migration-v3-20260131T120000Z.db          there before anything is migrated
    data/backups/before-migration-v3-20260131T120000Z.db.sha256   once it has been checked
"""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw

import heartbeat
from ocr_errors import StoreError
from records.chunk_store import sync
from records.database_check import examine
from records.database_copy import (
    checksum_file,
    sha256_of,
    utc_stamp,
    write_checksum,
    write_copy,
)

_PREFIX = "before-migration-"
_PARTIAL = ".partial"
_PIECE_BYTES = 16 << 20
_NOT_HERE = (errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF)
"""What a kernel or a file system says that cannot copy by itself."""


def save(connection: apsw.Connection, path: Path, version: int, folder: Path) -> Path:
    """Copy the database `path`, open in `connection`, to a file whose name is never rotated away.

    Raises:
        OSError, StoreError: it could not be made; then there is none.
    """
    target = folder / f"{_PREFIX}v{version}-{utc_stamp()}.db"
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    for left in folder.glob(f".{_PREFIX}*{_PARTIAL}*"):  # by a start that was killed
        left.unlink()
    if not _empty_the_log(connection):  # somebody reads, and needs what it holds
        return write_copy(connection, target).path
    partial = target.with_name(f".{target.name}{_PARTIAL}")
    try:
        with _nobody_writes(connection):
            _copy_file(path, partial)
        _be_one_file(partial)
        partial.chmod(0o640)  # as every copy
        sync(partial)
        checksum_file(target).unlink(missing_ok=True)
        partial.replace(target)
        sync(folder)
    finally:
        with contextlib.suppress(OSError):
            for left in folder.glob(f"{partial.name}*"):
                left.unlink()
    return target


def unchecked(folder: Path) -> list[Path]:
    """The copies that `check` has not passed yet."""
    found = sorted(folder.glob(f"{_PREFIX}*.db"))
    return [path for path in found if not checksum_file(path).exists()]


def check(path: Path, between: Callable[[], None]) -> None:
    """Read a copy as a whole and write its checksum; `between` may rest, or raise to give up.

    Raises:
        StoreError: it is damaged, as the database was.
    """
    examine(path, between=between)
    write_checksum(path, sha256_of(path, between))


def _empty_the_log(connection: apsw.Connection) -> bool:
    try:
        ((busy, _, _),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except (apsw.BusyError, apsw.LockedError):
        return False
    return not busy


@contextlib.contextmanager
def _nobody_writes(connection: apsw.Connection) -> Iterator[None]:
    """No other program either."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _copy_file(source: Path, target: Path) -> None:
    with source.open("rb") as reading, target.open("wb") as writing:
        left = os.fstat(reading.fileno()).st_size
        copy = _within_the_kernel
        while left > 0:
            heartbeat.beat()
            try:
                done = copy(reading.fileno(), writing.fileno(), min(left, _PIECE_BYTES))
            except OSError as error:
                if copy is _piece_by_piece or error.errno not in _NOT_HERE:
                    raise
                copy = _piece_by_piece
                continue
            if not done:
                raise StoreError("copy_failed", f"{source} became shorter while it was copied.")
            left -= done


def _within_the_kernel(source: int, target: int, most: int) -> int:
    return os.copy_file_range(source, target, most)


def _piece_by_piece(source: int, target: int, most: int) -> int:
    data = os.read(source, most)
    written = 0
    while written < len(data):
        written += os.write(target, data[written:])
    return written


def _be_one_file(path: Path) -> None:
    """Complete without a log, as its header says that it has one."""
    connection = apsw.Connection(str(path))
    try:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        connection.close()
