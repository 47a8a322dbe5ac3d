"""A TIFF's JPEG page as a JPEG file, byte for byte the same coefficients: nothing is decoded.

A TIFF keeps tables apart (tag 347) and cuts a page into strips, each a JPEG of its own. Strips that
end with a row of blocks become one picture whose restart intervals they are (ISO 10918-1, E.1.3):
at each the decoder begins anew, as it did with each strip. TIFF 6.0's Technical Note 2.
"""

import re
import struct
from typing import NamedTuple

from decoding import image_containers, tiff_directory
from decoding.tiff_directory import Directory

_JPEG, _TABLES = 7, 347
_OLD_JPEG, _FILE_AT, _FILE_BYTES = 6, 513, 514
_COEFFICIENTS, _REFERENCE = 529, 532
_PLAIN = {_COEFFICIENTS: (0.299, 0.587, 0.114), _REFERENCE: (0, 255, 128, 255, 128, 255)}
"""What JPEG's viewers take colours for; others are rare."""
_GREY, _YCBCR, _RGB = (1, 1), (6, 3), (2, 3)
"""Photometric and samples."""
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_DHT, _DQT, _DRI, _SOS = 0xC4, 0xDB, 0xDD, 0xDA
_BASELINE = (0xC0, 0xC1)
_OTHER_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_BLOCK = 8
_MOST_UNITS = 65_535
_RATIONAL = 5
_NEAR = 0.002


class _Strip(NamedTuple):
    """A JPEG within a TIFF."""

    tables: bytes
    frame: bytes
    """Its SOF segment."""
    interval: bool
    """Whether it has restart intervals of its own."""
    scan: bytes
    """SOS, with its head."""
    data: bytes


def old_style(content: bytes, directory: Directory) -> bytes | None:
    """The JPEG file that a page of TIFF 6.0's own JPEG (compression 6) has in one piece; None where
    it is none."""
    model = (directory.number(tiff_directory.PHOTOMETRIC, 0),
             directory.number(tiff_directory.SAMPLES, 1))  # fmt: skip
    offsets, counts = directory.parts()
    if directory.number(tiff_directory.COMPRESSION, 1) != _OLD_JPEG or model not in (_GREY, _YCBCR):
        return None
    pieces = [(directory.number(_FILE_AT, 0), directory.number(_FILE_BYTES, 0))]
    pieces += zip(offsets, counts, strict=False) if len(offsets) == 1 else []
    for at, count in pieces:
        jpeg = content[at : at + count].rstrip(b"\x00") if at else b""
        if jpeg.startswith(b"\xff\xd8\xff") and b"\xff\xda" in jpeg and jpeg.endswith(_EOI):
            return jpeg
    return None


def as_jpeg(content: bytes, directory: Directory) -> bytes | None:
    """The page as a JPEG file; None where it is to be decoded."""
    if (
        directory.number(tiff_directory.COMPRESSION, 1) != _JPEG
        or directory.number(tiff_directory.PLANAR, 1) != 1
        or tiff_directory.TILE_OFFSETS in directory.fields
        or (directory.number(tiff_directory.PHOTOMETRIC, 0),
            directory.number(tiff_directory.SAMPLES, 1)) not in (_GREY, _YCBCR, _RGB)
        or not all(_is_plain(directory, tag) for tag in _PLAIN)
    ):  # fmt: skip
        return None
    try:
        strips = [
            _strip(content[at : at + count]) for at, count in zip(*directory.parts(), strict=True)
        ]
        common = _tables(directory.fields.get(_TABLES, (0, 0, b""))[2])
        return _joined(strips, common, directory)
    except (ValueError, IndexError, struct.error):
        return None


