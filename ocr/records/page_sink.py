"""A file that SQLite's backup API writes, cut into pieces as it comes.

SQLite speaks to files through a VFS (https://sqlite.org/vfs.html). This one has one file, for one
connection, and hands each piece of it on as soon as all its pages were written.
"""

import os
from collections.abc import Callable
from typing import cast

import apsw

from ocr_contract.error_codes import ErrorCode
from ocr_errors import StoreError
from records.chunk_store import CHUNK_BYTES

_SECTOR_BYTES = 4096
_LOCK_OFFSET = 1 << 30
"""Where SQLite's locks are; the page there is never used (https://sqlite.org/fileformat.html)."""


class PageSink(apsw.VFS):
    """A file for `backup`, which writes every page once and in order, only the first one late."""

    def __init__(self, take: Callable[[int, bytes], None]) -> None:
        """`take(index, piece)` gets each piece."""
        self.vfs = f"sink-{os.getpid()}-{id(self)}"
        super().__init__(self.vfs, "")
        self._take = take
        self._open: dict[int, bytearray] = {}
        self._filled: dict[int, int] = {}
        self._handed_on: set[int] = set()
        self._page_bytes = 0
        self.size_bytes = 0

    def write(self, data: bytes, offset: int) -> None:
        """Of one page."""
        index, start = divmod(offset, CHUNK_BYTES)
        if index in self._handed_on:
            raise _unlike(offset)
        self._page_bytes = len(data)
        piece = self._open.get(index)
        if piece is None:  # not `setdefault`: that would clear a new one for each page
            piece = self._open[index] = bytearray(CHUNK_BYTES)
        piece[start : start + len(data)] = data
        self._filled[index] = self._filled.get(index, 0) + len(data)
        self.size_bytes = max(self.size_bytes, offset + len(data))
        if index and self._filled[index] == CHUNK_BYTES:
            self._hand_on(index, CHUNK_BYTES)

    def finish(self) -> None:
        """Hand on what is not full: the first piece, the last, and where SQLite locks."""
        header = self._open.get(0)
        if header is not None:
            header[18:20] = b"\x01\x01"  # no write-ahead log belongs to it
        for index in sorted(self._open):
            start = index * CHUNK_BYTES
            length = min(CHUNK_BYTES, self.size_bytes - start)
            unused = self._page_bytes if start <= _LOCK_OFFSET < start + length else 0
            if self._filled[index] + unused < length:
                raise _unlike(start)
            self._hand_on(index, length)

    def _hand_on(self, index: int, length: int) -> None:
        self._handed_on.add(index)
        del self._filled[index]
        self._take(index, bytes(self._open.pop(index)[:length]))

    def xOpen(self, _: object, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        flags[1] = flags[0]
        return cast(apsw.VFSFile, _SinkFile(self))

    def xAccess(self, *_: object) -> bool:  # noqa: N802
        return False

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return name


class _SinkFile:
    """What SQLite asks of a file that one connection has for itself."""

    def __init__(self, sink: PageSink) -> None:
        self._sink = sink

    def xLock(self, _: int) -> None: ...  # noqa: N802
    def xUnlock(self, _: int) -> None: ...  # noqa: N802
    def xSync(self, _: int) -> None: ...  # noqa: N802
    def xClose(self) -> None: ...  # noqa: N802

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return _SECTOR_BYTES

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return 0

    def xFileControl(self, *_: object) -> bool:  # noqa: N802
        return False

    def xRead(self, *_: object) -> bytes:  # noqa: N802
        return b""  # SQLite asks once, for the header of what it takes for a new file

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._sink.write(data, offset)

    def xTruncate(self, size_bytes: int) -> None:  # noqa: N802
        self._sink.size_bytes = size_bytes

    def xFileSize(self) -> int:  # noqa: N802
        return self._sink.size_bytes


def _unlike(offset: int) -> StoreError:
    return StoreError(
        ErrorCode.COPY_FAILED,
        f"The database could not be copied: SQLite wrote the copy in another order, at {offset}.",
    )
