"""The steps of `make scale` that write: results, backups, a migration, a folder that vanishes.

Each leaves the database as it found it, but for some rows of the step `writer`: those are marked
as missing, like files that were deleted.
"""

import dataclasses
import shutil
import statistics
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from ocr_contract import schema
from ocr_contract.control import ControlError
from ocr_contract.data_folder import BACKUPS_FOLDER, DATABASE_NAME
from ocr_contract.replies import BackupReply
from records.database import Database
from running_service import ServiceError, query
from scale_archive import RARE_PAGES, Scan
from scale_figures import Row
from scale_place import Place, make_data_folder
from scale_requests import search
from scale_servers import Reader, web_service
from scale_writers import PROVENANCE, Writers, write_old
from service_folders import ServiceFolders

PAGES_PER_S = 1000.0
OF_EMPTY = 0.8
MIGRATION_S = 60.0
_BATCHES = {2: 60, 16: 25}
"""Images of a batch (on a CPU, on a GPU) to how many batches of them make one round."""
ROUNDS = 4
_LIMIT_S = 4 * 3600.0
_KILLED_UP_TO = 100_000
"""Pages: one migration of a larger database takes long, and a second shows nothing new."""
_POLL_S = 0.2
_CALM = 10
"""So many times may it seem quiet while something is left to do: such work gives way to other."""


def writer_step(place: Place) -> list[Row]:
    """Pages a second through `Store.finish` with synchronous=FULL: empty, this size, in turn."""
    speeds: dict[tuple[int, str], list[float]] = {}
    spent_ms: list[float] = []
    with place.own_folder("empty") as folder:
        databases = {
            "empty": folder / DATABASE_NAME,
            "this size": place.folders.data / DATABASE_NAME,
        }
        for number in range(ROUNDS):
            for size, batches in _BATCHES.items():
                for name, path in databases.items():
                    speed, page_ms = _write(place, path, size, batches, f"{number}-{size}")
                    speeds.setdefault((size, name), []).append(speed)
                    if path == databases["this size"] and size == max(_BATCHES):
                        spent_ms.append(page_ms)
    rows = []
    for size in _BATCHES:
        empty, full = (statistics.median(speeds[size, name]) for name in ("empty", "this size"))
        wanted = PAGES_PER_S if size == max(_BATCHES) else None
        rows += [
            Row(f"writer, {size} pages a commit", full, "pages/s", at_least=wanted),
            Row(f"the same, database empty at first, {size} pages a commit", empty, "pages/s"),
            Row(f"of the empty one's, {size} pages a commit", full / empty, "×",
                at_least=OF_EMPTY, grows=False),
        ]  # fmt: skip
    spent = statistics.median(spent_ms)
    rows.append(Row(f"processor time a page, {max(_BATCHES)} pages a commit", spent, "ms"))
    return rows


def _write(place: Place, path: Path, size: int, batches: int, name: str) -> tuple[float, float]:
    """One round of storing alone: pages a second, and milliseconds of processor time a page.

    What of their texts waits to be indexed at the end goes in within that time.
    """
    run = uuid.uuid4().hex.encode()
    scans = [_fresh(place, at, run, f"writer/{name}") for at in range(size * batches)]
    by_path = {scan.path: scan for scan in scans}
    database = Database(path)
    try:
        writers = Writers(database, place.archive)
        writers.take_in(scans, None)
        wall = processor = 0.0
        for _ in range(batches):
            claim = writers.store.claim(size)
            assert claim is not None
            result = writers.batch(claim, by_path)
            begun, begun_processor = time.monotonic(), time.process_time()
            writers.store.finish(result, PROVENANCE)
            wall += time.monotonic() - begun
            processor += time.process_time() - begun_processor
        begun, begun_processor = time.monotonic(), time.process_time()
        writers.index_waiting()
        wall += time.monotonic() - begun
        processor += time.process_time() - begun_processor
        writers.miss(dataclasses.replace(scan, fate="missing") for scan in scans)
    finally:
        database.close()
    return len(scans) / wall, 1000 * processor / len(scans)


