"""Hits that were misread: found beside the exact ones, and nothing else with them."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import pytest

from ocr_contract.schema import SCHEMA_VERSION, open_reader, schema_sql
from ocr_contract.search import evaluator, language, similar
from ocr_contract.search.similar import SimilarHits
from records import search_index

TEXTS = [
    "total 12.50",
    "tota1 9.00",
    "T0TAL in march",
    "the inv oice of acme",
    "cash and carry",
    "paid in ash",
    "taman seri-jati",
    "jalan kenarj five",
    "totally other",
]


def build(path: Path, texts: Sequence[str], status: Sequence[str] = ()) -> None:
    """The database, folded as ocr_service does it; ids are the places in the list, from 1."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(schema_sql())
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        with connection:
            for number, text in enumerate(texts, 1):
                state = status[number - 1] if status else "done"
                connection.execute(
                    "INSERT INTO images (id, path, name, size_bytes, mtime_ns, ctime_ns, inode, "
                    "status, found_at, updated_at) VALUES (?1, ?1, ?1 || '.png', 1, 1, 1, 1, ?2, "
                    "'2026-01-31T12:00:00.000Z', '2026-01-31T12:00:00.000Z')",
                    (number, state),
                )
                connection.execute(
                    "INSERT INTO pages (image_id, number, width, height, text, line_count) "
                    "VALUES (?, 1, 1, 1, ?, 1)",
                    (number, text),
                )
            search_index.index_some(connection, len(texts))


@contextmanager
def archive(
    tmp_path: Path, texts: Sequence[str], status: Sequence[str] = ()
) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "ocr_data.db"
    build(path, texts, status)
    with closing(open_reader(path)) as connection:
        yield connection


@pytest.fixture(scope="module")
def usual_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("usual") / "ocr_data.db"
    build(path, TEXTS)
    return path


@pytest.fixture
def usual(usual_file: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_reader(usual_file)) as connection:
        yield connection


def ask(connection: sqlite3.Connection, typed: str, **more: object) -> SimilarHits:
    query = language.parse(typed)
    assert query is not None
    return similar.find(connection, query.tree, limit_s=60, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("total", {2: "tota1", 3: "t0tal"}),
        ("total march", {3: "t0tal"}),
        ("total -march", {2: "tota1"}),
        ("march total OR nothing", {3: "t0tal"}),
        ("invoice", {4: "inv oice"}),
        ("invoice folder:elsewhere", {}),
        ("cash", {6: "ash"}),
        ('"jalan kenari five"', {8: "jalan kenarj five"}),
        ("exact:total", {}),
        ("name:total", {}),
        ("-total", {}),
        ("12.50", {}),
        ("state:done", {}),
        ("北京", {}),
    ],
)
def test_what_is_found(usual: sqlite3.Connection, typed: str, expected: dict[int, str]) -> None:
    found = ask(usual, typed)
    assert {image_id: reading.read for image_id, reading in found.hits} == expected
    assert found.is_complete
    assert {reading.read for reading in found.readings} >= set(expected.values())


def test_what_is_known_already_is_no_new_hit(usual: sqlite3.Connection) -> None:
    found = ask(usual, "total", known=[3])
    assert [image_id for image_id, _ in found.hits] == [2]


def test_a_reading_is_typed_to_find_it(usual: sqlite3.Connection) -> None:
    queries = {reading.query for reading in ask(usual, "invoice").readings}
    assert queries == {'"inv oice"'}


def test_a_state_is_kept_to(tmp_path: Path) -> None:
    with archive(tmp_path, ["tota1", "tota1"], ["missing", "done"]) as connection:
        found = ask(connection, "total state:missing")
    assert [image_id for image_id, _ in found.hits] == [1]


def test_each_reading_has_its_turn(tmp_path: Path) -> None:
    with archive(tmp_path, ["tota1"] * 8 + ["total5", "t0tal"]) as connection:
        found = ask(connection, "total")
        two = ask(connection, "total", most=2)
    hits = [(image_id, reading.read) for image_id, reading in found.hits]
    assert hits[:2] == [(10, "t0tal"), (1, "tota1")]
    assert {read for _, read in hits[2:]} == {"tota1"}
    assert [(image_id, reading.read) for image_id, reading in two.hits] == hits[:2]
    assert not two.is_complete


def test_without_time_each_reading_has_the_hit_in_which_it_was_met_first(
    usual: sqlite3.Connection,
) -> None:
    query = language.parse("total")
    assert query is not None
    ticks = iter([0.0, *([1.0] * 100)])
    found = similar.find(usual, query.tree, limit_s=0.5, clock=lambda: next(ticks))
    assert [(image_id, reading.read) for image_id, reading in found.hits] == [
        (3, "t0tal"),
        (2, "tota1"),
    ]
    assert not found.is_complete


def test_the_parts_of_a_phrase_are_looked_up_while_there_is_time(usual: sqlite3.Connection) -> None:
    query = language.parse('"total sum"')
    assert query is not None
    in_time = similar.readings(usual, query.tree)
    assert {reading.read for reading in in_time} > set()
    late = similar.readings(usual, query.tree, is_over=lambda: True)
    assert len(late) < len(in_time)
    assert not similar.find(usual, query.tree, limit_s=0.0).is_complete


def test_a_reading_that_has_gone_from_there_is_no_hit(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    build(path, ["tota1", "other"])
    with closing(apsw.Connection(str(path))) as writer:
        writer.execute("UPDATE words SET image_id = 2 WHERE word = 'tota1'")
    with closing(open_reader(path)) as connection:
        found = ask(connection, "total")
    assert [image_id for image_id, _ in found.hits] == [1]


def test_when_the_time_of_the_request_is_up_nothing_is_an_error(
    usual: sqlite3.Connection,
) -> None:
    usual.set_progress_handler(lambda: 1, 1)
    found = ask(usual, "total")
    assert (found.readings, found.hits, found.is_complete) == ([], [], False)


def test_no_search_is_begun_for_which_the_time_is_too_short(
    usual: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FTS5 is not interrupted in the middle: one search could take twice the time that there is."""
    begun: list[object] = []
    look = evaluator.find
    monkeypatch.setattr(evaluator, "find", lambda *a, **k: begun.append(a) or look(*a, **k))
    query = language.parse("total")
    assert query is not None
    quick = similar.find(usual, query.tree, limit_s=60, each_s=1)
    assert begun and quick.is_complete
    begun.clear()
    slow = similar.find(usual, query.tree, limit_s=60, each_s=61)
    assert not begun and not slow.is_complete
    assert slow.hits, "where a reading was met first is known without a search"
