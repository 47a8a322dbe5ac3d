"""What takes the room in the database: bytes by table and index, named for people.

SQLite's `dbstat` counts the pages of one tree at a time by reading them, which takes seconds for a
gigabyte. So it may be told when to stop; what was not counted by then has no size.
"""

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apsw

_PROGRESS_STEPS = 1_000
_NAMED = 3
_TITLES = {
    "images": "files",
    "pages": "texts of the pages",
    "lines": "lines with their places",
    "page_tables": "tables of pages",
    "corrections": "corrections",
    "line_changes": "histories of lines",
    "reviews": "verdicts of reviews",
    "stray_corrections": "corrections kept beside",
    "batches": "what read which images",
    "requests": "requests",
    "service_state": "the service's state",
    "image_counts": "counts of files",
    "found_days": "days on which files were found",
    "pages_fts": "search index",
    "images_fts": "search index",
    "grams_fts": "search index of one and two characters",
    "words": "words, for what was misread",
    "other_words": "words of other readings",
    "folder_counts": "counts of files by folder",
}
"""A table this does not know is shown by its own name."""


class Part(NamedTuple):
    """A table without its indexes, all indexes of a table, or a full-text index."""

    name: str
    """As it stands in the schema; of indexes their table's."""
    title: str
    """For people."""
    size_bytes: int | None
    """None when there was no time to count it."""


class Sizes(NamedTuple):
    """The whole database."""

    total_bytes: int
    pages: int
    """Rows of the table `pages`."""
    parts: tuple[Part, ...]
    """The largest first, those that were not counted last."""

    @property
    def bytes_a_page(self) -> float | None:
        """None without a page."""
        return self.total_bytes / self.pages if self.pages else None

    @property
    def is_complete(self) -> bool:
        """Whether every part was counted."""
        return all(part.size_bytes is not None for part in self.parts)


def measure(database: Path, *, limit_s: float) -> Sizes:
    """Look at a database of ours, which others may write meanwhile.

    Raises:
        apsw.Error: it cannot be read.
    """
    uri = f"{database.absolute().as_uri()}?mode=ro"
    connection = apsw.Connection(uri, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    try:
        until = time.monotonic() + limit_s
        # All in one moment's state; a checkpoint goes on, the log is not cut back meanwhile.
        connection.execute("BEGIN")
        total = _number(connection, "PRAGMA page_count") * _number(connection, "PRAGMA page_size")
        pages = _number(connection, "SELECT count(*) FROM pages")
        trees = _trees(connection)
        connection.set_progress_handler(lambda: time.monotonic() > until, _PROGRESS_STEPS)
        sizes = {part: _bytes_of(connection, names) for part, names in trees.items()}
    finally:
        connection.close()
    parts = [
        Part(table, _title(table, is_index=is_index), size)
        for (table, is_index), size in sizes.items()
    ]
    free = None if None in sizes.values() else total - sum(size or 0 for size in sizes.values())
    if free:
        parts.append(Part("", "free, and SQLite's own", free))
    parts.sort(key=lambda part: (part.size_bytes is None, -(part.size_bytes or 0)))
    return Sizes(total, pages, tuple(parts))


def sentence(sizes: Sizes) -> str:
    """The whole in one line, with the largest parts."""
    size = f"{sizes.total_bytes / 1e6:,.1f} MB"
    if sizes.bytes_a_page is not None:
        size += f" for {sizes.pages:,} pages, {sizes.bytes_a_page:,.0f} bytes each"
    if not sizes.is_complete:
        return f"{size}. What takes the room: ocrctl doctor --sizes"
    largest = [
        f"{part.title} {(part.size_bytes or 0) / sizes.total_bytes:.0%}"
        for part in sizes.parts[:_NAMED]
    ]
    return f"{size}: {', '.join(largest)}. All parts: ocrctl doctor --sizes"


def to_json(sizes: Sizes) -> dict[str, Any]:
    """For programs."""
    parts = [part._asdict() for part in sizes.parts]
    return {"bytes": sizes.total_bytes, "pages": sizes.pages, "parts": parts}


def table(sizes: Sizes) -> str:
    """One line a part: bytes, share, bytes a page, and its name."""
    rows = [("bytes", "share", "a page", ""), _row("in all", sizes.total_bytes, sizes)]
    rows += [_row(part.title, part.size_bytes, sizes) for part in sizes.parts]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        f"{a:>{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}  {title}".rstrip()
        for a, b, c, title in rows
    )


def _row(title: str, size: int | None, sizes: Sizes) -> tuple[str, str, str, str]:
    if size is None:
        return ("?", "?", "?", f"{title} (not counted: ocrctl doctor --sizes)")
    a_page = f"{size / sizes.pages:,.0f}" if sizes.pages else ""
    return (f"{size:,}", f"{size / sizes.total_bytes:.0%}", a_page, title)


def _title(name: str, *, is_index: bool) -> str:
    title = _TITLES.get(name, name)
    return f"{title}, their indexes" if is_index else title


def _trees(connection: apsw.Connection) -> dict[tuple[str, bool], list[str]]:
    """By (table, whether its indexes): the names of the trees in the file.

    What a full-text index keeps in tables of its own counts as that index.
    """
    kinds = {
        name: kind
        for _, name, kind, *_ in _rows(connection, "PRAGMA main.table_list")
        if name != "sqlite_schema"
    }
    virtual = sorted((name for name, kind in kinds.items() if kind == "virtual"), key=len)
    found: dict[tuple[str, bool], list[str]] = {}
    rows = _rows(
        connection,
        "SELECT name, tbl_name, type FROM sqlite_schema WHERE rootpage > 0 ORDER BY rootpage",
    )
    for name, owner, kind in rows:
        if kinds.get(owner) == "shadow":
            owners = [index for index in virtual if owner.startswith(f"{index}_")]
            found.setdefault((owners[-1] if owners else owner, False), []).append(name)
        else:
            found.setdefault((owner, kind == "index"), []).append(name)
    return found


def _bytes_of(connection: apsw.Connection, names: Sequence[str]) -> int | None:
    """Of these trees together; None when the time is over."""
    size = 0
    with contextlib.suppress(apsw.InterruptError):
        for name in names:
            # A row a page: with `aggregate` a whole tree is one step that no time limit ends.
            counting = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ?"
            size += _number(connection, counting, name)
        return size
    return None


def _number(connection: apsw.Connection, sql: str, *values: str) -> int:
    return int(_rows(connection, sql, *values)[0][0])


def _rows(connection: apsw.Connection, sql: str, *values: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql, values).fetchall()
