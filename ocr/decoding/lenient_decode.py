"""Pictures whose files end too soon or are broken in the middle: what is there, as viewers show it.

What was never decoded is found by decoding into two different grounds, or with two different
endings: where the results differ, nothing was decoded. Nothing here changes how the libraries
behave for other threads.
"""

import contextlib
import dataclasses
import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from decoding import image_containers as containers
from decoding.pixels import Pixels

Missing = npt.NDArray[np.bool_]
"""(height, width): where nothing was decoded."""

_END = b"\xff\xd9"
_GROUND = (3, 250, 7, 249)
"""A colour that hardly a row of a picture has from end to end."""
_GARBAGE = b"\x5a\xa5" * 16
FILLERS = (b"\x00", b"\xff")
"""Two bytes to put in the place of what is missing."""
_MORE_FILLERS = (*FILLERS, b"\x55", b"\xaa")
_BETWEEN_SCANS = {0xC4, 0xDA, 0xDB, 0xDC, 0xDD}
"""Huffman tables, scans, quantization tables, number of lines, restart interval."""
_PROGRESSIVE = {0xC2, 0xCA}
_NOTHING_DECODED = 128
"""The grey of a block without coefficients."""


@dataclasses.dataclass(frozen=True, slots=True)
class Partial:
    """What a file that is cut or broken still shows."""

    image: Image.Image
    missing: Missing
    blurred: bool = False
    """Whether what is there is less sharp than it was stored."""


def load_partly(content: bytes, form: str, other: bytes | None = None) -> Partial:
    """The picture and where it is missing; `other` is the same file with another filling.

    Raises:
        OSError: nothing of it can be decoded, or another of what Pillow raises.
    """
    if form == "JPEG":
        partial = _jpeg(content)
    elif form == "WEBP":
        partial = _webp(content)
    else:
        partial = _row_by_row(content, other or content, form)
    if partial.missing.all():
        raise OSError("no part of the picture can be decoded")
    return partial


def at_once(image: Image.Image, content: bytes) -> None:
    """Let its decoder have the whole file: arithmetic-coded JPEGs cannot wait for the next part."""
    if isinstance(image, ImageFile.ImageFile):
        image.decodermaxblock = max(image.decodermaxblock, len(content))


def fill_missing(pixels: Pixels, missing: Missing) -> None:
    """White where nothing was decoded; where an interlaced picture has coarser pixels, those."""
    height, width = missing.shape
    whole_rows = bool((missing.any(axis=1) == missing.all(axis=1)).all())
    for step in (2, 4, 8):
        if is_tail(missing):
            break
        rows = np.arange(height) // step * step
        columns = np.arange(width) if whole_rows else np.arange(width) // step * step
        coarse = np.ix_(rows, columns)
        found = missing & ~missing[coarse]
        pixels[found] = pixels[coarse][found]
        missing = missing & ~found
    pixels[missing] = 255


def is_tail(missing: Missing) -> bool:
    """Whether what is missing are rows at one end, and at most a part of one row more."""
    rows = missing.any(axis=1)
    return int(np.count_nonzero(np.diff(rows.astype(np.int8)))) <= 1


def _row_by_row(content: bytes, other: bytes, form: str) -> Partial:
    """Formats whose decoder writes each pixel once: PNG, GIF, BMP, TIFF."""
    first = on_ground(content, form, 0)
    second = on_ground(other, form, 255)
    differ = np.asarray(first) != np.asarray(second)
    missing = differ.any(axis=2) if differ.ndim == 3 else differ
    hidden = first.info.get("transparency")
    if form == "GIF" and isinstance(hidden, int) and not missing.any():
        missing = _tail_of(np.asarray(first) == hidden)  # Pillow lays a ground of its own
    return Partial(first, missing, blurred=not is_tail(missing))


def on_ground(content: bytes, form: str, level: int) -> Image.Image:
    """What can be decoded, the rest at that level."""
    image = Image.open(io.BytesIO(content), formats=(form,))
    size = image.size
    bands = len(image.getbands())
    ground = level if bands == 1 else (level,) * bands
    image.im = Image.new(image.mode, size, ground).im
    with contextlib.suppress(OSError, SyntaxError, ValueError, EOFError, IndexError):
        image.load()
    image.tile = []  # what could be decoded lies in it; nothing more is to be tried
    return image


