"""What a start sees, and that it reads no more of a large database than of a small one."""

import itertools
import os
from pathlib import Path

import apsw
import pytest
from deep_damage import damage_deeply, large_database, overwrite, pages_of

from ocr_contract import schema
from ocr_errors import StoreError
from records import quick_look
from records.database import Database


def reader(path: Path) -> apsw.Connection:
    return apsw.Connection(str(path), apsw.SQLITE_OPEN_READONLY)


def pages_read(path: Path) -> int:
    """How many pages a look reads that is given no time to read on."""
    connection = reader(path)
    assert quick_look.problem(connection, reading_s=0.0) is None
    misses, _ = connection.status(apsw.SQLITE_DBSTATUS_CACHE_MISS)
    connection.close()
    return misses


def every_tree() -> list[str]:
    """Each table and index of the schema."""
    made = apsw.Connection(":memory:")
    made.execute(schema.schema_sql())
    rows = made.execute("SELECT name FROM sqlite_schema WHERE rootpage > 0").fetchall()
    made.close()
    return [str(name) for (name,) in rows]


def refused(path: Path) -> str:
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        Database(path)
    assert caught.value.code == "database_damaged"
    assert path.read_bytes() == before
    return caught.value.message


def test_a_larger_database_costs_no_more(tmp_path: Path) -> None:
    path = large_database(tmp_path / "ocr_data.db")
    before = pages_read(path)
    database = Database(path)
    with database.transaction() as connection:
        for _ in range(3):  # eight times as many
            connection.execute(
                "INSERT INTO lines (page_id, number, text, confidence, polygon) SELECT page_id, "
                "number + (SELECT max(number) FROM lines), text, confidence, polygon FROM lines"
            )
    database.close(clean=False)
    assert len(pages_of(path, "lines")) > 2000
    assert pages_read(path) < before + 50


@pytest.mark.parametrize("tree", every_tree())
def test_every_root_is_looked_at(tmp_path: Path, tree: str) -> None:
    path = tmp_path / "ocr_data.db"
    Database(path).close()
    plain = reader(path)
    ((root,),) = plain.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = ?", (tree,)
    ).fetchall()
    plain.close()
    overwrite(path, int(str(root)))
    os.utime(path, ns=(0, 0))
    connection = reader(path)
    assert (quick_look._at_the_roots(connection) or "").endswith("of a table or an index")
    connection.close()
    refused(path)


def test_after_a_clean_stop_the_roots_are_looked_at_too(tmp_path: Path) -> None:
    """A disk changes no times of a file."""
    path = large_database(tmp_path / "ocr_data.db")
    Database(path).close()
    times = path.stat()
    overwrite(path, pages_of(path, "images_status")[0])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert "images_status" in refused(path)


def test_a_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    path = large_database(tmp_path / "ocr_data.db")
    Database(path).close()
    os.truncate(path, path.stat().st_size - 4096)
    refused(path)


def test_damage_in_many_places_is_seen_at_a_look(tmp_path: Path) -> None:
    path = large_database(tmp_path / "ocr_data.db")
    leaves = pages_of(path, "lines")
    overwrite(path, *leaves[100 : len(leaves) // 2])
    connection = reader(path)
    with pytest.raises(apsw.CorruptError):
        quick_look.problem(connection, reading_s=0.0)
    connection.close()


def test_a_text_whose_pages_are_lost_is_seen_at_a_look(tmp_path: Path) -> None:
    """A long text lies on pages of its own, behind its row."""
    path = tmp_path / "ocr_data.db"
    database = Database(path)
    with database.transaction() as connection:
        connection.execute("CREATE TABLE extra (a)")
        connection.execute("INSERT INTO extra VALUES (?)", ("long " * 10_000,))
    database.close()
    plain = reader(path)
    rows = plain.execute(
        "SELECT pageno FROM dbstat WHERE name = 'extra' AND pagetype = 'overflow' ORDER BY path"
    ).fetchall()
    plain.close()
    overwrite(path, int(str(rows[5][0])))
    connection = reader(path)
    with pytest.raises(apsw.CorruptError):
        quick_look._here_and_there(connection)
    connection.close()


def test_a_text_that_is_none_any_more_stops_no_start(tmp_path: Path) -> None:
    """Structure is checked, as ever, and not what stands there."""
    path = large_database(tmp_path / "ocr_data.db")
    database = Database(path)
    with database.transaction() as connection:
        connection.execute("UPDATE lines SET text = CAST(x'61ff62' AS TEXT)")
    database.close(clean=False)
    Database(path).close()


def test_what_can_be_read_in_time_is_read_as_a_whole(tmp_path: Path) -> None:
    path = large_database(tmp_path / "ocr_data.db")
    damage_deeply(path)
    connection = reader(path)
    assert quick_look.problem(connection, reading_s=0.0) is None, "it lies deep"
    with pytest.raises(apsw.CorruptError):
        quick_look.problem(connection, reading_s=3600.0)
    connection.close()
    refused(path)


def test_the_reading_ends_in_time(tmp_path: Path) -> None:
    """By a clock that says each time it is asked that a second has passed."""
    path = large_database(tmp_path / "ocr_data.db")
    damage_deeply(path)
    seconds = itertools.count()
    connection = reader(path)
    assert quick_look.problem(connection, reading_s=3.0, clock=lambda: next(seconds)) is None
    assert next(seconds) <= 5
    connection.close()
