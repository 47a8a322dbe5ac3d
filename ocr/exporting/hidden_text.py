"""The invisible text of a PDF: each word over its picture, in a font that any script fits into.

Characters get numbers as they are met, two bytes each; the font's ToUnicode says which number is
which. A word is drawn along its line's own angle and as wide as it stands there. Text that runs
from right to left is written as it is seen, from the left: so readers of PDF expect it.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name
from pikepdf.canvas import ContentStreamBuilder

from exporting import glyphless_font
from exporting.page_geometry import Affine
from ocr_contract.export.records import Line
from ocr_contract.word_boxes import Quad

FONT_NAME = Name("/OcrText")
_INVISIBLE = 3
_MOST_CODES = 0xFFFE
_LEAST_POINTS = 0.01
_RANGE_LINES = 100
"""Of a CMap: more may not stand in one block."""
_BACKWARDS = frozenset({"R", "AL"})
_FORWARDS = re.compile(r"[^\W_]+(?:[.,:/+-][^\W_]+)*")


class TextFont:
    """The font of one PDF."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._codes: dict[str, int] = {}
        self.object = pdf.make_indirect(Dictionary(Type=Name.Font))

    def encoded(self, text: str) -> bytes:
        """The text in the font's numbers."""
        numbers = (self._code(char) for char in text)
        return b"".join(number.to_bytes(2, "big") for number in numbers)

    def finish(self) -> None:
        """Write the font; nothing can be encoded afterwards."""
        file = glyphless_font.font_file()
        pdf = self._pdf
        stream = pdf.make_stream(file)
        stream.Length1 = len(file)
        descriptor = Dictionary(
            Type=Name.FontDescriptor, FontName=Name.GlyphLess, Flags=4,
            FontBBox=[0, glyphless_font.DESCENT, glyphless_font.ADVANCE, glyphless_font.ASCENT],
            ItalicAngle=0, Ascent=glyphless_font.ASCENT, Descent=glyphless_font.DESCENT,
            CapHeight=glyphless_font.ASCENT, StemV=1, FontFile2=stream,
        )  # fmt: skip
        glyphs = b"\0\0" + glyphless_font.GLYPH.to_bytes(2, "big") * len(self._codes)
        descendant = Dictionary(
            Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=Name.GlyphLess,
            CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
            FontDescriptor=pdf.make_indirect(descriptor), DW=glyphless_font.ADVANCE,
            CIDToGIDMap=pdf.make_stream(glyphs),
        )  # fmt: skip
        self.object.update(
            Dictionary(
                Subtype=Name.Type0, BaseFont=Name.GlyphLess, Encoding=Name("/Identity-H"),
                DescendantFonts=Array([pdf.make_indirect(descendant)]),
                ToUnicode=pdf.make_stream(self._to_unicode()),
            )
        )  # fmt: skip

    def _code(self, char: str) -> int:
        if char not in self._codes and len(self._codes) < _MOST_CODES:
            self._codes[char] = len(self._codes) + 1
        return self._codes.get(char, 1)

    def _to_unicode(self) -> bytes:
        """The CMap of ISO 32000-1, 9.10.3."""
        lines = [
            "/CIDInit /ProcSet findresource begin", "12 dict begin", "begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            "/CMapName /Adobe-Identity-UCS def", "/CMapType 2 def",
            "1 begincodespacerange", "<0000> <FFFF>", "endcodespacerange",
        ]  # fmt: skip
        entries = [
            f"<{code:04X}> <{char.encode('utf-16-be').hex().upper()}>"
            for char, code in self._codes.items()
        ]
        for start in range(0, len(entries), _RANGE_LINES):
            block = entries[start : start + _RANGE_LINES]
            lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
        lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
        return "\n".join(lines).encode("ascii")


def hidden_text(lines: Iterable[Line], font: TextFont, to_points: Affine, name: Name) -> bytes:
    """The content that writes these lines, words at their places; `name` is the font's there."""
    content = ContentStreamBuilder()
    content.push().begin_text().set_text_rendering(_INVISIBLE).set_text_font(name, 1)
    for line in lines:
        for word, quad in _as_seen(line):
            matrix = _word_matrix(len(word), quad, to_points)
            if matrix is not None:
                content.set_text_matrix(pikepdf.Matrix(*matrix))
                content.show_text(font.encoded(word + " "))
    return content.end_text().pop().build()


def _as_seen(line: Line) -> Iterator[tuple[str, Quad]]:
    places = [(_clean(word), quad) for word, quad in line.places()]
    places = [(word, quad) for word, quad in places if word]
    if any(_is_backwards(word) for word, _ in places):
        start, end = line.polygon[0], line.polygon[1]
        along = end[0] - start[0], end[1] - start[1]
        places.sort(key=lambda place: place[1][0][0] * along[0] + place[1][0][1] * along[1])
        places = [(_reordered(word), quad) for word, quad in places]
    yield from places


def _clean(word: str) -> str:
    """Without what no text in a PDF can be: control characters and halves of characters."""
    return "".join(char for char in word if unicodedata.category(char) not in ("Cc", "Cs"))


def _is_backwards(word: str) -> bool:
    return any(unicodedata.bidirectional(char) in _BACKWARDS for char in word)


def _reordered(word: str) -> str:
    """As it is seen from the left: reversed where it runs from the right, but for its numbers."""
    if not _is_backwards(word):
        return word
    return _FORWARDS.sub(
        lambda found: found[0] if _is_backwards(found[0]) else found[0][::-1], word
    )[::-1]


def _word_matrix(
    length: int, quad: Quad, to_points: Affine
) -> tuple[float, float, float, float, float, float] | None:
    """Puts a font of size 1 upon the word's quadrilateral; None for one without area."""
    top_left, top_right, bottom_right, bottom_left = (to_points.at(*point) for point in quad)
    right = _half(top_right, bottom_right, top_left, bottom_left)
    up = _half(top_left, top_right, bottom_left, bottom_right)
    if min(math.hypot(*right), math.hypot(*up)) < _LEAST_POINTS:
        return None
    width = length * glyphless_font.ADVANCE / glyphless_font.UNITS
    base = -glyphless_font.DESCENT / glyphless_font.UNITS
    return (
        right[0] / width, right[1] / width, up[0], up[1],
        bottom_left[0] + base * up[0], bottom_left[1] + base * up[1],
    )  # fmt: skip


def _half(
    end: tuple[float, float], other_end: tuple[float, float],
    start: tuple[float, float], other_start: tuple[float, float],
) -> tuple[float, float]:  # fmt: skip
    """The mean of two opposite sides."""
    return (
        (end[0] - start[0] + other_end[0] - other_start[0]) / 2,
        (end[1] - start[1] + other_end[1] - other_start[1]) / 2,
    )
