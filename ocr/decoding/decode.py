"""From the bytes of an untrusted image file to upright pixels. Runs in the worker only.

Formats come from an allow-list, the size is checked before anything is decoded, and every
colour model ends as 8-bit BGR: what a person would see is what the engine gets. A file that the
strict decoder refuses is tried again: without its metadata, in its special form, and at last as
far as it goes. What cannot be read says whether it is damaged or only of a form that is not known.

    decode → tiff_forms → tiff_directory     forms of TIFF        image_containers   around pixels
           → bmp_forms                       forms of BMP         colour_models      to BGR
           → lenient_decode                  cut files            decode_memory      how large
           → jpeg_checks                     damaged ones         decode_doubts      warnings
"""

import contextlib
import dataclasses
import functools
import importlib
import io
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, UnidentifiedImageError

import file_kinds
from decoding import bmp_forms, decode_memory, tiff_directory, tiff_forms
from decoding import decode_doubts as doubts
from decoding import image_containers as containers
from decoding.colour_models import bytes_per_pixel, shrink, stretched, to_bgr, upright
from decoding.jpeg_checks import watched
from decoding.lenient_decode import FILLERS, at_once, fill_missing, is_tail, load_partly, on_ground
from decoding.mpo_pictures import has_another_page
from decoding.pixels import Pixels
from image_warnings import ImageWarning
from machine_limits import is_lack_of_memory
from ocr_errors import ImageError
from page_records import TextRun

FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF", "PPM")
"""Pillow's names. JPEG includes MPO, the JPEG of cameras that store a second picture in it."""
_MIN_SIDE = 2
_ANIMATED = {"GIF", "PNG", "WEBP", "AVIF", "HEIF"}
_MAX_FRAMES = 50
_LEAST_CONTRAST = 32
"""A frame whose levels are nearer to each other shows nothing."""
_USUAL_JPEG = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
"""Start of frame: baseline, extended, progressive; the latter two also with arithmetic coding."""
_CANVASES = 12
"""Bytes a pixel of what libwebp, other codecs and animations hold beside the picture."""
_DECODED_WHOLE = {"WEBP", "HEIF", "AVIF", "JPEG2000"}
_ORIENTATION_TAG = 0x0112
_UNKNOWN_TO_PILLOW = ("nsupported", "not supported", "cannot handle", "not available")

Image.MAX_IMAGE_PIXELS = None  # we check the size ourselves, before decoding
Image.init()  # or the allow-list names formats that Pillow has not loaded yet


@dataclasses.dataclass(frozen=True, slots=True)
class DecodedPage:
    """One page as a viewer shows it."""

    pixels: Pixels
    warnings: tuple[ImageWarning, ...] = ()
    """What a viewer would not show, or shows differently."""
    told_upright: bool = False
    """The file said how it was held, and was turned accordingly."""
    embedded_text: str | None = None
    """The text layer of a PDF's page."""
    runs: tuple[TextRun, ...] = ()
    """Where that stands."""


Attempt = Callable[[bytes, float], DecodedPage]
"""Decodes bytes with at most so many pixels; whatever goes wrong is an exception."""


def decode_image(picture: bytes, max_pixels: float) -> DecodedPage:
    """The picture in a file of one page, upright as its EXIF orientation says; of an animation the
    first frame that shows something. `max_pixels` 0: as many as the memory allows.

    Raises:
        ImageError: damaged_image, unsupported_form, too_many_pixels, too_small, out_of_memory.
    """
    with telling():
        page = _decode(picture, max_pixels)
    told = page.told_upright or containers.orientation(picture) != 1
    return dataclasses.replace(page, told_upright=told)


def decode_tiff(
    content: bytes, directory: tiff_directory.Directory, max_pixels: float
) -> DecodedPage:
    """That page of a TIFF. Raises ImageError as `decode_image`."""
    with telling():
        page = _decode_tiff(content, directory, max_pixels)
    turn = directory.number(tiff_directory.ORIENTATION, 1)
    return dataclasses.replace(page, told_upright=turn != 1)


