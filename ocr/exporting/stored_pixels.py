"""How pixels are stored in a PDF whose source has a form that PDF does not know.

Without loss: as the smallest of fax (CCITT G4), PNG's forms and JPEG 2000. What a file kept with
loss already, as WebP, HEIC and AVIF do, becomes JPEG 2000 of about its size: without loss it would
be up to nine times as large.
"""

import contextlib
import io
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image

from decoding import image_containers
from decoding.pixels import Pixels

SHARE = 1.03
"""Of the source's bytes; two hundredths are left for what stands around it in the file."""
_AROUND = 3_000
"""Bytes of that; of a small file they are more than two hundredths."""
_LEAST_SHARE = 0.9
LEAST_DB = 36.0
"""Of a picture that was compressed a second time, measured beside the first; where the source's
size does not do for it, it becomes larger."""
_MARGIN_DB = 2.0
_MOST_DB = 46.0
"""More is of no use: of animations only one frame has to fit where all of them did."""
_LEVEL = 6
_COLOURS = 256
_MOST_AT_ONCE = 4096
"""Larger pictures are cut into tiles of this side, since JPEG 2000's encoder holds 30 bytes a
pixel of a tile. Small tiles waste room: each gets the same share of it, blank or not."""
_BAND = 256
"""Rows."""
_SMALL_TILE = 1024
"""Where there is no memory for that."""


class Stored(NamedTuple):
    """The file of a picture, as img2pdf takes it."""

    content: bytes
    decibels: float | None = None
    """How near it is to the source's pixels (PSNR); None: nothing was lost."""


def stored(pixels: Pixels, source_bytes: int, *, is_lossy: bool) -> Stored:
    """The picture for a PDF. `is_lossy`: the source lost something when it was stored."""
    allowed = source_bytes * SHARE
    near: Stored | None = None
    if is_lossy:
        wanted = min(allowed, max(source_bytes * (SHARE + 0.02) - _AROUND,
                                  source_bytes * _LEAST_SHARE))  # fmt: skip
        near = _near(pixels, wanted)
        if near is not None and len(near.content) <= allowed:
            return near
    whole = Stored(lossless(pixels, allowed))
    return min(whole, near or whole, key=lambda each: len(each.content))


def lossless(pixels: Pixels, enough: float) -> bytes:
    """The picture in the first form that has no more bytes than that, else in the smallest."""
    smallest: bytes | None = None
    for form in _lossless_forms(pixels):
        with contextlib.suppress(OSError, MemoryError):  # JPEG 2000's encoder takes much memory
            content = form()
            if smallest is None or len(content) < len(smallest):
                smallest = content
        if smallest is not None and len(smallest) <= enough:
            break
    if smallest is None:
        raise MemoryError
    return smallest


def _lossless_forms(pixels: Pixels) -> Iterator[Callable[[], bytes]]:
    is_grey = bool((pixels[..., :1] == pixels).all())
    shown = Image.fromarray(pixels[..., 0] if is_grey else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
    if is_grey and _is_black_and_white(pixels[..., 0]):
        bare = shown.convert("1")
        yield lambda: _file(bare, "TIFF", compression="group4", strip_size=1 << 30)
        yield lambda: _png(bare)
    elif not is_grey:
        few = _with_palette(pixels)
        if few is not None:
            yield lambda: _png(few)
    yield lambda: _unfiltered_png(shown)
    yield lambda: _png(shown)
    yield lambda: _jpeg2000(shown)


def _png(image: Image.Image) -> bytes:
    return _file(image, "PNG", compress_level=_LEVEL)


def _unfiltered_png(image: Image.Image) -> bytes:
    """Of drawn pages, whose surfaces have one colour, smaller than one with PNG's filters."""
    rows = np.asarray(image).reshape(image.height, -1)
    packed = zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes(), _LEVEL)
    kind = 2 if image.mode == "RGB" else 0
    head = struct.pack(">IIBBBBB", *image.size, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    return image_containers.PNG + b"".join(
        image_containers.png_chunk(name, data) for name, data in chunks
    )


def _is_black_and_white(grey: Pixels) -> bool:
    return bool(((grey == 0) | (grey == 255)).all())


def _with_palette(pixels: Pixels) -> Image.Image | None:
    """The picture with a table of its colours; None where there are too many for one."""
    packed = pixels[..., 2].astype(np.uint32) << 16
    packed |= pixels[..., 1].astype(np.uint32) << 8
    packed |= pixels[..., 0]
    seen = np.zeros(1 << 24, dtype=np.bool_)
    seen[packed] = True
    colours = np.flatnonzero(seen)
    if len(colours) > _COLOURS:
        return None
    places = np.zeros(1 << 24, dtype=np.uint8)
    places[colours] = np.arange(len(colours), dtype=np.uint8)
    image = Image.fromarray(places[packed])
    table = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    image.putpalette(table.astype(np.uint8).tobytes())
    return image


def _near(pixels: Pixels, allowed: float) -> Stored | None:
    """JPEG 2000 within so many bytes, if that is near enough; as small as that is, where it is
    not, and where far fewer bytes do. None where there is no memory for it."""
    is_grey = bool((pixels[..., :1] == pixels).all())
    image = Image.fromarray(pixels[..., 0] if is_grey else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
    for tile in (_MOST_AT_ONCE, _SMALL_TILE):
        with contextlib.suppress(OSError, MemoryError):
            return _near_within(image, tile, allowed)
    return None


def _near_within(image: Image.Image, tile: int, allowed: float) -> Stored:
    raw = image.width * image.height * len(image.getbands())

    def of_bytes(wanted: float) -> Stored:
        rates = [max(1.0, raw / wanted)]
        return _measured(image, tile, quality_mode="rates", quality_layers=rates)

    def of_quality(wanted: float) -> Stored:
        return _measured(image, tile, quality_mode="dB", quality_layers=[wanted])

    found = of_bytes(allowed)
    reached = found.decibels or 0.0
    if reached < LEAST_DB:
        found = of_quality(LEAST_DB)
        # What it is told it takes for about that much.
        return found if (found.decibels or 0.0) >= LEAST_DB else of_quality(LEAST_DB + _MARGIN_DB)
    if reached <= _MOST_DB:
        return found
    return min(found, of_quality(_MOST_DB), key=lambda each: len(each.content))


def _measured(image: Image.Image, tile: int, **options: Any) -> Stored:
    content = _jpeg2000(image, tile, irreversible=True, **options)
    with Image.open(io.BytesIO(content), formats=("JPEG2000",)) as again:
        return Stored(content, _decibels(image, again))


def _decibels(one: Image.Image, other: Image.Image) -> float:
    """PSNR, a band after the other: the two pictures are large enough."""
    squares, width = 0.0, one.width
    for top in range(0, one.height, _BAND):
        band = (0, top, width, min(top + _BAND, one.height))
        first, second = np.asarray(one.crop(band)), np.asarray(other.crop(band))
        squares += cv2.norm(first, second, cv2.NORM_L2SQR)
    values = width * one.height * len(one.getbands())
    return 10 * math.log10(255**2 * values / max(squares, 1.0))


def _jpeg2000(image: Image.Image, tile: int = _MOST_AT_ONCE, **options: Any) -> bytes:
    if max(image.size) > tile:
        options["tile_size"] = (tile, tile)
    return _file(image, "JPEG2000", mct=int(image.mode == "RGB"), **options)


def _file(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()
