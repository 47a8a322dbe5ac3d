"""Each query finds exactly what a plain comparison of every image finds, page by page."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_archive import ABSENT, FOLDED, PLAIN, Image, Page, build, hits

from ocr_contract.schema import Status, open_reader
from ocr_contract.search import evaluator, joins, language, plan, rare_trigrams
from ocr_contract.search.tree import Node

PIECES = [
    "cafe", "Café", "CAFE\u0301", "information", "infor-\nmation", "北京市", "北", "京市",
    "İstanbul", "istanbul", "ﬁle", "file", "don’t", "don't", "ab", "a", "b", "soft\u00adhyphen",
    "softhyphen", "x", "１２３", "123", "12", "-", "e\u0301", "é", "Straße", "STRASSE", "\u2011",
    "a-b", "zero\u200bwidth", "AB", "😀", "OR", "(", "カフェ", "ｶﾌｪ", "kafe/box", "box", "100%",
    "cafeteria",
]  # fmt: skip
WORDS = [piece for piece in PIECES if "\n" not in piece]
texts = st.lists(st.sampled_from(PIECES), max_size=5).flatmap(
    lambda pieces: st.sampled_from([" ", "\n", ""]).map(lambda between: between.join(pieces))
)
pages = st.builds(
    Page,
    texts,
    st.none() | texts,
    st.integers(0, 3),
    st.sampled_from([None, 0.0, 0.125, 0.5, 0.875, 1.0]),
)
names = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map("/".join)
plain_images = st.builds(
    Image,
    names,
    st.lists(pages, max_size=2),
    st.sampled_from(list(Status)),
    st.booleans(),
    st.sampled_from(["2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01"]),
    st.none(),
    st.sampled_from([ABSENT, PLAIN, FOLDED, FOLDED, FOLDED]),
)


@st.composite
def archives(draw: st.DrawFn) -> list[Image]:
    """Some images, and some that repeat one of them."""
    images = draw(st.lists(plain_images, min_size=1, max_size=8))
    for _ in range(draw(st.integers(0, 2))):
        repeated = draw(st.integers(0, len(images) - 1))
        if images[repeated].repeats is None:
            form = draw(st.sampled_from([PLAIN, FOLDED]))
            images.append(Image(draw(names), repeats=repeated, form=form))
    return images


leaves = st.one_of(
    st.sampled_from(WORDS),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(lambda two: f'"{" ".join(two)}"'),
    st.sampled_from(WORDS).map(lambda word: f"exact:{word}"),
    st.sampled_from(WORDS).map(lambda word: f"name:{word}"),
    st.sampled_from(WORDS).map(lambda word: f"folder:{word}"),
    st.sampled_from(WORDS).map(lambda word: f"folder:/{word}"),
    st.sampled_from(
        ["state:failed", "state:done", "state:warnings", "state:all", "state:latest",
         "after:2026-01-31", "after:2026", "before:2026-01-31", "before:2026-02", "confidence:<50",
         "confidence:>=50%", "confidence:50", "confidence:<=12", "confidence:>87", "lines:>0",
         "lines:0", "lines:<3", "after:yesterday", "confidence:high"]
    ),
)  # fmt: skip
typed = st.lists(
    st.tuples(st.sampled_from(["", "", "-", "OR "]), leaves).map("".join), min_size=1, max_size=4
).map(" ".join)


def found_by_pages(path: Path, tree: Node, size: int) -> tuple[list[int], int]:
    """All hits, page by page, and how many the first page has counted."""
    found: list[int] = []
    below: int | None = None
    count = -1
    connection = open_reader(path)
    try:
        while True:
            page = evaluator.find(connection, tree, limit=size, below=below, limit_s=60)
            assert page.is_complete
            assert page.count_is_exact
            count = page.count if count < 0 else count
            found += page.ids
            below = page.next_below
            if below is None:
                return found, count
    finally:
        connection.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    archives(),
    st.lists(typed, min_size=6, max_size=12),
    st.integers(1, 3),
    st.sampled_from([joins.FIRST_TURN, 1]),
    st.sampled_from([joins.CHANCE, 1_000_000, 300, 0]),
    st.sampled_from([rare_trigrams.FEW_IMAGES, 0]),
    st.sampled_from([rare_trigrams.MOST_CANDIDATES, 1]),
)
def test_every_query_means_what_it_says(
    images: list[Image],
    queries: Sequence[str],
    size: int,
    turn: int,
    chance: int,
    few: int,
    candidates: int,
) -> None:
    """With short turns every way is begun, left and gone on with, also within a step of SQLite."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(joins, "FIRST_TURN", turn)
        patch.setattr(joins, "CHANCE", chance)
        patch.setattr(joins, "CHANCE_KEYS", 2)
        patch.setattr(rare_trigrams, "FEW_IMAGES", few)
        patch.setattr(rare_trigrams, "MOST_CANDIDATES", candidates)
        patch.setattr(evaluator, "COUNT_LIMIT_S", 60)
        if turn == 1:
            patch.setattr(evaluator, "_PROGRESS_STEPS", 1)
            patch.setattr(joins, "UNIT_CPU_S", 1e-6)
        path = Path(folder) / "ocr_data.db"
        build(path, images)
        for text in queries:
            query = language.parse(text)
            if query is None:
                continue
            expected = hits(images, query.tree)
            assert found_by_pages(path, query.tree, size) == (expected, len(expected)), text
            connection = open_reader(path)
            for place, image_id in enumerate(expected):
                newer = expected[place - 1] if place else None
                older = expected[place + 1] if place + 1 < len(expected) else None
                assert evaluator.neighbours(connection, query.tree, image_id) == (newer, older)
            connection.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(archives(), st.lists(typed, min_size=4, max_size=8))
def test_while_the_index_is_made_nothing_wrong_is_found_and_nothing_folded_is_missed(
    images: list[Image], queries: Sequence[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "FEW_UNFOLDED", 0)
        patch.setattr(evaluator, "COUNT_LIMIT_S", 60)
        path = Path(folder) / "ocr_data.db"
        build(path, images)
        for text in queries:
            query = language.parse(text)
            if query is None:
                continue
            expected = hits(images, query.tree)
            found, _count = found_by_pages(path, query.tree, 3)
            assert set(found) <= set(expected), text
            folded = {place for place, image in enumerate(images, 1) if image.form == FOLDED}
            assert set(expected) & folded <= set(found), text
