"""PDF with the original's pictures and an invisible, searchable text over them.

Of a PDF the pages stay as they are, and of what they say themselves nothing is written a second
time. Of pictures, each becomes a page as large as it says it is, else as long as A4.
"""

import contextlib
import copy
import math
import os
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

import pikepdf
from pikepdf import Array, Dictionary, Name
from pikepdf.canvas import ContentStreamBuilder
from PIL import ImageCms

from decoding import documents, image_containers
from exporting.embedded_picture import EmbeddedPicture, Pictures
from exporting.hidden_text import FONT_NAME, TextFont, hidden_text
from exporting.making import Outlet
from exporting.originals import open_original
from exporting.page_geometry import Box, picture_matrix, upright_to_points
from exporting.pdf_stream import PdfStream
from exporting.task import ExportTask
from ocr_contract.error_codes import ErrorCode
from ocr_contract.export.records import Line, Page, Source
from ocr_errors import OcrError

_SIGNATURE = b"%PDF-"
_LATEST_SIGNATURE = 1024
_POINTS = 72.0
_MOST_POINTS = 14_400.0
"""A side may have so many."""
_LETTER = Box(0, 0, 612, 792)
_SECOND_TIME = (
    "PDF has no place for the form in which the source keeps its picture. It was compressed a "
    "second time, as JPEG 2000, and differs from the source by a PSNR of at least %d dB."
)


def write(task: ExportTask, source: Source, pages: Iterable[Page], target: Outlet) -> None:
    """The PDF. Raises OcrError."""
    with contextlib.closing(open_original(task, source)) as file:
        head = file.read(_LATEST_SIGNATURE)
        file.seek(0)
        if image_containers.from_signature(head) is None and _SIGNATURE in head:
            _over_pdf(file, pages, task.page, target)
        else:
            limits = documents.Limits(task.max_pixels, task.max_pages, task.pdf_dpi)
            # Not `read`, which would hold it twice for a moment.
            content = os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)
            _of_pictures(Pictures(content, limits), source, pages, target)


def _over_pdf(file: BinaryIO, pages: Iterable[Page], only: int | None, target: Outlet) -> None:
    try:
        pdf = pikepdf.open(file)
    except pikepdf.PasswordError as error:
        raise OcrError(
            ErrorCode.ENCRYPTED, "The PDF asks for a password; no text can be laid over it."
        ) from error
    with pdf:
        font = TextFont(pdf)
        for page in pages:
            if page.number <= len(pdf.pages):
                _lay_over(pdf, pdf.pages[page.number - 1], page, font)
        font.finish()
        if only is not None:
            for number in range(len(pdf.pages), 0, -1):
                if number != only:
                    del pdf.pages[number - 1]
        _save(pdf, target)


def _save(pdf: pikepdf.Pdf, target: Outlet) -> None:
    pdf.save(cast(BinaryIO, target), object_stream_mode=pikepdf.ObjectStreamMode.generate)


def _lay_over(pdf: pikepdf.Pdf, leaf: pikepdf.Page, page: Page, font: TextFont) -> None:
    lines = list(_new_lines(page))
    if not lines or not page.width or not page.height:
        return
    matrix = upright_to_points(
        (page.width, page.height), _visible(leaf), page.rotation, _page_turn(leaf)
    )
    # Resources may be inherited, and shared with pages that need none of this.
    resources = copy.copy(leaf.resources)
    fonts = copy.copy(resources.Font) if Name.Font in resources else Dictionary()
    name = FONT_NAME
    while name in fonts:  # a PDF that was made here before
        name = Name(f"{name}x")
    fonts[name] = font.object
    resources.Font = fonts
    leaf.obj.Resources = resources
    leaf.contents_add(pdf.make_stream(b"q\n"), prepend=True)
    leaf.contents_add(pdf.make_stream(b"\nQ\n" + hidden_text(lines, font, matrix, name)))


def _page_turn(leaf: pikepdf.Page) -> int:
    """Its /Rotate, as viewers take it."""
    try:
        turn = int(cast(Any, _inherited(leaf, Name.Rotate, 0))) % 360
    except (TypeError, ValueError):
        return 0
    return turn if turn % 90 == 0 else 0


