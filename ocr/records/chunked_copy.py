"""Backups of which only what changed is stored: a list of pieces, and the pieces.

    data/backups/NAME.backup           which pieces make the database, and what it holds
    data/backups/NAME.backup.sha256    as `sha256sum` writes it
    data/backups/chunks/…              the pieces (`chunk_store`)

The list is written last: a backup that has its name is complete, on disk, and was checked from
what is stored, by SQLite itself.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import apsw

import heartbeat
from ocr_contract.error_codes import ErrorCode
from ocr_errors import DiskFullError, StoreError
from records.chunk_store import (
    CHUNK_BYTES,
    CHUNKS_FOLDER,
    ChunkStore,
    DamagedChunkError,
)
from records.database_check import Content, check, open_to_read
from records.page_sink import PageSink

SUFFIX = ".backup"
_STEP_PAGES = 256
_BUSY_TIMEOUT_MS = 5000
_UNSAFE_AND_QUICK = """
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = 64
"""
"""For a file that is none: half of it is never used."""
_FORMAT = 1
_MARK = b'{"ocr_docker_backup": '
_MOST_MANIFEST_BYTES = 256 << 20

Between = Callable[[], None]


class Manifest(NamedTuple):
    """What a .backup file says."""

    size_bytes: int
    """Of the database."""
    version: int
    images: int
    pages: int
    added_bytes: int
    """What it took on the disk beside the pieces that were there."""
    chunks: tuple[str, ...]
    """Their names in the file's order."""

    def to_json(self) -> bytes:
        head = json.dumps({"ocr_docker_backup": _FORMAT, **self._asdict()}, indent=None)
        return head.encode("ascii") + b"\n"

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Raises ValueError when it is none."""
        value = json.loads(text)
        if not isinstance(value, dict) or value.get("ocr_docker_backup") != _FORMAT:
            raise ValueError("another form")
        numbers: list[Any] = [value.get(name) for name in cls._fields[:-1]]
        chunks = value.get("chunks")
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise ValueError("a number is missing")
        if not isinstance(chunks, list) or not all(_is_name(name) for name in chunks):
            raise ValueError("a name is none")
        if len(chunks) != -(-value["size_bytes"] // CHUNK_BYTES):
            raise ValueError("pieces are missing")
        size_bytes, version, images, pages, added_bytes = numbers
        return cls(size_bytes, version, images, pages, added_bytes, tuple(chunks))


def is_manifest(path: Path) -> bool:
    """Whether a file is a list of pieces, by its first bytes."""
    with path.open("rb") as stream:
        return stream.read(len(_MARK)) == _MARK


def read_manifest(path: Path) -> Manifest:
    """What a .backup file says.

    Raises:
        StoreError: not_a_backup. OSError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return Manifest.from_json(stream.read(_MOST_MANIFEST_BYTES))
    except ValueError as error:
        raise StoreError(
            ErrorCode.NOT_A_BACKUP, f"{path} is no list of a backup's pieces, or is damaged."
        ) from error


def store_of(path: Path, otherwise: Path | None = None) -> ChunkStore:
    """Where the pieces of a .backup file are: beside it, or else in `otherwise`."""
    folder = path.parent
    if otherwise is not None and not (folder / CHUNKS_FOLDER).is_dir():
        folder = otherwise
    return ChunkStore(folder)


def collect(database: Path, store: ChunkStore, between: Between) -> Manifest:
    """Check this moment's state of a database that others write, and store what is new of it.

    `store` is locked. Every piece is read again at the end; one that is damaged or missing, though
    it was stored before, is stored anew.

    Raises:
        StoreError: the database is damaged, or cannot be copied; DiskFullError.
        OSError: the folder cannot be written.
    """
    for last_try in (False, True):
        content, size_bytes, chunks = _snapshot(database, store, between)
        store.settle()
        damaged = _damaged(store, chunks, between)
        if not damaged:
            break
        if last_try:
            raise damaged[0]
        for error in damaged:
            store.discard(error.chunk)
    return Manifest(size_bytes, *content, store.added_bytes, chunks)


def _damaged(
    store: ChunkStore, chunks: tuple[str, ...], between: Between
) -> list[DamagedChunkError]:
    found = []
    for chunk in sorted(set(chunks)):
        between()
        try:
            store.get(chunk)
        except DamagedChunkError as error:
            found.append(error)
    return found


def verify(path: Path, between: Between = heartbeat.beat) -> None:
    """Raise StoreError unless every piece of the backup is there and as it was written."""
    store = store_of(path)
    for chunk in sorted(set(read_manifest(path).chunks)):
        between()
        store.get(chunk)


def assemble(
    path: Path,
    target: BinaryIO,
    *,
    otherwise: Path | None = None,
    between: Between = heartbeat.beat,
) -> str:
    """Write the database that a .backup file stands for; returns the SHA-256 of what was written.

    Raises:
        StoreError: it is none, or a piece of it is missing or damaged.
    """
    manifest = read_manifest(path)
    store = store_of(path, otherwise)
    digest = hashlib.sha256()
    for chunk in manifest.chunks:
        data = store.get(chunk)
        digest.update(data)
        target.write(data)
        between()
    return digest.hexdigest()


def used(folder: Path) -> set[str]:
    """The pieces of every backup in a folder.

    Raises:
        StoreError: a list cannot be understood, so nobody knows.
    """
    names: set[str] = set()
    for path in folder.glob(f"*{SUFFIX}"):
        if not path.name.startswith("."):
            names.update(read_manifest(path).chunks)
    return names


def _snapshot(
    database: Path, store: ChunkStore, between: Between
) -> tuple[Content, int, tuple[str, ...]]:
    """One read transaction sees one moment, whatever is written meanwhile."""
    try:
        with contextlib.closing(open_to_read(database)) as source:
            source.set_busy_timeout(_BUSY_TIMEOUT_MS)
            source.execute("BEGIN")
            content = check(source, database, between)
            return content, *_copy(source, store, between)
    except apsw.FullError as error:
        raise DiskFullError from error
    except apsw.Error as error:
        raise StoreError(
            ErrorCode.COPY_FAILED, f"The database could not be copied: {error}."
        ) from error


def _copy(
    source: apsw.Connection, store: ChunkStore, between: Between
) -> tuple[int, tuple[str, ...]]:
    chunks: dict[int, str] = {}
    sink = PageSink(lambda index, data: chunks.__setitem__(index, store.put(data)))
    try:
        with contextlib.closing(apsw.Connection("/copy", vfs=sink.vfs)) as copy:
            copy.execute(_UNSAFE_AND_QUICK)
            with copy.backup("main", source, "main") as backup:
                while not backup.done:
                    backup.step(_STEP_PAGES)
                    between()
        sink.finish()
    finally:
        sink.unregister()
    if sorted(chunks) != list(range(len(chunks))):
        raise StoreError(ErrorCode.COPY_FAILED, "The database could not be copied: a gap.")
    return sink.size_bytes, tuple(chunks[index] for index in range(len(chunks)))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")
