"""Fills a database with a made-up archive: through the service's own writers, or as version 2.

The writers fill whatever tables and indexes the present schema has. What stands in the database
under version 2 is written as plain SQL, with the schema that version made.
"""

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from unittest import mock

import apsw

from folder.intake import check_signature
from image_warnings import ImageWarning
from ocr_contract.data_folder import DATABASE_NAME
from ocr_errors import ImageError
from page_records import BatchResult, ImageResult, Line, Page, Provenance
from project import ROOT
from records import search_index
from records.catalogue import Catalogue
from records.database import Connection, Database
from records.store import Claim, Store
from scale_archive import LINES, Archive, Scan
from source_files import FileStat

OLD_VERSION = 2
OLD_SCHEMA = ROOT / "tests" / "ocr" / "records" / f"schema_v{OLD_VERSION}.sql"
PROVENANCE = Provenance("pretended", "cpu", "f32", {}, {}, batch_size=2)
_SLICE = 1000
_WIDTH, _HEIGHT = 1240, 1754
_FAST = "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA wal_autocheckpoint = 20000"
_WARNING = ImageWarning("partly_missing", "A part of the picture is missing.")


def write_files(images: Path, archive: Archive) -> None:
    """The archive's files, but for those that are missing."""
    for scan in archive.scans(0, archive.pages):
        path = os.path.join(os.fsencode(images), scan.path)  # noqa: PTH118  bytes
        if scan.number % 1000 == 0 or not Path(os.fsdecode(path)).parent.exists():
            Path(os.fsdecode(path)).parent.mkdir(parents=True, exist_ok=True)
        if scan.fate != "missing":
            with open(path, "wb") as file:  # noqa: PTH123  bytes
                file.write(scan.content)


def write_current(data: Path, images: Path, archive: Archive) -> None:
    """A database of the present version, as if the service had read it all."""
    database = Database(data / DATABASE_NAME)
    try:
        with database.reading() as connection:
            connection.execute(_FAST)
        writers = Writers(database, archive)
        for start in range(0, archive.pages, _SLICE):
            scans = list(archive.scans(start, start + _SLICE))
            writers.take_in(scans, images)
            writers.finish({scan.path: scan for scan in scans})
            writers.miss(scans)
            with database.transaction() as connection:
                _date(connection, scans)
        writers.index_waiting()
    finally:
        database.close()


BOXES = tuple(
    ((100.0, top), (1100.0, top), (1100.0, top + 50), (100.0, top + 50))
    for top in (100.0 + 80 * at for at in range(LINES))
)
"""Where the lines stand on a page."""
_POLYGONS = tuple(map(json.dumps, BOXES))


class Writers:
    """The service's own way into the database."""

    def __init__(self, database: Database, archive: Archive) -> None:
        self._database = database
        self._archive = archive
        self._catalogue = Catalogue(database, exists=lambda _: True)
        self.store = Store(database)

    def take_in(self, scans: Iterable[Scan], images: Path | None) -> None:
        """As the watcher does; without a folder the files are only pretended."""
        now = ""
        with self._database.transaction(), _time_of(lambda: now):
            for scan in scans:
                now = scan.at
                stat = _stat(images, scan)
                if error := _refusal(scan):
                    self._catalogue.refuse(scan.path, stat, error)
                else:
                    sha256 = hashlib.sha256(scan.content).hexdigest()
                    self._catalogue.register(scan.path, stat, sha256)

    def finish(self, scans: dict[bytes, Scan]) -> None:
        """Claim and store as one batch whatever waits."""
        if (claim := self.store.claim(len(scans))) is not None:
            self.store.finish(self.batch(claim, scans), PROVENANCE)

    def index_waiting(self) -> None:
        """Let the search index hold the texts that wait."""
        with self._database.transaction() as connection:
            while search_index.index_some(connection, search_index.WAITING):
                pass

    def batch(self, claim: Claim, scans: dict[bytes, Scan]) -> BatchResult:
        """What the worker would answer, by the files' paths."""
        results = tuple(
            self._result(task.image_id, task.sha256, scans[task.path]) for task in claim.tasks
        )
        return BatchResult(claim.batch_id, 1.0, results)

    def miss(self, scans: Iterable[Scan]) -> None:
        """As when the watcher no longer sees them."""
        paths = [scan.path for scan in scans if scan.fate == "missing"]
        with self._database.reading() as connection:
            rows = [
                connection.execute("SELECT id FROM images WHERE path = ?", (path,)).fetchall()
                for path in paths
            ]
        self._catalogue.mark_missing([image_id for ((image_id,),) in rows])

    def _result(self, image_id: int, sha256: str, scan: Scan) -> ImageResult:
        texts, confidences = self._archive.lines(scan)
        lines = tuple(map(Line, texts, confidences, BOXES))
        warnings = (_WARNING,) * scan.warned
        preview, thumbnail = f"{sha256}-1.jpg", f"{sha256}-1-t.jpg"
        page = Page(_WIDTH, _HEIGHT, 0, lines, preview, thumbnail, 0.5, warnings)
        return ImageResult(image_id, sha256, (page,))


