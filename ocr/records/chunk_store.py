"""Pieces of databases, each kept once under its SHA-256, however many backups hold it.

    data/backups/chunks/3f/3f7a…    compressed (zlib); the name is the hash of what is inside

A piece gets its name when it is complete and on disk. What is read is compared with its name, so
that a damaged piece is never taken for a good one.
"""

import contextlib
import fcntl
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ocr_contract.error_codes import ErrorCode
from ocr_errors import ConflictError, StoreError

CHUNK_BYTES = 128 << 10
"""Of every list of pieces, old ones too. Measured (docs/decisions/0027): smaller ones store less a
day, and are more files."""
CHUNKS_FOLDER = "chunks"
_LEVEL = 1
_BATCH = 256
"""So many new pieces wait together for the disk."""
_PARTIAL = ".partial"


class DamagedChunkError(StoreError):
    """A piece is missing, or is not what its name says."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            ErrorCode.CHECKSUM_DIFFERS,
            f"{path}, a piece of this backup, {problem}. Choose another backup.",
        )
        self.chunk = path.name


class _New(NamedTuple):
    """Written, and not yet under its name."""

    partial: Path
    path: Path


class ChunkStore:
    """The pieces beside the backups of one folder. For one thread."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the one of the backups."""
        self.folder = folder / CHUNKS_FOLDER
        self._known: dict[str, int] | None = None
        self._new: list[_New] = []
        self.added_bytes = 0
        """On the disk, by `put`."""

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """No other process adds or deletes pieces meanwhile.

        Raises:
            ConflictError: backup_running.
        """
        self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConflictError(
                    ErrorCode.BACKUP_RUNNING, "Another backup is being made; ask again soon."
                ) from error
            self._known = None
            yield
        finally:
            os.close(descriptor)

    def sizes(self) -> dict[str, int]:
        """Each piece and what it takes on the disk. Not a copy."""
        if self._known is None:
            self._known = {
                entry.name: _size_on_disk(entry.stat().st_size)
                for entry in self._files()
                if not entry.name.endswith(_PARTIAL)
            }
        return self._known

    def put(self, data: bytes) -> str:
        """Keep a piece, unless it is there; returns its name. `settle` makes it durable."""
        name = hashlib.sha256(data).hexdigest()
        known = self.sizes()
        if name not in known:
            path = self._path(name)
            path.parent.mkdir(mode=0o750, exist_ok=True)
            partial = path.with_name(f".{name}{_PARTIAL}")
            packed = zlib.compress(data, _LEVEL)
            partial.write_bytes(packed)
            partial.chmod(0o640)  # texts are nobody else's business, whatever the umask
            self._new.append(_New(partial, path))
            known[name] = _size_on_disk(len(packed))
            self.added_bytes += known[name]
            if len(self._new) >= _BATCH:
                self.settle()
        return name

    def settle(self) -> None:
        """When it returns every piece that was put is on disk, under its name."""
        for new in self._new:
            sync(new.partial)
        for new in self._new:
            new.partial.replace(new.path)
        for folder in {new.path.parent for new in self._new}:
            sync(folder)
        if self._new:
            sync(self.folder)
        self._new.clear()

    def get(self, name: str) -> bytes:
        """A piece, compared with its name.

        Raises:
            DamagedChunkError: it is missing or damaged.
            OSError: it cannot be read.
        """
        path = self._path(name)
        try:
            data = zlib.decompressobj().decompress(path.read_bytes(), CHUNK_BYTES)
        except FileNotFoundError:
            raise DamagedChunkError(path, "is missing") from None
        except zlib.error:
            raise DamagedChunkError(path, "is damaged") from None
        if hashlib.sha256(data).hexdigest() != name:
            raise DamagedChunkError(path, "is damaged")
        return data

    def discard(self, name: str) -> None:
        """Delete a damaged piece, so that the next `put` stores it anew."""
        self._path(name).unlink(missing_ok=True)
        self.sizes().pop(name, None)

    def sweep(self, keep: set[str]) -> int:
        """Delete every piece that is not in `keep`, and what was left half-written.

        Returns how many bytes of the disk that gave back.
        """
        self._new.clear()
        freed = 0
        for entry in self._files():
            if entry.name not in keep:
                freed += _size_on_disk(entry.stat().st_size)
                Path(entry.path).unlink(missing_ok=True)
        self._known = None
        return freed

    def _files(self) -> Iterator["os.DirEntry[str]"]:
        if not self.folder.is_dir():
            return
        for folder in sorted(self.folder.iterdir()):
            if folder.is_dir():
                with os.scandir(folder) as entries:
                    yield from entries

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / name


def sync(path: Path) -> None:
    """Wait until a file or a folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size_on_disk(size: int) -> int:
    """File systems give whole blocks."""
    return -(-size // 4096) * 4096
