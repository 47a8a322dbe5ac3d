"""A person's readings of lines, and how they survive a second reading of the image.

The machine's text in `lines` is never overwritten. `pages.corrected`, which the search reads
too, and the page's number of doubtful lines are kept in step here. When an image is read again its
lines are new rows: what people made of a line moves to the new line, if it is the same one, and is
kept beside in `stray_corrections` if there is none. `line_changes` has the history.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ocr_contract import line_causes, line_places
from ocr_contract.error_codes import ErrorCode
from ocr_contract.line_marks import mark, points
from ocr_errors import ConflictError, UnknownIdError
from records import doubtful_lines, search_index
from records.database import Connection, utc_now


class _Change(NamedTuple):
    text: str | None
    cause: str
    created_at: str


class PastLine(NamedTuple):
    """A line of the reading before."""

    page_number: int
    polygon: str
    text: str


class _Kept(NamedTuple):
    """What people made of one line that is about to go."""

    page_number: int
    polygon: str
    machine_text: str
    text: str | None
    """None: nothing, or the machine's again."""
    created_at: str | None
    changes: list[_Change]
    review: Sequence[int | str] | None


def set_correction(
    connection: Connection,
    line_id: int,
    text: str | None,
    seen: str | None = None,
    chosen_from: str | None = None,
    by: str | None = None,
) -> None:
    """Store, replace or (None) take back the correction of a line.

    `chosen_from` names the model whose reading a person chose, where nobody typed it; `by` says who
    that was (`line_causes`).

    Raises:
        UnknownIdError: unknown_line.
        ConflictError: line_changed: it is not any more what `seen` is the mark of.
    """
    rows = connection.execute(
        "SELECT page_id, image_id, lines.text, polygon, corrections.text FROM lines "
        "JOIN pages ON pages.id = page_id LEFT JOIN corrections ON line_id = lines.id "
        "WHERE lines.id = ?",
        (line_id,),
    ).fetchall()
    if not rows:
        raise UnknownIdError(
            ErrorCode.UNKNOWN_LINE, f"There is no line {line_id}; was its image read again?"
        )
    ((page_id, image_id, machine_text, polygon, known),) = rows
    if seen is not None and seen != mark(machine_text, points(polygon), known):
        raise ConflictError(
            ErrorCode.LINE_CHANGED, "The line was changed meanwhile, or its image was read again."
        )
    if text == known:
        return
    search_index.will_change(connection, image_id, followers=True)
    connection.execute("DELETE FROM corrections WHERE line_id = ?", (line_id,))
    now = utc_now()
    if text is not None:
        _insert(connection, line_id, text, now)
    cause = line_causes.of_person(chosen_from, by)
    _remember(connection, line_id, _Change(text, cause, now))
    refresh_page(connection, page_id)


def collect(
    connection: Connection, image_id: int, page_number: int | None = None, *, has_lines: bool = True
) -> list[_Kept]:
    """What people made of the lines of an image, or of one page, before its pages are replaced.

    An image that was never read `has_lines` none, and is not looked through for them.
    """
    strays = _take_strays(connection, image_id, page_number)
    return (_of_lines(connection, image_id, page_number) if has_lines else []) + strays


def _of_lines(connection: Connection, image_id: int, page_number: int | None) -> list[_Kept]:
    rows = connection.execute(
        "SELECT lines.id, pages.number, polygon, lines.text, corrections.text, "
        "corrections.created_at, was_wrong, is_sample, reviews.created_at FROM lines "
        "JOIN pages ON pages.id = page_id LEFT JOIN corrections ON corrections.line_id = lines.id "
        "LEFT JOIN reviews ON reviews.line_id = lines.id WHERE image_id = ?1 "
        "AND (?2 IS NULL OR pages.number = ?2) AND (corrections.line_id IS NOT NULL "
        "OR reviews.line_id IS NOT NULL "
        "OR EXISTS (SELECT 1 FROM line_changes WHERE line_changes.line_id = lines.id)) "
        "ORDER BY lines.id",
        (image_id, page_number),
    ).fetchall()
    return [
        _Kept(
            number,
            polygon,
            machine_text,
            text,
            created_at,
            _changes(connection, line_id),
            review if review[0] is not None else None,
        )
        for line_id, number, polygon, machine_text, text, created_at, *review in rows
    ]


