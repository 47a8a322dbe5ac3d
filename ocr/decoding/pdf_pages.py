"""The pages of a PDF, drawn as a viewer shows them: forms, annotations and signatures included.

A page that is one scanned picture is drawn at that picture's own resolution; any other at the
resolution that was asked for. However large a page says it is, its pixels are bounded. PDFium may
be used by one thread at a time: each call that reaches it holds `_one_at_a_time`, for as long as
one page takes to be drawn; a page that never ends is the service's to end.
"""

import contextlib
import dataclasses
import itertools
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

import file_kinds
from decoding import decode_memory, pdf_pictures
from decoding.pixels import Pixels
from image_warnings import ImageWarning
from ocr_errors import ImageError
from page_records import TextRun

SIGNATURE = b"%PDF-"
LATEST_SIGNATURE = 1024
"""Viewers look for it so far into the file."""
POINTS = 72.0
_MOST_PIXELS = 60e6
"""Of a page: A3 at 600 dpi, or 200 dpi up to a side of a metre and a half."""
_LEAST_DPI, _MOST_DPI = 72.0, 600.0
"""Of a scanned picture."""
_BYTES = 7.0
"""A pixel of PDFium's own bitmap and of ours."""
_SCAN_SHARE = 0.7
"""Of the page that a picture covers when the page is a scan."""
_ROUNDED = 0.3
"""Of a pixel: a page's size in points is often written with two digits."""
_MOST_OBJECTS = 200
"""A scan has a picture, perhaps in strips, and its invisible text in front of it."""
_MOST_TEXT = 200_000
_INVISIBLE = 3
"""The text rendering mode of a layer that OCR software laid over a scan."""
_PAGE_OBJECTS = (
    pdfium_c.FPDF_PAGEOBJ_TEXT,
    pdfium_c.FPDF_PAGEOBJ_PATH,
    pdfium_c.FPDF_PAGEOBJ_IMAGE,
    pdfium_c.FPDF_PAGEOBJ_SHADING,
)

_MOST_ATTACHMENTS, _MOST_NAMES, _MOST_NAME = 1000, 3, 80
"""Looked at; named in a warning; of a name."""
_DYNAMIC_FORM = ImageWarning(
    "form_not_shown",
    "The PDF is a form (XFA) whose content only Adobe's programs show: what was read is the page "
    "that stands there for all others. Open it there, print it into a PDF, and put that copy here.",
)

_NO_PAGES = "The PDF has no pages. Save or copy it again."

_one_at_a_time = threading.RLock()


@dataclasses.dataclass(frozen=True, slots=True)
class DrawnPage:
    """One page of a PDF."""

    pixels: Pixels
    text: str | None
    """Its text layer; None where it has none."""
    runs: tuple[TextRun, ...]
    warnings: tuple[ImageWarning, ...]


class Pdf:
    """An open PDF. Safe to use from several threads."""

    def __init__(self, content: bytes) -> None:
        """Raises ImageError: encrypted, damaged_image."""
        with _one_at_a_time, decode_memory.bounded_growth():
            try:
                # PDFium keeps the last fault, another PDF's, and sets none where there is no page.
                pdfium_c.FPDF_LoadDocument(b"", None)
                self._document = pdfium.PdfDocument(content)
                self.page_count = len(self._document)
            except pdfium.PdfiumError as error:
                raise _refused(error) from error
            self.warnings = _not_shown(self._document)
            with contextlib.suppress(pdfium.PdfiumError):  # a faulty form is no reason not to read
                if self._document.get_formtype() != pdfium_c.FORMTYPE_XFA_FULL:
                    self._document.init_forms()
        if self.page_count < 1:
            self.close()
            raise ImageError("damaged_image", _NO_PAGES)

    def close(self) -> None:
        """Give back what PDFium holds of it."""
        with _one_at_a_time:
            self._document.close()

    def draw(self, number: int, dpi: float, max_pixels: float) -> DrawnPage:
        """The page of that number, from 1.

        Raises:
            ImageError: damaged_image, too_many_pixels.
        """
        with _one_at_a_time:
            try:
                with decode_memory.bounded_growth():  # all that the page says is unpacked
                    page = self._document[number - 1]
            except pdfium.PdfiumError as error:
                raise ImageError(
                    "damaged_image", "The page is damaged. Save or copy the document again."
                ) from error
            with contextlib.closing(page):
                scale, warnings = _scale(page, dpi, max_pixels)
                width, height = (side * scale for side in page.get_size())
                needed = decode_memory.budget().lend(width * height * _BYTES)
                with needed, decode_memory.bounded_growth():
                    bitmap = page.render(scale=scale, fill_color=(255, 255, 255, 255))
                    with contextlib.closing(bitmap):
                        pixels = np.array(bitmap.to_numpy()[:, :, :3], dtype=np.uint8)
                        text, runs = _text(page, bitmap)
                        place = bitmap.get_posconv(page).to_bitmap
                        warnings += pdf_pictures.doubts(page, pixels, place)
        return DrawnPage(pixels, text, runs, warnings)


def begins(content: bytes) -> bool:
    """Whether these first bytes are those of a PDF."""
    return SIGNATURE in content[:LATEST_SIGNATURE]


