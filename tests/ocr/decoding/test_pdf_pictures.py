"""Pictures of a PDF that are not shown, or not to their end, are told; the others are not."""

import io
import struct
import zlib

import numpy as np
import pytest
from pdf_files import Sheet, pdf
from PIL import Image

from decoding.documents import Limits, open_document

WIDTH, HEIGHT = 200, 100


def written() -> Image.Image:
    """Lines on paper, white at its lower edge."""
    pixels = np.full((HEIGHT, WIDTH), 255, dtype=np.uint8)
    pixels[10:80, 10:190] = np.random.default_rng(1).integers(0, 255, (70, 180))
    return Image.fromarray(pixels)


def jpeg() -> bytes:
    out = io.BytesIO()
    written().save(out, "JPEG")
    return out.getvalue()


def jbig2(length: int) -> bytes:
    """A page's head, and a region in MMR of white lines that says how long it is."""
    sheet = struct.pack(">IIIIBH", WIDTH, HEIGHT, 0, 0, 0, 0)
    region = struct.pack(">IIIIBB", WIDTH, HEIGHT, 0, 0, 0, 1) + b"\xff" * 12 + b"\x80" * 2
    return b"".join(
        struct.pack(">IBBBI", number, kind, 0, 1, said) + data
        for number, (kind, said, data) in enumerate(
            ((48, len(sheet), sheet), (38, len(region) + length, region))
        )
    )


def told(data: bytes, name: str, bits: int = 8, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bool:
    """Whether a page with that picture says that something of it is missing."""
    entries = (
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray "
        b"/BitsPerComponent %d /Filter /%s" % (*size, bits, name.encode())
    )
    sheet = Sheet(b"q 200 0 0 100 0 0 cm /Im Do Q", (200, 100), b"/XObject << /Im 4 0 R >>")
    document = open_document(pdf(sheet, objects=((entries, data),)), Limits())
    codes = [warning.code for warning in document.decode(1).warnings]
    assert set(codes) <= {"picture_incomplete"}
    return bool(codes)


RAW = written().tobytes()
PACKED = zlib.compress(RAW)


@pytest.mark.parametrize(
    ("data", "name", "bits"),
    [(jpeg()[: len(jpeg()) // 2], "DCTDecode", 8), (b"no JPEG" * 99, "DCTDecode", 8),
     (jpeg(), "JPXDecode", 8), (PACKED[: len(PACKED) // 2], "FlateDecode", 8),
     (b"no deflate" * 99, "FlateDecode", 8), (b"no JBIG2" * 99, "JBIG2Decode", 1),
     (jbig2(9000), "JBIG2Decode", 1), (RAW, "UnknownDecode", 8)],
    ids=["cut-jpeg", "no-jpeg", "no-jpeg-2000", "cut-deflate", "no-deflate", "no-jbig2",
         "cut-jbig2", "unknown"],
)  # fmt: skip
def test_what_is_not_shown_is_told(data: bytes, name: str, bits: int) -> None:
    assert told(data, name, bits)


@pytest.mark.parametrize(
    ("data", "name", "bits", "size"),
    [(jpeg(), "DCTDecode", 8, (WIDTH, HEIGHT)),
     (jpeg() + b"\n", "DCTDecode", 8, (WIDTH, HEIGHT)),
     (PACKED, "FlateDecode", 8, (WIDTH, HEIGHT)),
     (PACKED[:-4], "FlateDecode", 8, (WIDTH, HEIGHT)),
     (jbig2(0), "JBIG2Decode", 1, (WIDTH, HEIGHT)),
     (zlib.compress(b"\xff"), "FlateDecode", 1, (1, 1))],
    ids=["jpeg", "a-byte-behind-it", "deflate", "no-checksum", "jbig2", "one-pixel"],
)  # fmt: skip
def test_what_is_shown_is_not(data: bytes, name: str, bits: int, size: tuple[int, int]) -> None:
    assert not told(data, name, bits, size)
