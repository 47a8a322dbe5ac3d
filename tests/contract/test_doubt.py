"""Doubt in numbers and bands, and the same table in Python and in SQL."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_contract import doubt, schema
from ocr_contract.doubt import SENTENCES, Band, Reason


@pytest.fixture(name="database")
def empty_database() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema.schema_sql())
    return connection


CONFIDENCES = [0.0, 0.5, 0.7499, 0.75, 0.8999, 0.9, 0.9499, 0.95, 0.9799, 0.98, 0.9949, 0.995, 1.0]


def test_sql_and_python_derive_the_same_from_a_confidence(database: sqlite3.Connection) -> None:
    database.executemany(
        "INSERT INTO lines (page_id, number, text, confidence, polygon) VALUES (1, ?, '', ?, '')",
        list(enumerate(CONFIDENCES)),
    )
    rows = database.execute("SELECT doubt FROM lines ORDER BY number").fetchall()
    assert [row[0] for row in rows] == [doubt.from_confidence(each) for each in CONFIDENCES]


def test_what_was_measured_stands_above_it(database: sqlite3.Connection) -> None:
    database.execute(
        "INSERT INTO lines (page_id, number, text, confidence, polygon, measured_doubt) "
        "VALUES (1, 1, '', 0.99, '', 0.75)"
    )
    assert database.execute("SELECT doubt FROM lines").fetchall() == [(0.75,)]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2).map(sorted))
def test_more_confidence_is_never_more_doubt(confidences: list[float]) -> None:
    less, more = map(doubt.from_confidence, confidences)
    assert 0 < more <= less < 1


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (0, Band.SURE),
        (doubt.LOOK_AT, Band.CHECK),
        (doubt.DOUBTFUL - 1e-9, Band.CHECK),
        (doubt.DOUBTFUL, Band.DOUBTFUL),
        (1, Band.DOUBTFUL),
    ],
)
def test_bands(value: float, band: Band) -> None:
    assert doubt.band(value) is band


def test_every_reason_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Reason)
