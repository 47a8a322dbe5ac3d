"""What stands around the pixels in JPEG, PNG and WebP: the orientation, and what can be left out.

Metadata must never cost pixels. So the orientation is looked up here, without reading anything
else, and a file whose metadata stops a decoder is written anew with its pixels only.
"""

import re
import struct
import zlib
from collections.abc import Iterator

import file_kinds

PNG = b"\x89PNG\r\n\x1a\n"
_ODD_TIFFS = (b"MM*\x00", b"II\x00*")
_FOREIGN = (b"%PDF", b"%!PS", b"8BPS", b"PK\x03\x04", b"ID3", b"\x00\x00\x01\x00", b"<", b"{")
"""Containers of JPEGs that are no page of theirs: thumbnails, album covers, icons."""
_LATEST_START = 1024
_JPEG_START = re.compile(rb"\xff\xd8\xff[\xc0-\xc4\xdb\xe0-\xef\xfe]")
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG_BARE = {0x01, 0xD8, 0xD9}
_JPEG_KEPT = {0xE0: (b"JFIF\x00", 14), 0xEE: (b"Adobe", 12)}
"""How those begin that say what the colours are, and their least length. Cut off, as some editors
leave them, they stop the decoder; every other APPn and the comments can go."""
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_PNG_ANIMATED = {b"acTL": 8, b"fcTL": 26, b"fdAT": 4}
"""An animation's own chunks and their least length. The first picture stands in IDAT without them,
and viewers show that when one of them is damaged."""
_WEBP_KEPT = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"}
_MARGIN = 65_536
"""By how many bytes compressed pixels may be larger than they are uncompressed."""
_ORIENTATION = 0x0112
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:=\"|>)([1-8])")


def from_signature(content: bytes) -> bytes | None:
    """`content` from the first byte of its image on; None when no allowed format begins there.

    Only a JPEG may have something in front of it, as left by a broken download.
    """
    if file_kinds.is_usual(content[: file_kinds.HEAD_BYTES]) or file_kinds.rare_form(content):
        return content
    if content.startswith(_ODD_TIFFS):
        return content
    if content.startswith(_FOREIGN) or content[4:8] == b"ftyp":
        return None
    found = _JPEG_START.search(content, 0, _LATEST_START)
    return content[found.start() :] if found else None


def orientation(content: bytes) -> int:
    """The EXIF orientation, 1 to 8, of a JPEG, PNG or WebP; 1 where none can be read."""
    xmp = b""
    for kind, data in _metadata(content):
        if kind == "exif":
            found = _orientation_of(data.removeprefix(b"Exif\x00\x00"))
            if found:
                return found
        xmp = xmp or data
    match = _XMP_ORIENTATION.search(xmp)
    return int(match[1]) if match else 1


def is_lossy(content: bytes) -> bool:
    """Whether the picture was stored with loss, as its form tells; HEIC and AVIF nearly always."""
    if content.startswith(b"RIFF"):
        chunks = ((kind, data) for kind, data, _ in _webp_chunks(content))
        return any(kind == b"VP8 " or (kind == b"ANMF" and data[16:20] in {b"VP8 ", b"ALPH"})
                   for kind, data in chunks)  # fmt: skip
    rare = file_kinds.rare_form(content[: file_kinds.HEAD_BYTES])
    return content.startswith(b"\xff\xd8") or rare in {"HEIF", "AVIF", "JPEG2000"}


def png_has_alpha(content: bytes) -> bool:
    """Whether something of a PNG may be transparent."""
    for kind, data in png_chunks(content):
        if kind == b"IHDR" and len(data) >= 10 and data[9] & 4:
            return True
        if kind in {b"tRNS", b"IDAT"}:
            return kind == b"tRNS"
    return False


def without_metadata(content: bytes) -> bytes:
    """The same picture with nothing but what its pixels need; checksums are made right."""
    if content.startswith(PNG):
        chunks = [*png_chunks(content)]
        kept = _PNG_KEPT
        if all(len(data) >= _PNG_ANIMATED.get(kind, 0) for kind, data in chunks):
            kept = _PNG_KEPT | _PNG_ANIMATED.keys()
        chunks = [(kind, data) for kind, data in chunks if kind in kept]
        return PNG + b"".join(png_chunk(kind, data) for kind, data in chunks)
    if content.startswith(b"\xff\xd8"):
        return _jpeg_without_metadata(content)
    if content.startswith(b"RIFF"):
        return webp(content)
    return content