def _new_lines(page: Page) -> Iterator[Line]:
    """The lines that the page does not say itself."""
    said = _letters(page.embedded_text or "")
    for line in page.lines:
        if not said or _letters(line.text) not in said:
            yield line


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _visible(leaf: pikepdf.Page) -> Box:
    """The part of the page that viewers show."""
    media = _box(_inherited(leaf, Name.MediaBox, None)) or _LETTER
    crop = _box(_inherited(leaf, Name.CropBox, None)) or media
    box = Box(
        max(media.left, crop.left), max(media.bottom, crop.bottom),
        min(media.right, crop.right), min(media.top, crop.top),
    )  # fmt: skip
    return box if box.right > box.left and box.top > box.bottom else media


def _box(value: object) -> Box | None:
    try:
        x1, y1, x2, y2 = (float(each) for each in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None
    box = Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    return box if box.right > box.left and box.top > box.bottom else None


def _inherited(leaf: pikepdf.Page, key: Name, default: object) -> object:
    """An attribute of a page, which may stand with one of the nodes above it."""
    node: pikepdf.Object | None = leaf.obj
    seen = 0
    while node is not None and seen < 50:
        if key in node:
            return node[key]
        node, seen = node.get(Name.Parent), seen + 1
    return default


def _of_pictures(pictures: Pictures, source: Source, pages: Iterable[Page], target: Outlet) -> None:
    """Page by page: none is kept."""
    written = PdfStream(target)
    is_archivable, least = True, math.inf
    leaves: list[int] = []
    with pikepdf.new() as pdf:
        font = TextFont(pdf)
        parent, font_number = written.number(), written.number()
        for page in pages:
            picture = pictures.page(page.number)
            with picture.pdf:
                leaves.append(_put_page(written, picture, page, font, (parent, font_number)))
            is_archivable = is_archivable and picture.is_archivable
            least = min(least, picture.decibels or math.inf)
        font.finish()
        _say_what_it_is(pdf, source, is_archivable, least)
        known = {font.object.objgen: font_number}
        written.put_object(font.object, {font.object.objgen: font_number})
        kids = b" ".join(b"%d 0 R" % leaf for leaf in leaves)
        written.put(parent, b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(leaves), kids))
        known[pdf.Root.Pages.objgen] = parent
        written.finish(written.put_object(pdf.Root, known))


def _put_page(
    written: PdfStream, picture: EmbeddedPicture, page: Page, font: TextFont, above: tuple[int, int]
) -> int:
    """Its number. `above` are those of the pages' parent and of the font."""
    ((name, image),) = picture.pdf.pages[0].resources.XObject.items()
    is_turned = (picture.orientation >= 5) != (page.rotation in (90, 270))
    width, height = (side * _POINTS for side in picture.inches)
    size = (height, width) if is_turned else (width, height)
    scale = min(1.0, _MOST_POINTS / max(size))
    size = (size[0] * scale, size[1] * scale)
    content = ContentStreamBuilder().push()
    content.cm(pikepdf.Matrix(*picture_matrix(picture.orientation, page.rotation, size)))
    content.draw_xobject(Name(name)).pop()
    box = Box(0, 0, *size)
    if page.lines and page.width and page.height:
        matrix = upright_to_points((page.width, page.height), box)
        content.extend(hidden_text(page.lines, font, matrix, FONT_NAME))
    parent, font_number = above
    shown, drawn = written.put_object(image, {}), written.put_stream(content.build())
    number = written.number()
    written.put(
        number,
        b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %.3f %.3f] /Contents %d 0 R /Resources "
        b"<< /XObject << %b %d 0 R >> /Font << %b %d 0 R >> >> >>"
        % (parent, *size, drawn, Name(name).unparse(), shown, FONT_NAME.unparse(), font_number),
    )
    return number


def _say_what_it_is(pdf: pikepdf.Pdf, source: Source, is_archivable: bool, least: float) -> None:
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        metadata["dc:title"] = "".join(c for c in source.name if c.isprintable())
        metadata["xmp:CreatorTool"] = "ocr_docker"
        if least < math.inf:
            metadata["dc:description"] = _SECOND_TIME % math.floor(least)
        if is_archivable:
            metadata["pdfaid:part"] = "2"
            metadata["pdfaid:conformance"] = "B"
    if is_archivable:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        stream = pdf.make_stream(profile)
        stream.N = 3
        pdf.Root.OutputIntents = Array([
            Dictionary(
                Type=Name.OutputIntent, S=Name.GTS_PDFA1, OutputConditionIdentifier=b"sRGB",
                Info=b"sRGB", DestOutputProfile=stream,
            )
        ])  # fmt: skip
