"""The parts of a zip, made one after the other while it is sent (PKWARE's APPNOTE 6.3).

`zipfile` writes to a stream, too, but keeps an object of half a kilobyte for each file, and makes
the list at the end as a whole. Here a file's entry in that list is kept packed, some tens of bytes,
and the list is made piece by piece; and a file that is long in the making can send bytes without
content, so that nobody on the way takes the silence for the end.

    begin(name) data … end()   begin(name) data … end()   directory()
"""

import struct
import time
import zlib
from collections.abc import Iterator

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_END64 = struct.Struct("<IQHHIIQQQQ")
_LOCATOR = struct.Struct("<IIQI")
_DESCRIPTOR, _DESCRIPTOR64 = struct.Struct("<IIII"), struct.Struct("<IIQQ")
_KEPT = struct.Struct("<QIQQ?H")
_FLAGS = 1 << 3 | 1 << 11  # sizes follow the data; names are UTF-8
_DEFLATED = 8
_UNIX = 3 << 8
_FILE_MODE = 0o100644 << 16
_MOST_32, _MOST_16 = 0xFFFFFFFF, 0xFFFF
_STORED_BLOCK = b"\x00\x00\x00\xff\xff"
"""Of deflate: no content, and not the last one."""
_PIECE_BYTES = 64 * 1024


class ZipStream:
    """Gives the bytes that come next."""

    def __init__(self, *, level: int) -> None:
        """`level` of deflate, 0 to 9."""
        self._level = level
        now = time.localtime()
        self._date = max(now.tm_year - 1980, 0) << 9 | now.tm_mon << 5 | now.tm_mday
        self._time = now.tm_hour << 11 | now.tm_min << 5 | now.tm_sec // 2
        self._at = 0
        self._files = 0
        self._packer = zlib.compressobj(1)
        self._packed = bytearray()
        self._open: _File | None = None

    def begin(self, name: str, *, may_be_large: bool) -> bytes:
        """A file; it may have 4 GB and more only where that is said."""
        raw = name.encode()
        large = may_be_large
        self._open = _File(raw, self._at, self._level, large)
        extra = struct.pack("<HHQQ", 1, 16, 0, 0) if large else b""
        size = _MOST_32 if large else 0
        head = _LOCAL.pack(
            0x04034B50, 45 if large else 20, _FLAGS, _DEFLATED, self._time, self._date, 0, size,
            size, len(raw), len(extra),
        )  # fmt: skip
        return self._sent(head + raw + extra)

    @property
    def is_open(self) -> bool:
        """Whether a file was begun and not ended."""
        return self._open is not None

    def data(self, content: bytes) -> bytes:
        """More of the file's content."""
        assert self._open is not None
        return self._sent(self._open.add(content))

    def no_data(self) -> bytes:
        """Some bytes of the file that add nothing to its content."""
        assert self._open is not None
        return self._sent(self._open.add_nothing())

    def end(self) -> bytes:
        """The file's end."""
        file, self._open = self._open, None
        assert file is not None
        last = self._sent(file.finish())
        kept = _KEPT.pack(file.at, file.crc, file.packed, file.size, file.large, len(file.name))
        self._packed += self._packer.compress(kept + file.name)
        self._files += 1
        descriptor = _DESCRIPTOR64 if file.large else _DESCRIPTOR
        return last + self._sent(descriptor.pack(0x08074B50, file.crc, file.packed, file.size))

    def directory(self) -> Iterator[bytes]:
        """The list of all files, in pieces; the zip is complete with it."""
        start = self._at
        self._packed += self._packer.flush()
        piece = bytearray()
        for entry in self._entries():
            piece += entry
            if len(piece) >= _PIECE_BYTES:
                yield self._sent(bytes(piece))
                piece.clear()
        yield self._sent(bytes(piece))
        yield self._last(start)

    def _sent(self, content: bytes) -> bytes:
        self._at += len(content)
        return content

    def _entries(self) -> Iterator[bytes]:
        unpacker = zlib.decompressobj()
        left = memoryview(self._packed)
        found = bytearray()
        while True:
            while len(found) < _KEPT.size or len(found) < _KEPT.size + _KEPT.unpack_from(found)[-1]:
                if not left:
                    return
                found += unpacker.decompress(left[:_PIECE_BYTES])
                left = left[_PIECE_BYTES:]
            at, crc, packed, size, large, length = _KEPT.unpack_from(found)
            name = bytes(found[_KEPT.size : _KEPT.size + length])
            del found[: _KEPT.size + length]
            yield self._entry(name, at, crc, packed, size, large)

    def _entry(self, name: bytes, at: int, crc: int, packed: int, size: int, large: bool) -> bytes:
        extra = b""
        shown_sizes = packed, size
        if max(packed, size) >= _MOST_32:
            extra += struct.pack("<QQ", size, packed)
            shown_sizes = _MOST_32, _MOST_32
        if at >= _MOST_32:
            extra += struct.pack("<Q", at)
        if extra:
            extra = struct.pack("<HH", 1, len(extra)) + extra
        version = 45 if large or extra else 20
        return (
            _CENTRAL.pack(
                0x02014B50, _UNIX | version, version, _FLAGS, _DEFLATED, self._time, self._date,
                crc, *shown_sizes, len(name), len(extra), 0, 0, 0, _FILE_MODE, min(at, _MOST_32),
            )
            + name
            + extra
        )  # fmt: skip

    def _last(self, start: int) -> bytes:
        end, files = self._at, self._files
        size = end - start
        before = b""
        if files >= _MOST_16 or max(start, size) >= _MOST_32:
            before = _END64.pack(0x06064B50, 44, 45, 45, 0, 0, files, files, size, start)
            before += _LOCATOR.pack(0x07064B50, 0, end, 1)
        files = min(files, _MOST_16)
        return before + _END.pack(
            0x06054B50, 0, 0, files, files, min(size, _MOST_32), min(start, _MOST_32), 0
        )


class _File:
    """The file that is being written."""

    def __init__(self, name: bytes, at: int, level: int, large: bool) -> None:
        self.name = name
        self.at = at
        self.large = large
        self.crc = self.size = self.packed = 0
        self._packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._is_flushed = False

    def add(self, content: bytes) -> bytes:
        self.crc = zlib.crc32(content, self.crc)
        self.size += len(content)
        self._is_flushed = False
        return self._counted(self._packer.compress(content))

    def add_nothing(self) -> bytes:
        # What the packer holds back first, up to a whole byte; then a block of our own.
        held = b"" if self._is_flushed else self._packer.flush(zlib.Z_FULL_FLUSH)
        self._is_flushed = True
        return self._counted(held + _STORED_BLOCK)

    def finish(self) -> bytes:
        return self._counted(self._packer.flush())

    def _counted(self, packed: bytes) -> bytes:
        self.packed += len(packed)
        return packed
