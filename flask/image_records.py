"""What the pages, the API and the exports show of an image: plain frozen records, no SQL."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from ocr_contract import doubt, line_marks, usual_widths, word_boxes
from ocr_contract.alternatives import Alternative, to_plain
from ocr_contract.doubt import Band
from ocr_contract.page_tables import Table
from ocr_contract.schema import Status
from ocr_contract.search.language import Query
from ocr_contract.search.tree import And, Node, State

_FEW_DOUBTFUL = 0.25
"""An image with a larger share of doubtful lines is doubtful as a whole."""


@dataclasses.dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images a list holds."""

    statuses: tuple[Status, ...] | None = None
    query: Query | None = None
    only_warned: bool = False
    """Those alone that are done with a warning."""

    @property
    def tree(self) -> Node | None:
        """The query within these states; None: nothing is searched."""
        if self.query is None:
            return None
        if self.statuses is None:
            return self.query.tree
        return And((State("", self.statuses, self.only_warned), self.query.tree))


@dataclasses.dataclass(frozen=True, slots=True)
class ImageSummary:
    """One row of the list. Pages, lines and text of a duplicate are those of its original."""

    id: int
    name: str
    status: Status
    error_code: str | None
    error: str | None
    warning_code: str | None
    warning: str | None
    """What is doubtful about its text."""
    duplicate_of: int | None
    size_bytes: int
    found_at: str
    updated_at: str
    finished_at: str | None
    pages: int
    """Those that were read by now."""
    page_count: int
    """Those that there are, as far as that is known."""
    line_count: int
    confidence: float | None
    doubtful_count: int
    """Lines in the worst band that nobody has corrected."""
    unspelled_count: int
    """Of these, lines in a script that is not set up."""
    first_words: str
    thumbnail: str | None
    width: int | None
    height: int | None
    snippet: Markup | None
    page_number: int | None = None
    """Of a hit, the page that the snippet is from; None where only the name is one."""

    @property
    def source_id(self) -> int:
        """Whose pages it shows."""
        return self.duplicate_of or self.id

    @property
    def band(self) -> Band | None:
        """Of the image as a whole; None without lines."""
        if not self.line_count:
            return None
        if not self.doubtful_count:
            return Band.SURE
        few = self.doubtful_count <= _FEW_DOUBTFUL * self.line_count
        return Band.CHECK if few else Band.DOUBTFUL

    def replaced(self, **changes: Any) -> "ImageSummary":
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """The object of /api/v1/images."""
        hidden = {"thumbnail", "width", "height", "snippet", "page_number"}
        fields = (field.name for field in dataclasses.fields(self))
        value = {name: getattr(self, name) for name in fields if name not in hidden}
        value["url"] = f"/images/{self.id}"
        value["thumbnail_url"] = f"/thumbnails/{self.id}/1" if self.thumbnail else None
        return value

    def hit_to_json(self) -> dict[str, Any]:
        """The object of /api/v1/search."""
        return self.to_json() | {"page_number": self.page_number, "snippet": self.snippet}


@dataclasses.dataclass(frozen=True, slots=True)
class LineView:
    """One line of text; `text` is the machine's, `corrected` a person's or None."""

    id: int
    number: int
    text: str
    corrected: str | None
    confidence: float
    polygon: list[list[float]]
    doubt: float
    doubt_reason: str | None
    alternatives: tuple[Alternative, ...]
    model: str | None
    words: str | None = None
    """As the column holds them."""
    paragraph: int | None = None
    """From 1 on its page; None where it was read before there were any."""
    is_kept: bool = False
    """Somebody has looked at the machine's text and found it right."""

    @property
    def asks(self) -> bool:
        """Whether it is worth a look that nobody has given it."""
        return self.band is not Band.SURE and not self.is_kept

    @property
    def band(self) -> Band:
        """What the doubt means; what a person has read is sure."""
        return Band.SURE if self.corrected is not None else doubt.band(self.doubt)

    @property
    def reason(self) -> str | None:
        """A sentence on what is doubtful about it."""
        if self.corrected is not None or self.band is Band.SURE:
            return None
        return doubt.sentence(self.doubt_reason)

    @property
    def shown(self) -> str:
        """What a reader should read."""
        return self.text if self.corrected is None else self.corrected

    def places(self) -> list[tuple[str, word_boxes.Quad]]:
        """Each word of what is shown, and where it stands."""
        return word_boxes.word_places(self.text, self.words, self.polygon, self.corrected)

    def spans(self) -> tuple[Sequence[Sequence[float]], list[tuple[str, usual_widths.Place]]]:
        """Each word of what is shown, and where it begins and ends along that polygon."""
        return word_boxes.word_spans(self.text, self.words, self.polygon, self.corrected)

    @property
    def seen(self) -> str:
        """The mark of what is shown here, which a form carries."""
        return line_marks.mark(self.text, self.polygon, self.corrected)

    @property
    def points(self) -> str:
        """The polygon as SVG wants it."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.polygon)


@dataclasses.dataclass(frozen=True, slots=True)
class PageView:
    """One upright page."""

    number: int
    width: int
    height: int
    rotation: int
    text: str
    corrected: str | None
    confidence: float | None
    preview: str | None
    seconds: float
    warning_code: str | None
    warning: str | None
    """What is doubtful about this page of a document."""
    embedded_text: str | None
    """What a PDF says itself that stands on the page."""
    lines: list[LineView]
    tables: list[Table] = dataclasses.field(default_factory=list)

    @property
    def shown(self) -> str:
        """The page's text as a reader should read it."""
        return self.text if self.corrected is None else self.corrected


@dataclasses.dataclass(frozen=True, slots=True)
class ImageDetail:
    """One image with everything that its page shows."""

    summary: ImageSummary
    original_name: str | None
    """Name of the image that this one repeats; None when it is no duplicate."""
    engine: str | None
    device: str | None
    pages: list[PageView]

    @property
    def check_count(self) -> int:
        """Of the lines of these pages those to be checked that nobody has looked at."""
        lines = (line for page in self.pages for line in page.lines)
        return sum(line.band is Band.CHECK and line.asks for line in lines)

    def to_json(self, *, with_words: bool = False) -> dict[str, Any]:
        """The object of /api/v1/images/<id>; lines have their words only where they are asked
        for. The JSON that is taken away is another: `ocr_contract.export.light`."""
        return self.head_to_json() | {
            "pages": [self.page_to_json(page, with_words=with_words) for page in self.pages]
        }

    def head_to_json(self) -> dict[str, Any]:
        """The object but for its pages."""
        return self.summary.to_json() | {"engine": self.engine, "device": self.device}

    def page_to_json(self, page: PageView, *, with_words: bool) -> dict[str, Any]:
        """One of its pages in the object."""
        value = _page_to_json(page, with_words=with_words)
        has_preview = value.pop("preview") is not None
        value["preview_url"] = f"/previews/{self.summary.id}/{page.number}" if has_preview else None
        return value


def _page_to_json(page: PageView, *, with_words: bool) -> dict[str, Any]:
    value = dataclasses.asdict(page)
    for line, known in zip(value["lines"], page.lines, strict=True):
        line["alternatives"] = to_plain(known.alternatives)
        line["band"] = known.band
        del line["words"]
        if with_words:
            line["words"] = [{"text": word, "polygon": polygon} for word, polygon in known.places()]
    return value