def _fresh(place: Place, at: int, run: bytes, folder: str) -> Scan:
    """A file that the archive does not have, with some page's text."""
    number = at - at % 40  # one that is read and repeats no other
    scan = place.archive.scan(number)
    path = f"{folder}/{at:06d}-{run.decode()}.jpg".encode()
    return dataclasses.replace(
        scan,
        path=path,
        content=b"\xff\xd8\xff%b%d" % (run, at),
        fate="done",
        original=at,
        warned=False,
    )


def backup_step(place: Place) -> list[Row]:
    """`ocrctl backup` twice: seconds, and what each takes on the disk."""
    backups = place.folders.data / BACKUPS_FOLDER
    database_bytes = (place.folders.data / DATABASE_NAME).stat().st_size
    rows = []
    reader = Reader(place.folders)
    try:
        with reader.running():
            reader.wait_until_quiet(_LIMIT_S)
            for which in ("first", "second"):
                before = _disk_bytes(backups)
                reader.client.pause()  # a small change in between
                reader.client.resume()
                seconds = _back_up(reader)
                share = (_disk_bytes(backups) - before) / database_bytes
                rows.append(Row(f"backup, the {which}", seconds, "s"))
                rows.append(Row(f"what the {which} takes of the database's size", share, "×",
                                grows=False))  # fmt: skip
    finally:
        shutil.rmtree(backups, ignore_errors=True)
    return rows


def _back_up(reader: Reader) -> float:
    started = time.monotonic()
    reply: BackupReply = reader.client.backup(request_id=str(uuid.uuid4()))
    while reply.state == "running":
        if time.monotonic() - started > _LIMIT_S:
            raise ServiceError("the backup did not end")
        time.sleep(_POLL_S)
        try:
            reply = reader.client.backup_state()
        except ControlError as error:
            if error.http_status != 503:
                raise
    return time.monotonic() - started


def _disk_bytes(folder: Path) -> int:
    """What its files take on the disk, each once however many names it has."""
    files = {}
    for path in folder.rglob("*") if folder.exists() else ():
        if path.is_file():
            result = path.stat()
            files[result.st_ino] = 512 * result.st_blocks
    return sum(files.values())


def migration_step(place: Place) -> list[Row]:
    """From version 2 to the present one; then once more with two kills on the way."""
    with place.own_folder("migration") as folder:
        folders = ServiceFolders(folder / "images", folder / "data")
        old = folder / "old.db"
        write_old(old, place.archive)
        rows = []
        whole = _migrate(place, folders, old, [])
        rows.append(Row("migration, until the socket answers", whole.answered_s, "s",
                        at_most=MIGRATION_S))  # fmt: skip
        rows.append(Row("migration, until nothing is left to do", whole.ended_s, "s"))
        rows.append(Row("migration, largest main process", whole.peak_mb, "MB"))
        rows.append(Row("migration, rows lost and words not found", whole.wrong, "rows",
                        at_most=0, grows=False))  # fmt: skip
        if place.pages <= _KILLED_UP_TO:
            killed = _migrate(place, folders, old, [whole.ended_s / 4, whole.ended_s / 2])
            rows.append(Row("the same, killed twice on the way", killed.wrong, "rows",
                            at_most=0, grows=False))  # fmt: skip
        return rows


@dataclasses.dataclass(frozen=True)
class _Migration:
    answered_s: float
    ended_s: float
    peak_mb: float
    wrong: int


def _migrate(place: Place, folders: ServiceFolders, old: Path, kills: list[float]) -> _Migration:
    """A copy of the old database; `kills`: after so many seconds of a start each."""
    for folder in (folders.images, folders.data):
        shutil.rmtree(folder, ignore_errors=True)
    folders.images.mkdir(parents=True)
    make_data_folder(folders.data)
    shutil.copyfile(old, folders.data / DATABASE_NAME)
    before = _counts(folders.data)
    reader = Reader(folders)
    for after_s in kills:
        reader.launch()
        time.sleep(after_s)
        reader.kill()
    answered_s = reader.start()
    started = time.monotonic()
    for _ in range(_CALM):
        reader.wait_until_quiet(_LIMIT_S)
        ended_s = answered_s + time.monotonic() - started - reader.QUIET_S
        if not _unfolded(folders.data):
            break
    peak = reader.peak_mb()
    reader.stop()
    wrong = sum(abs(count - now) for count, now in zip(before, _counts(folders.data), strict=True))
    wrong += _unfolded(folders.data)
    wrong += int(query(folders.data, "PRAGMA user_version")[0][0]) != schema.SCHEMA_VERSION
    with web_service(folders.data) as site:
        for word in place.archive.rare:
            found = site.visit(search(word).replace("/?", "/api/v1/search?"))[1]
            # No page was a duplicate in that version's database, so each word is on some more.
            wrong += found.count(b'"snippet"') < RARE_PAGES
    return _Migration(answered_s, ended_s, peak, wrong)


