"""A font without any ink, as a PDF's invisible text needs one: every character is the same glyph.

The glyph is a line without area, half as wide as high, so that viewers know how high a letter is
and nothing is ever seen of it. Reference: OpenType 1.9, the tables that PDF wants of a TrueType
font (ISO 32000-1, 9.9).
"""

import struct

UNITS = 1000
ADVANCE = 500
ASCENT, DESCENT = 800, -200
GLYPH = 1
"""Glyph 0 is the one for what a font lacks, which PDF/A does not allow to be used."""
_GLYPHS = 2
_MAGIC = 0x5F0F3CF5
_CHECKSUM = 0xB1B0AFBA


def font_file() -> bytes:
    """The font as TrueType."""
    outline = _outline()
    head = struct.pack(
        ">IIIIHHqqhhhhHHhhh", 0x10000, 0x10000, 0, _MAGIC, 0b11, UNITS, 0, 0,
        0, DESCENT, ADVANCE, ASCENT, 0, 8, 2, 0, 0,
    )  # fmt: skip
    tables = {
        b"glyf": outline * _GLYPHS,
        b"head": head,
        b"hhea": struct.pack(">IhhhHhhhhhhhhhhhH", 0x10000, ASCENT, DESCENT, 0, ADVANCE, 0, 0,
                             ADVANCE, 1, 0, 0, 0, 0, 0, 0, 0, _GLYPHS),
        b"hmtx": struct.pack(">HhHh", ADVANCE, 0, ADVANCE, 0),
        b"loca": struct.pack(">HHH", *(len(outline) * number // 2 for number in range(3))),
        b"maxp": struct.pack(">IHHHHHHHHHHHHHH", 0x10000, _GLYPHS, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0,
                             0, 0, 0),
        b"post": struct.pack(">IIhhIIIII", 0x30000, 0, 0, 0, 1, 0, 0, 0, 0),
    }  # fmt: skip
    file = bytearray(_assembled(tables))
    struct.pack_into(">I", file, file.index(head) + 8, (_CHECKSUM - _sum(bytes(file))) & 0xFFFFFFFF)
    return bytes(file)


def _outline() -> bytes:
    """One contour of two points, from the bottom left to the top right."""
    on_curve = 1
    outline = struct.pack(
        ">hhhhhHHBBhhhh", 1, 0, DESCENT, ADVANCE, ASCENT, 1, 0, on_curve, on_curve,
        0, ADVANCE, DESCENT, ASCENT - DESCENT,
    )  # fmt: skip
    return outline + bytes(-len(outline) % 4)


def _assembled(tables: dict[bytes, bytes]) -> bytes:
    count = len(tables)
    exponent = count.bit_length() - 1
    span = 16 << exponent
    head = struct.pack(">IHHHH", 0x10000, count, span, exponent, 16 * count - span)
    at = len(head) + 16 * count
    entries, bodies = b"", b""
    for tag, data in sorted(tables.items()):
        padded = data + bytes(-len(data) % 4)
        entries += tag + struct.pack(">III", _sum(padded), at, len(data))
        bodies += padded
        at += len(padded)
    return head + entries + bodies


def _sum(data: bytes) -> int:
    words: tuple[int, ...] = struct.unpack(f">{len(data) // 4}I", data)
    return sum(words) & 0xFFFFFFFF
