"""A folder that is only pretended, with the real database, catalogue and store behind it."""

import hashlib
from pathlib import Path
from typing import Any

import apsw
from search_index_check import check_search_index

from image_warnings import ImageWarning
from ocr_errors import ImageError
from page_records import BatchResult, ImageResult, Line, Page, Provenance, Task
from records import search_index
from records.catalogue import Catalogue, Outcome
from records.database import Database
from records.folder_rows import MISSING, TO_TRY
from records.request_effects import RequestEffects
from records.store import Store
from source_files import FileStat

PROVENANCE = Provenance(
    engine="pretended 1.0",
    device="cpu",
    precision="f32",
    models={"det": "0" * 64},
    parameters={"side": 960},
    batch_size=2,
)
BOX = ((0.0, 0.0), (100.0, 0.0), (100.0, 20.0), (0.0, 20.0))


def sha(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def box(top: float, height: float = 20.0) -> tuple[tuple[float, float], ...]:
    """The polygon of a line that is 100 pixels wide."""
    return ((0.0, top), (100.0, top), (100.0, top + height), (0.0, top + height))


def page(*texts: str, warnings: tuple[ImageWarning, ...] = ()) -> Page:
    """A page whose lines stand 30 pixels apart."""
    lines = tuple(Line(text, 0.9, box(30.0 * number)) for number, text in enumerate(texts))
    return Page(200, 300, 0, lines, preview=None, thumbnail=None, seconds=0.1, warnings=warnings)


def text_of(content: str) -> str:
    """What the pretended engine reads in a file with this content."""
    return f"the text of {content}"


def warnings_of(content: str) -> tuple[ImageWarning, ...]:
    """What the pretended engine warns of in a file with this content: torn ones are."""
    is_torn = content.startswith("torn")
    return (ImageWarning("partly_missing", f"A part of {content} is missing."),) * is_torn


class World:
    """Files by name, and what the service makes of them."""

    def __init__(self, data_folder: Path) -> None:
        self.database = Database(data_folder / "ocr_data.db")
        self.files: dict[bytes, tuple[str, FileStat]] = {}
        self.catalogue = Catalogue(self.database, exists=lambda path: path in self.files)
        self.store = Store(self.database)
        self.effects = RequestEffects(self.database)
        self.reads: list[str] = []
        """The content of every image that was read to the end."""
        self._clock = 0

    def close(self) -> None:
        self.database.close()

    def write(self, path: bytes, content: str) -> None:
        """A file with this content lies there from now on; nobody has noticed yet."""
        self._clock += 1
        stat = FileStat(len(content), self._clock, self._clock, self._clock)
        self.files[path] = (content, stat)

    def register(self, path: bytes) -> Outcome:
        content, stat = self.files[path]
        return self.catalogue.register(path, stat, sha(content))

    def put(self, path: bytes, content: str) -> Outcome:
        """Write a file and take it in."""
        self.write(path, content)
        return self.register(path)

    def refuse(self, path: bytes, code: str, *, ignored: bool = False) -> Outcome:
        error = ImageError(code, f"A sentence about {code}.", ignored=ignored)
        return self.catalogue.refuse(path, self.files[path][1], error)

    def remove(self, *paths: bytes) -> int:
        """Files are deleted, and that is noticed."""
        for path in paths:
            del self.files[path]
        return self.catalogue.mark_missing(self.ids(*paths))

    def ids(self, *paths: bytes) -> list[int]:
        """The rows of those paths that have one."""
        return [
            row[0]
            for path in paths
            for row in self.rows("SELECT id FROM images WHERE path = ?", path)
        ]

    def known(self) -> dict[bytes, FileStat | None]:
        """Every path that has a row, with the stat it was last seen with; None when missing."""
        return {
            row[0]: None if row[5] == MISSING else FileStat(*row[1:5])
            for row in self.catalogue.rows.seen(b"", None)
        }

    def to_try_again(self, *, limits_changed: bool = False) -> set[bytes]:
        """Files whose last error may be over although their stat has not changed."""
        rows = self.catalogue.rows.seen(b"", None, limits_changed=limits_changed)
        return {row[0] for row in rows if row[5] == TO_TRY}

    def read(self, task: Task) -> ImageResult:
        """What the worker would find at this moment."""
        if task.path not in self.files:
            return failure(task.image_id, "file_vanished", None)
        content = self.files[task.path][0]
        self.reads.append(content)
        return ImageResult(task.image_id, sha(content), (self.page(content),))

    def page(self, content: str) -> Page:
        """What the pretended engine makes of a file with this content."""
        return page(text_of(content), warnings=warnings_of(content))

    def finish(self, batch_id: int, *results: ImageResult) -> int:
        return self.store.finish(BatchResult(batch_id, 0.5, results), PROVENANCE)

    def read_all(self) -> int:
        """Batches until nothing is pending; returns how many images were claimed."""
        claimed = 0
        while (batch := self.store.claim(2)) is not None:
            batch_id, tasks, _ = batch
            claimed += len(tasks)
            self.finish(batch_id, *(self.read(task) for task in tasks))
        return claimed

    def rows(self, sql: str, *bindings: Any) -> list[tuple[Any, ...]]:
        with self.database.reading() as connection:
            return connection.execute(sql, bindings).fetchall()

    def row(self, path: bytes) -> dict[str, Any]:
        """Some columns of a file's row."""
        names = ["id", "sha256", "status", "attempts", "error_code", "error", "duplicate_of"]
        names += ["batch_id", "mtime_ns", "warning_code", "warning"]
        rows = self.rows(f"SELECT {', '.join(names)} FROM images WHERE path = ?", path)
        assert len(rows) == 1, f"{path!r} has {len(rows)} rows"
        return dict(zip(names, rows[0], strict=True))

    def status(self, path: bytes) -> str:
        return str(self.row(path)["status"])

    def text(self, path: bytes) -> str | None:
        """What the page shows for a file; None when nothing is stored."""
        rows = self.rows(
            "SELECT text FROM page_texts WHERE image_id = ? ORDER BY number", self.row(path)["id"]
        )
        return "\f".join(row[0] for row in rows) if rows else None

    def index_waiting(self) -> int:
        """Let the search index hold the texts that wait, as is done behind the work."""
        with self.database.transaction() as connection:
            return search_index.index_some(connection, 1000)

    def hits(self, words: str) -> int:
        """How many images the search index finds when nothing waits."""
        self.index_waiting()
        quoted = '"' + words.replace('"', '""') + '"'
        return int(
            self.rows("SELECT count(*) FROM images_fts WHERE images_fts MATCH ?", quoted)[0][0]
        )

    def check(self) -> None:
        """What is true of the database after every transaction."""
        assert self.rows("PRAGMA foreign_key_check") == []
        with self.database.reading() as connection:
            check_search_index(connection)
        chains = (
            "SELECT d.path FROM images d JOIN images o ON o.id = d.duplicate_of "
            "WHERE o.duplicate_of IS NOT NULL"
        )
        assert self.rows(chains) == [], "the original of a duplicate is a duplicate"
        assert not self.rows(
            "SELECT path FROM images WHERE duplicate_of IS NOT NULL "
            "AND id IN (SELECT image_id FROM pages)"
        ), "a duplicate has pages of its own"
        assert not self.rows(
            "SELECT path FROM images WHERE status = 'done' "
            "AND coalesce(duplicate_of, id) NOT IN (SELECT image_id FROM pages)"
        ), "done, and no text"
        strays = (
            "SELECT d.path, d.status, o.path, o.status FROM images d "
            "JOIN images o ON o.id = d.duplicate_of WHERE d.status <> 'missing' AND "
            "(d.sha256 IS NOT o.sha256 OR d.error_code IS NOT o.error_code OR d.status <> "
            "CASE o.status WHEN 'processing' THEN 'pending' ELSE o.status END)"
        )
        assert self.rows(strays) == [], "a duplicate stands elsewhere than its original"
        assert not self.rows(
            "SELECT path FROM images WHERE (error_code IS NULL) <> (error IS NULL) "
            "OR (status IN ('failed', 'quarantined', 'ignored') AND error_code IS NULL) "
            "OR (status IN ('pending', 'processing', 'done') AND error_code IS NOT NULL)"
        ), "status and error contradict each other"
        warned = (
            "SELECT i.path FROM images i LEFT JOIN images o ON o.id = i.duplicate_of WHERE "
            "(i.warning_code IS NULL) <> (i.warning IS NULL) OR (i.warning_code IS NOT NULL "
            "AND coalesce(o.id, i.id) NOT IN (SELECT image_id FROM pages)) OR "
            "(o.id IS NOT NULL AND o.warning IS NOT i.warning)"
        )
        assert self.rows(warned) == [], "a warning without the text that it belongs to"


def failure(image_id: int, code: str, sha256: str | None, *, ignored: bool = False) -> ImageResult:
    error = ImageError(code, f"A sentence about {code}.", ignored=ignored)
    return ImageResult(image_id, sha256, error=error)


def damage(path: Path) -> None:
    """Overwrite the roots of two tables, as a dying disk does: opening it does not meet them."""
    uri = f"{path.as_uri()}?immutable=1"
    plain = apsw.Connection(uri, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    roots = plain.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name IN ('lines', 'images_updated')"
    ).fetchall()
    plain.close()
    with path.open("r+b") as stream:
        for (page,) in roots:
            stream.seek((page - 1) * 4096)
            stream.write(b"\xff" * 4096)
