"""Small image files in every format and mode that the service reads, made anew by each test."""

import io
import struct
import zlib

import numpy as np
import numpy.typing as npt
from PIL import Image

Grey = npt.NDArray[np.uint8]


def scene() -> Image.Image:
    """60×40, RGB: white, with a black bar at the top left and a red one at the bottom right."""
    pixels = np.full((40, 60, 3), 255, dtype=np.uint8)
    pixels[4:12, 4:40] = 0
    pixels[28:36, 40:56] = (220, 0, 0)
    return Image.fromarray(pixels)


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.copy().save(stream, form, **options)  # saving as JPEG leaves its settings behind
    return stream.getvalue()


def files() -> dict[str, bytes]:
    """One file of each kind that Pillow can write."""
    rgb = scene()
    grey = rgb.convert("L")
    rgba = rgb.convert("RGBA")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    other = Image.new("RGB", rgb.size, "blue")
    return {
        "jpeg": saved(rgb, "JPEG", quality=95),
        "jpeg-progressive": saved(rgb, "JPEG", progressive=True),
        "jpeg-grey": saved(grey, "JPEG"),
        "jpeg-cmyk": saved(rgb.convert("CMYK"), "JPEG", quality=95),
        "mpo": saved(rgb, "MPO", save_all=True, append_images=[other.copy()], quality=95),
        "png": saved(rgb, "PNG"),
        "png-grey": saved(grey, "PNG"),
        "png-16": saved(deep, "PNG"),
        "png-1": saved(grey.convert("1"), "PNG"),
        "png-palette": saved(rgb.quantize(16), "PNG"),
        "png-palette-transparent": saved(rgb.quantize(16), "PNG", transparency=bytes([255] * 16)),
        "png-la": saved(grey.convert("LA"), "PNG"),
        "png-rgba": saved(rgba, "PNG"),
        "apng": saved(rgb, "PNG", save_all=True, append_images=[other.copy()]),
        "tiff": saved(rgb, "TIFF"),
        "tiff-lzw": saved(rgb, "TIFF", compression="tiff_lzw"),
        "tiff-deflate": saved(rgb, "TIFF", compression="tiff_adobe_deflate"),
        "tiff-jpeg": saved(rgb, "TIFF", compression="jpeg", quality=95),
        "tiff-g4": saved(grey.convert("1"), "TIFF", compression="group4"),
        "tiff-16": saved(deep, "TIFF"),
        "tiff-cmyk": saved(rgb.convert("CMYK"), "TIFF"),
        "tiff-pages": saved(rgb, "TIFF", save_all=True, append_images=[other.copy()]),
        "tiff-float": saved(grey.convert("F"), "TIFF"),
        "bmp": saved(rgb, "BMP"),
        "bmp-palette": saved(rgb.quantize(16), "BMP"),
        "bmp-1": saved(grey.convert("1"), "BMP"),
        "webp": saved(rgb, "WEBP", quality=95),
        "webp-lossless": saved(rgba, "WEBP", lossless=True),
        "webp-animated": saved(
            rgb, "WEBP", save_all=True, append_images=[other.copy()], lossless=True
        ),
        "gif": saved(rgb, "GIF"),
        "gif-animated": saved(rgb, "GIF", save_all=True, append_images=[other.copy()]),
    }


COLOURLESS = {
    "jpeg-grey", "png-grey", "png-16", "png-1", "png-la", "tiff-g4", "tiff-16", "tiff-float",
    "bmp-1",
}  # fmt: skip


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG of any header with these (filtered) rows."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def bomb(side: int) -> bytes:
    """A black PNG of `side` × `side` pixels, 1 bit each, in a few kilobytes."""
    squeeze = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    rows = b"".join(squeeze.compress(row * 100) for _ in range(side // 100)) + squeeze.flush()
    return png(side, side, 1, 0, rows)
