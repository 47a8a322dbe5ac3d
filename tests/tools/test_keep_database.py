"""Saving the database before an upgrade, and bringing it back, as install.sh calls it."""

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from project import ROOT

TOOL = ROOT / "bundle" / "keep_database.py"


def keep(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-I", TOOL, *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def make(path: Path, version: int, *rows: str) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE IF NOT EXISTS some (text)")
        database.executemany("INSERT INTO some VALUES (?)", [(row,) for row in rows])
        database.execute(f"PRAGMA user_version = {version}")
        database.commit()
    return path


def rows(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return [text for (text,) in database.execute("SELECT text FROM some ORDER BY text")]


def test_a_backup_has_what_only_the_log_holds(tmp_path: Path) -> None:
    database = make(tmp_path / "ocr_data.db", 1, "old")
    target = tmp_path / "backups" / "saved.db"
    with contextlib.closing(sqlite3.connect(database)) as other:  # keeps the log alive
        other.execute("INSERT INTO some VALUES ('new')")
        other.commit()
        assert (tmp_path / "ocr_data.db-wal").stat().st_size
        done = keep("backup", database, target)
    assert done.returncode == 0, done.stderr
    assert "Saved as data/backups/saved.db" in done.stdout
    assert rows(target) == ["new", "old"]
    assert target.stat().st_mode & 0o777 == 0o640


def test_no_database_yet(tmp_path: Path) -> None:
    done = keep("backup", tmp_path / "none.db", tmp_path / "backups" / "saved.db")
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_database_is_not_saved_as_if_it_were_whole(tmp_path: Path) -> None:
    database = make(tmp_path / "ocr_data.db", 1, *(f"{n:0200}" for n in range(200)))
    content = bytearray(database.read_bytes())
    content[8192:12288] = bytes(4096)
    database.write_bytes(content)
    done = keep("backup", database, tmp_path / "backups" / "saved.db")
    assert done.returncode == 1
    assert done.stderr.startswith("keep_database: ")
    assert not (tmp_path / "backups" / "saved.db").exists()


@pytest.mark.parametrize(("now", "before"), [(1, 1), (1, 2)])
def test_a_database_that_the_version_before_reads_stays(
    tmp_path: Path, now: int, before: int
) -> None:
    database = make(tmp_path / "ocr_data.db", now, "new")
    backup = make(tmp_path / "backup.db", before, "old")
    done = keep("go-back", database, backup, tmp_path / "saved" / "new.db")
    assert done.returncode == 0
    assert rows(database) == ["new"]
    assert not (tmp_path / "saved").exists()


def test_a_migrated_database_gives_way_to_the_backup(tmp_path: Path) -> None:
    database = make(tmp_path / "ocr_data.db", 2, "new")
    backup = make(tmp_path / "backup.db", 1, "old")
    done = keep("go-back", database, backup, tmp_path / "saved" / "new.db")
    assert done.returncode == 0, done.stderr
    assert "as before the upgrade" in done.stdout
    assert rows(database) == ["old"]
    assert rows(tmp_path / "saved" / "new.db") == ["new"]
    assert rows(backup) == ["old"]


def test_no_backup_nothing_to_bring_back(tmp_path: Path) -> None:
    database = make(tmp_path / "ocr_data.db", 2, "new")
    assert keep("go-back", database, tmp_path / "none.db", tmp_path / "s" / "n.db").returncode == 0
    assert rows(database) == ["new"]
