"""Which files are read: by their first bytes, whatever their names are. Standard library only.

The service tells by them what is worth hashing as an image or document; the worker which decoder
may see the bytes at all.
"""

import os
import re
from pathlib import PurePath

NAMES = "PDF, JPEG, PNG, TIFF, HEIC, AVIF, JPEG 2000, WebP, GIF, BMP or PNM"
SUFFIXES = frozenset(
    b".jpg .jpeg .jpe .jfif .mpo .png .apng .tif .tiff .bmp .dib .webp .gif .pdf .heic .heif .hif "
    b".avif .jp2 .j2k .jpf .jpx .j2c .pbm .pgm .ppm .pnm".split()
)
"""Whoever is called so and is none of these is a failure to see."""
HEAD_BYTES = 64
"""So many are enough to tell."""
_SIGNATURES = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"II*\x00",  # TIFF, little endian
    b"MM\x00*",  # TIFF, big endian
    b"II+\x00",  # BigTIFF
    b"MM\x00+",
    b"BM",
    b"GIF87a",
    b"GIF89a",
)
_JPEG_2000 = (b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2"}
_AVIF_BRANDS = {b"avif", b"avis"}
_PNM = re.compile(rb"P[1-6](?:\s+|\s*#[^\n]*\n)+\d+\s+\d+")
_PDF = b"%PDF-"


def is_read(head: bytes) -> bool:
    """Whether a file that begins so is worth a try; the worker finds out."""
    return is_usual(head) or _PDF in head[:HEAD_BYTES] or rare_form(head) is not None


def is_named_as_one(name: str) -> bool:
    """Whether a file is called as those are that are read."""
    return os.fsencode(PurePath(name).suffix).lower() in SUFFIXES


def is_usual(head: bytes) -> bool:
    """Whether it is an image in one of the formats that everybody has."""
    return head.startswith(_SIGNATURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def rare_form(head: bytes) -> str | None:
    """Pillow's name for one of the others: HEIF, AVIF, JPEG2000 or PPM."""
    if head.startswith(_JPEG_2000):
        return "JPEG2000"
    if head[4:8] == b"ftyp":
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, HEAD_BYTES - 3, 4))}
        if brands & _AVIF_BRANDS:
            return "AVIF"
        return "HEIF" if brands & _HEIF_BRANDS else None
    return "PPM" if _PNM.match(head[:HEAD_BYTES]) else None
