"""Every colour model ends as 8-bit BGR: what a person would see is what the engine gets.

Large pictures are converted in strips, so that no second copy of them at full size is needed.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from decoding.pixels import Pixels

Samples = npt.NDArray[np.generic]
"""(height, width) or (height, width, samples) of any number type."""

_MOST_STRETCHED_PIXELS = 60e6
_STRIP_PIXELS = 1 << 22
_PLAIN_STRIP_PIXELS = 1 << 16
"""Of pictures that nothing shines through, whose pixels do not look at their neighbours: what is
held beside a page while it becomes BGR is less than a megabyte, the same one for each part. Larger
blocks come from the system each time (`reading.heap`): that takes longer than to fill them."""
_DEPTHS = tuple(float(2**bits - 1) for bits in range(8, 17))
_ALPHA_MODES = {"RGBA", "LA", "PA", "RGBa", "La"}
_SHARE_OF_INK = 0.02
"""A level that fewer of the ink's pixels have is smoothing or noise."""
_ENOUGH_CONTRAST = 80


def has_alpha(image: Image.Image) -> bool:
    """Whether parts of it may be transparent."""
    return image.mode in _ALPHA_MODES or "transparency" in image.info


def bytes_per_pixel(mode: str) -> int:
    """What Pillow, and for numbers beyond 8 bits the conversion, hold for a pixel of this mode."""
    if mode.startswith("I;16"):
        return 5
    if mode in {"I", "F"}:
        return 9
    return 1 if mode in {"1", "L", "P"} else 4


