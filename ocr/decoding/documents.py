"""Any file as a document: how many pages it has, and each of them decoded when it is asked for.

The formats come from an allow-list (`file_kinds`). Nothing is held of a page that was handed out.

    documents → decode                one picture, or one page of a TIFF
              → pdf_pages             the pages of a PDF
"""

import dataclasses
import struct
from collections.abc import Callable, Iterator

import file_kinds
from decoding import decode, pdf_pages, tiff_directory
from decoding import image_containers as containers
from decoding.decode import DecodedPage
from image_warnings import ImageWarning
from ocr_errors import ImageError


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What is read of a file."""

    max_pixels: float = 0.0
    """Of a page; 0: as many as the memory allows."""
    max_pages: int = 5000
    pdf_dpi: float = 200.0
    """At which a page of a PDF is drawn that is no scan."""


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """An open file. Safe to use from several threads."""

    page_count: int
    """Those that are to be read."""
    decode: Callable[[int], DecodedPage]
    """The page of that number, from 1, as a viewer shows it. Raises ImageError."""
    warnings: tuple[ImageWarning, ...] = ()
    """What is doubtful about all of it."""
    close: Callable[[], None] = lambda: None


def open_document(content: bytes, limits: Limits) -> Document:
    """The document in these bytes.

    Raises:
        ImageError: not_an_image, damaged_image, out_of_memory; what `decode_image` raises comes
            with the page.
    """
    picture = containers.from_signature(content)
    if picture is None and pdf_pages.begins(content):
        return _open_pdf(content, limits)
    if picture is None:
        raise ImageError(
            "not_an_image",
            f"This is no {file_kinds.NAMES}, whatever its name says. Convert it to one of these.",
        )
    if picture.startswith((b"II", b"MM")):
        return _open_tiff(picture, limits)
    return Document(1, lambda _: decode.decode_image(picture, limits.max_pixels))


def decode_pages(content: bytes, max_pixels: float) -> Iterator[DecodedPage]:
    """Every page, one after the other. Raises ImageError."""
    document = open_document(content, Limits(max_pixels))
    for number in range(1, document.page_count + 1):
        yield document.decode(number)


def left_out(limits: Limits) -> ImageWarning:
    """The warning where a document has more pages than are read."""
    return ImageWarning(
        "pages_left_out",
        f"The document has more than {limits.max_pages:,} pages, and only so many were read. "
        "Divide it, or raise OCR_MAX_PAGES and ask for it to be read again.",
    )


def _open_pdf(content: bytes, limits: Limits) -> Document:
    with decode.telling():
        pdf = pdf_pages.Pdf(content)

    def page(number: int) -> DecodedPage:
        with decode.telling():
            drawn = pdf.draw(number, limits.pdf_dpi, limits.max_pixels)
        return DecodedPage(drawn.pixels, drawn.warnings, embedded_text=drawn.text, runs=drawn.runs)

    warnings = pdf.warnings
    if pdf.page_count > limits.max_pages:
        warnings = (left_out(limits), *warnings)
    return Document(min(pdf.page_count, limits.max_pages), page, warnings, pdf.close)


def _open_tiff(content: bytes, limits: Limits) -> Document:
    with decode.telling():
        try:
            pages = tiff_directory.pages(content, limits.max_pages + 1)
        except (ValueError, struct.error) as error:
            raise ValueError("its list of pictures is missing") from error
    warnings: tuple[ImageWarning, ...] = ()
    if len(pages.places) > limits.max_pages:
        warnings = (left_out(limits),)
    elif pages.is_cut:
        warnings = (
            ImageWarning(
                "pages_left_out",
                f"The list of pages is damaged after page {len(pages.places)}: there may be more. "
                "Copy or scan it again.",
            ),
        )

    def page(number: int) -> DecodedPage:
        with decode.telling():
            directory = pages.read(content, number)
        return decode.decode_tiff(content, directory, limits.max_pixels)

    return Document(min(len(pages.places), limits.max_pages), page, warnings)