def _not_shown(document: pdfium.PdfDocument) -> tuple[ImageWarning, ...]:
    """Warnings of what its pages do not show: all of a dynamic form, files that lie within."""
    found = []
    if document.get_formtype() == pdfium_c.FORMTYPE_XFA_FULL:
        found.append(_DYNAMIC_FORM)
    names = [
        name
        for number in range(min(document.count_attachments(), _MOST_ATTACHMENTS))
        if file_kinds.is_named_as_one(name := _attachment_name(document, number))
    ]
    if names:
        shown = ", ".join(f"“{name[:_MOST_NAME]}”" for name in names[:_MOST_NAMES])
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        message = (
            f"Files lie within the PDF that were not read: {shown}{more}. Save them as files of "
            "their own to have them read, too."
        )
        found.append(ImageWarning("attachments_left_out", message))
    return tuple(found)


def _attachment_name(document: pdfium.PdfDocument, number: int) -> str:
    try:
        name = document.get_attachment(number).get_name()
    except pdfium.PdfiumError:
        return ""
    return "".join(char for char in name if char.isprintable())


def _refused(error: Exception) -> ImageError:
    if "assword" in str(error) or "ecurity" in str(error):
        return ImageError(
            "encrypted",
            "The PDF asks for a password. Save it without one, and put that copy here.",
        )
    if getattr(error, "err_code", None) == pdfium_c.FPDF_ERR_FILE:  # that of no file, from before
        return ImageError("damaged_image", _NO_PAGES)
    return ImageError("damaged_image", "The PDF is damaged or incomplete. Save or copy it again.")


def _scale(
    page: pdfium.PdfPage, dpi: float, max_pixels: float
) -> tuple[float, tuple[ImageWarning, ...]]:
    """Pixels a point, and a warning where they are fewer than they should be."""
    width, height = page.get_size()
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise ImageError("damaged_image", "The page has no size. Save or copy the document again.")
    wanted = (_scan_dpi(page, width * height) or dpi) / POINTS
    pixels = width * height * wanted**2
    if max_pixels:
        size = (math.ceil(width * wanted), math.ceil(height * wanted))
        decode_memory.check_size(
            size, max_pixels, "Raise OCR_MAX_MEGAPIXELS, or lower OCR_PDF_DPI."
        )
    most = min(_MOST_PIXELS, decode_memory.budget().total / _BYTES)
    if pixels <= most:
        return _whole_pixels(wanted, (width, height)), ()
    scale = math.sqrt(most / (width * height))
    inches = f"{width / POINTS:.0f}×{height / POINTS:.0f} inches"
    message = (
        f"The page has {inches}; it was read at {scale * POINTS:.0f} instead of "
        f"{wanted * POINTS:.0f} dots an inch, and small print may be missing. Divide it."
    )
    return scale, (ImageWarning("picture_reduced", message),)


def _whole_pixels(scale: float, size: tuple[float, float]) -> float:
    """A little less where a page's size, rounded as it is written, would add a row of pixels."""
    for side in size:
        pixels = side * scale
        if 0 < pixels - math.floor(pixels) < _ROUNDED and pixels > 1:
            scale = math.floor(pixels) / side
    return scale


def _scan_dpi(page: pdfium.PdfPage, area: float) -> float | None:
    """The resolution of the pictures that a page consists of; None where it is no scan."""
    finest = covered = 0.0
    count = 0
    objects = page.get_objects(filter=list(_PAGE_OBJECTS), max_depth=3)
    for found in itertools.islice(objects, _MOST_OBJECTS * 50):
        if found.type == pdfium_c.FPDF_PAGEOBJ_TEXT:
            mode = pdfium_c.FPDFTextObj_GetTextRenderMode(found.raw)
            if mode == _INVISIBLE:
                continue
            return None
        if found.type != pdfium_c.FPDF_PAGEOBJ_IMAGE:
            return None
        count += 1
        if count > _MOST_OBJECTS:
            return None
        left, bottom, right, top = found.get_bounds()
        across, down = found.get_px_size()
        a, b, c, d, *_ = found.get_matrix().get()
        lengths = math.hypot(a, b), math.hypot(c, d)
        covered += max(0.0, right - left) * max(0.0, top - bottom)
        for dots, length in zip((across, down), lengths, strict=True):
            if length > 0:
                finest = max(finest, dots / length * POINTS)
    if covered < _SCAN_SHARE * area or not finest:
        return None
    return min(max(finest, _LEAST_DPI), _MOST_DPI)


def _text(page: pdfium.PdfPage, bitmap: Any) -> tuple[str | None, tuple[TextRun, ...]]:
    """The text layer, and where its runs stand; none where it cannot be read."""
    try:
        with contextlib.closing(page.get_textpage()) as layer:
            text = _clean(layer.get_text_range(0, min(layer.count_chars(), _MOST_TEXT)))
            if not text:
                return None, ()
            return text, tuple(_runs(layer, bitmap.get_posconv(page)))
    except (pdfium.PdfiumError, ValueError, UnicodeError):
        return None, ()


def _runs(layer: pdfium.PdfTextPage, conversion: Any) -> Iterator[TextRun]:
    place: Callable[[float, float], tuple[float, float]] = conversion.to_bitmap
    for index in range(min(layer.count_rects(), 5_000)):
        left, bottom, right, top = layer.get_rect(index)
        text = _clean(layer.get_text_bounded(left, bottom, right, top))
        if text:
            (x1, y1), (x2, y2) = place(left, bottom), place(right, top)
            yield TextRun(text, (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))


def _clean(text: str) -> str:
    """Lines as we write them, and nothing that cannot be stored."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    storable = lines.encode("utf-8", "replace").decode("utf-8", "replace")
    return "\n".join(line.rstrip() for line in storable.split("\n")).strip()
