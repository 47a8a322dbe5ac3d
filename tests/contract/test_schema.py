"""The contract's database: what the SQL promises, and how a reader opens the file."""

import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ocr_contract import schema
from ocr_contract.schema import SCHEMA_VERSION, SchemaError, Status, check_version, open_reader


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An empty database of this version, in a folder whose name needs quoting."""
    folder = tmp_path / "data ?#%41"
    folder.mkdir()
    connection = sqlite3.connect(folder / "ocr_data.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(schema.schema_sql())
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.close()
    return folder / "ocr_data.db"


def write(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    try:
        connection.executescript(sql)
    finally:
        connection.close()


IMAGE = (
    "INSERT INTO images (id, path, name, size_bytes, mtime_ns, ctime_ns, inode, status, found_at, "
    "updated_at) VALUES ({id}, x'{id:02x}', 'a', 1, 1, 1, 1, '{status}', '', '');"
)
PAGE = (
    "INSERT INTO pages (id, image_id, number, width, height, text, corrected, line_count) "
    "VALUES ({id}, {image}, 1, 1, 1, '{text}', {corrected}, 1);"
)


def test_every_status_is_allowed_and_no_other(path: Path) -> None:
    for number, status in enumerate(Status, 1):
        write(path, IMAGE.format(id=number, status=status))
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        write(path, IMAGE.format(id=99, status="finished"))
    listed = re.search(r"CHECK \(status IN\s*\((.*?)\)\)", schema.schema_sql(), re.S)
    assert listed is not None
    assert {word.strip(" '") for word in listed[1].split(",")} == set(Status)


def test_the_search_follows_every_change_of_a_page(path: Path) -> None:
    def hits(word: str) -> int:
        connection = open_reader(path)
        found = connection.execute(
            "SELECT count(*) FROM images_fts WHERE images_fts MATCH ?", (f'"{word}"',)
        ).fetchone()[0]
        connection.close()
        return int(found)

    write(path, IMAGE.format(id=1, status="done"))
    write(path, PAGE.format(id=1, image=1, text="Straße 早上好", corrected="NULL"))
    assert (hits("traß"), hits("早上好"), hits("Platz")) == (1, 1, 0)
    write(path, "UPDATE pages SET corrected = 'Platz'")
    assert (hits("Straße"), hits("Platz")) == (1, 1)
    write(path, "UPDATE pages SET corrected = NULL, text = 'Weg 12'")
    assert (hits("Straße"), hits("Platz"), hits("Weg")) == (0, 0, 1)
    write(path, "UPDATE pages SET image_id = 1, seconds = 3")
    assert hits("Weg") == 1
    write(path, "DELETE FROM images")
    assert hits("Weg") == 0


def test_a_duplicate_shows_the_pages_of_its_original(path: Path) -> None:
    write(path, IMAGE.format(id=1, status="done") + IMAGE.format(id=2, status="done"))
    write(path, "UPDATE images SET duplicate_of = 1 WHERE id = 2")
    write(path, PAGE.format(id=5, image=1, text="machine", corrected="'person'"))
    connection = open_reader(path)
    rows = connection.execute("SELECT image_id, page_id, text FROM page_texts ORDER BY image_id")
    assert [tuple(row) for row in rows] == [(1, 5, "person"), (2, 5, "person")]
    connection.close()


def test_an_original_with_duplicates_cannot_be_deleted(path: Path) -> None:
    write(path, IMAGE.format(id=1, status="done") + IMAGE.format(id=2, status="done"))
    write(path, "UPDATE images SET duplicate_of = 1 WHERE id = 2")
    with pytest.raises(sqlite3.IntegrityError):
        write(path, "DELETE FROM images WHERE id = 1")


def test_a_reader_reads_and_cannot_write(path: Path) -> None:
    connection = open_reader(path)
    assert connection.execute("SELECT count(*) AS n FROM images").fetchone()["n"] == 0
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM images")
    assert connection.execute("PRAGMA query_only").fetchone()[0] == 1
    assert connection.execute("PRAGMA temp_store").fetchone()[0] == 2
    connection.close()


def test_a_reader_leaves_the_log_alone(path: Path) -> None:
    """The last connection that may write would put the log into the file and delete it."""
    code = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        "c.execute('PRAGMA journal_mode = WAL').fetchall();"
        "c.execute(\"INSERT INTO service_state VALUES ('in the log', '1')\"); c.commit();"
        "os._exit(0)"  # as killed: the log stays
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=30)
    files = [path, path.with_name(path.name + "-wal")]
    before = [file.read_bytes() for file in files]
    assert before[1]
    connection = open_reader(path)
    assert connection.execute("SELECT value FROM service_state").fetchone()[0] == "1"
    connection.close()
    assert [file.read_bytes() for file in files] == before


def test_a_reader_creates_no_database(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        open_reader(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


def test_a_long_query_is_ended(path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    connection = open_reader(path, query_limit_s=0.1)
    started = time.monotonic()
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        connection.execute(endless).fetchone()
    assert time.monotonic() - started < 2
    connection.close()


@pytest.mark.parametrize(
    ("version", "advice"),
    [(SCHEMA_VERSION + 1, "Update the program"), (0, "Start ocr_service"), (-5, "Start ocr_serv")],
)
def test_another_version_is_a_sentence(path: Path, version: int, advice: str) -> None:
    write(path, f"PRAGMA user_version = {version}")
    with pytest.raises(SchemaError, match=advice):
        open_reader(path)
    with pytest.raises(SchemaError, match=str(version)):
        check_version(version)


def test_this_version_is_right() -> None:
    check_version(SCHEMA_VERSION)
