"""Faulty or huge metadata never costs the pixels, and a damaged EXIF block not the orientation."""

import io
import struct
import zlib

import image_files
import numpy as np
import pytest
from image_files import chunk
from PIL import Image

from decoding.documents import decode_pages

ODD_VALUES = {
    "srational -1/0": (10, struct.pack("<ii", -1, 0)),
    "rational 0/0": (5, struct.pack("<II", 0, 0)),
    "infinity": (12, struct.pack("<d", float("inf"))),
    "no number": (11, struct.pack("<f", float("nan"))),
    "unknown type": (99, b"\x01\x02\x03\x04"),
    "text in Latin 1": (2, b"caf\xe9 \xff\x00"),
}


def exif(kind: int, value: bytes, orientation: int) -> bytes:
    """An orientation, an odd value, and a pointer to nowhere."""
    at = 8 + 2 + 3 * 12 + 4
    size = {10: 8, 5: 8, 12: 8, 11: 4}.get(kind, len(value))
    entries = (
        struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
        + struct.pack("<HHII", 0x011A, kind, len(value) // size, at)
        + struct.pack("<HHII", 0x8769, 4, 1, 0x7FFFFFF0)
    )
    return b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", 3) + entries + bytes(4) + value


def with_exif(form: str, block: bytes) -> bytes:
    """The scene, stored so that orientation 6 makes it upright."""
    turned = image_files.scene().transpose(Image.Transpose.ROTATE_90)
    content = image_files.saved(turned, form, **({"quality": 95} if form != "PNG" else {}))
    if form == "JPEG":
        body = b"Exif\x00\x00" + block
        return content[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + content[2:]
    if form == "PNG":
        return content[:33] + chunk(b"eXIf", block) + content[33:]
    width, height = turned.size
    extended = struct.pack("<I", 0x08) + (width - 1).to_bytes(3, "little")
    extended += (height - 1).to_bytes(3, "little")
    parts = b"VP8X" + struct.pack("<I", 10) + extended + content[12:]
    parts += b"EXIF" + struct.pack("<I", len(block)) + block + b"\x00" * (len(block) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WEBP" + parts


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("odd", ODD_VALUES)
def test_odd_values_in_exif(form: str, odd: str) -> None:
    (page,) = decode_pages(with_exif(form, exif(*ODD_VALUES[odd], 6)), 0)
    assert page.pixels.shape == (40, 60, 3)
    assert page.pixels[8, 20].max() < 40
    assert page.pixels[20, 5].min() > 215
    assert page.warnings == ()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("block", [b"not a TIFF at all", b"\x00\x08\x00\x02\x01\x12\x00\x03" * 3])
def test_exif_that_is_none(form: str, block: bytes) -> None:
    (page,) = decode_pages(with_exif(form, block), 0)
    assert page.pixels.shape == (60, 40, 3)
    assert page.warnings == ()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("length", range(0, 60, 7))
def test_exif_that_ends_too_soon(form: str, length: int) -> None:
    block = exif(*ODD_VALUES["srational -1/0"], 6)[:length]
    (page,) = decode_pages(with_exif(form, block), 0)
    assert page.pixels.shape in {(40, 60, 3), (60, 40, 3)}


BIG = zlib.compress(b"a" * 1_600_000)
CHUNKS = {
    "zTXt": chunk(b"zTXt", b"Comment\x00\x00" + BIG),
    "iTXt": chunk(b"iTXt", b"Comment\x00\x01\x00\x00\x00" + BIG),
    "iCCP": chunk(b"iCCP", b"profile\x00\x00" + BIG),
    "70 iTXt": chunk(b"iTXt", b"C\x00\x01\x00\x00\x00" + zlib.compress(b"a" * 1_000_000)) * 70,
    "tEXt with a wrong checksum": chunk(b"tEXt", b"Author\x00somebody")[:-4] + b"none",
    "zTXt of an unknown method": chunk(b"zTXt", b"Comment\x00\x07abc"),
    "gAMA too short": chunk(b"gAMA", b"\x00"),
    "acTL too short": chunk(b"acTL", b"\x00\x00"),
    "fcTL too short": chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", b"\x00" * 5),
    "no letters as a name": chunk(b"\x00\x01\x02\x03", b"odd")[:-4] + b"none",
}


@pytest.mark.parametrize("place", ["before the pixels", "after the pixels"])
@pytest.mark.parametrize("kind", CHUNKS)
def test_png_chunks_that_are_no_pixels(kind: str, place: str) -> None:
    content = image_files.files()["png"]
    at = 33 if place == "before the pixels" else len(content) - 12
    (page,) = decode_pages(content[:at] + CHUNKS[kind] + content[at:], 0)
    assert (page.pixels[:, :, ::-1] == np.asarray(image_files.scene())).all()
    assert page.warnings == ()


def test_a_png_with_transparency_keeps_it_without_its_metadata() -> None:
    image = Image.new("P", (60, 40), 0)
    image.putpalette([0, 0, 0, 10, 10, 10])
    image.paste(1, (4, 4, 40, 12))
    content = image_files.saved(image, "PNG", transparency=0)
    (page,) = decode_pages(content[:33] + CHUNKS["zTXt"] + content[33:], 0)
    assert page.pixels[8, 20].max() < 20
    assert page.pixels[30, 30].min() == 255


def test_a_jpeg_with_rubbish_before_and_among_its_segments() -> None:
    content = image_files.files()["jpeg"]
    for rubbish in (b"\r\n", b"\x00" * 100, b"HTTP/1.1 200 OK\r\n\r\n"):
        (page,) = decode_pages(rubbish + content, 0)
        assert page.pixels.shape == (40, 60, 3)
    broken = b"\xff\xe2" + struct.pack(">H", 60) + b"MPF\x00" + b"\xff" * 54
    (page,) = decode_pages(content[:2] + broken + content[2:], 0)
    assert page.pixels[8, 20].max() < 40


@pytest.mark.parametrize("segment", [b"\xff\xee\x00\x07Adobe", b"\xff\xe0\x00\x09JFIF\x00\x01\x01"])
def test_a_jpeg_whose_colour_segments_end_too_soon(segment: bytes) -> None:
    """An editor that cuts metadata off leaves such; viewers take the usual colours."""
    content = image_files.files()["jpeg"]
    (page,), (whole,) = (
        decode_pages(content[:2] + segment + content[2:], 0),
        decode_pages(content, 0),
    )
    assert (page.pixels == whole.pixels).all()
    assert page.warnings == ()


def test_a_cmyk_jpeg_keeps_its_colours_without_its_metadata() -> None:
    """Whether its numbers are inverted stands in a segment that must not be lost."""
    content = image_files.files()["jpeg-cmyk"]
    odd = b"Exif\x00\x00" + exif(*ODD_VALUES["srational -1/0"], 1)
    broken = content[:2] + b"\xff\xe1" + struct.pack(">H", len(odd) + 2) + odd + content[2:]
    (whole,), (page,) = decode_pages(content, 0), decode_pages(broken, 0)
    assert (page.pixels == whole.pixels).all()


def test_a_tiff_with_odd_tags() -> None:
    stream = io.BytesIO()
    image_files.scene().save(stream, "TIFF", description="a" * 300, resolution=72)
    content = bytearray(stream.getvalue())
    at = content.index(b"a" * 300)
    tag = content.index(struct.pack("<HHII", 270, 2, 301, at))
    struct.pack_into("<HHII", content, tag, 270, 10, 300, 0x7FFFFFF0)
    (page,) = decode_pages(bytes(content), 0)
    assert (page.pixels[:, :, ::-1] == np.asarray(image_files.scene())).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_whether_the_file_says_how_it_was_held(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(stream, "JPEG", exif=exif)
    (page,) = decode_pages(stream.getvalue(), 0)
    assert page.told_upright is (orientation != 1)
