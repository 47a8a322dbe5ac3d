"""Many files through one running ocr_service: text, rotation and status of each."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ocr_contract.page_tables import Table, table_of
from project import say
from running_service import RunningService

STALLED_S = 900.0
"""Without one more image done in this time, the rest counts as not read."""
_POLL_S = 0.5
_TELL_S = 30.0
_RESULT = """
    SELECT images.name, images.status, images.error_code, pages.text, pages.rotation
    FROM images LEFT JOIN pages ON pages.image_id = coalesce(images.duplicate_of, images.id)
    ORDER BY images.id, pages.number
"""


_MARKS = """
    SELECT images.name, lines.doubt_reason IS 'other_script'
    FROM images JOIN pages ON pages.image_id = images.id JOIN lines ON lines.page_id = pages.id
"""


_LINES = """
    SELECT images.name, lines.text, lines.doubt
    FROM images JOIN pages ON pages.image_id = images.id JOIN lines ON lines.page_id = pages.id
"""


_TABLES = """
    SELECT images.name, page_tables.number, page_tables.polygon, page_tables.rows,
           page_tables.columns, page_tables.header_rows, page_tables.cells
    FROM images JOIN pages ON pages.image_id = images.id
    JOIN page_tables ON page_tables.page_id = pages.id
    ORDER BY pages.number, page_tables.number
"""
_TABLE_COLUMNS = ("number", "polygon", "rows", "columns", "header_rows", "cells")


class Reading(NamedTuple):
    """What came of one file."""

    status: str
    """As in the database; `unseen` when it has no row."""
    error_code: str | None
    text: str
    """All pages; empty unless done."""
    rotation: int | None
    """Of the first page; None unless done."""
    marked: Sequence[bool] = ()
    """Of each line, whether it is marked as in another script; only from `marks`."""


def read_all(
    service: RunningService, prefix: str, paths: Iterable[Path], stalled_s: float = STALLED_S
) -> dict[Path, Reading]:
    """Drop these files, wait until none of them waits, and tell what was read.

    `prefix` sets their names apart from those of other calls for the same service.
    """
    # A number first: two folders may hold files of one name.
    names = _names(prefix, paths)
    service.drop_all(names.items())
    _wait(service, names.keys(), stalled_s)
    found = dict.fromkeys(names.values(), Reading("unseen", None, "", None))
    texts: dict[str, list[str]] = {}
    for name, status, error_code, text, rotation in service.query(_RESULT):
        if name not in names:
            continue
        done = status == "done"
        if done and text is not None:
            texts.setdefault(name, []).append(text)
        first = found[names[name]]
        if first.rotation is None:
            known = int(rotation) if done and rotation is not None else None
            first = Reading(status, error_code, "", known)
        found[names[name]] = first._replace(text="\n".join(texts.get(name, [])))
    return found


def doubts(
    service: RunningService, prefix: str, paths: Iterable[Path]
) -> dict[Path, list[tuple[str, float]]]:
    """Text and doubt of each line of files that `read_all` has read under this prefix."""
    names = _names(prefix, paths)
    found: dict[Path, list[tuple[str, float]]] = {path: [] for path in names.values()}
    for name, text, doubt in service.query(_LINES):
        if name in names:
            found[names[name]].append((text, doubt))
    return found


def marks(service: RunningService, prefix: str, paths: Iterable[Path]) -> dict[Path, list[bool]]:
    """Of each line of files that `read_all` has read under this prefix, whether it is marked as
    one in another script."""
    names = _names(prefix, paths)
    found: dict[Path, list[bool]] = {path: [] for path in names.values()}
    for name, is_marked in service.query(_MARKS):
        if name in names:
            found[names[name]].append(bool(is_marked))
    return found


def tables(service: RunningService, prefix: str, paths: Iterable[Path]) -> dict[Path, list[Table]]:
    """The tables of files that `read_all` has read under this prefix."""
    names = _names(prefix, paths)
    found: dict[Path, list[Table]] = {path: [] for path in names.values()}
    for name, *values in service.query(_TABLES):
        if name in names:
            row = dict(zip(_TABLE_COLUMNS, values, strict=True))
            found[names[name]].append(table_of(row, {}, {}))
    return found


def _names(prefix: str, paths: Iterable[Path]) -> dict[str, Path]:
    return {f"{prefix}-{number:04d}-{path.name}": path for number, path in enumerate(paths)}


def _wait(service: RunningService, names: Iterable[str], stalled_s: float) -> None:
    wanted = set(names)
    best, since, told = -1, time.monotonic(), time.monotonic()
    while best < len(wanted):
        service.check()
        rows = service.query(
            "SELECT name FROM images WHERE status NOT IN ('pending', 'processing')"
        )
        done = len(wanted & {name for (name,) in rows})
        now = time.monotonic()
        if done > best:
            best, since = done, now
        elif now - since > stalled_s:
            say(f"{len(wanted) - best} files were not read within {stalled_s:.0f} s; going on.")
            return
        if now - told > _TELL_S:
            say(f"{best} of {len(wanted)} files read")
            told = now
        time.sleep(_POLL_S)
