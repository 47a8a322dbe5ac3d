"""What facets tell: the numbers, and that each condition finds what its number promises."""

import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_archive import Image, Page, build, hits
from test_search_property import archives, typed

from ocr_contract.schema import Status, open_reader
from ocr_contract.search import evaluator, facets, language, narrowing
from ocr_contract.search.facets import Facets
from ocr_contract.search.narrowing import Condition

IMAGES = [
    Image("2016/tax/a.png", [Page("paid", confidence=0.95)], day="2016-12-31"),
    Image("2016/tax/b.png", [Page("paid", confidence=0.8)], day="2017-01-02", has_warning=True),
    Image("2017/My scans/c.png", [Page("paid", confidence=0.3)], day="2017-01-03"),
    Image("2017/d.png", status=Status.FAILED, day="2017-02-01"),
    Image("e.png", [Page("open")], day="2017-02-01"),
    Image("old/2016/f.png", [Page("paid", confidence=0.9)], day="2017-02-01"),
]


def facets_of(path: Path, text: str) -> Facets:
    query = language.parse(text)
    connection = open_reader(path)
    try:
        if query is None:
            return facets.of_everything(connection)
        return facets.of_hits(connection, query.tree)
    finally:
        connection.close()


@pytest.fixture(autouse=True)
def without_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "LIMIT_S", 60)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "ocr_data.db"
    build(path, IMAGES)
    return path


def numbers(found: Facets, facet: str) -> dict[str, int]:
    return {value.name: value.images for value in found.values[facet]}


def test_the_whole_archive(archive: Path) -> None:
    found = facets_of(archive, "")
    assert (found.images, found.is_exact) == (6, True)
    assert numbers(found, "state") == {"done": 5, "warnings": 1, "failed": 1}
    assert numbers(found, "folder") == {"2016": 2, "2017": 2, "old": 1}
    assert numbers(found, "found") == {"2017-02": 3, "2017-01": 2, "2016-12": 1}
    assert list(numbers(found, "found")) == ["2017-02", "2017-01", "2016-12"]
    assert numbers(found, "confidence") == {"high": 2, "medium": 1, "low": 2}


def test_hits(archive: Path) -> None:
    found = facets_of(archive, "paid")
    assert (found.images, found.is_exact) == (4, True)
    assert numbers(found, "state") == {"done": 4, "warnings": 1}
    assert numbers(found, "folder") == {"2016": 2, "2017": 1, "old": 1}
    assert numbers(found, "confidence") == {"high": 2, "medium": 1, "low": 1}


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ("folder:/2016", {"2016/tax": 2}),
        ("folder:2016", {"2016/tax": 2}),
        ("folder:2017 paid", {"2017/My scans": 1}),
        ("folder:/old/2016", {}),
        ("folder:old", {"old/2016": 1}),
        ("-folder:2016", {"2017": 2}),
    ],
)
def test_folders_are_those_below_the_chosen_one(
    archive: Path, text: str, folders: dict[str, int]
) -> None:
    assert numbers(facets_of(archive, text), "folder") == folders


