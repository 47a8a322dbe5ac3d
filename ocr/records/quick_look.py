"""What is looked at before anything is written to a database, in a second whatever its size.

    the outside   header, schema, the file's length       SQLite itself, when the file is opened
    the roots     of every table and every index, and the pages that come first below them
    places        rows here and there in every table, spread evenly, and the last ones
    a second      of reading table by table, the small ones first: a small database is read as a
                  whole, and of a large one what can be read in that time

What lies deeper in a large database is found by `thorough_check`, behind the work.
"""

import time
from collections.abc import Callable
from typing import Any

import apsw

from records.database_copy import first_problem

READING_S = 1.0
_FIRST_PAGES = 4
_PLACES = 8
_ROWS = 4
_PROGRESS_STEPS = 50
"""Instructions, or pages of a check, between two looks at the clock: few, for slow disks."""


def tables(connection: apsw.Connection) -> list[str]:
    """Every table that has pages of its own, also those of a full-text index."""
    rows: list[Any] = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name"
    ).fetchall()
    return [name for (name,) in rows]


def problem(
    connection: apsw.Connection,
    *,
    reading_s: float = READING_S,
    clock: Callable[[], float] = time.monotonic,
) -> str | None:
    """What is wrong as far as can be seen quickly; None when nothing is.

    Raises:
        apsw.CorruptError: SQLite stumbled over something that is wrong.
    """
    until = clock() + reading_s
    return (
        _at_the_roots(connection)
        or _here_and_there(connection)
        or _within(connection, until, clock)
    )


def _at_the_roots(connection: apsw.Connection) -> str | None:
    trees = connection.execute("SELECT name FROM sqlite_schema WHERE rootpage > 0").fetchall()
    for (name,) in trees:
        pages = connection.execute(
            "SELECT pageno, pagetype FROM dbstat WHERE name = ? LIMIT ?", (name, _FIRST_PAGES)
        )
        for number, kind in pages:
            if kind == "corrupted":
                return f"page {number} of {name} is no page of a table or an index"
    return None


def _here_and_there(connection: apsw.Connection) -> str | None:
    """Read whole rows at a few places; SQLite raises where it cannot."""
    for name in tables(connection):
        if _last_row(connection, name) is None:  # it goes by another key: the roots must do
            continue
        rows: list[Any] = connection.execute(
            # Apart from each other: asked for both at once, SQLite reads the whole table.
            f'SELECT (SELECT min(rowid) FROM "{name}"), (SELECT max(rowid) FROM "{name}")'  # noqa: S608
        ).fetchall()
        first, last = rows[0]
        if first is None:
            continue
        rows = connection.execute("SELECT name FROM pragma_table_info(?)", (name,)).fetchall()
        # As bytes: what is no text any more can be read all the same.
        sizes = ", ".join(f'max(length(CAST("{column}" AS BLOB)))' for (column,) in rows)
        for place in range(_PLACES + 1):
            connection.execute(
                f'SELECT {sizes} FROM (SELECT * FROM "{name}" WHERE rowid >= ? '  # noqa: S608
                "ORDER BY rowid LIMIT ?)",
                (first + (last - first) * place // _PLACES, _ROWS),
            ).fetchall()
    return None


def _within(connection: apsw.Connection, until: float, clock: Callable[[], float]) -> str | None:
    """SQLite's own check of one table after the other, until the time is over."""
    connection.set_progress_handler(lambda: clock() >= until, _PROGRESS_STEPS)
    try:
        for name in sorted(tables(connection), key=lambda name: _last_row(connection, name) or 0):
            if found := first_problem(connection, f"quick_check('{name}')"):
                return found
    except apsw.InterruptError:
        return None
    finally:
        connection.set_progress_handler(None)
    return None


def _last_row(connection: apsw.Connection, name: str) -> int | None:
    """The greatest number of a row, which says roughly how many there are; None without such."""
    try:
        rows: list[Any] = connection.execute(f'SELECT max(rowid) FROM "{name}"').fetchall()  # noqa: S608
    except apsw.SQLError:  # WITHOUT ROWID
        return None
    return int(rows[0][0] or 0)