def _joined(strips: list[_Strip], common: bytes, directory: Directory) -> bytes | None:
    width, height = directory.size
    first = strips[0]
    rows, across, units = _units(first, directory)
    if across != width:
        return None
    parts = [_SOI, _head(directory), common, first.tables]
    if len(strips) == 1:
        is_whole = rows == height and not first.interval
        return b"".join([*parts, first.frame, first.scan, first.data, _EOI]) if is_whole else None
    expected = directory.number(tiff_directory.ROWS_PER_STRIP, height)
    is_even = all(
        strip.tables == first.tables and strip.scan == first.scan and not strip.interval
        and strip.frame[:5] + strip.frame[7:] == first.frame[:5] + first.frame[7:]
        and _rows(strip) == min(expected, height - number * expected)
        for number, strip in enumerate(strips)
    )  # fmt: skip
    if not is_even or not 0 < units <= _MOST_UNITS:
        return None
    frame = first.frame[:5] + struct.pack(">H", height) + first.frame[7:]
    parts += [frame, struct.pack(">BBHH", 0xFF, _DRI, 4, units), first.scan]
    for number, strip in enumerate(strips):
        if number:
            parts.append(bytes((0xFF, 0xD0 + (number - 1) % 8)))
        parts.append(strip.data)
    return b"".join([*parts, _EOI])


def _tables(stored: bytes) -> bytes:
    """The tables that the strips of a page have in common."""
    return b"".join(
        stored[start:end]
        for marker, start, end in image_containers.jpeg_segments(stored)
        if marker in (_DHT, _DQT)
    )


def _strip(content: bytes) -> _Strip:
    """Raises ValueError: it is no plain JPEG of one scan."""
    tables, frame, interval = b"", b"", False
    for marker, start, end in image_containers.jpeg_segments(content):
        segment = content[start:end]
        if marker in (_DHT, _DQT):
            tables += segment
        elif marker == _DRI:
            interval = interval or any(segment[4:6])
        elif marker in _BASELINE:
            frame = segment
        elif marker == _SOS:
            data = content[end : content.index(_EOI, end)]
            if frame and not _OTHER_MARKER.search(data):
                return _Strip(tables, frame, interval, segment, data)
            break
    raise ValueError("no plain JPEG")


def _rows(strip: _Strip) -> int:
    (rows,) = struct.unpack_from(">H", strip.frame, 5)
    return int(rows)


def _units(strip: _Strip, directory: Directory) -> tuple[int, int, int]:
    """Its rows, its width, and how many units of blocks it has; 0 where its last are not whole.

    Raises:
        ValueError: it is another picture than the directory says.
    """
    precision, rows, width, count = struct.unpack_from(">BHHB", strip.frame, 4)
    if (precision, count) != (8, directory.number(tiff_directory.SAMPLES, 1)):
        raise ValueError("another kind of picture")
    factors = [strip.frame[11 + 3 * number] for number in range(count)] if count > 1 else [0x11]
    across, down = (_BLOCK * max(factor >> 4 for factor in factors),
                    _BLOCK * max(factor & 15 for factor in factors))  # fmt: skip
    return rows, width, 0 if rows % down else -(-width // across) * (rows // down)


def _head(directory: Directory) -> bytes:
    """What says how large the page is and that components are YCbCr (JFIF), or that they are RGB
    (Adobe). No file says both."""
    if directory.number(tiff_directory.PHOTOMETRIC, 0) == _RGB[0]:
        return struct.pack(">BBH5sHHHB", 0xFF, 0xEE, 14, b"Adobe", 100, 0, 0, 0)
    dots = [round(each) for each in directory.dots_an_inch or (0, 0)]
    unit = 1
    if not all(0 < each <= _MOST_UNITS for each in dots):
        unit, dots = 0, [1, 1]
    return struct.pack(">BBH5sHBHHBB", 0xFF, 0xE0, 16, b"JFIF", 0x0101, unit, *dots, 0, 0)


def _is_plain(directory: Directory, tag: int) -> bool:
    """Whether colours are as JPEG's viewers take them."""
    if directory.number(tiff_directory.PHOTOMETRIC, 0) == _RGB[0]:
        return True
    found = _rationals(directory, tag)
    return not found or all(
        abs(value - usual) < _NEAR for value, usual in zip(found, _PLAIN[tag], strict=False)
    )


def _rationals(directory: Directory, tag: int) -> tuple[float, ...]:
    kind, count, data = directory.fields.get(tag, (0, 0, b""))
    if kind != _RATIONAL:
        return ()
    numbers = struct.unpack_from(f"{directory.order}{2 * min(count, len(data) // 8)}I", data)
    return tuple(
        above / below if below else 0.0
        for above, below in zip(numbers[::2], numbers[1::2], strict=True)
    )
