"""A page's picture for a PDF: as it is stored where PDF has that form, else stored anew.

JPEG (but for forms that PDF's viewers need not know), JPEG 2000, PNG without transparency and fax
(CCITT G4 in one strip) go through as they are, by img2pdf; a TIFF's JPEG is put together again
(`tiff_jpeg`). What it does not take is decoded as the reader decodes it, faults and all, and stored
in the form that `stored_pixels` chooses.
"""

import contextlib
import dataclasses
import io
from collections.abc import Callable

import img2pdf
import pikepdf

from decoding import documents, image_containers, tiff_directory
from exporting import stored_pixels, tiff_jpeg

_PLAIN_JPEG = (0xC0, 0xC1, 0xC2)
"""Huffman coding, baseline, extended and progressive."""
_A4_INCHES = 11.69
_POINTS = 72
_USUAL_DPI = (72, 1300)
_UNKNOWN_DPI = 96
"""What img2pdf takes where a file says nothing."""
_LARGEST_SHEET_INCHES = 20.0
_JPEG2000 = (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")
_TIFF = (b"II", b"MM")


@dataclasses.dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    """A PDF of one page that holds the picture as it is stored."""

    pdf: pikepdf.Pdf
    orientation: int
    """EXIF's: how it is to be turned before the page's rotation."""
    inches: tuple[float, float]
    """Its width and height as it is stored."""
    bytes: int
    """Of the picture, as it is stored."""
    is_archivable: bool
    """Whether PDF/A-2 takes its form and colours as they are."""
    is_of_many_levels: bool
    """It is deeper than 8 bits, or in the colours of print: what is decoded would be less."""
    decibels: float | None = None
    """How near it is to the source's pixels, where it was compressed a second time (PSNR)."""


class Pictures:
    """The pictures of an image's pages."""

    def __init__(self, content: bytes, limits: documents.Limits) -> None:
        """Raises ImageError."""
        self._content = image_containers.from_signature(content) or content
        self._limits = limits
        self._tiff: tiff_directory.Pages | None = None
        if self._content.startswith(_TIFF):
            with contextlib.suppress(ValueError):
                self._tiff = tiff_directory.pages(self._content, limits.max_pages + 1)

    def page(self, number: int) -> EmbeddedPicture:
        """The picture of that page. Raises ImageError."""
        source_bytes, is_lossy = self._source(number)
        as_it_is = self._as_it_is(number)
        if as_it_is is not None and (
            as_it_is.is_of_many_levels or as_it_is.bytes <= source_bytes * stored_pixels.SHARE
        ):
            return as_it_is
        document = documents.open_document(self._content, self._limits)
        try:
            pixels = document.decode(number).pixels
        finally:
            document.close()
        made = stored_pixels.stored(pixels, source_bytes, is_lossy=is_lossy)
        if as_it_is is not None and as_it_is.bytes <= len(made.content):
            return as_it_is
        picture = _embedded(made.content, 1)
        # Its JPEG 2000 has the colours that PDF/A-2 asks for: sRGB or grey, and only once.
        return dataclasses.replace(
            picture, is_archivable=True, decibels=made.decibels,
            inches=self._told_inches(number, upright=True) or picture.inches,
        )  # fmt: skip

    def _as_it_is(self, number: int) -> EmbeddedPicture | None:
        """As img2pdf takes it; None where it is to be decoded."""
        stored = self._stored(number)
        if stored is not None:
            with contextlib.suppress(Exception):  # whatever it lacks or does not take
                picture = _embedded(*stored)
                inches = self._told_inches(number) or picture.inches
                return dataclasses.replace(picture, inches=inches)
        return None

    def _told_inches(self, number: int, *, upright: bool = False) -> tuple[float, float] | None:
        """How large a TIFF says that the page is, as it is stored or upright."""
        if self._tiff is None:
            return None
        directory = self._tiff.read(self._content, number)
        dots = directory.dots_an_inch
        if dots is None or not all(_USUAL_DPI[0] <= each <= _USUAL_DPI[1] for each in dots):
            return None
        width, height = (side / dot for side, dot in zip(directory.size, dots, strict=True))
        is_turned = upright and directory.number(tiff_directory.ORIENTATION, 1) >= 5
        return (height, width) if is_turned else (width, height)

    def _source(self, number: int) -> tuple[int, bool]:
        """Bytes of that page in the file, and whether it lost something when it was stored."""
        if self._tiff is None:
            return len(self._content), image_containers.is_lossy(self._content)
        directory = self._tiff.read(self._content, number)
        size = sum(directory.parts()[1]) or len(self._content) // len(self._tiff.places)
        return size, directory.number(tiff_directory.COMPRESSION, 1) in _LOSSY_TIFF

    def _stored(self, number: int) -> tuple[bytes, int] | None:
        """The file of that page alone and its orientation; None where it is to be decoded."""
        content = self._content
        if self._tiff is not None:
            directory = self._tiff.read(content, number)
            orientation = directory.number(tiff_directory.ORIENTATION, 1)
            if directory.number(tiff_directory.COMPRESSION, 1) in _DECODED_TIFF:
                jpeg = tiff_jpeg.as_jpeg(content, directory) or tiff_jpeg.old_style(
                    content, directory
                )
                return None if jpeg is None else (jpeg, orientation)
            alone, directory = tiff_directory.alone(content, directory)
            return tiff_directory.written(alone, directory), orientation
        if content.startswith(b"\xff\xd8"):
            kinds = [
                marker
                for marker, _, _ in image_containers.jpeg_segments(content)
                if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)
            ]
            if kinds[:1] and kinds[0] not in _PLAIN_JPEG:
                return None
        elif content.startswith(image_containers.PNG):
            if image_containers.png_has_alpha(content):
                return None  # PDF's paper is white, and so may be the letters
        elif not content.startswith(_JPEG2000):
            return None
        return content, image_containers.orientation(content)


