"""Every FTS5 operator, 10,000 random searches and 100 addresses: never an unhandled error.

FUZZ_QUERIES is how many searches, e.g. 1000000 or, while one works on something, 8000.
"""

import os
import random

import pytest
import query_fuzz
from demo_data import DemoDatabase
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from ocr_contract.search import language

COUNT = int(os.environ.get("FUZZ_QUERIES", "10000"))
PARTS = 4
"""Tests that may run beside each other."""


@pytest.fixture
def filled(database: DemoDatabase) -> DemoDatabase:
    query_fuzz.fill(database)
    return database


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(PARTS))
def test_searches(filled: DemoDatabase, seed: int) -> None:
    count = COUNT // PARTS
    outcome = query_fuzz.search(filled.path, count, random.Random(seed))
    assert outcome.tried == count > len(query_fuzz.FTS5)
    assert outcome.answered + outcome.refused == count
    assert outcome.found > count / 10 and outcome.refused > 0


@pytest.mark.timeout(3600)
def test_addresses(client: FlaskClient, filled: DemoDatabase) -> None:
    count = COUNT // 100
    outcome = query_fuzz.visit(client, count, random.Random(COUNT))
    assert outcome.answered > count / 10 and outcome.refused > count / 10


@pytest.mark.parametrize("path", ["/", "/api/v1/search", "/api/v1/images", "/fragments/live"])
def test_every_operator_over_http(client: FlaskClient, filled: DemoDatabase, path: str) -> None:
    for text in (*query_fuzz.FTS5, *query_fuzz.LANGUAGE):
        reply = client.get(path, query_string={"q": text})
        # /search wants something to be searched.
        is_empty = language.parse(text) is None and path == "/api/v1/search"
        assert reply.status_code == (400 if is_empty else 200), text


@given(st.text(max_size=230))
def test_a_query_is_bounded_or_refused(text: str) -> None:
    try:
        query = language.parse(text)
    except language.QueryTooLongError as error:
        assert "at most" in str(error)
        return
    assert query is None or (len(text) <= 200 and query.read_as)