def to_bgr(image: Image.Image, factor: int = 1) -> tuple[Pixels, bool]:
    """BGR of any mode that Pillow has, each side divided by `factor`, and whether all of it is
    transparent: then the colours below are shown, as viewers do that know no transparency."""
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image)
        hidden = image.info.get("transparency")
        grey = to_8_bit(values)
        if isinstance(hidden, int):
            grey[values == hidden] = 255
        return np.asarray(cv2.cvtColor(shrink(grey, factor), cv2.COLOR_GRAY2BGR)), False
    backdrop = _backdrop(image) if has_alpha(image) else None
    most = _PLAIN_STRIP_PIXELS if backdrop is None else _STRIP_PIXELS
    if image.width * image.height <= most:
        return shrink(_strip_to_bgr(image, backdrop), factor), backdrop == -1
    height, width = -(-image.height // factor), -(-image.width // factor)
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    for top, strip in _strips(image, factor, most):
        converted = _strip_to_bgr(strip, backdrop)
        rows = slice(top // factor, top // factor + -(-strip.height // factor))
        pixels[rows] = shrink(converted, factor)
    return pixels, backdrop == -1


def samples_to_bgr(samples: Samples, model: str, *, inverted: bool = False) -> Pixels:
    """BGR of numbers of any type; `model` is Pillow's name: L, LA, La, RGB, RGBA, CMYK, LAB.

    `inverted`: the smallest number is white.
    """
    if model == "L":
        grey = to_8_bit(samples.reshape(samples.shape[:2]))
        return np.asarray(cv2.cvtColor(255 - grey if inverted else grey, cv2.COLOR_GRAY2BGR))
    colours = len(model) - (model[-1] in "aA")
    scaled = to_8_bit(samples[:, :, :colours], whole_range=model in {"CMYK", "LAB"})
    if inverted:
        scaled = 255 - scaled
    if colours < len(model):
        alpha = to_8_bit(samples[:, :, colours : colours + 1], whole_range=True)
        scaled = np.concatenate([scaled, alpha], axis=2)
    if model in {"LA", "La"}:  # NumPy's arrays can be no La
        scaled = np.concatenate([scaled[:, :, :1]] * 3 + [scaled[:, :, 1:]], axis=2)
        model = "RGBA" if model == "LA" else "RGBa"
    image = Image.frombytes(model, samples.shape[1::-1], np.ascontiguousarray(scaled).tobytes())
    return to_bgr(image)[0]


def to_8_bit(values: Samples, *, whole_range: bool = False) -> Pixels:
    """Any number type to uint8, by the range that the values show.

    Scanners store 10 or 12 bits in 16: dividing those by 257 would leave a black page. So the
    divisor is that of the smallest depth that holds the maximum; `whole_range`: that of the type.
    """
    if values.dtype == np.uint8:
        return np.array(values, dtype=np.uint8)
    low, high = 0.0, 0.0
    if values.size:
        finite = values
        if values.dtype.kind == "f":
            finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        low, high = float(finite.min()), float(finite.max())
    if whole_range:
        low, high = 0.0, 1.0
        if values.dtype.kind in "ui":
            high = float(2 ** (8 * values.itemsize - (values.dtype.kind == "i")) - 1)
    elif low < 0 or high > _DEPTHS[-1] or high <= 1:
        high = max(high, low + 1e-6)
    else:
        low, high = 0.0, next(limit for limit in _DEPTHS if high <= limit)
    scaled = np.empty(values.shape, dtype=np.uint8)
    rows = max(1, _STRIP_PIXELS // max(1, values[0].size))
    for top in range(0, len(values), rows):
        numbers = np.nan_to_num(
            values[top : top + rows].astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0
        )
        part = (numbers - low) * (255 / (high - low))
        scaled[top : top + rows] = part.round().clip(0, 255)
    return scaled


def shrink(pixels: npt.NDArray[np.uint8] | cv2.typing.MatLike, factor: int) -> Pixels:
    """Each side divided by `factor`, rounded up."""
    if factor == 1:
        return np.asarray(pixels, dtype=np.uint8)
    size = (-(-pixels.shape[1] // factor), -(-pixels.shape[0] // factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def stretched(pixels: Pixels, ratio: float) -> Pixels:
    """To its true shape: dots that are `ratio` times as high as wide made square, the fewer ones
    more, of a huge page the more ones fewer."""
    if ratio == 1:
        return pixels
    height, width = pixels.shape[:2]
    grows = height * width * max(ratio, 1 / ratio) <= _MOST_STRETCHED_PIXELS
    if (ratio > 1) == grows:
        size = (width, max(1, round(height * ratio)))
    else:
        size = (max(1, round(width / ratio)), height)
    kind = cv2.INTER_LINEAR if grows else cv2.INTER_AREA
    return np.asarray(cv2.resize(pixels, size, interpolation=kind), dtype=np.uint8)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """As the EXIF orientation, 1 to 8, says."""
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _strips(image: Image.Image, factor: int, most: int) -> Iterator[tuple[int, Image.Image]]:
    """(first row, part of the image) of about `most` pixels at most; but for the last, a part's
    height can be divided by `factor`."""
    if image.width * image.height <= most:
        yield 0, image
        return
    rows = max(1, most // (image.width * factor)) * factor
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _strip_to_bgr(strip: Image.Image, backdrop: int | None) -> cv2.typing.MatLike:
    if backdrop is not None:
        rgba = _rgba(strip)
        if backdrop < 0:
            strip = rgba.convert("RGB")
        else:
            below = Image.new("RGBA", rgba.size, (backdrop, backdrop, backdrop, 255))
            strip = Image.alpha_composite(below, rgba).convert("RGB")
    elif strip.mode == "LAB":
        return _lab_to_bgr(np.asarray(strip))
    elif strip.mode != "RGB":
        strip = strip.convert("RGB")
    return cv2.cvtColor(np.asarray(strip), cv2.COLOR_RGB2BGR)


def _lab_to_bgr(lab: npt.NDArray[np.uint8]) -> cv2.typing.MatLike:
    """CIE L*a*b*, a and b as signed bytes; OpenCV has them with 128 added."""
    return cv2.cvtColor(lab ^ np.array([0, 0x80, 0x80], dtype=np.uint8), cv2.COLOR_LAB2BGR)


def _rgba(image: Image.Image) -> Image.Image:
    if image.mode == "La":
        image = image.convert("LA")
    return image if image.mode == "RGBA" else image.convert("RGBA")


def _backdrop(image: Image.Image) -> int:
    """The grey level on which all ink is seen: white if it is, then black, else the best between.

    What counts is what borders on something transparent. -1 where nothing is visible at all.
    """
    levels = np.zeros(256)
    visible = False
    for _, strip in _strips(image, 1, _STRIP_PIXELS):
        rgba = np.asarray(_rgba(strip))
        clear = (rgba[:, :, 3] < 128).astype(np.uint8)
        visible = visible or bool(rgba[:, :, 3].any())
        edge = cv2.dilate(clear, np.ones((5, 5), dtype=np.uint8)) > clear
        grey = cv2.cvtColor(rgba, cv2.COLOR_RGBA2GRAY)[edge]
        levels += np.bincount(grey.ravel(), minlength=256)
    if not visible:
        return -1
    binned = levels.reshape(32, 8)
    ink = np.repeat(binned.sum(axis=1) > _SHARE_OF_INK * max(levels.sum(), 1), 8) & (levels > 0)
    (used,) = np.nonzero(ink)
    if not len(used):
        return 255
    contrast = np.abs(np.arange(256)[:, None] - used).min(axis=1)
    wanted = [level for level in (255, 0) if contrast[level] >= _ENOUGH_CONTRAST]
    return wanted[0] if wanted else int(contrast.argmax())
