"""One writer, whole transactions, readers that never have to wait for it to live."""

import errno
import json
import os
import random
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import apsw
import pytest

from ocr_contract import schema
from ocr_errors import EXIT_NO_ACCESS, DiskFullError, StoreError
from project import ROOT
from records import opening
from records.database import Database, lock, utc_now
from supervisor import FINAL_EXIT_CODES

CHILD = Path(__file__).with_name("database_child.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT / 'contract'}:{ROOT / 'ocr'}"}


class Child:
    """`database_child.py` at work; killed at the end whatever happens."""

    def __init__(self, action: str, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), action, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )

    @property
    def output(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def end(self) -> None:
        """Let it close the database and go."""
        self.process.communicate(timeout=20)
        assert self.process.returncode == 0


def look_from_outside(path: Path) -> dict[str, object]:
    """What a reader in another process sees."""
    result = subprocess.run(
        [sys.executable, str(CHILD), "read", str(path)],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=30,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout))


def states(database: Database) -> list[str]:
    with database.reading() as connection:
        return [row[0] for row in connection.execute("SELECT key FROM service_state ORDER BY key")]


def add(database: Database, key: str) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO service_state VALUES (?, '1')", (key,))


def test_a_new_database_has_version_and_pragmas(database: Database) -> None:
    expected = {
        "user_version": schema.SCHEMA_VERSION,
        "application_id": 0x4F435254,
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "wal_autocheckpoint": 1000,
        "journal_size_limit": 64 * 1024 * 1024,
        "busy_timeout": 5000,
    }
    with database.reading() as connection:
        found = {name: connection.execute(f"PRAGMA {name}").fetchall()[0][0] for name in expected}
    assert found == expected