@contextlib.contextmanager
def telling() -> Iterator[None]:
    """Whatever a decoder raises of hostile bytes says in the end what is wrong with the file.

    Raises:
        ImageError: nothing else.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata that we do not use
            yield
    except ImageError:
        raise
    except Exception as error:  # decoders of hostile bytes raise whatever they like
        if is_lack_of_memory(error):
            raise ImageError(
                "out_of_memory",
                "There is not enough memory to decode the image. Give the service more or make "
                "the image smaller, then ask for it to be read again.",
            ) from error
        raise _damaged(error) from error


def _decode(content: bytes, max_pixels: float) -> DecodedPage:
    rare = file_kinds.rare_form(content)
    if rare not in {None, "PPM"}:
        if rare == "HEIF":
            _let_pillow_open_heif()
        return _by_pillow(content, max_pixels, form=str(rare))
    form = _form_of(content)
    plain = functools.partial(_by_pillow, form=form)
    attempts: list[Attempt] = [plain, lambda part, most: plain(_cleaned(part), most)]
    if form == "JPEG":
        attempts = [_watched_jpeg, *attempts, _check_jpeg]
    if form == "BMP":
        attempts = [_bmp_within, plain, _masked_bmp]
    attempts.append(functools.partial(_partly, form=form))
    return _first_that_succeeds(attempts, content, max_pixels)


def _decode_tiff(
    content: bytes, directory: tiff_directory.Directory, max_pixels: float
) -> DecodedPage:
    content, directory = tiff_directory.alone(content, directory)
    jpeg = tiff_forms.embedded_jpeg(content, directory)
    attempts: list[Attempt] = []
    if jpeg is not None:
        attempts = [_watched_jpeg, functools.partial(_by_pillow, form="JPEG"),
                    functools.partial(_partly, form="JPEG")]  # fmt: skip
        page = _first_that_succeeds(attempts, jpeg, max_pixels)
    else:
        _check_size(directory.size, max_pixels)
        tiff_forms.check_form(directory)
        own = functools.partial(_own_tiff, directory=directory)
        plain = functools.partial(_by_pillow, form="TIFF")
        attempts = [own, plain] if tiff_forms.needs_own_reader(directory) else [plain, own]
        attempts = [_on_written(attempt, directory) for attempt in attempts]
        attempts.append(functools.partial(_partly_tiff, directory=directory))
        page = _first_that_succeeds(attempts, content, max_pixels)
    shaped = stretched(page.pixels, directory.stretch)
    turned = upright(shaped, directory.number(tiff_directory.ORIENTATION, 1))
    return dataclasses.replace(page, pixels=turned)


def _on_written(attempt: Attempt, directory: tiff_directory.Directory) -> Attempt:
    return lambda content, most: attempt(tiff_directory.written(content, directory), most)


def _first_that_succeeds(attempts: list[Attempt], content: bytes, max_pixels: float) -> DecodedPage:
    """The result of the first attempt that has one; the most telling error when none has."""
    told: Exception | None = None
    for attempt in attempts:
        try:
            return attempt(content, max_pixels)
        except MemoryError:
            raise
        except ImageError as error:
            if error.code != "unsupported_form":
                raise
            told = error
        except Exception as error:
            told = told or error
    if told is None:
        raise ValueError("no decoder")
    if not isinstance(told, ImageError) and any(word in str(told) for word in _UNKNOWN_TO_PILLOW):
        raise tiff_forms.unsupported(str(told)[:100]) from told
    raise told


def _watched_jpeg(content: bytes, max_pixels: float) -> DecodedPage:
    return _by_pillow(content, max_pixels, form="JPEG", watches=True)


def _by_pillow(
    content: bytes, max_pixels: float, *, form: str, watches: bool = False
) -> DecodedPage:
    """`watches`: a JPEG that is damaged inside says so."""
    if form == "WEBP":  # libwebp allocates when it is opened
        _check_size(containers.webp_size(content), max_pixels)
        decode_memory.plan(containers.webp_size(content), _CANVASES + 4)
    with Image.open(io.BytesIO(content), formats=(form,)) as image:
        _check_size(image.size, max_pixels)
        jpeg = form == "JPEG"
        animated = form in _ANIMATED and bool(getattr(image, "is_animated", False))
        wide = animated or form in _DECODED_WHOLE
        stored = bytes_per_pixel(image.mode) + (_CANVASES if wide else 0)
        full = image.size
        factor, needed = decode_memory.plan(
            full, stored, shrinks=jpeg, held_bytes=_coefficient_bytes(image) if jpeg else 0
        )
        with decode_memory.budget().lend(needed):
            if factor > 1 and jpeg:
                image.draft(None, (max(1, full[0] // factor), max(1, full[1] // factor)))
            is_damaged = watched(image, content) if watches else None
            if jpeg:
                at_once(image, content)
            image.load()
            pixels, hidden = to_bgr(image, 1 if jpeg else factor)
            if animated:
                pixels, hidden = _first_that_shows(image, pixels, hidden, factor)
            found = doubts.reduced(full, factor) + (doubts.ALL_TRANSPARENT,) * hidden
            if is_damaged is not None and is_damaged():
                found += (doubts.DAMAGED_INSIDE,)
            if animated or (image.format == "MPO" and has_another_page(content)):
                found += (doubts.FIRST_FRAME_ONLY,)
            if form == "AVIF":
                turn = image.getexif().get(_ORIENTATION_TAG, 1)
                return DecodedPage(upright(pixels, turn), found, told_upright=turn != 1)
            if form == "HEIF":  # its decoder turns it
                told = image.info.get("original_orientation") or 1
                return DecodedPage(pixels, found, told_upright=told != 1)
            return DecodedPage(_turned(pixels, content, form), found)


@functools.cache
def _let_pillow_open_heif() -> None:
    """Loaded with the first such file: most folders have none."""
    pi_heif = importlib.import_module("pi_heif")
    pi_heif.register_heif_opener(thumbnails=False)


def _first_that_shows(
    image: Image.Image, pixels: Pixels, hidden: bool, factor: int
) -> tuple[Pixels, bool]:
    """The first frame of an animation that is not of one colour; the very first when all are."""
    shown = pixels, hidden
    for number in range(1, _MAX_FRAMES):
        if not shown[1] and int(np.ptp(shown[0])) >= _LEAST_CONTRAST:
            return shown
        try:
            image.seek(number)
            image.load()
        except Exception:  # the end of the animation, or of what is whole of it
            break
        shown = to_bgr(image, factor)
    return pixels, hidden


def _partly(
    content: bytes, max_pixels: float, *, form: str, other: bytes | None = None
) -> DecodedPage:
    """As far as a cut or broken file goes; `other` is the same with another filling."""
    if form == "WEBP":
        _check_size(containers.webp_size(content), max_pixels)
        decode_memory.plan(containers.webp_size(content), _CANVASES + 4)
    with Image.open(io.BytesIO(_openable(content, form)), formats=(form,)) as image:
        _check_size(image.size, max_pixels)
        stored = 3 * bytes_per_pixel(image.mode) + (_CANVASES if form == "WEBP" else 2)
        held = _coefficient_bytes(image) if form == "JPEG" else 0
        factor, needed = decode_memory.plan(image.size, stored, held_bytes=held)
    with decode_memory.budget().lend(needed):
        partial = load_partly(content, form, other)
        pixels, hidden = to_bgr(partial.image)
        fill_missing(pixels, partial.missing)
        missing = _turned(partial.missing.astype(np.uint8), content, form)
        found = (
            doubts.incomplete(missing, blurred=partial.blurred) + (doubts.ALL_TRANSPARENT,) * hidden
        )
        pixels = shrink(pixels, factor)
        return DecodedPage(
            _turned(pixels, content, form), found + doubts.reduced(partial.image.size, factor)
        )


def _partly_tiff(
    content: bytes, max_pixels: float, *, directory: tiff_directory.Directory
) -> DecodedPage:
    first, second = (tiff_directory.written(content, directory, filler) for filler in FILLERS)
    if not tiff_forms.needs_own_reader(directory):
        with contextlib.suppress(OSError, SyntaxError, ValueError):
            return _partly(first, max_pixels, form="TIFF", other=second)
    _, needed = decode_memory.plan(directory.size, 2 * _bytes_per_pixel(directory))
    with decode_memory.budget().lend(needed):
        opens = (functools.partial(on_ground, level=0), functools.partial(on_ground, level=255))
        pixels, missing = tiff_forms.read_partly((first, second), directory, opens)
        if missing.all():
            raise ValueError("no part of the picture is there")
        fill_missing(pixels, missing)
        return DecodedPage(pixels, doubts.incomplete(missing, blurred=not is_tail(missing)))


def _openable(content: bytes, form: str) -> bytes:
    return containers.webp(content, b"\x00") if form == "WEBP" else content


def _check_jpeg(content: bytes, max_pixels: float) -> DecodedPage:
    """Never a page: whether it is of a form that libjpeg does not decode to 8 bits."""
    kinds = [(marker, start) for marker, start, _ in containers.jpeg_segments(content)
             if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}]  # fmt: skip
    marker, start = kinds[0]
    precision = content[start + 4]
    if precision in {12, 16} or (precision == 8 and marker not in _USUAL_JPEG):
        raise tiff_forms.unsupported(f"JPEG, process {marker - 0xC0}, {precision} bits")
    raise ValueError("it is damaged")


def _own_tiff(
    content: bytes, max_pixels: float, *, directory: tiff_directory.Directory
) -> DecodedPage:
    _check_size(directory.size, max_pixels)
    _, needed = decode_memory.plan(directory.size, _bytes_per_pixel(directory))
    with decode_memory.budget().lend(needed):
        return DecodedPage(tiff_forms.read(content, directory, tiff_forms.part_image))


def _bytes_per_pixel(directory: tiff_directory.Directory) -> float:
    """What the own reader holds of it."""
    deepest = max(directory.numbers(tiff_directory.BITS), default=8)
    return max(1, directory.number(tiff_directory.SAMPLES, 1)) * deepest / 2 + 6


def _bmp_within(content: bytes, max_pixels: float) -> DecodedPage:
    within = bmp_forms.embedded(content)
    if within is None:
        raise ValueError("no picture within")
    form = _form_of(within)
    attempts: list[Attempt] = [functools.partial(_by_pillow, form=form),
                               functools.partial(_partly, form=form)]  # fmt: skip
    return _first_that_succeeds(attempts, within, max_pixels)


def _masked_bmp(content: bytes, max_pixels: float) -> DecodedPage:
    size = bmp_forms.size_of(content)
    _check_size(size, max_pixels)
    _, needed = decode_memory.plan(size, 12)
    with decode_memory.budget().lend(needed):
        pixels, cut = bmp_forms.read_masked(content)
        doubt = ImageWarning(
            "picture_incomplete", f"A part of the picture is missing. {doubts.REMEDY}"
        )
        return DecodedPage(pixels, (doubt,) * cut)


def _cleaned(content: bytes) -> bytes:
    return containers.without_metadata(content)


def _form_of(content: bytes) -> str:
    accepting = (name for name in FORMATS if (Image.OPEN[name][1] or bool)(content[:16]))
    return next(accepting, "JPEG")


def _turned(pixels: Pixels, content: bytes, form: str) -> Pixels:
    """Upright; a TIFF's orientation is its directory's."""
    return pixels if form == "TIFF" else upright(pixels, containers.orientation(content))


def _coefficient_bytes(image: Image.Image) -> float:
    """Bytes a pixel of what libjpeg holds of a progressive picture at full size."""
    layers: list[tuple[int, int, int, int]] = getattr(image, "layer", [])
    if not layers or "progressive" not in image.info:
        return 0.0
    largest = max(layer[1] for layer in layers) * max(layer[2] for layer in layers)
    return 2.0 * sum(layer[1] * layer[2] for layer in layers) / max(largest, 1)


def _check_size(size: tuple[int, int], max_pixels: float) -> None:
    decode_memory.check_size(size, max_pixels)
    if min(size) < _MIN_SIDE:
        width, height = size
        raise ImageError("too_small", f"The image is {width}×{height} pixels: too small for text.")


def _damaged(error: Exception) -> ImageError:
    told = isinstance(error, UnidentifiedImageError)  # it would name a Python object
    reason = "" if told else f" ({str(error)[:100] or type(error).__name__})"
    return ImageError(
        "damaged_image",
        f"The image is damaged or incomplete{reason}. Save or copy it again.",
    )