def _unfolded(data: Path) -> int:
    """Images whose text the search index does not hold as it should: that is done behind."""
    rows = query(data, "SELECT count(*) FROM images WHERE search_form <> 2")
    return int(rows[0][0]) if rows else 0  # versions before 3 know no such thing


def _counts(data: Path) -> list[int]:
    return [
        int(query(data, f"SELECT count(*) FROM {table}")[0][0])
        for table in ("images", "pages", "lines")
    ]


def vanish_step(place: Place) -> list[Row]:
    """All folders but the first are moved away, noticed, and brought back, by the real service."""
    images, data = place.folders.images, place.folders.data
    before = dict(_standings(data))
    away = images.with_name("away")
    away.mkdir(exist_ok=True)
    moved = sorted(path for path in images.iterdir() if path.is_dir())[1:]
    missing = _missing(data)
    reader = Reader(place.folders, OCR_SCAN_INTERVAL_S="2", OCR_MISSING_GRACE_S="1")
    try:
        with reader.running():
            reader.wait_until_quiet(_LIMIT_S)
            for folder in moved:
                folder.rename(away / folder.name)
            gone_s = _until_steady(reader, data)
            gone = _missing(data) - missing
            _bring_back(away, images)
            back_s = _until_steady(reader, data)
            peak = reader.peak_mb()
    finally:
        _bring_back(away, images)
    away.rmdir()
    after = dict(_standings(data))
    wrong = sum(before.get(path) != after.get(path) for path in before.keys() | after.keys())
    per_file = max(gone, 1)
    return [
        Row("files that vanished", gone, "files", grows=False),
        Row("vanished, until all are marked", gone_s, "s"),
        Row("back, until all are there again", back_s, "s"),
        Row("vanished and back, for each file", 1000 * (gone_s + back_s) / per_file, "ms"),
        Row("largest main process meanwhile", peak, "MB", at_most=120.0),
        Row("rows that are wrong afterwards", wrong, "rows", at_most=0, grows=False),
    ]


def _bring_back(away: Path, images: Path) -> None:
    for folder in list(away.iterdir()):
        folder.rename(images / folder.name)


def _until_steady(reader: Reader, data: Path) -> float:
    """Until the number of missing files has stayed the same over some looks; without that wait."""
    started = changed = time.monotonic()
    seen = _missing(data)
    seen_files = int(query(data, "SELECT count(*) FROM images")[0][0])
    steady_s = 15.0 + seen_files / 20_000
    moved = False
    while time.monotonic() - changed < (steady_s if moved else 40 * steady_s):
        reader.check()
        if time.monotonic() - started > _LIMIT_S:
            raise ServiceError("the folder did not come to rest")
        time.sleep(_POLL_S)
        if (now := _missing(data)) != seen:
            seen, changed, moved = now, time.monotonic(), True
    return changed - started


def _missing(data: Path) -> int:
    return int(query(data, "SELECT count(*) FROM images WHERE status = 'missing'")[0][0])


def _standings(data: Path) -> Iterator[tuple[bytes, int]]:
    """Path of each file, and a number that differs when its text or state does."""
    rows = query(
        data,
        "SELECT i.path, i.status, i.sha256, (SELECT length(p.text) || substr(p.text, 1, 60) "
        "FROM pages p WHERE p.image_id = coalesce(i.duplicate_of, i.id)) FROM images i",
    )
    for path, *standing in rows:
        yield path, hash(tuple(standing))