_DECODED_TIFF = (6, 7)
"""JPEG: as a TIFF read by libtiff only, whose pixels are not everybody's."""
_LOSSY_TIFF = (6, 7, 33003, 33005, 34712, 34892, 50001)
"""JPEG, JPEG 2000 and WebP."""


def _embedded(content: bytes, orientation: int) -> EmbeddedPicture:
    inches: list[tuple[float, float]] = []
    made = img2pdf.convert(
        content, rotation=img2pdf.Rotation.none, first_frame_only=True,
        layout_fun=_layout(inches.append), engine=img2pdf.Engine.internal,
    )  # fmt: skip
    pdf = pikepdf.open(io.BytesIO(made))
    image = next(iter(pdf.pages[0].get_images().values()))
    colours = str(image.get("/ColorSpace"))
    is_print = "CMYK" in colours
    size = len(image.read_raw_bytes())
    return EmbeddedPicture(
        pdf, orientation, inches[0], size,
        is_archivable=not is_print and image.get("/Filter") != pikepdf.Name.JPXDecode,
        is_of_many_levels=is_print or int(image.get("/BitsPerComponent", 8)) > 8,
    )  # fmt: skip


def _layout(tell: Callable[[tuple[float, float]], None]) -> Callable[..., tuple[float, ...]]:
    def layout(width: int, height: int, dpi: tuple[float, float]) -> tuple[float, ...]:
        across, down = dpi
        inches = width / across, height / down
        is_told = dpi != (_UNKNOWN_DPI, _UNKNOWN_DPI) or max(inches) <= _LARGEST_SHEET_INCHES
        if not is_told or not all(_USUAL_DPI[0] <= each <= _USUAL_DPI[1] for each in dpi):
            scale = _A4_INCHES / max(width, height)
            inches = width * scale, height * scale
        tell(inches)
        points = inches[0] * _POINTS, inches[1] * _POINTS
        return *points, *points

    return layout