def png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, data) of each chunk; the last one may be cut short. Checksums are not looked at."""
    at = len(PNG)
    while at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        yield kind, content[at + 8 : at + 8 + length]
        at += 12 + length


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment up to the end of the file, `start` at its 0xFF.

    A scan is its header only: what follows up to the next segment is its entropy-coded data.
    """
    for start, marker, end in jpeg_markers(content, 2):
        if marker == 0xD9 or start + 4 > len(content):
            return
        if end > start + 2:
            yield marker, start, end


def jpeg_markers(content: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """(start, marker, end) of each marker from there on, with its segment where it has one."""
    while found := _JPEG_MARKER.search(content, at):
        start, marker = found.start(), content[found.start() + 1]
        at = start + 2
        if marker not in _JPEG_BARE and start + 4 <= len(content):
            at += struct.unpack_from(">H", content, at)[0]
        yield start, marker, at


def webp(content: bytes, filler: bytes | None = None) -> bytes:
    """A WebP of the chunks that hold pixels; with a `filler` byte, what is missing of the last."""
    parts = []
    most = 0
    if filler is not None:
        width, height = webp_size(content)
        most = 4 * width * height + _MARGIN
    for kind, data, length in _webp_chunks(content):
        if kind not in _WEBP_KEPT:
            continue
        if kind == b"VP8X":
            data = bytes([data[0] & 0b00010010]) + data[1:]  # alpha and animation only
        if filler is not None:
            if length > most:
                raise ValueError("a part is larger than the picture can be")
            data += filler * (length - len(data))
        parts.append(kind + struct.pack("<I", len(data)) + data + b"\x00" * (len(data) % 2))
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_size(content: bytes) -> tuple[int, int]:
    """(width, height) as a WebP's header says, before anything is allocated for it."""
    for kind, data, _ in _webp_chunks(content):
        if kind == b"VP8X" and len(data) >= 10:
            width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (4, 7))
            return width, height
        if kind == b"VP8L":
            bits = struct.unpack_from("<I", data, 1)[0]
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if kind == b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 6)
            return width & 0x3FFF, height & 0x3FFF
    raise ValueError("no picture in it")


def _webp_chunks(content: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """(kind, data, length that it should have) of each chunk."""
    at = 12
    while at + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, at)
        yield kind, content[at + 8 : at + 8 + length], length
        at += 8 + length + length % 2


def _jpeg_without_metadata(content: bytes) -> bytes:
    parts = [b"\xff\xd8"]
    for marker, start, end in jpeg_segments(content):
        if marker == 0xDA:
            return b"".join([*parts, content[start:]])
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            parts.append(content[start:end])
        elif marker in _JPEG_KEPT:
            begins, least = _JPEG_KEPT[marker]
            data = content[start + 4 : end]
            if data.startswith(begins) and len(data) >= least:
                parts.append(content[start:end])
    return content


def _metadata(content: bytes) -> Iterator[tuple[str, bytes]]:
    """("exif" or "xmp", data) of a file, in its order."""
    if content.startswith(b"\xff\xd8"):
        for marker, start, end in jpeg_segments(content):
            if marker == 0xDA:
                return
            if marker == 0xE1:
                data = content[start + 4 : end]
                yield "exif" if data.startswith(b"Exif\x00") else "xmp", data
    elif content.startswith(PNG):
        for kind, data in png_chunks(content):
            if kind == b"eXIf":
                yield "exif", data
            elif kind == b"iTXt" and data.startswith(b"XML:com.adobe.xmp\x00"):
                yield "xmp", data
    elif content.startswith(b"RIFF"):
        for kind, data, _ in _webp_chunks(content):
            if kind in {b"EXIF", b"XMP "}:
                yield kind.strip().decode().lower(), data


def _orientation_of(exif: bytes) -> int:
    """From the first directory of an EXIF block; 0 where there is none that exists."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 8:
        return 0
    (at,) = struct.unpack_from(order + "I", exif, 4)
    if at + 2 > len(exif):
        return 0
    (count,) = struct.unpack_from(order + "H", exif, at)
    for entry in range(at + 2, min(at + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind = struct.unpack_from(order + "HH", exif, entry)
        if tag == _ORIENTATION:
            (value,) = struct.unpack_from(order + ("H" if kind == 3 else "I"), exif, entry + 8)
            return value if 1 <= value <= 8 else 0
    return 0
