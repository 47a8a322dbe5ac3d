"""A database of an older version becomes one of this version: whole, or not at all.

`schema_vN.sql` is the form of version N, word for word as that version made it.
"""

import contextlib
import re
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from database_fixtures import World, text_of
from test_database import CHILD, ENVIRONMENT

from ocr_contract import doubt, schema
from records.database import Database
from records.database_copy import examine
from safekeeping.restore import restore

OLD_VERSIONS = range(1, schema.SCHEMA_VERSION)
ROWS = """
    INSERT INTO images (id, path, name, size_bytes, mtime_ns, ctime_ns, inode, sha256, status,
      attempts, error_code, error, duplicate_of, found_at, updated_at, finished_at)
    VALUES (1, x'61', 'a', 1, 2, 3, 4, 'aa', 'done', 0, NULL, NULL, NULL, 'f', 'u1', 'd'),
           (2, x'62', 'b', 1, 2, 3, 5, 'aa', 'done', 0, NULL, NULL, 1, 'f', 'u2', 'd'),
           (3, x'63', 'c', 1, 2, 3, 6, NULL, 'failed', 2, 'damaged_image', 'Torn.', NULL, 'f', 'u3',
            NULL);
    INSERT INTO pages (id, image_id, number, width, height, text, line_count)
    VALUES (7, 1, 1, 10, 20, 'old words', 1);
    INSERT INTO lines (id, page_id, number, text, confidence, polygon)
    VALUES (8, 7, 1, 'old words', 0.5, '[]');
    INSERT INTO corrections (line_id, text, created_at) VALUES (8, 'mended words', 'c');
"""


def old_database(folder: Path, version: int) -> Path:
    """As the service of that version left it."""
    folder.mkdir(exist_ok=True)
    path = folder / "ocr_data.db"
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(Path(__file__).with_name(f"schema_v{version}.sql").read_text())
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute(ROWS)
    return path


def form(path: Path) -> dict[str, object]:
    """Every table with its columns in their order; index, trigger and view by its text."""
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        found: dict[str, object] = {}
        for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_schema"):
            columns = connection.execute(f"PRAGMA table_xinfo('{name}')").fetchall()
            text = re.sub(r"\s+", " ", sql or "")
            found[name] = columns if kind == "table" else text
        return found


def content(path: Path, table: str) -> list[dict[str, object]]:
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        names = [row[1] for row in connection.execute(f"PRAGMA table_xinfo('{table}')")]
        rows = connection.execute(f"SELECT * FROM {table} ORDER BY 1")
        return [dict(zip(names, row, strict=True)) for row in rows]


@pytest.mark.parametrize("version", OLD_VERSIONS)
def test_it_has_the_form_that_a_new_one_has(tmp_path: Path, version: int) -> None:
    path = old_database(tmp_path / "old", version)
    (tmp_path / "new").mkdir()
    new = tmp_path / "new" / "ocr_data.db"
    for database in (path, new):
        Database(database).close()
    assert form(path) == form(new)
    assert examine(path).version == schema.SCHEMA_VERSION


@pytest.mark.parametrize("version", OLD_VERSIONS)
def test_every_row_is_as_before_and_nothing_is_doubtful(tmp_path: Path, version: int) -> None:
    path = old_database(tmp_path, version)
    tables = ("images", "pages", "lines", "corrections")
    before = {table: content(path, table) for table in tables}
    Database(path).close()
    for table in tables:
        after = content(path, table)
        assert [{**row, **old} for old, row in zip(before[table], after, strict=True)] == after
    images = content(path, "images")
    assert {(row["warning_code"], row["warning"]) for row in images} == {(None, None)}


@pytest.mark.parametrize("version", OLD_VERSIONS)
def test_its_lines_have_a_doubt_from_what_is_known_of_them(tmp_path: Path, version: int) -> None:
    path = old_database(tmp_path, version)
    Database(path).close()
    (line,) = content(path, "lines")
    assert (line["doubt"], line["measured_doubt"]) == (doubt.from_confidence(0.5), None)
    assert content(path, "pages")[0]["doubtful_count"] is None


def test_the_service_goes_on_with_it(tmp_path: Path) -> None:
    old_database(tmp_path, 1)
    world = World(tmp_path)
    world.check()
    assert world.text(b"b") == "old words"
    world.put(b"torn.png", "torn")
    world.read_all()
    assert world.text(b"torn.png") == text_of("torn")
    assert world.store.count_warned() == 1
    world.close()


@pytest.mark.parametrize("version", OLD_VERSIONS)
def test_killed_before_any_statement_of_it(tmp_path: Path, version: int) -> None:
    """A version whole, never between two, and the next start goes on."""
    path = old_database(tmp_path, version)
    old_form = form(path)
    statement = 0
    while form(path) == old_form:
        done = subprocess.run(
            [sys.executable, str(CHILD), f"die{statement}", str(path)],
            env=ENVIRONMENT, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert examine_live(path) == "ok"
        if done.returncode != 0:
            assert done.returncode == -signal.SIGKILL, done.stderr
        else:
            assert statement == int(done.stdout), "each statement was the last one once"
        statement += 1
    assert statement >= 8
    later = old_form_of(tmp_path / "later", version + 1)
    assert form(path) == later
    assert content(path, "pages")[0]["text"] == "old words"
    Database(path).close()


def old_form_of(folder: Path, version: int) -> dict[str, object]:
    """Of the version as such; of the newest one that of a new database."""
    if version in OLD_VERSIONS:
        return form(old_database(folder, version))
    folder.mkdir()
    Database(folder / "ocr_data.db").close()
    return form(folder / "ocr_data.db")


def examine_live(path: Path) -> str:
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        return str(connection.pragma("integrity_check"))


def test_a_backup_of_the_old_form_can_be_restored(tmp_path: Path) -> None:
    """The copy that was made before the migration is one."""
    path = old_database(tmp_path, 1)
    Database(path).close()
    (saved,) = (tmp_path / "backups").glob("before-migration-v1-*.db")
    assert restore(saved, path).pages == 1
    assert examine(path).version == 1
    Database(path).close()
    assert examine(path).version == schema.SCHEMA_VERSION
