"""What became of lines: their history, and corrections that no line is left for."""

import dataclasses
import sqlite3

_CHOSEN = "chosen "


@dataclasses.dataclass(frozen=True, slots=True)
class LineChange:
    """One step in the history of a line."""

    text: str | None
    """None: the machine's again."""
    cause: str
    """person, reading (what the machine had read before), moved (carried over from there), or
    "chosen NAME": a person chose what that model had read."""
    created_at: str

    @property
    def chosen_from(self) -> str | None:
        """The model whose reading a person chose."""
        return self.cause.removeprefix(_CHOSEN) if self.cause.startswith(_CHOSEN) else None


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
    return [LineChange(*row) for row in rows]


def strays(connection: sqlite3.Connection, image_id: int) -> list[StrayCorrection]:
    """Those of the text that this image shows."""
    rows = connection.execute(
        "SELECT page_number, machine_text, text, created_at FROM stray_corrections "
        "WHERE image_id = (SELECT coalesce(duplicate_of, id) FROM images WHERE id = ?) ORDER BY id",
        (image_id,),
    )
    return [StrayCorrection(*row) for row in rows]