def reattach(connection: Connection, image_id: int, kept: list[_Kept]) -> None:
    """Give each to the new line that is the same one; what has none is kept beside."""
    for page_number in sorted({line.page_number for line in kept}):
        old = [line for line in kept if line.page_number == page_number]
        new = connection.execute(
            "SELECT lines.id, page_id, polygon, lines.text FROM lines "
            "JOIN pages ON pages.id = page_id WHERE image_id = ? AND pages.number = ?",
            (image_id, page_number),
        ).fetchall()
        found = line_places.matches([line.polygon for line in old], [row[2] for row in new])
        for index, line in enumerate(old):
            place = found.get(index)
            if place is not None:
                _move(connection, line, new[place][0], new[place][3])
            elif line.text is not None:
                connection.execute(
                    "INSERT INTO stray_corrections (image_id, page_number, polygon, machine_text, "
                    "text, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                    (image_id, page_number, line.polygon, line.machine_text, line.text,
                     line.created_at),
                )  # fmt: skip
        if found:
            refresh_page(connection, new[0][1])


def _move(connection: Connection, line: _Kept, line_id: int, machine_text: str) -> None:
    """The history goes on; what a review said holds only for the same text."""
    for change in line.changes:
        _remember(connection, line_id, change)
    if line.text is not None:
        assert line.created_at is not None
        _insert(connection, line_id, line.text, line.created_at)
    if machine_text == line.machine_text:
        if line.review is not None:
            connection.execute("INSERT INTO reviews VALUES (?, ?, ?, ?)", (line_id, *line.review))
    elif line.changes or line.text is not None:
        now = utc_now()
        _remember(connection, line_id, _Change(line.machine_text, line_causes.READING, now))
        _remember(connection, line_id, _Change(line.text, line_causes.MOVED, now))


def remember_texts(connection: Connection, image_id: int, before: Sequence[PastLine]) -> None:
    """Of lines that say something else now and have no history: what stood there `before`."""
    for page_number in sorted({line.page_number for line in before}):
        old = [line for line in before if line.page_number == page_number]
        new = connection.execute(
            "SELECT lines.id, polygon, lines.text, EXISTS (SELECT 1 FROM line_changes "
            "WHERE line_id = lines.id) FROM lines JOIN pages ON pages.id = page_id "
            "WHERE image_id = ? AND pages.number = ?",
            (image_id, page_number),
        ).fetchall()
        found = line_places.matches([line.polygon for line in old], [row[1] for row in new])
        now = utc_now()
        for index, place in found.items():
            line_id, _, text, has_history = new[place]
            if not has_history and text != old[index].text:
                _remember(connection, line_id, _Change(old[index].text, line_causes.READING, now))
                _remember(connection, line_id, _Change(None, line_causes.MOVED, now))


def _take_strays(connection: Connection, image_id: int, page_number: int | None) -> list[_Kept]:
    """Another reading may find their line again."""
    any_there = connection.execute(
        "SELECT 1 FROM stray_corrections WHERE image_id = ? LIMIT 1", (image_id,)
    ).fetchall()
    if not any_there:  # as nearly always; the questions below take ten times as long
        return []
    whose = image_id, page_number
    rows = connection.execute(
        "SELECT page_number, polygon, machine_text, text, created_at FROM stray_corrections "
        "WHERE image_id = ?1 AND (?2 IS NULL OR page_number = ?2) ORDER BY id",
        whose,
    ).fetchall()
    connection.execute(
        "DELETE FROM stray_corrections WHERE image_id = ?1 AND (?2 IS NULL OR page_number = ?2)",
        whose,
    )
    return [
        _Kept(number, polygon, machine_text, text, created_at, [], None)
        for number, polygon, machine_text, text, created_at in rows
    ]


def _changes(connection: Connection, line_id: int) -> list[_Change]:
    rows = connection.execute(
        "SELECT text, cause, created_at FROM line_changes WHERE line_id = ? ORDER BY id", (line_id,)
    )
    return [_Change(*row) for row in rows]


def _remember(connection: Connection, line_id: int, change: _Change) -> None:
    connection.execute(
        "INSERT INTO line_changes (line_id, text, cause, created_at) VALUES (?, ?, ?, ?)",
        (line_id, *change),
    )


def _insert(connection: Connection, line_id: int, text: str, created_at: str) -> None:
    connection.execute(
        "INSERT INTO corrections (line_id, text, created_at) VALUES (?, ?, ?)",
        (line_id, text, created_at),
    )


def refresh_page(connection: Connection, page_id: int) -> None:
    """Put the page's corrections into its text once more; `will_change` was said before."""
    connection.execute(
        "UPDATE pages SET corrected = CASE WHEN EXISTS (SELECT 1 FROM corrections "
        "JOIN lines ON lines.id = line_id WHERE page_id = ?1) THEN "
        "(SELECT group_concat(text, char(10)) FROM (SELECT coalesce(corrections.text, lines.text) "
        "AS text FROM lines LEFT JOIN corrections ON line_id = lines.id WHERE page_id = ?1 "
        "ORDER BY number)) END WHERE id = ?1",
        (page_id,),
    )
    doubtful_lines.count(connection, page_id)
