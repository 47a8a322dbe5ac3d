"""From the bytes of an untrusted image file to upright pixels. Runs in the worker only.

Formats come from an allow-list, the size is checked before anything is decoded, and every
colour model ends as 8-bit BGR on white: what a person would see is what the engine gets.
"""

import dataclasses
import io
import struct
import warnings
import zlib
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from image_warnings import ImageWarning
from ocr_errors import ImageError

Pixels = npt.NDArray[np.uint8]
"""An image: (height, width, 3) uint8, channels in the order blue, green, red (OpenCV's)."""

FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF")
"""Pillow's names. JPEG includes MPO, the JPEG of cameras that store a second picture in it."""
_MIN_SIDE = 2
_DECODE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error,
                  IndexError, KeyError, TypeError, AttributeError, OverflowError,
                  NotImplementedError, RuntimeError, AssertionError)  # fmt: skip
"""Everything that Pillow's readers are known to raise for damaged files."""

Image.MAX_IMAGE_PIXELS = None  # we check the size ourselves, before decoding
Image.init()  # or the allow-list names formats that Pillow has not loaded yet


@dataclasses.dataclass(frozen=True, slots=True)
class DecodedPage:
    """One page as a viewer shows it."""

    pixels: Pixels
    warnings: tuple[ImageWarning, ...] = ()
    """What a viewer would not show, or shows differently."""


def decode_pages(content: bytes, max_pixels: float) -> Iterator[DecodedPage]:
    """The pages of an image file, upright as its EXIF orientation says.

    TIFF and GIF yield their first page or frame.

    Raises:
        ImageError: not_an_image, damaged_image, too_many_pixels, too_small.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata that we do not use
            image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        if _begins_as_image(content):  # e.g. a TIFF's directory stands at its end
            raise _damaged(error) from error
        raise ImageError(
            "not_an_image",
            "This is not a JPEG, PNG, TIFF, BMP, WebP or GIF image, whatever its name says. "
            "Convert it to one of these.",
        ) from error
    except _DECODE_ERRORS as error:
        raise _damaged(error) from error
    with image:
        _check_size(image.size, max_pixels)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image.load()
                ImageOps.exif_transpose(image, in_place=True)
                pixels = _to_bgr(image)
        except MemoryError as error:
            raise ImageError(
                "out_of_memory",
                "There is not enough memory to decode the image. Give the service more or make "
                "the image smaller, then ask for it to be read again.",
            ) from error
        except _DECODE_ERRORS as error:
            raise _damaged(error) from error
    yield DecodedPage(pixels)


def _begins_as_image(content: bytes) -> bool:
    """Whether the first bytes are those of an allowed format."""
    accepts = [Image.OPEN[name][1] for name in FORMATS]
    return any(accept is not None and accept(content[:16]) for accept in accepts)


def _check_size(size: tuple[int, int], max_pixels: float) -> None:
    width, height = size
    if width * height > max_pixels:
        raise ImageError(
            "too_many_pixels",
            f"The image has {width * height / 1e6:.1f} megapixels; {max_pixels / 1e6:g} are "
            "allowed. Make it smaller, or raise OCR_MAX_MEGAPIXELS.",
        )
    if min(width, height) < _MIN_SIDE:
        raise ImageError("too_small", f"The image is {width}×{height} pixels: too small for text.")


def _to_bgr(image: Image.Image) -> Pixels:
    """8-bit BGR of any mode that Pillow's allowed formats can have."""
    if image.mode.startswith("I") or image.mode == "F":
        grey = _to_8_bit(np.asarray(image))
        if _is_white_zero(image):
            grey = 255 - grey
        return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        image = _flatten(image.convert("RGBA"))
    if image.mode != "RGB":  # converting copies in any case
        image = image.convert("RGB")
    return np.asarray(cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR), dtype=np.uint8)


def _is_white_zero(image: Image.Image) -> bool:
    """A TIFF whose smallest value is white (fax, X-ray). Up to 8 bits Pillow turns it round itself;
    16 bits and floats it gives as they are stored (TiffImagePlugin.OPEN_INFO)."""
    tags = getattr(image, "tag_v2", None)
    return tags is not None and tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0


def _to_8_bit(values: npt.NDArray[np.generic]) -> Pixels:
    """(height, width) of any number type to uint8, by the range that the values show.

    Scanners store 12 bits in 16: dividing those by 257 would leave a black page. So the
    divisor is that of the smallest usual depth (8, 12, 16 bits) that holds the maximum.
    """
    numbers = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    if low < 0 or high > 65535 or high <= 1:
        scaled = (numbers - low) * (255 / max(high - low, 1e-6))
    else:
        full = next(limit for limit in (255.0, 4095.0, 65535.0) if high <= limit)
        scaled = numbers * (255 / full)
    return scaled.round().clip(0, 255).astype(np.uint8)


def _flatten(image: Image.Image) -> Image.Image:
    """RGBA on white; on black when what is visible is nearly white itself."""
    small = image.resize((min(image.width, 256), min(image.height, 256)), Image.Resampling.BOX)
    values = np.asarray(small, dtype=np.float32)  # an estimate: at full size it costs gigabytes
    alpha = values[:, :, 3]
    weight = float(alpha.sum())
    transparent = float((alpha < 128).mean())
    brightness = float((values[:, :, :3].mean(axis=2) * alpha).sum()) / weight if weight else 0.0
    white_ink = transparent > 0.2 and brightness > 200
    background = Image.new("RGBA", image.size, "black" if white_ink else "white")
    return Image.alpha_composite(background, image)


def _damaged(error: Exception) -> ImageError:
    told = isinstance(error, UnidentifiedImageError)  # it would name a Python object
    reason = "" if told else f" ({str(error)[:100] or type(error).__name__})"
    return ImageError(
        "damaged_image",
        f"The image is damaged or incomplete{reason}. Save or copy it again.",
    )
