"""What is to be read and what was read: the records that all rooms of the reader hand on.

The worker makes them, `worker_protocol` carries them, the database keeps them. Standard library
only.
"""

import dataclasses
from typing import Any

from image_warnings import ImageWarning
from ocr_contract import doubt
from ocr_contract.alternatives import Alternative
from ocr_contract.page_tables import TableCell
from ocr_errors import ImageError

MAX_LINES = 20_000
"""Of one page."""
MAX_PAGES = 100_000
"""Of one document."""
MAX_TABLE_SIDE, MAX_CELLS = 2000, 20_000
"""Rows or columns of one table, and its cells."""


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One image to read."""

    image_id: int
    path: bytes
    sha256: str
    done: tuple[int, ...] = ()
    """Of a document with this content: the pages that were read before."""
    careful: bool = False
    """The worker ended on it: its pages are read one after the other, and each is named first."""


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One text line; `polygon` is four (x, y) points in page pixels."""

    text: str
    confidence: float
    polygon: tuple[tuple[float, float], ...]
    doubt: float | None = None
    """The probability that the text is wrong, from the recogniser's evidence; None: nothing but its
    confidence is known."""
    doubt_reason: str | None = None
    """A code of `ocr_contract.doubt.Reason`."""
    alternatives: tuple[Alternative, ...] = ()
    model: str | None = None
    """What read it, when that was not the batch's recogniser."""
    words: tuple[int, ...] | None = None
    """Where its words are, as of `ocr_contract.word_boxes`; None: not known."""
    paragraph: int | None = None
    """From 1 on its page."""

    @property
    def known_doubt(self) -> float:
        """The probability that it is wrong, as far as anything tells."""
        return doubt.from_confidence(self.confidence) if self.doubt is None else self.doubt

    @property
    def is_doubtful(self) -> bool:
        """Whether it counts as one of a page's doubtful lines."""
        return self.known_doubt >= doubt.DOUBTFUL

    @property
    def is_unspelled(self) -> bool:
        """Whether it is in letters of a script that is not set up."""
        return self.doubt_reason == doubt.Reason.OTHER_SCRIPT


@dataclasses.dataclass(frozen=True, slots=True)
class PageTable:
    """One table of a page, its cells row by row."""

    polygon: tuple[tuple[float, float], ...]
    rows: int
    columns: int
    header_rows: int
    """So many rows at the top are headings."""
    cells: tuple[TableCell, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class TextRun:
    """Words of a PDF's text layer and their box: left, top, right, bottom in pixels of the page."""

    text: str
    box: tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """One page, its lines in reading order."""

    width: int
    height: int
    rotation: int
    lines: tuple[Line, ...]
    preview: str | None
    thumbnail: str | None
    seconds: float
    warnings: tuple[ImageWarning, ...] = ()
    """What is doubtful although it was read."""
    embedded_text: str | None = None
    """The text layer that a PDF's page came with."""
    tables: tuple[PageTable, ...] = ()

    @property
    def text(self) -> str:
        """All lines, joined by line feeds."""
        return "\n".join(line.text for line in self.lines)

    @property
    def confidence(self) -> float | None:
        """Mean over the lines; None without lines."""
        if not self.lines:
            return None
        return sum(line.confidence for line in self.lines) / len(self.lines)


@dataclasses.dataclass(frozen=True, slots=True)
class ImageResult:
    """What became of one image: pages, or an error."""

    image_id: int
    sha256: str | None
    """Of the bytes that were decoded; None when they could not be read."""
    pages: tuple[Page, ...] = ()
    error: ImageError | None = None
    document: "DocumentState | None" = None
    """Of a document, whose pages came one by one."""


@dataclasses.dataclass(frozen=True, slots=True)
class DocumentState:
    """A document at the end of one portion of its pages."""

    page_count: int
    is_short_of_memory: bool = False
    """A page was left for later: there was no memory for it beside the others."""
    warnings: tuple[ImageWarning, ...] = ()
    """What is doubtful about all of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class DocumentPage:
    """One page of a document, as soon as it was read; or why it could not be."""

    batch_id: int
    image_id: int
    sha256: str
    page_count: int
    number: int
    page: Page | None = None
    error: ImageError | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one batch."""

    batch_id: int
    seconds: float
    images: tuple[ImageResult, ...]
    inference_s: float = 0.0
    """What the device computed since the answer before: over many batches, its share of time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Provenance:
    """What a worker reads with; stored with each batch."""

    engine: str
    device: str
    precision: str
    models: dict[str, str]
    parameters: dict[str, Any]
    batch_size: int
    """Images in a batch."""
    batches: int = 1
    """So many batches the worker wants to have at a time."""
