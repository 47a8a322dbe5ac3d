"""Puts a backup in the database's place while the service is stopped; keeps what was there.

    data/ocr_data.db.before-restore-20260131T120000Z   (and its -wal and -shm, if there are any)

The backup is copied into the data folder, or put together there from its pieces, checked, and takes
the database's name in one step. Until that step everything is as before, so an interruption costs
nothing but the copy.
"""

import contextlib
import hashlib
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import apsw

from ocr_contract.data_folder import LOCK_SUFFIX
from ocr_contract.error_codes import ErrorCode
from ocr_errors import OcrError, StoreError
from records import database
from records.chunk_store import sync
from records.chunked_copy import assemble, is_manifest
from records.database_check import examine
from records.database_copy import listed, read_checksum, sha256_of, utc_stamp

_CHUNK_BYTES = 1 << 20
_SUFFIXES = ("", "-wal", "-shm")
HOW_TO_STOP = (
    "ocr_service is running. Stop it first: `docker compose stop ocr_service` with Docker, "
    "Ctrl-C where `make run` runs without."
)


class Restored(NamedTuple):
    """What was done."""

    source: Path
    kept: Path | None
    """Where the database that was there lies now; None when there was none."""
    images: int
    pages: int


def restore(backup: Path, target: Path, pieces: Path | None = None) -> Restored:
    """Put `backup` in the place of the database `target`; `pieces` is the folder of backups whose
    pieces are taken where none lie beside it.

    Raises:
        StoreError: the service runs; or the backup is damaged, foreign or too new.
        OSError: a file cannot be read or written.
    """
    try:
        descriptor = database.lock(target)
    except StoreError as error:
        if error.code == ErrorCode.ALREADY_RUNNING:
            raise StoreError(error.code, HOW_TO_STOP) from error
        raise
    try:
        return _exchange(backup, target, pieces)
    finally:
        os.close(descriptor)


def _exchange(backup: Path, target: Path, pieces: Path | None) -> Restored:
    log = backup.with_name(backup.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise StoreError(
            ErrorCode.NOT_A_BACKUP,
            f"{backup} has a write-ahead log beside it: it is a database in use, and a copy of "
            "one file of it is not all of it. Use a backup that `ocrctl backup` made.",
        )
    new = target.with_name(f".{target.name}.restoring")
    try:
        by_pieces = is_manifest(backup)
        sha256 = sha256_of(backup) if by_pieces else _copy(backup, new)
        expected = read_checksum(backup)
        if expected is not None and sha256 != expected:
            raise StoreError(
                ErrorCode.CHECKSUM_DIFFERS,
                f"{backup} is not as it was written (see {backup.name}.sha256). Nothing was "
                "changed; choose another backup.",
            )
        if by_pieces:
            with new.open("wb") as stream:
                assemble(backup, stream, otherwise=pieces)
        content = examine(new)
        _give_to_the_service(new, target)
        sync(new)
        kept = _keep(target) if target.exists() else None
        for suffix in _SUFFIXES[1:]:  # never the old log beside the new database
            _beside(target, suffix).unlink(missing_ok=True)
        new.replace(target)
        sync(target.parent)
    except StoreError as error:
        message = error.message.replace(str(new), str(backup))
        raise StoreError(error.code, message) from error
    finally:
        new.unlink(missing_ok=True)
    return Restored(backup, kept, content.images, content.pages)


def find(name: str, backups: Path) -> Path:
    """The file that a person means: a path, or a name in data/backups.

    Raises:
        OcrError: there is none.
    """
    for path in (Path(name), backups / name):
        if path.is_file():
            return path
    names = [path.name for path in listed(backups)]
    there = f"In {backups} there are: {', '.join(names[-10:])}." if names else ""
    raise OcrError(ErrorCode.NO_SUCH_BACKUP, f"There is no backup {name}. {there}".strip())


def _copy(source: Path, target: Path) -> str:
    """Copy and return the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(_CHUNK_BYTES):
            digest.update(chunk)
            writing.write(chunk)
    return digest.hexdigest()


def _keep(target: Path) -> Path:
    """A second name for the old database and, where its log could not be emptied, for that."""
    _empty_the_log(target)
    kept = target.with_name(f"{target.name}.before-restore-{utc_stamp()}")
    for suffix in _SUFFIXES:
        old = _beside(target, suffix)
        if old.exists():
            copy = _beside(kept, suffix)
            copy.unlink(missing_ok=True)
            try:
                os.link(old, copy)
            except OSError:  # a file system without hard links
                shutil.copy2(old, copy)
                sync(copy)
    sync(target.parent)
    return kept


def _empty_the_log(target: Path) -> None:
    """A sound database is complete in one file then; a damaged one stays as it is."""
    with contextlib.suppress(apsw.Error, StoreError):
        connection = apsw.Connection(str(target), apsw.SQLITE_OPEN_READWRITE)
        try:
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            rows = connection.execute("PRAGMA quick_check(1)").fetchall()
            if rows == [("ok",)]:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()


def _give_to_the_service(new: Path, target: Path) -> None:
    """The rights of the database that was there, or those of the folder's owner."""
    model = target.stat() if target.exists() else target.parent.stat()
    mode = model.st_mode & 0o777 if target.exists() else 0o640
    new.chmod(mode)
    ours = new.stat()
    if (ours.st_uid, ours.st_gid) == (model.st_uid, model.st_gid):
        return
    lock = _beside(target, LOCK_SUFFIX)
    try:
        os.chown(new, model.st_uid, model.st_gid)
        os.chown(lock, model.st_uid, model.st_gid)  # it may just have been made
    except PermissionError as error:
        raise StoreError(
            ErrorCode.WRONG_USER,
            f"The database belongs to user {model.st_uid}, group {model.st_gid}. Restore as that "
            "user or as root, so that the service can write it.",
        ) from error


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
