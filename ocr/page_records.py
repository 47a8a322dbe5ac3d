"""What is to be read and what was read: the records that all rooms of the reader hand on.

The worker makes them, `worker_protocol` carries them, the database keeps them. Standard library
only.
"""

import dataclasses
from typing import Any

from image_warnings import ImageWarning
from ocr_contract import doubt
from ocr_contract.alternatives import Alternative
from ocr_errors import ImageError

MAX_LINES = 20_000
"""Of one page."""


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One image to read."""

    image_id: int
    path: bytes
    sha256: str


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

    @property
    def is_doubtful(self) -> bool:
        """Whether it counts as one of a page's doubtful lines."""
        known = doubt.from_confidence(self.confidence) if self.doubt is None else self.doubt
        return known >= doubt.DOUBTFUL

    @property
    def is_unspelled(self) -> bool:
        """Whether it is in letters of a script that is not set up."""
        return self.doubt_reason == doubt.Reason.OTHER_SCRIPT


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
