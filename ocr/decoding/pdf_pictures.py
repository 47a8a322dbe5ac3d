"""Pictures of a PDF's page that are not shown, or not to their end: what no viewer tells.

The caller holds PDFium.
"""

import ctypes
import itertools
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from decoding.decode_doubts import REMEDY
from decoding.pixels import Pixels
from image_warnings import ImageWarning

_MOST_OBJECTS = 1000
_LEAST_SHARE = 0.005
"""Of the page; what is smaller holds no text."""
_JPEG_END = b"\xff\xd9"
_TRAILER = 64
"""Bytes that may follow a JPEG's end in its stream."""
_PIECE_BYTES = 1 << 16
_LEAST_SEGMENT, _LONG_FORM, _UNKNOWN_LENGTH = 11, 7, 0xFFFFFFFF
"""Of JBIG2: bytes of a head, and what its fields say."""
_EDGE = 0.02
"""Of its height at the lower edge: that is of one colour where its data end too soon …"""
_INSET, _ONE_COLOUR = 0.1, 2
"""… but for what is blended at its sides, and in values of 255."""
Place = Callable[[float, float], tuple[int, int]]

_NOT_SHOWN = ImageWarning(
    "picture_incomplete",
    f"A picture on the page cannot be shown: it is damaged, or stored in an unknown way. {REMEDY}",
)
_CUT = ImageWarning(
    "picture_incomplete",
    f"A part of a picture on the page is missing: its data end too soon. {REMEDY}",
)


def doubts(page: pdfium.PdfPage, pixels: Pixels, place: Place) -> tuple[ImageWarning, ...]:
    """What a person should know of the pictures of a page that was drawn as `pixels` (height,
    width, 3); `place` tells from a place on the page where it is drawn."""
    width, height = page.get_size()
    found = set[ImageWarning]()
    pictures = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=3)
    for picture in itertools.islice(pictures, _MOST_OBJECTS):
        a, b, c, d, *_ = picture.get_matrix().get()
        if abs(a * d - b * c) < _LEAST_SHARE * width * height:
            continue
        bits = _bits(picture, page)
        if not bits:
            found.add(_NOT_SHOWN)
        elif _ends_in_one_colour(picture, pixels, place) and _is_cut(picture, bits):
            found.add(_CUT)
    return tuple(sorted(found, key=lambda doubt: doubt.message))


def _bits(picture: Any, page: pdfium.PdfPage) -> int:
    """About so many bits its pixels take; 0 where PDFium makes nothing of it."""
    said = pdfium_c.FPDF_IMAGEOBJ_METADATA()
    pdfium_c.FPDFImageObj_GetImageMetadata(picture.raw, page.raw, ctypes.byref(said))
    return int(said.width * said.height * said.bits_per_pixel)


def _is_cut(picture: Any, bits: int) -> bool:
    """Whether its data end too soon or make no sense, as far as their frame tells; unpacked they
    are `bits` long."""
    filters = list(picture.get_filters())
    if filters == ["FlateDecode"]:
        return not _is_whole_deflate(bytes(picture.get_data()), bits)
    if filters[-1:] == ["DCTDecode"]:
        return _JPEG_END not in bytes(picture.get_data(decode_simple=True))[-_TRAILER:]
    if filters[-1:] == ["JBIG2Decode"]:
        return not _is_whole_jbig2(bytes(picture.get_data(decode_simple=True)))
    return False


def _is_whole_deflate(data: bytes, bits: int) -> bool:
    unpacker = zlib.decompressobj()
    found = 0
    try:
        while data and not unpacker.eof:
            found += len(unpacker.decompress(data, _PIECE_BYTES))
            data = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return unpacker.eof or 8 * found >= bits  # some leave out the checksum


def _is_whole_jbig2(data: bytes) -> bool:
    """Of segments as PDF holds them, without a file's head (ITU-T T.88, 7.2)."""
    at = 0
    while at < len(data) - _LEAST_SEGMENT:
        number, flags, references = struct.unpack_from(">IBB", data, at)
        count, at = references >> 5, at + 6
        if count == _LONG_FORM:
            count = struct.unpack_from(">I", data, at - 1)[0] & (1 << 29) - 1
            at += 3 + (count + 8) // 8
        at += count * (1 if number <= 256 else 2 if number <= 65536 else 4)
        at += 4 if flags & 0x40 else 1
        if at + 4 > len(data):
            return False
        (length,) = struct.unpack_from(">I", data, at)
        if length == _UNKNOWN_LENGTH:
            return True
        at += 4 + length
    return at <= len(data)


def _ends_in_one_colour(picture: Any, pixels: Pixels, place: Place) -> bool:
    """Whether nothing is drawn along its lower edge."""
    a, b, c, d, e, f = picture.get_matrix().get()
    xs, ys = zip(
        *(
            place(a * x + c * y + e, b * x + d * y + f)
            for x in (_INSET, 1 - _INSET)
            for y in (_INSET * _EDGE, _EDGE)
        ),
        strict=True,
    )
    edge = pixels[max(min(ys), 0) : max(ys) + 1, max(min(xs), 0) : max(xs) + 1]
    return edge.size > 0 and int(np.ptp(edge, axis=(0, 1)).max()) <= _ONE_COLOUR
