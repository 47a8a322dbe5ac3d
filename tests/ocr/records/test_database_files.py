"""What strangers do to the database's files: delete, exchange, damage, pin, migrate."""

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import apsw
import pytest
from database_fixtures import World, damage
from test_database import Child, add, look_from_outside, states

from disk_guard import DiskGuard
from ocr_contract import schema
from ocr_errors import StoreError
from records import database as database_module
from records import migration_copy, opening, thorough_check
from records.database import Database
from records.database_copy import examine, read_checksum, sha256_of
from records.thorough_check import ThoroughCheck


def beside(path: Path, *suffixes: str) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in suffixes]


def host_sqlite(path: Path, sql: str) -> None:
    """What somebody does with the sqlite3 of the machine: another process, another SQLite."""
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute(sys.argv[2]).fetchall(); c.close()"
    )
    subprocess.run([sys.executable, "-c", code, str(path), sql], check=True, timeout=30)


@pytest.mark.parametrize("suffixes", [("-shm",), ("-wal",), ("-wal", "-shm")])
def test_files_deleted_under_the_writer_cost_nothing_that_was_acknowledged(
    tmp_path: Path, suffixes: tuple[str, ...]
) -> None:
    """Without the check after each commit the rows go into a log that nobody can find again."""
    path = tmp_path / "ocr_data.db"
    with Child("write", path) as writer:
        assert writer.output.readline() == "ready\n"
        for _ in range(3):
            [writer.output.readline() for _ in range(10)]
            for file in beside(path, *suffixes):
                file.unlink(missing_ok=True)
        last = [writer.output.readline() for _ in range(10)][-1]
    seen = look_from_outside(path)
    assert seen["integrity"] == "ok"
    assert seen["whole"]
    assert int(str(seen["newest"])) >= int(last)


def test_after_files_were_deleted_readers_see_what_is_new(database: Database) -> None:
    add(database, "before")
    for file in beside(database.path, "-wal", "-shm"):
        file.unlink()
    add(database, "after")
    assert states(database) == ["after", "before"]
    assert look_from_outside(database.path)["integrity"] == "ok"
    plain = apsw.Connection(str(database.path), apsw.SQLITE_OPEN_READONLY)
    assert len(plain.execute("SELECT * FROM service_state").fetchall()) == 2
    plain.close()


def test_files_deleted_while_nothing_is_written_are_made_anew_soon(database: Database) -> None:
    add(database, "only in the log")
    for file in beside(database.path, "-wal", "-shm"):
        file.unlink()
    database.look_after()
    plain = apsw.Connection(str(database.path), apsw.SQLITE_OPEN_READONLY)
    assert len(plain.execute("SELECT * FROM service_state").fetchall()) == 1
    plain.close()


@pytest.mark.parametrize("how", ["deleted", "exchanged"])
def test_a_database_that_is_exchanged_is_written_to_no_more(
    database: Database, tmp_path: Path, how: str
) -> None:
    add(database, "before")
    if how == "exchanged":
        (tmp_path / "other").write_bytes(database.path.read_bytes())
        (tmp_path / "other").replace(database.path)
    else:
        database.path.unlink()
    with pytest.raises(StoreError) as caught:  # no request is acknowledged any more
        add(database, "after")
    assert caught.value.code == "database_replaced"