def test_the_files_are_for_user_and_group(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        opened = Database(tmp_path / "ocr_data.db")
        add(opened, "one")
        for suffix in ("", "-wal", "-shm", ".lock"):
            mode = stat.S_IMODE((tmp_path / f"ocr_data.db{suffix}").stat().st_mode)
            assert mode == 0o640, suffix
        opened.close()
    finally:
        os.umask(before)


def test_opening_it_again_finds_everything(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    first = Database(path)
    add(first, "one")
    first.close()
    first.close()  # twice does no harm
    second = Database(path)
    assert states(second) == ["one"]
    second.close()


def test_a_second_service_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    with Child("hold", path) as holder:
        assert holder.output.readline() == "ready\n"
        with Child("hold", path) as second:
            assert second.output.readline().startswith("already_running Another ocr_service")
            assert second.process.wait(10) == EXIT_NO_ACCESS
        with pytest.raises(StoreError) as error:
            Database(path)
        assert error.value.code == "already_running"
        holder.end()
    Database(path).close()


def test_a_refused_database_lets_go_of_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    path.write_text("words, " * 1000)
    for _ in range(2):
        with pytest.raises(StoreError) as error:
            Database(path)
        assert error.value.code == "not_a_database"
    path.unlink()
    Database(path).close()


def refused(path: Path, code: str) -> None:
    """It is refused, and not one byte of it changes, nor does a file appear beside it."""
    before = path.read_bytes()
    with pytest.raises(StoreError) as error:
        Database(path)
    assert error.value.code == code
    opened = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
    assert not [name for name in opened if name.startswith(str(path))], "left open"
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} == {path.name, path.name + ".lock"}


@pytest.mark.parametrize("content", [b"notes\n" * 500, b"\x00" * 5000, b"short"])
def test_what_is_no_database_is_left_untouched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ocr_data.db"
    path.write_bytes(content)
    refused(path, "not_a_database")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE recipes (name)",
        "CREATE TABLE recipes (name); PRAGMA user_version = 1",
        "PRAGMA user_version = 1",
        "PRAGMA user_version = -3; PRAGMA application_id = 7",
    ],
)
def test_another_programs_database_is_left_untouched(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "ocr_data.db"
    foreign = apsw.Connection(str(path))
    foreign.execute(sql)
    foreign.close()
    refused(path, "foreign_database")


def test_a_newer_database_is_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    newer = apsw.Connection(str(path))
    newer.execute(schema.schema_sql())
    newer.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
    newer.close()
    refused(path, "schema_version")


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    path.touch()
    Database(path).close()
    assert look_from_outside(path)["integrity"] == "ok"


def test_a_folder_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Give that folder to the service") as error:
        Database(tmp_path / "file" / "ocr_data.db")
    assert error.value.code == "data_not_writable"
    (tmp_path / "ocr_data.db").mkdir()
    with pytest.raises(StoreError, match="Check the disk") as error:
        Database(tmp_path / "ocr_data.db")
    assert error.value.code == "database_unusable"


def test_a_migration_is_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ocr_data.db"
    Database(path).close()
    now = schema.SCHEMA_VERSION
    monkeypatch.setattr(schema, "SCHEMA_VERSION", now + 2)
    steps = {
        now: "CREATE TABLE extra (a)",
        now + 1: "CREATE TABLE more (a); INSERT INTO nowhere VALUES (1)",
    }
    monkeypatch.setattr(opening, "MIGRATIONS", steps)
    with pytest.raises(StoreError) as error:
        Database(path)
    assert error.value.code == "database_unusable"
    plain = apsw.Connection(str(path))
    assert plain.pragma("user_version") == now + 1
    tables = {row[0] for row in plain.execute("SELECT name FROM sqlite_schema")}
    assert "extra" in tables
    assert "more" not in tables
    plain.close()
    steps[now + 1] = "CREATE TABLE more (a)"
    Database(path).close()


def test_an_exception_undoes_the_transaction(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute("INSERT INTO service_state VALUES ('one', '1')")
        raise ZeroDivisionError
    assert states(database) == []
    add(database, "two")
    assert states(database) == ["two"]


def test_an_inner_transaction_is_a_part_of_the_outer_one(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction():
        add(database, "inner")
        raise ZeroDivisionError
    assert states(database) == []
    with database.transaction():
        add(database, "inner")
        add(database, "inner too")
    assert states(database) == ["inner", "inner too"]


def test_a_commit_that_fails_is_undone(database: Database) -> None:
    with pytest.raises(apsw.ConstraintError), database.transaction() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        connection.execute("INSERT INTO service_state VALUES ('one', '1')")
        connection.execute(
            "INSERT INTO pages (image_id, number, width, height, text, line_count) "
            "VALUES (99, 1, 1, 1, '', 0)"
        )
    assert states(database) == []
    add(database, "two")


def test_threads_take_turns(database: Database) -> None:
    def work(name: str) -> None:
        for number in range(20):
            with database.transaction() as connection:
                before = connection.execute("SELECT count(*) FROM service_state").fetchall()
                add(database, f"{name}{number}")
                after = connection.execute("SELECT count(*) FROM service_state").fetchall()
                counts.append(after[0][0] - before[0][0])

    counts: list[int] = []
    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert counts == [1] * 60


def test_readers_see_everything_in_every_state_of_the_writer(tmp_path: Path) -> None:
    """While it runs, after a clean stop, and after kill -9, on a folder mounted read-only."""
    path = tmp_path / "ocr_data.db"
    with Child("write", path) as writer:
        assert [writer.output.readline() for _ in range(4)][-1] == "3\n"
        running = look_from_outside(path)
        assert running["whole"]
        assert int(str(running["newest"])) >= 3
    killed = look_from_outside(path)
    assert killed["whole"]
    assert int(str(killed["newest"])) >= 3
    with Child("hold", path) as holder:
        assert holder.output.readline() == "ready\n"
        holder.end()
    assert (tmp_path / "ocr_data.db-wal").exists(), "a read-only mount needs the WAL to be there"
    assert (tmp_path / "ocr_data.db-shm").exists()
    assert look_from_outside(path) == killed


def test_killed_at_any_moment_it_has_every_acknowledged_batch_whole(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    rng = random.Random(20)
    acknowledged = 0
    for _ in range(24):
        with Child("write", path) as writer:
            assert writer.output.readline() == "ready\n"
            killer = threading.Timer(rng.uniform(0.001, 0.05), writer.process.kill)
            killer.start()
            lines = [line for line in writer.output if line.endswith("\n")]
            killer.join()
            began, acknowledged = acknowledged, int(lines[-1]) if lines else acknowledged
            assert acknowledged >= began
        check = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        batches = list(check.execute("SELECT images, count(*) FROM batches GROUP BY images"))
        assert check.pragma("integrity_check") == "ok"
        check.close()
        assert [count for _, count in batches] == [3] * len(batches)
        newest = len(batches)
        assert acknowledged <= newest <= acknowledged + 1
        acknowledged = newest
    assert acknowledged >= 24, "no work was done between the kills"


def test_the_wal_is_cut_back(database: Database, tmp_path: Path) -> None:
    for number in range(40):
        with database.transaction() as connection:
            connection.execute(
                "INSERT INTO service_state VALUES (?, ?)", (str(number), "x" * 500_000)
            )
    wal = tmp_path / "ocr_data.db-wal"
    assert wal.stat().st_size < 8_000_000, "checkpointed as it goes"


def test_times_sort_as_they_read() -> None:
    first, second = utc_now(), utc_now()
    assert first <= second
    assert len(first) == len("2026-01-31T12:00:00.000Z")
    assert first.endswith("Z")


@pytest.mark.parametrize("error", [apsw.FullError("full"), apsw.IOError("disk I/O error")])
def test_a_start_on_a_full_disk_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: apsw.Error
) -> None:
    """Its sentence says that it goes on by itself: the supervisor may not take it for final."""

    def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr(opening, "free_bytes", lambda _: 0)
    with monkeypatch.context() as full:
        full.setattr(opening, "_migrate", failing)
        with pytest.raises(DiskFullError) as caught:
            Database(tmp_path / "ocr_data.db")
    assert caught.value.exit_code not in FINAL_EXIT_CODES
    Database(tmp_path / "ocr_data.db").close()


def test_a_lock_that_cannot_be_had_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(number: int) -> str:
        def opened(*_: object) -> int:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr("records.database.os.open", opened)
            with pytest.raises(StoreError) as caught:
                lock(tmp_path / "ocr_data.db")
        return caught.value.message

    assert "chown -R" in failing(errno.EACCES)
    assert failing(errno.EACCES).endswith(str(tmp_path)), "the command is whole"
    assert "disk of the data folder is full" in failing(errno.ENOSPC)
