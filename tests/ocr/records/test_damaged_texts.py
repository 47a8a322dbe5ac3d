"""Letters that changed on the disk, which SQLite's checks do not see: found, told, read again."""

import logging
import re
import threading
from pathlib import Path

import pytest
from database_fixtures import World

from records import damaged_corrections, damaged_texts
from records.thorough_check import ThoroughCheck

LETTER, NO_TEXT = 0x01, 0x80
"""The bit that changes: another letter, or what is no UTF-8 any more."""


@pytest.fixture
def read(tmp_path: Path) -> World:
    """Two images and a copy of the second, which a person corrected; the index holds all."""
    world = World(tmp_path)
    for path, content in ((b"a.png", "cat"), (b"b.png", "dog"), (b"copy.png", "dog")):
        world.put(path, content)
    world.read_all()
    ((line_id,),) = world.rows("SELECT id FROM lines WHERE text = 'the text of dog'")
    world.effects.correct(line_id, "the text of a dog", None)
    world.index_waiting()
    return world


def after_a_change(
    world: World, said: bytes, bit: int, *, last: bool = False, skip: int = 0
) -> World:
    """The service stopped, the disk changed what it said first or last, and it starts."""
    path = world.database.path
    with world.database.reading() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    world.close()
    content = bytearray(path.read_bytes())
    at = content.rindex(said) if last else content.index(said)
    content[at + skip] ^= bit
    path.write_bytes(content)
    again = World(path.parent)
    again.files = world.files
    return again


def check(world: World) -> None:
    made = ThoroughCheck(world.database, stop=threading.Event())
    made.check_what_is_due()
    assert made.state["state"] == "sound"


@pytest.mark.parametrize("bit", [LETTER, NO_TEXT])
@pytest.mark.parametrize("last", [False, True])
def test_a_changed_letter_is_found_and_its_image_read_again(
    read: World, bit: int, last: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Of the line or of the page: which is which the file decides, and both are tried."""
    world = after_a_change(read, b"text of dog", bit, last=last)
    with caplog.at_level(logging.ERROR):
        check(world)
    assert "1 images were damaged on the disk; they are read again: b.png" in caplog.text
    for path in (b"b.png", b"copy.png"):
        row = world.row(path)
        assert (row["status"], row["warning_code"]) == ("pending", "text_damaged")
    assert world.row(b"a.png")["status"] == "done"
    world.read_all()
    assert world.text(b"copy.png") == "the text of a dog", "the correction stays"
    assert world.rows("SELECT text FROM pages") == [("the text of cat",), ("the text of dog",)]
    assert world.row(b"b.png")["warning_code"] is None
    check(world)
    world.check()
    world.close()


def test_where_its_file_is_gone_the_text_stays_with_a_warning(read: World) -> None:
    read.remove(b"a.png")
    world = after_a_change(read, b"text of cat", NO_TEXT)
    check(world)
    row = world.row(b"a.png")
    assert (row["status"], row["warning_code"]) == ("missing", "text_damaged")
    assert "compare it with a backup" in row["warning"]
    world.close()


def test_what_stands_beside_a_line_may_be_no_text_either(read: World) -> None:
    world = after_a_change(read, b"[[0,0],", NO_TEXT)
    check(world)
    assert [world.status(path) for path in (b"a.png", b"b.png")].count("pending") == 1
    world.read_all()
    world.check()
    world.close()


@pytest.mark.parametrize("bit", [LETTER, NO_TEXT])
def test_a_name_is_made_of_its_path_again(read: World, bit: int) -> None:
    world = after_a_change(read, b"a.pnga.png", bit, skip=len("a.png"))  # the path, and the name
    check(world)
    assert world.rows("SELECT name FROM images") == [("a.png",), ("b.png",), ("copy.png",)]
    world.check()
    world.close()


@pytest.mark.parametrize("last", [False, True])
def test_reading_goes_on_beside_a_text_that_is_none(read: World, last: bool) -> None:
    """What is stored next looks through the words of the newest pages: it ended the service."""
    world = after_a_change(read, b"text of cat", NO_TEXT, last=last)
    world.put(b"new.png", "bird")
    world.read_all()
    world.index_waiting()
    assert world.text(b"new.png") == "the text of bird"
    check(world)
    world.read_all()
    world.check()
    world.close()


def test_of_very_many_a_part_is_read_again(read: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with read.database.transaction() as connection:
        connection.execute("UPDATE lines SET text = 'changed'")
        assert damaged_texts.find(connection) == [1, 2]
        assert damaged_texts.find(connection, most=1) == [1]
    monkeypatch.setattr(damaged_texts, "TOGETHER", 1)
    check(read)
    assert read.status(b"a.png") == read.status(b"b.png") == "pending"
    read.close()


@pytest.mark.parametrize("record", ["{", '{"ends": 1}', '{"ends": 1, "tables": [1]}', "[]"])
def test_a_record_of_the_check_that_is_none_makes_everything_due(read: World, record: str) -> None:
    with read.database.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO service_state (key, value) VALUES ('thorough_check', ?1), "
            "('in_work_at_ends', ?1)",
            (record,),
        )
    check(read)
    assert read.store.claim(2) is None
    read.store.recover(3)
    read.close()


def typed(world: World) -> list[tuple[str]]:
    """The three copies of a correction."""
    return world.rows(
        "SELECT text FROM corrections UNION ALL SELECT text FROM line_changes "
        "UNION ALL SELECT corrected FROM pages WHERE corrected IS NOT NULL"
    )


@pytest.mark.parametrize(("place", "bit"), [(0, LETTER), (1, NO_TEXT), (2, LETTER), (2, NO_TEXT)])
def test_what_a_person_typed_is_mended(
    read: World, place: int, bit: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = read.database.path
    with read.database.reading() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    content = path.read_bytes()
    places = [found.start() for found in re.finditer(b"text of a dog", content)]
    assert len(places) == 3
    world = after_a_change(read, content[places[place] - 8 :][:21], bit, skip=8)
    check(world)
    assert typed(world) == [("the text of a dog",)] * 3
    assert "1 corrections were damaged on the disk; of 0 nobody knows" in caplog.text
    assert world.hits("text of a dog") == 2
    check(world)
    world.check()
    world.close()


def test_of_what_was_typed_nobody_may_know_what_it_was(read: World) -> None:
    with read.database.transaction() as connection:
        connection.execute("DELETE FROM line_changes")  # before version 4 there was no history
        assert damaged_corrections.find(connection) == []
        connection.execute("UPDATE corrections SET text = 'the text of a fog'")
        (line_id,) = damaged_corrections.find(connection)
        assert damaged_corrections.mend(connection, [line_id]) == 1
    assert typed(read) == [("the text of a fog",)] * 2
    read.close()