def test_a_hosts_sqlite3_checkpoints_while_the_service_writes(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    with Child("write", path) as writer:
        assert writer.output.readline() == "ready\n"
        for _ in range(3):
            [writer.output.readline() for _ in range(5)]
            host_sqlite(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        last = [writer.output.readline() for _ in range(5)][-1]
    seen = look_from_outside(path)
    assert (seen["whole"], seen["integrity"]) == (True, "ok")
    assert int(str(seen["newest"])) >= int(last)


def test_a_hosts_sqlite3_removes_the_log_of_a_stopped_service(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    opened = Database(path)
    add(opened, "kept")
    opened.close()
    host_sqlite(path, "SELECT count(*) FROM images")
    assert not any(file.exists() for file in beside(path, "-wal", "-shm"))
    opened = Database(path)
    assert states(opened) == ["kept"]
    add(opened, "more")
    assert look_from_outside(path)["integrity"] == "ok"
    opened.close()
    assert all(file.exists() for file in beside(path, "-wal", "-shm")), "a read-only mount needs it"


def test_a_pinned_reader_bounds_the_log_and_it_shrinks_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 400_000
    monkeypatch.setattr(opening, "JOURNAL_SIZE_LIMIT_BYTES", limit)
    database = Database(tmp_path / "ocr_data.db")
    guard = DiskGuard(
        tmp_path, min_free_mb=0, wal_bytes=database.wal_bytes, max_wal_bytes=1_500_000
    )
    reader = apsw.Connection(str(database.path), apsw.SQLITE_OPEN_READONLY)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM images").fetchall()
    batches = 0
    while guard.hold() is None:  # as the pipeline asks before each batch
        with database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO service_state VALUES ('big', ?)", ("x" * 100_000,)
            )
        batches += 1
        assert batches < 1000
    assert database.wal_bytes() < 1_500_000 + 400_000, "the limit and one batch"
    started = time.monotonic()
    database.look_after()
    assert time.monotonic() - started < 1, "it waits for no reader"
    assert guard.hold() is not None
    assert reader.execute("SELECT count(*) FROM service_state").fetchall() == [(0,)]
    reader.close()
    database.look_after()
    assert database.wal_bytes() <= limit
    assert guard.hold() is None
    database.close()


def test_a_large_log_after_a_kill_is_copied_behind_and_not_by_the_first_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_LARGE_LOG_BYTES", 1_000_000)
    path = tmp_path / "ocr_data.db"
    Database(path).close()
    killed = apsw.Connection(str(path))
    killed.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    killed.wal_autocheckpoint(0)
    killed.execute("INSERT INTO service_state VALUES ('big', ?)", ("x" * 6_000_000,))
    killed.close()
    size = path.stat().st_size
    assert beside(path, "-wal")[0].stat().st_size > 6_000_000
    database = Database(path)
    add(database, "first")
    assert path.stat().st_size == size, "nothing was copied yet"
    database.look_after()
    assert path.stat().st_size > size + 6_000_000
    with database.reading() as connection:
        assert connection.execute("PRAGMA wal_autocheckpoint").fetchall() == [(1000,)]
    assert states(database) == ["big", "first"]
    assert look_from_outside(path)["integrity"] == "ok"
    database.close()


def damaged_world(folder: Path, *backups: str) -> Path:
    """A database with texts of which some are only in the log; then it is damaged."""
    world = World(folder)
    for number in range(60):
        world.put(b"%d.png" % number, str(number))
    world.read_all()
    for name in backups:
        world.database.copy_to(folder / "backups" / name, between=lambda: None)
    world.close()
    path = folder / "ocr_data.db"
    killed = apsw.Connection(str(path))
    killed.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    killed.execute("INSERT INTO service_state VALUES ('in the log', '1')")
    killed.close()
    assert beside(path, "-wal")[0].stat().st_size
    damage(path)
    return path


def test_a_damaged_database_is_never_touched_and_the_newest_good_backup_named(
    tmp_path: Path,
) -> None:
    path = damaged_world(tmp_path, "old.db", "good.db", "bad.db")
    for age, name in ((300, "old.db"), (200, "good.db"), (100, "bad.db")):
        if name == "bad.db":
            damage(tmp_path / "backups" / name)
        os.utime(tmp_path / "backups" / name, (time.time() - age,) * 2)
    files = [path, *beside(path, "-wal")]
    before = [file.read_bytes() for file in files]
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            Database(path)
        assert caught.value.code == "database_damaged"
        assert "It is left as it is." in caught.value.message
        assert f"{tmp_path}/backups/good.db" in caught.value.message
        assert caught.value.message.endswith("ocrctl restore good.db")
        assert [file.read_bytes() for file in files] == before


def test_a_damaged_database_without_any_backup(tmp_path: Path) -> None:
    path = damaged_world(tmp_path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="There is no good backup") as caught:
        Database(path)
    assert caught.value.code == "database_damaged"
    assert path.read_bytes() == before


def test_a_header_that_is_gone_names_the_backup_too(tmp_path: Path) -> None:
    path = damaged_world(tmp_path, "good.db")
    with path.open("r+b") as stream:
        stream.write(b"\x00" * 4096)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"ocrctl restore good\.db"):
        Database(path)
    assert path.read_bytes() == before


NOW = schema.SCHEMA_VERSION


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of the future."""
    monkeypatch.setattr(schema, "SCHEMA_VERSION", NOW + 1)
    monkeypatch.setattr(opening, "MIGRATIONS", {NOW: "CREATE TABLE extra (a)"})


def old_world(folder: Path) -> Path:
    world = World(folder)
    world.put(b"a.png", "a")
    world.read_all()
    world.close()
    return folder / "ocr_data.db"


def test_a_migration_saves_the_old_version_first(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = old_world(tmp_path)
    request.getfixturevalue("next_version")
    Database(path).close()
    (backup,) = (tmp_path / "backups").glob("*.db")
    assert backup.name.startswith(f"before-migration-v{NOW}-")
    content = examine(backup)
    assert (content.version, content.images, content.pages) == (NOW, 1, 1)
    assert examine(path).version == NOW + 1
    Database(path).close()
    assert len(list((tmp_path / "backups").glob("*.db"))) == 1, "only where there is a step"


def saved(folder: Path) -> Path:
    """The copy of the old version, and nothing else that was begun."""
    (copy,) = (folder / "backups").glob("*.db")
    assert not list((folder / "backups").glob(".*"))
    return copy


def test_that_copy_is_checked_behind_the_work(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = old_world(tmp_path)
    request.getfixturevalue("next_version")
    database = Database(path)
    backup = saved(tmp_path)
    assert read_checksum(backup) is None
    check = ThoroughCheck(database, stop=threading.Event())
    check.check_copies()
    assert read_checksum(backup) == sha256_of(backup)
    assert migration_copy.unchecked(backup.parent) == []
    database.close()


def test_a_damaged_copy_gets_no_checksum_and_is_told(
    tmp_path: Path, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    path = old_world(tmp_path)
    request.getfixturevalue("next_version")
    database = Database(path)
    backup = saved(tmp_path)
    with backup.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xff" * 8192)
    check = ThoroughCheck(database, stop=threading.Event())
    check.check_copies()
    check.check_copies()
    assert read_checksum(backup) is None
    assert caplog.text.count("is of no use") == 1
    database.close()


def test_a_check_of_it_that_is_broken_off_goes_on_later(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old_world(tmp_path)
    request.getfixturevalue("next_version")
    database = Database(path)
    backup = saved(tmp_path)
    stop = threading.Event()
    stop.set()
    with monkeypatch.context() as patch:
        patch.setattr(thorough_check, "TURN_S", 0)
        ThoroughCheck(database, stop=stop).check_copies()
    assert read_checksum(backup) is None
    ThoroughCheck(database, stop=threading.Event()).check_copies()
    assert read_checksum(backup) == sha256_of(backup)
    database.close()


def test_where_the_kernel_cannot_copy_it_is_read_and_written(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old_world(tmp_path)
    request.getfixturevalue("next_version")

    def refuse(*_: object) -> int:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    monkeypatch.setattr(migration_copy, "_PIECE_BYTES", 5000)
    Database(path).close()
    assert examine(saved(tmp_path)).version == NOW


def test_nobody_writes_while_the_file_is_copied(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program could empty its log into the file that is being copied."""
    path = old_world(tmp_path)
    request.getfixturevalue("next_version")
    copy = os.copy_file_range
    tried: list[bool] = []

    def meanwhile(source: int, target: int, most: int) -> int:
        with pytest.raises(apsw.BusyError):
            apsw.Connection(str(path)).execute("UPDATE images SET name = 'torn'")
        tried.append(True)
        return copy(source, target, most)

    monkeypatch.setattr(os, "copy_file_range", meanwhile)
    Database(path).close()
    assert tried
    assert examine(saved(tmp_path)).version == NOW


def test_what_only_the_log_holds_is_copied_also_beside_a_reader(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads an old state needs the log: it cannot be emptied."""
    path = old_world(tmp_path)
    reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    reader.execute("BEGIN; SELECT * FROM images")
    world = World(tmp_path)
    world.put(b"b.png", "b")
    world.read_all()
    world.database.close()
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_MS", 10)
    request.getfixturevalue("next_version")
    Database(path).close()
    reader.close()
    assert examine(saved(tmp_path)).images == 2
    Database(path).close()
    assert examine(path).images == 2


@pytest.mark.parametrize("at", ["copy", "header", "name"])
def test_a_start_that_ends_while_it_copies_is_begun_anew(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    path = old_world(tmp_path)
    request.getfixturevalue("next_version")
    whole = path.read_bytes()
    left = tmp_path / "backups" / f".before-migration-v{NOW}-20200101T000000Z.db.partial"
    left.parent.mkdir()
    left.write_bytes(b"of a start that was killed")

    class PowerCutError(BaseException):
        """Nothing in the program catches it."""

    def end(*_: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as patch:
        if at == "copy":
            patch.setattr(migration_copy, "_within_the_kernel", end)
        elif at == "header":
            patch.setattr(migration_copy, "_be_one_file", end)
        else:
            patch.setattr(Path, "replace", end)
        with pytest.raises(PowerCutError):
            Database(path)
    assert path.read_bytes() == whole
    assert not list((tmp_path / "backups").glob("*.db"))
    Database(path).close()
    assert examine(saved(tmp_path)).version == NOW
    assert examine(path).version == NOW + 1


def test_a_disk_that_fills_while_it_is_copied_leaves_the_old_version(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old_world(tmp_path)
    request.getfixturevalue("next_version")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os, "copy_file_range", full)
        with pytest.raises(StoreError) as caught:
            Database(path)
    assert caught.value.code == "migration_backup_failed"
    assert not list((tmp_path / "backups").iterdir())
    Database(path).close()
    assert examine(path).version == NOW + 1


def test_without_that_backup_nothing_is_migrated(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = old_world(tmp_path)
    (tmp_path / "backups").write_text("in the way")
    request.getfixturevalue("next_version")
    with pytest.raises(StoreError) as caught:
        Database(path)
    assert caught.value.code == "migration_backup_failed"
    plain = apsw.Connection(str(path))
    assert plain.pragma("user_version") == NOW
    assert not plain.execute("SELECT 1 FROM sqlite_schema WHERE name = 'extra'").fetchall()
    plain.close()