def _jpeg(content: bytes) -> Partial:
    content = content[: _end_of_scans(content)]
    markers = list(containers.jpeg_segments(content))
    frame = next((marker for marker, _, _ in markers if 0xC0 <= marker <= 0xCF
                  and marker not in {0xC4, 0xC8, 0xCC}), 0)  # fmt: skip
    if frame in _PROGRESSIVE:
        return _progressive_jpeg(content, [start for _, start, _ in markers])
    image = _loaded(content + _END, "JPEG")
    if _is_whole(content, image):
        return Partial(image, np.zeros((image.height, image.width), dtype=bool))
    partly = Image.open(io.BytesIO(content), formats=("JPEG",))
    at_once(partly, content)
    bands = len(image.getbands())
    ground = _GROUND[:bands] if bands > 1 else _GROUND[0]
    partly.im = Image.new(image.mode, image.size, ground).im
    with contextlib.suppress(OSError):
        partly.load()
        return Partial(image, np.zeros((image.height, image.width), dtype=bool))
    partly.tile = []
    whole = _three_axes(np.asarray(image))
    undecoded = (_three_axes(np.asarray(partly)) != whole).any(axis=(1, 2))
    missing = np.zeros(whole.shape[:2], dtype=bool)
    if undecoded.any():
        layers = getattr(image, "layer", None) or [(1, 1, 1, 0)]
        unit = 8 * max(layer[1] for layer in layers)
        # The decoder holds the last rows of a row of blocks back until it has the next ones.
        first = (int(undecoded.argmax()) + 2) // unit * unit
        band = whole[first : first + unit]
        flat = (band == band[-1, -1]).all(axis=(0, 2))
        bare = 0 if flat.all() else len(flat) - int(np.argmin(flat[::-1]))
        across = 8 * max(layer[2] for layer in layers)
        bare = max(0, bare - 1) // across * across  # the last block has but some of its bits
        missing[first : first + unit, bare:] = True
        missing[first + unit :] = True
    return Partial(image, missing)


def _end_of_scans(content: bytes) -> int:
    """Where something else begins than what may stand between scans: a phone's trailer, say."""
    at = next((end for marker, _, end in containers.jpeg_segments(content) if marker == 0xDA), 0)
    if not at:
        return len(content)
    for start, marker, end in containers.jpeg_markers(content, at):
        if marker not in _BETWEEN_SCANS or end > len(content):
            return start
    return len(content.rstrip(b"\xff"))


def _progressive_jpeg(content: bytes, starts: list[int]) -> Partial:
    """Every scan makes the whole picture better, so that one that is cut costs sharpness first."""
    for end in [len(content), *reversed(starts)]:  # a cut within a scan's header: without it
        with contextlib.suppress(OSError):
            image = _loaded(content[:end] + _END, "JPEG")
            break
    else:
        raise OSError("no scan is complete")
    whole = _three_axes(np.asarray(image))
    missing = _tail_of((whole == _NOTHING_DECODED).all(axis=2))
    return Partial(image, missing, blurred=not missing.any() and not _is_complete(content, image))


def _is_complete(content: bytes, image: Image.Image) -> bool:
    """Whether all bits of all coefficients were sent, so that what follows changes nothing."""
    bits: dict[tuple[int, int], int] = {}
    for marker, start, end in containers.jpeg_segments(content):
        if marker != 0xDA or end > len(content):
            continue
        parts = content[start + 5 : start + 5 + 2 * content[start + 4] : 2]
        low, high, accuracy = content[end - 3], content[end - 2], content[end - 1] & 15
        for part in parts:
            bits.update({(part, number): accuracy for number in range(low, min(high, 63) + 1)})
    layers = getattr(image, "layer", [])
    if any(bits.get((layer[0], number), 1) for layer in layers for number in range(64)):
        return False
    return _is_whole(content, image)


def _is_whole(content: bytes, image: Image.Image) -> bool:
    """Whether the last scan needs no more bytes: then it does not matter what follows."""
    other = _loaded(content + _GARBAGE + _END, "JPEG")
    return bool((np.asarray(other) == np.asarray(image)).all())


def _webp(content: bytes) -> Partial:
    """What is missing is filled up in two ways: they differ where the filling was decoded."""
    loaded = []
    for filler in _MORE_FILLERS:
        with contextlib.suppress(OSError, EOFError):
            loaded.append(_loaded(containers.webp(content, filler), "WEBP"))
        if len(loaded) == 2:
            break
    else:
        raise OSError("the picture ends too soon")
    differ = (np.asarray(loaded[0]) != np.asarray(loaded[1])).any(axis=(1, 2))
    missing = np.zeros((loaded[0].height, loaded[0].width), dtype=bool)
    if differ.any():
        missing[int(differ.argmax()) :] = True
    return Partial(loaded[0], missing)


def _loaded(content: bytes, form: str) -> Image.Image:
    image = Image.open(io.BytesIO(content), formats=(form,))
    at_once(image, content)
    image.load()
    return image


def _three_axes(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return values if values.ndim == 3 else values[:, :, None]


def _tail_of(alike: Missing) -> Missing:
    """The last rows in which it is true all along."""
    rows = np.asarray(alike.all(axis=1))
    count = len(rows) if rows.all() else int(np.argmin(rows[::-1]))
    missing = np.zeros(alike.shape, dtype=bool)
    missing[len(rows) - count :] = True
    return missing
