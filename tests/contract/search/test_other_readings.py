"""A word that stands in no text, but may: found where it is another reading of a doubtful place."""

import sqlite3
from collections.abc import Iterator

import pytest

from ocr_contract import schema
from ocr_contract.alternatives import Alternative, to_json
from ocr_contract.search import other_readings, similar
from ocr_contract.search.language import parse
from ocr_contract.search.other_readings import other_words

TEXT = "Payable to Hamisch & Sons"
PLACE = Alternative(11, 18, ("Harnisch", "Hamlsch"))


@pytest.fixture(name="database")
def one_image() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.executescript(schema.schema_sql())
    connection.execute(
        "INSERT INTO images (id, path, name, size_bytes, mtime_ns, ctime_ns, inode, status, "
        "found_at, updated_at) VALUES (1, x'61', 'a.png', 1, 1, 1, 1, 'done', '', '')"
    )
    connection.execute(
        "INSERT INTO pages (id, image_id, number, width, height, text, line_count) "
        "VALUES (1, 1, 1, 1, 1, ?, 1)", (TEXT,),
    )  # fmt: skip
    connection.execute(
        "INSERT INTO lines (page_id, number, text, confidence, polygon, alternatives) "
        "VALUES (1, 1, ?, 0.9, '[]', ?)", (TEXT, to_json([PLACE])),
    )  # fmt: skip
    for word in other_words(PLACE, TEXT):
        connection.execute("INSERT INTO other_words VALUES (?, 1)", (word,))
    yield connection
    connection.close()


def test_words_that_are_shown_or_short_are_no_others() -> None:
    assert other_words(PLACE, TEXT) == {"harnisch", "hamlsch"}
    assert other_words(Alternative(0, 7, ("payable", "Pa y")), TEXT) == set()
    assert other_words(Alternative(18, 19, ("", "x ")), TEXT) == set()


def hits(database: sqlite3.Connection, query: str) -> list[tuple[int, str]]:
    wanted = parse(query)
    assert wanted is not None
    found = similar.find(database, wanted.tree, limit_s=5)
    return [(image_id, reading.read) for image_id, reading in found.hits]


def test_an_image_is_found_by_what_a_word_of_it_may_be(database: sqlite3.Connection) -> None:
    assert hits(database, "Harnisch") == [(1, "hamisch")]
    assert hits(database, "payable harnisch") == [(1, "hamisch")]


def test_the_rest_of_the_query_must_hold(database: sqlite3.Connection) -> None:
    assert hits(database, "harnisch march") == []
    assert hits(database, "harnisch -payable") == []


def test_what_was_read_again_is_found_no_more(database: sqlite3.Connection) -> None:
    """The row of `other_words` may stay."""
    database.execute("UPDATE lines SET alternatives = NULL")
    assert list(other_readings.places(database, "harnisch")) == []
    assert hits(database, "harnisch") == []
