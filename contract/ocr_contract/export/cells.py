"""What goes into the cells of tables, the same in every format that has cells."""

from typing import NamedTuple

from ocr_contract.export.records import Line, Page, Source

COLUMNS = (
    "file", "page", "line", "paragraph", "text", "corrected", "confidence", "doubt",
    "left", "top", "right", "bottom",
)  # fmt: skip
"""One row for each line; the box is in pixels of the upright page."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Row(NamedTuple):
    """The values of COLUMNS."""

    file: str
    page: int
    line: int
    paragraph: int | None
    text: str
    corrected: bool
    confidence: float
    doubt: float
    left: float | None
    top: float | None
    right: float | None
    bottom: float | None


def row(source: Source, page: Page, line: Line) -> Row:
    """One line of a page as a row."""
    return Row(
        source.name, page.number, line.number, line.paragraph, line.text, line.is_corrected,
        line.confidence, line.doubt, *(line.box or (None, None, None, None)),
    )  # fmt: skip


def begins_formula(text: str) -> bool:
    """Whether a spreadsheet would run it."""
    return text.startswith(_FORMULA_STARTS)


def harmless(text: str) -> str:
    """A text that a spreadsheet shows and does not run: with an apostrophe in front if need be."""
    return "'" + text if begins_formula(text) else text
