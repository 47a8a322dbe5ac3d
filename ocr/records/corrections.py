"""A person's readings of lines, and how they survive a second reading of the image.

The machine's text in `lines` is never overwritten. `pages.corrected`, which the search reads
too, and the page's number of doubtful lines are kept in step here. When an image is read again its
lines are new rows: a correction then moves to the new line in the same place, if there is one.
"""

import json
import math
from typing import NamedTuple

from ocr_contract.error_codes import ErrorCode
from ocr_errors import UnknownIdError
from records import doubtful_lines, search_index
from records.database import Connection, utc_now


class _Kept(NamedTuple):
    page_number: int
    center: tuple[float, float]
    text: str
    created_at: str


def set_correction(connection: Connection, line_id: int, text: str | None) -> None:
    """Store, replace or (None) take back the correction of a line.

    Raises:
        UnknownIdError: unknown_line.
    """
    rows = connection.execute(
        "SELECT page_id, image_id FROM lines JOIN pages ON pages.id = page_id WHERE lines.id = ?",
        (line_id,),
    ).fetchall()
    if not rows:
        raise UnknownIdError(
            ErrorCode.UNKNOWN_LINE, f"There is no line {line_id}; was its image read again?"
        )
    ((page_id, image_id),) = rows
    search_index.will_change(connection, image_id, followers=True)
    connection.execute("DELETE FROM corrections WHERE line_id = ?", (line_id,))
    if text is not None:
        _insert(connection, line_id, text, utc_now())
    _refresh_page(connection, page_id)


def collect(connection: Connection, image_id: int, page_number: int | None = None) -> list[_Kept]:
    """The corrections of an image, or of one page, by place, before its pages are replaced."""
    rows = connection.execute(
        "SELECT pages.number, polygon, corrections.text, corrections.created_at FROM corrections "
        "JOIN lines ON lines.id = line_id JOIN pages ON pages.id = page_id WHERE image_id = ?1 "
        "AND (?2 IS NULL OR pages.number = ?2)",
        (image_id, page_number),
    ).fetchall()
    return [_Kept(number, _center(polygon), text, at) for number, polygon, text, at in rows]


def reattach(connection: Connection, image_id: int, kept: list[_Kept]) -> None:
    """Give each kept correction to the new line at its place, where there is one."""
    for page_number in sorted({correction.page_number for correction in kept}):
        lines = connection.execute(
            "SELECT lines.id, page_id, polygon FROM lines JOIN pages ON pages.id = page_id "
            "WHERE image_id = ? AND pages.number = ?",
            (image_id, page_number),
        ).fetchall()
        for correction in kept:
            if correction.page_number != page_number:
                continue
            around = [line for line in lines if _contains(line[2], correction.center)]
            if around:
                line_id, page_id, _ = min(
                    around, key=lambda line: math.dist(_center(line[2]), correction.center)
                )
                connection.execute("DELETE FROM corrections WHERE line_id = ?", (line_id,))
                _insert(connection, line_id, correction.text, correction.created_at)
                _refresh_page(connection, page_id)


def _insert(connection: Connection, line_id: int, text: str, created_at: str) -> None:
    connection.execute(
        "INSERT INTO corrections (line_id, text, created_at) VALUES (?, ?, ?)",
        (line_id, text, created_at),
    )


def _refresh_page(connection: Connection, page_id: int) -> None:
    connection.execute(
        "UPDATE pages SET corrected = CASE WHEN EXISTS (SELECT 1 FROM corrections "
        "JOIN lines ON lines.id = line_id WHERE page_id = ?1) THEN "
        "(SELECT group_concat(text, char(10)) FROM (SELECT coalesce(corrections.text, lines.text) "
        "AS text FROM lines LEFT JOIN corrections ON line_id = lines.id WHERE page_id = ?1 "
        "ORDER BY number)) END WHERE id = ?1",
        (page_id,),
    )
    doubtful_lines.count(connection, page_id)


def _center(polygon: str) -> tuple[float, float]:
    points = json.loads(polygon)
    return (
        sum(x for x, _ in points) / len(points),
        sum(y for _, y in points) / len(points),
    )


def _contains(polygon: str, point: tuple[float, float]) -> bool:
    """Whether the polygon's bounding box contains the point: lines hardly overlap."""
    xs, ys = zip(*json.loads(polygon), strict=True)
    return bool(min(xs) <= point[0] <= max(xs) and min(ys) <= point[1] <= max(ys))
