"""The lines that a review shows: the worst first, or drawn at random.

The index `lines_doubtful` has the worst of however many; what was reviewed or corrected is passed
over. Of a search the newest hits are looked through.
"""

import dataclasses
import json
import random
import sqlite3
from collections.abc import Sequence

import crops
from image_records import LineView
from ocr_contract.alternatives import from_json
from ocr_contract.doubt import DOUBTFUL
from ocr_contract.line_marks import points

MOST_HITS = 2000
"""So many images of a search are looked through."""
MOST_COUNTED = 10_000
_INDEXED_FROM = 0.5
"""As the index `lines_doubtful` has it, word for word, or SQLite would not use it."""
_TRIES = 60
"""For each line that is to be drawn: its number may belong to none, or have been drawn before."""
_chance = random.SystemRandom()

_LINE = """
SELECT l.*, c.text AS corrected, p.number AS page_number, p.width, p.height, p.preview,
       p.image_id, i.name FROM lines l
  JOIN pages p ON p.id = l.page_id JOIN images i ON i.id = p.image_id
  LEFT JOIN corrections c ON c.line_id = l.id
"""
_LEFT = """l.doubt >= _FROM AND l.doubt >= :doubtful
  AND NOT EXISTS (SELECT 1 FROM corrections WHERE line_id = l.id)
  AND NOT EXISTS (SELECT 1 FROM reviews WHERE line_id = l.id)""".replace(
    "_FROM", str(_INDEXED_FROM)
)
_OF_HITS = """l.id IN (SELECT d.id FROM json_each(:images) j
  JOIN pages q ON q.image_id = j.value AND coalesce(q.doubtful_count, 1) > 0
  JOIN lines d ON d.page_id = q.id WHERE d.doubt >= :doubtful)"""


@dataclasses.dataclass(frozen=True, slots=True)
class ReviewLine:
    """A line with what its picture needs."""

    line: LineView
    image_id: int
    image_name: str
    page_number: int
    width: int
    height: int
    preview: str | None

    @property
    def crop(self) -> str:
        """The part of the page to show, as SVG's viewBox has it."""
        return crops.view_box(self.line.polygon, self.width, self.height)

    @property
    def key(self) -> str:
        """Where the next lines begin."""
        return f"{self.line.doubt!r}-{self.line.id}"


def worst(
    connection: sqlite3.Connection, images: Sequence[int] | None, limit: int,
    after: tuple[float, int] | None = None,
) -> list[ReviewLine]:  # fmt: skip
    """The next lines that may well be wrong and nobody has looked at."""
    where = _LEFT if images is None else f"{_LEFT} AND {_OF_HITS}"
    doubt, line_id = after or (2.0, 0)
    # Only fixed pieces are joined here; every value is a parameter.
    rows = connection.execute(
        f"{_LINE} WHERE l.id IN (SELECT l.id FROM lines l WHERE {where} "  # noqa: S608
        "AND (l.doubt, l.id) < (:doubt, :id) ORDER BY l.doubt DESC, l.id DESC LIMIT :limit) "
        "ORDER BY l.doubt DESC, l.id DESC",
        {"doubtful": DOUBTFUL, "images": json.dumps(list(images or ())), "doubt": doubt,
         "id": line_id, "limit": limit},
    )  # fmt: skip
    return [_line(row) for row in rows]


def count_left(connection: sqlite3.Connection, images: Sequence[int] | None) -> int:
    """How many there are, counted up to one more than MOST_COUNTED."""
    where = _LEFT if images is None else f"{_LEFT} AND {_OF_HITS}"
    row = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM lines l WHERE {where} LIMIT :limit)",  # noqa: S608
        {"doubtful": DOUBTFUL, "images": json.dumps(list(images or ())),
         "limit": MOST_COUNTED + 1},
    ).fetchone()  # fmt: skip
    return int(row[0])


def sample(
    connection: sqlite3.Connection, images: Sequence[int] | None, limit: int
) -> list[ReviewLine]:
    """Lines drawn at random, each as likely as each other, that were not drawn before."""
    draw = _from_all(connection) if images is None else _from(connection, images)
    found: dict[int, ReviewLine] = {}
    if draw is None:
        return []
    for _ in range(limit * _TRIES):
        row = draw()
        if row is not None:
            found[row["id"]] = _line(row)
            if len(found) == limit:
                break
    return list(found.values())


_NEW = "NOT EXISTS (SELECT 1 FROM reviews WHERE line_id = l.id AND is_sample = 1)"


def _from_all(connection: sqlite3.Connection):  # type: ignore[no-untyped-def]
    top = connection.execute("SELECT max(id) FROM lines").fetchone()[0]
    if top is None:
        return None

    def draw() -> sqlite3.Row | None:
        return connection.execute(  # type: ignore[no-any-return]
            f"{_LINE} WHERE l.id = ? AND {_NEW}",
            (_chance.randint(1, top),),
        ).fetchone()

    return draw


def _from(connection: sqlite3.Connection, images: Sequence[int]):  # type: ignore[no-untyped-def]
    pages = connection.execute(
        "SELECT p.id, p.line_count FROM json_each(?) j JOIN pages p ON p.image_id = j.value "
        "WHERE p.line_count > 0",
        (json.dumps(list(images)),),
    ).fetchall()
    if not pages:
        return None
    ids, counts = zip(*pages, strict=True)

    def draw() -> sqlite3.Row | None:
        ((page_id, count),) = _chance.choices([*zip(ids, counts, strict=True)], counts)
        return connection.execute(  # type: ignore[no-any-return]
            f"{_LINE} WHERE l.page_id = ? AND l.number = ? AND {_NEW}",
            (page_id, _chance.randint(1, count)),
        ).fetchone()

    return draw


def _line(row: sqlite3.Row) -> ReviewLine:
    line = LineView(
        row["id"], row["number"], row["text"], row["corrected"], row["confidence"],
        points(row["polygon"]), row["doubt"], row["doubt_reason"],
        from_json(row["alternatives"], row["text"]), row["model"],
    )  # fmt: skip
    return ReviewLine(
        line, row["image_id"], row["name"], row["page_number"], row["width"], row["height"],
        row["preview"],
    )  # fmt: skip
