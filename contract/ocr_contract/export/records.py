"""An image as it is exported: read page by page, so that a document of any length fits.

A duplicate has no pages of its own; it is exported with those of the image that it repeats.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence

from ocr_contract.alternatives import Alternative, from_json
from ocr_contract.page_tables import Table, table_of
from ocr_contract.usual_widths import Place
from ocr_contract.word_boxes import Quad, word_places, word_spans

_PORTION = 50
"""Pages of a document that are asked for at a time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """One image, without its pages."""

    id: int
    name: str
    path: bytes
    status: str
    sha256: str | None
    size_bytes: int
    mtime_ns: int
    duplicate_of: int | None
    finished_at: str | None
    page_count: int
    """Pages that can be exported."""
    engine: str | None
    """What read it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One line of text."""

    number: int
    text: str
    """As it is exported: a person's correction where there is one and it is wanted."""
    machine_text: str
    confidence: float
    doubt: float
    doubt_reason: str | None
    polygon: list[list[float]]
    """Four points in pixels of the upright page; none where they cannot be read."""
    words: str | None
    """Where its words stand: see `word_boxes`."""
    paragraph: int | None
    model: str | None
    alternatives: tuple[Alternative, ...]

    @property
    def is_corrected(self) -> bool:
        """Whether a person wrote it."""
        return self.text != self.machine_text

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """Left, top, right, bottom in pixels of the page."""
        return bounds(self.polygon)

    def places(self) -> list[tuple[str, Quad]]:
        """Its words, each with its four points, in the order of the text."""
        corrected = self.text if self.is_corrected else None
        return word_places(self.machine_text, self.words, self.polygon, corrected)

    def spans(self) -> tuple[Sequence[Sequence[float]], list[tuple[str, Place]]]:
        """The same, each with its thousandths of the polygon that comes with them."""
        corrected = self.text if self.is_corrected else None
        return word_spans(self.machine_text, self.words, self.polygon, corrected)


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """One upright page."""

    number: int
    width: int
    height: int
    rotation: int
    text: str
    """As it is exported."""
    confidence: float | None
    warning_code: str | None
    warning: str | None
    embedded_text: str | None
    lines: tuple[Line, ...]
    tables: tuple[Table, ...]


_SOURCES = """
SELECT i.id, i.name, i.path, i.status, i.sha256, i.size_bytes, i.mtime_ns, i.duplicate_of,
       i.finished_at, b.engine,
       (SELECT count(*) FROM pages p WHERE p.image_id = coalesce(i.duplicate_of, i.id)) AS pages
  FROM images i LEFT JOIN images o ON o.id = coalesce(i.duplicate_of, i.id)
  LEFT JOIN batches b ON b.id = o.batch_id
 WHERE i.id IN (SELECT value FROM json_each(?))
"""
_PAGES = """
SELECT id, number, width, height, rotation, text, corrected, confidence, warning_code, warning,
       embedded_text
  FROM pages WHERE image_id = ? AND number > ? AND (? IS NULL OR number = ?)
 ORDER BY number LIMIT ?
"""
_LINES = """
SELECT l.*, c.text AS corrected FROM lines l LEFT JOIN corrections c ON c.line_id = l.id
 WHERE l.page_id = ? ORDER BY l.number
"""


def sources(connection: sqlite3.Connection, ids: Sequence[int]) -> list[Source]:
    """Those of these images that exist, in this order."""
    found = {
        row["id"]: Source(
            row["id"], row["name"], bytes(row["path"]), row["status"], row["sha256"],
            row["size_bytes"], row["mtime_ns"], row["duplicate_of"], row["finished_at"],
            row["pages"], row["engine"],
        )
        for row in connection.execute(_SOURCES, (json.dumps(list(ids)),))
    }  # fmt: skip
    return [found[image_id] for image_id in ids if image_id in found]


def has_page(connection: sqlite3.Connection, source: Source, number: int) -> bool:
    """Whether that page of the image was read."""
    found = connection.execute(
        "SELECT 1 FROM pages WHERE image_id = ? AND number = ?",
        (source.duplicate_of or source.id, number),
    )
    return found.fetchone() is not None


def pages(
    connect: Callable[[], sqlite3.Connection], source: Source, *, machine: bool = False,
    lines: bool = True, number: int | None = None,
) -> Iterator[Page]:  # fmt: skip
    """The pages of an image, or that page alone; without `lines` their text only.

    `connect` is asked for a connection before each portion, so that none is needed for long.
    """
    after = 0
    image_id = source.duplicate_of or source.id
    while True:
        rows = connect().execute(_PAGES, (image_id, after, number, number, _PORTION)).fetchall()
        for row in rows:
            yield _page(connect(), row, machine, lines)
        if len(rows) < _PORTION:
            return
        after = rows[-1]["number"]


def bounds(polygon: Sequence[Sequence[float]]) -> tuple[float, float, float, float] | None:
    """Left, top, right, bottom of these points."""
    if not polygon:
        return None
    across, down = [point[0] for point in polygon], [point[1] for point in polygon]
    return min(across), min(down), max(across), max(down)


def _page(connection: sqlite3.Connection, row: sqlite3.Row, machine: bool, lines: bool) -> Page:
    text = row["text"] if machine or row["corrected"] is None else row["corrected"]
    found: tuple[Line, ...] = ()
    if lines:
        found = tuple(_line(line, machine) for line in connection.execute(_LINES, (row["id"],)))
    return Page(
        row["number"], row["width"], row["height"], row["rotation"], text, row["confidence"],
        row["warning_code"], row["warning"], row["embedded_text"], found,
        _tables(connection, row["id"], found) if lines else (),
    )  # fmt: skip


def _line(row: sqlite3.Row, machine: bool) -> Line:
    text = row["text"] if machine or row["corrected"] is None else row["corrected"]
    return Line(
        row["number"], text, row["text"], row["confidence"], row["doubt"], row["doubt_reason"],
        polygon(row["polygon"]), row["words"],
        row["paragraph"], row["model"],
        from_json(row["alternatives"], row["text"]),
    )  # fmt: skip


def polygon(text: str | None) -> list[list[float]]:
    """The points of a stored polygon; none where they cannot be read: the text is there still."""
    try:
        points = json.loads(text or "[]")
        return [[float(x), float(y)] for x, y in points]
    except (ValueError, TypeError, RecursionError):
        return []


def _tables(
    connection: sqlite3.Connection, page_id: int, lines: Sequence[Line]
) -> tuple[Table, ...]:
    rows = connection.execute(
        "SELECT * FROM page_tables WHERE page_id = ? ORDER BY number", (page_id,)
    ).fetchall()
    if not rows:
        return ()
    machine = {line.number: line.machine_text for line in lines}
    corrected = {line.number: (line.machine_text, line.text) for line in lines if line.is_corrected}
    return tuple(table_of(row, corrected, machine) for row in rows)
