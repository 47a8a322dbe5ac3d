"""What became of lines: their history, and corrections that no line is left for."""

import dataclasses
import sqlite3

from ocr_contract import line_causes
from ocr_contract.line_causes import NAME, PAGE, USER


@dataclasses.dataclass(frozen=True, slots=True)
class LineChange:
    """One step in the history of a line."""

    text: str | None
    """None: the machine's again."""
    cause: str
    """person, chosen, reading or moved: see `line_causes`."""
    created_at: str
    chosen_from: str | None
    """The model whose reading a person chose."""
    author: str
    """The name of who changed it; empty where there is none."""
    author_note: str
    """How far the name is known."""


@dataclasses.dataclass(frozen=True, slots=True)
class StrayCorrection:
    """A person's text whose line was not found when the image was read again."""

    page_number: int
    machine_text: str
    text: str
    created_at: str


def changes(connection: sqlite3.Connection, line_id: int) -> list[LineChange]:
    """The history of a line, the oldest step first."""
    rows = connection.execute(
        "SELECT text, cause, created_at FROM line_changes WHERE line_id = ? ORDER BY id", (line_id,)
    )
    return [_change(*row) for row in rows]


def _change(text: str | None, stored: str, created_at: str) -> LineChange:
    cause = line_causes.parse(stored)
    author, note = _author(cause.by)
    return LineChange(text, cause.kind, created_at, cause.model, author, note)


def _author(by: str | None) -> tuple[str, str]:
    if by is None or by == PAGE:
        return "", "" if by is None else "without a name"
    for kind, note in ((USER, "known to the proxy"), (NAME, "the name was not checked")):
        if by.startswith(kind):
            return by.removeprefix(kind), note
    return by, "through another program"


def strays(connection: sqlite3.Connection, image_id: int) -> list[StrayCorrection]:
    """Those of the text that this image shows."""
    rows = connection.execute(
        "SELECT page_number, machine_text, text, created_at FROM stray_corrections "
        "WHERE image_id = (SELECT coalesce(duplicate_of, id) FROM images WHERE id = ?) ORDER BY id",
        (image_id,),
    )
    return [StrayCorrection(*row) for row in rows]
