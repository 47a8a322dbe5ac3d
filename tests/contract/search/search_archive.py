"""Small archives for the search: rows as they are drawn, the database that holds them, and what a
plain comparison of each image says."""

import dataclasses
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from indexing_connection import IndexingConnection

from ocr_contract.schema import SCHEMA_VERSION, Status, schema_sql
from ocr_contract.search.matching import Document, matches
from ocr_contract.search.tree import Node
from records import search_index

ABSENT, PLAIN, FOLDED = range(3)


@dataclasses.dataclass(frozen=True)
class Page:
    """What a page shows."""

    text: str
    corrected: str | None = None
    lines: int = 1
    confidence: float | None = 0.5


@dataclasses.dataclass(frozen=True)
class Image:
    """One row. `repeats`: the place in the list of the image that it has the content of."""

    name: str
    pages: Sequence[Page] = ()
    status: Status = Status.DONE
    has_warning: bool = False
    day: str = "2026-01-31"
    repeats: int | None = None
    form: int = FOLDED


def build(path: Path, images: Sequence[Image]) -> None:
    """The database; ids are the places in the list, from 1."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, factory=IndexingConnection)
    connection.executescript(schema_sql())
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("BEGIN")
    _insert(connection, images)
    for image_id, image in enumerate(images, 1):
        if image.form != FOLDED:
            connection.execute("UPDATE images SET search_form = 3 WHERE id = ?", (image_id,))
    search_index.index_some(cast(Any, connection), len(images))
    connection.execute("UPDATE images SET search_form = 1 WHERE search_form = 3")
    for image_id, image in enumerate(images, 1):
        if image.form == ABSENT:
            connection.execute(
                "INSERT INTO images_fts (images_fts, rowid, name, text) "
                "SELECT 'delete', id, name, text FROM search_texts WHERE id = ?",
                (image_id,),
            )
            connection.execute("UPDATE images SET search_form = 0 WHERE id = ?", (image_id,))
    connection.execute("COMMIT")
    connection.close()


def hits(images: Sequence[Image], tree: Node) -> list[int]:
    """The ids of the hits, newest first, by comparing each image."""
    found = (document(images, image_id) for image_id in range(len(images), 0, -1))
    return [one.id for one in found if matches(one, tree)]


def document(images: Sequence[Image], image_id: int) -> Document:
    """An image as it is compared."""
    image = images[image_id - 1]
    pages = image.pages if image.repeats is None else images[image.repeats].pages
    texts = [text for page in pages for text in (page.text, page.corrected) if text is not None]
    lines = sum(page.lines for page in pages)
    read = [page for page in pages if page.confidence is not None]
    weights = sum(page.lines for page in read)
    total = sum((page.confidence or 0) * page.lines for page in read)
    return Document(
        image_id, f"/{image.name}", "\n".join(texts), image.status, image.has_warning,
        f"{image.day}T12:00:00.000Z", lines, total / weights if weights else None,
    )  # fmt: skip


def _insert(connection: sqlite3.Connection, images: Sequence[Image]) -> None:
    for image_id, image in enumerate(images, 1):
        at = f"{image.day}T12:00:00.000Z"
        connection.execute(
            "INSERT INTO images (id, path, name, size_bytes, mtime_ns, ctime_ns, inode, status, "
            "found_at, updated_at, warning_code, warning, duplicate_of) "
            "VALUES (?, ?, ?, 1, 1, 1, 1, ?, ?, ?, ?, ?, ?)",
            (
                image_id, str(image_id).encode(), image.name, image.status, at, at,
                "doubt" if image.has_warning else None, "A doubt." if image.has_warning else None,
                None if image.repeats is None else image.repeats + 1,
            ),
        )  # fmt: skip
        for number, page in enumerate(image.pages, 1):
            connection.execute(
                "INSERT INTO pages (image_id, number, width, height, text, corrected, line_count, "
                "confidence) VALUES (?, ?, 1, 1, ?, ?, ?, ?)",
                (image_id, number, page.text, page.corrected, page.lines, page.confidence),
            )