def write_old(database: Path, archive: Archive) -> None:
    """A database of version 2 with the archive's texts."""
    connection = apsw.Connection(str(database))
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute(_FAST).fetchall()
        connection.execute(OLD_SCHEMA.read_text(encoding="utf-8")).fetchall()
        connection.execute(f"PRAGMA user_version = {OLD_VERSION}")
        for start in range(0, archive.pages, _SLICE):
            connection.execute("BEGIN")
            _write_old(connection, archive, list(archive.scans(start, start + _SLICE)))
            connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()


def _write_old(connection: apsw.Connection, archive: Archive, scans: Sequence[Scan]) -> None:
    images, pages, lines = [], [], []
    for scan in scans:
        sha256 = hashlib.sha256(b"%d" % scan.number).hexdigest()  # no duplicates here
        error = _refusal(scan)
        is_read = error is None
        warning = _WARNING if scan.warned and is_read else None
        images.append(
            (scan.number + 1, scan.path, scan.path.decode(), *_stat(None, scan), sha256, scan.fate,
             error and error.code, error and error.message, scan.at, scan.at,
             scan.at if is_read else None, warning and warning.code, warning and warning.message)
        )  # fmt: skip
        if not is_read:
            continue
        texts, confidences = archive.lines(scan)
        mean = sum(confidences) / len(confidences)
        pages.append((scan.number + 1, scan.number + 1, _WIDTH, _HEIGHT, "\n".join(texts),
                      len(texts), mean, f"{sha256}-1.jpg", f"{sha256}-1-t.jpg"))  # fmt: skip
        lines += [
            (scan.number + 1, at, *line)
            for at, line in enumerate(zip(texts, confidences, _POLYGONS, strict=True), 1)
        ]
    connection.executemany(
        "INSERT INTO images (id, path, name, size_bytes, mtime_ns, ctime_ns, inode, sha256, status,"
        " error_code, error, found_at, updated_at, finished_at, warning_code, warning) "
        f"VALUES ({', '.join('?' * 16)})",
        images,
    )
    connection.executemany(
        "INSERT INTO pages (id, image_id, number, width, height, text, line_count, confidence, "
        "preview, thumbnail) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?)",
        pages,
    )
    connection.executemany(
        "INSERT INTO lines (page_id, number, text, confidence, polygon) VALUES (?, ?, ?, ?, ?)",
        lines,
    )


def _date(connection: Connection, scans: Iterable[Scan]) -> None:
    """Spread over ten years what was stored in one go."""
    connection.executemany(
        "UPDATE images SET updated_at = ?1, "
        "finished_at = CASE WHEN finished_at IS NOT NULL THEN ?1 END WHERE path = ?2",
        [(scan.at, scan.path) for scan in scans],
    )


@contextlib.contextmanager
def _time_of(tell: Callable[[], str]) -> Iterator[None]:
    """What the room `records` takes for the time now."""
    modules = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("records.") and hasattr(module, "utc_now")
    ]
    with contextlib.ExitStack() as stack:
        for module in modules:
            stack.enter_context(mock.patch.object(module, "utc_now", tell))
        yield


def _refusal(scan: Scan) -> ImageError | None:
    """Why the service would not hand it to the worker."""
    try:
        check_signature(scan.path, scan.content)
    except ImageError as error:
        return error
    return None


def _stat(images: Path | None, scan: Scan) -> FileStat:
    if images is None or scan.fate == "missing":
        at = 1_500_000_000_000_000_000 + scan.number
        return FileStat(len(scan.content), at, at, scan.number)
    return FileStat.of(os.lstat(os.path.join(os.fsencode(images), scan.path)))  # noqa: PTH118