def test_folders_that_a_search_takes_for_the_same_are_one(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    build(path, [Image("Café/a.png"), Image("cafe/b.png"), Image("Cafe\u0301/c.png")])
    for text in ("", "state:done"):
        (value,) = facets_of(path, text).values["folder"]
        assert value.images == 3
        assert value.condition is not None
        assert facets_of(path, value.condition.typed).images == 3


def test_of_many_hits_the_newest_are_counted_and_no_number_is_called_exact(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "MOST_COUNTED", 3)
    found = facets_of(archive, "paid")
    assert (found.images, found.is_exact) == (3, False)
    assert numbers(found, "folder") == {"2016": 1, "2017": 1, "old": 1}
    assert not any(value.is_exact for values in found.values.values() for value in values)


def test_when_time_is_up_what_was_counted_is_told(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "COUNT_LIMIT_S", -1)
    monkeypatch.setattr(facets, "_TOGETHER", 1)
    found = facets_of(archive, "paid")
    assert (found.images, found.is_exact) == (1, False)


def test_kept_numbers_follow_renames(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    build(path, [Image("a/x.png"), Image("a/y.png"), Image("z.png")])
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER search_name_is_folded")
    connection.execute("UPDATE images SET name = 'b/c/x.png' WHERE id = 1")
    connection.execute("UPDATE images SET name = 'a/z.png' WHERE id = 3")
    connection.execute("UPDATE images SET name = 'a/other.png' WHERE id = 2")
    connection.commit()
    rows = connection.execute("SELECT * FROM folder_counts ORDER BY 1").fetchall()
    connection.close()
    assert rows == [("a/", 2), ("b/c/", 1)]
    assert numbers(facets_of(path, ""), "folder") == {"a": 2, "b": 1}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(archives(), st.lists(typed, min_size=2, max_size=5))
def test_each_condition_finds_as_many_as_its_number(
    images: list[Image], queries: Sequence[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for limit in ("LIMIT_S", "FIND_LIMIT_S", "COUNT_LIMIT_S"):
            patch.setattr(facets, limit, 60)
        patch.setattr(evaluator, "COUNT_LIMIT_S", 60)
        path = Path(folder) / "ocr_data.db"
        build(path, images)
        for text in ["", *queries]:
            found = facets_of(path, text)
            assert found.is_exact
            for facet, values in found.values.items():
                for value in values:
                    if value.condition is None:
                        continue
                    assert value.condition.facet == facet
                    narrower = narrowing.narrowed(text, value.condition)
                    if narrower is None:
                        continue
                    query = language.parse(narrower)
                    assert query is not None
                    assert len(hits(images, query.tree)) == value.images, (text, narrower)


@pytest.mark.parametrize(
    ("before", "condition", "after"),
    [
        ("", "state:failed", "state:failed"),
        ("cat OR dog", "state:failed", "cat OR dog state:failed"),
        ("cat OR", "state:failed", None),
        ("OR cat", "state:failed", "OR cat state:failed"),
        ('say "hello', 'folder:"/my box"', None),
        ("folder:/2016 cat", "folder:/2016/tax", "cat folder:/2016/tax"),
        ("folder:2016 OR cat", "folder:/2016/tax", "folder:2016 OR cat folder:/2016/tax"),
        ("-folder:2017 cat", "folder:/2016", "-folder:2017 cat folder:/2016"),
        ("after:2026 before:2027", "after:2026-03 before:2026-04", "after:2026-03 before:2026-04"),
        (
            "after:2026-01-31",
            "after:2026-01 before:2026-02",
            "after:2026-01-31 after:2026-01 before:2026-02",
        ),
        ("folder:tax", "folder:/2016", "folder:tax folder:/2016"),
        ("x" * 195, "state:failed", None),
    ],
)
def test_a_query_is_narrowed_as_somebody_would_type_it(
    before: str, condition: str, after: str | None
) -> None:
    facet = {"s": "state", "f": "folder", "a": "found"}[condition[0]]
    narrower = narrowing.narrowed(before, Condition(facet, condition))
    if after is not None:
        assert narrower == after
    if narrower is not None:
        query, old, added = map(language.parse, (narrower, before, condition))
        assert query is not None and added is not None
        if facet == "state" and old is not None:
            both = set(hits(IMAGES, old.tree)) & set(hits(IMAGES, added.tree))
            assert set(hits(IMAGES, query.tree)) == both


@pytest.mark.parametrize(
    ("path", "condition"),
    [
        ("2016", "folder:/2016"),
        ("My scans/x", 'folder:"/My scans/x"'),
        ('say "x"', None),
        ("“x”", None),
    ],
)
def test_a_folder_that_cannot_be_typed_has_no_condition(path: str, condition: str | None) -> None:
    found = narrowing.folder(path)
    assert (found and found.typed) == condition


@pytest.mark.parametrize(
    ("month", "following"),
    [("2026-01", "2026-02"), ("2026-12", "2027-01"), ("2026-09", "2026-10"), ("2026", "2027")],
)
def test_the_next_month(month: str, following: str) -> None:
    assert facets.next_month(month) == following
