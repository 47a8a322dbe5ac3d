"""What a search costs, in rows looked at: no clock, so a slow machine fails nothing here."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from search_archive import Image, Page, build

from ocr_contract.schema import Status, open_reader
from ocr_contract.search import evaluator, joins, language, plan, rare_trigrams
from ocr_contract.search.evaluator import Hits
from ocr_contract.search.streams import ROW_SEEK_COST

IMAGES = 4_000
RARE = 1_000
"""Every so manyth image failed, and has no text."""


def image(number: int) -> Image:
    day = f"2026-01-{1 + 28 * number // IMAGES:02}"
    if number % RARE == 0:
        return Image(f"box/{number}.png", status=Status.FAILED, day=day)
    rare = " needle" if number % RARE == 1 else ""
    odd = "odd" if number % 2 else "even"
    return Image(
        f"box{number // RARE}/{number}.png", [Page(f"common {odd} words xy{rare}")], day=day
    )


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "ocr_data.db"
    build(path, [image(number) for number in range(1, IMAGES + 1)])
    return path


@pytest.fixture(autouse=True)
def without_a_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joins, "UNIT_CPU_S", 1)


def find(archive: Path, typed: str, **more: Any) -> Hits:
    query = language.parse(typed)
    assert query is not None
    connection = open_reader(archive)
    try:
        return evaluator.find(
            connection, query.tree, limit=5, **{"counts": False, "limit_s": 60, **more}
        )
    finally:
        connection.close()


@pytest.mark.parametrize(
    "typed",
    [
        "needle", "nowhere", "common", '"odd words"', "xy", "xz", "name:3999", "folder:box3",
        "state:failed", "state:failed common", "state:failed -common", "common -needle",
        "needle -common", "needle OR nowhere", "xy needle", "xz common", "-needle",
        "after:2026-01-28", "before:2026-01-02 common", "confidence:<50", "exact:common",
        "state:failed OR needle", "odd even",
    ],
)  # fmt: skip
def test_none_looks_at_every_image(archive: Path, typed: str) -> None:
    page = find(archive, typed)
    assert page.is_complete
    assert page.cost < IMAGES, page


def test_two_ways_race(archive: Path) -> None:
    """In every image but the few that failed: to jump in the index of words costs too much each
    time, so the few are compared themselves."""
    page = find(archive, "state:failed common")
    assert page.ids == [] and page.cost < IMAGES / 2


def test_a_rare_word_of_common_trigrams_costs_little(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its trigrams is in every image; those that tell it apart are in few."""
    monkeypatch.setattr(rare_trigrams, "FEW_IMAGES", 0)
    streams: list[str] = []
    few = plan.FewStream
    monkeypatch.setattr(
        plan,
        "FewStream",
        lambda *of: streams.append(of[1]) or few(*of),  # type: ignore[func-returns-value]
    )
    page = find(archive, '"common odd words xy needle"')
    assert page.ids == [IMAGES - RARE * number + 1 for number in range(1, IMAGES // RARE + 1)]
    assert page.cost < IMAGES / 2
    assert streams and '"com"' not in streams[0] and "NEAR" in streams[0]


def test_what_is_not_rare_after_all_is_found_all_the_same(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first images told nothing of the others."""
    monkeypatch.setattr(rare_trigrams, "FEW_IMAGES", 0)
    monkeypatch.setattr(rare_trigrams, "_shares", {})
    monkeypatch.setattr(rare_trigrams, "_probe", lambda *_: 1e-6)
    page = find(archive, "common odd")
    assert page.ids == [IMAGES - 1, IMAGES - 3, IMAGES - 5, IMAGES - 7, IMAGES - 9]
    assert page.cost < IMAGES / 2


def test_how_common_a_trigram_is_is_asked_once(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rare_trigrams, "FEW_IMAGES", 0)
    monkeypatch.setattr(rare_trigrams, "_shares", {})
    first, second = find(archive, "needle").cost, find(archive, "needle").cost
    assert second <= first - 4 * rare_trigrams._PROBE_COST


def test_a_count_that_is_cut_counts_no_image_twice_or_that_is_no_hit(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One stream was read to its end, the other was not."""
    monkeypatch.setattr(evaluator, "COUNT_LIMIT_S", 60)
    whole = find(archive, "needle OR odd", counts=True)
    assert (whole.count, whole.count_is_exact) == (IMAGES // 2, True)
    for limit_s in range(20, 400, 60):
        page = find(
            archive,
            "xy OR needle OR lines:0",
            counts=True,
            limit_s=limit_s,
            clock=_ticks().__next__,
        )
        assert page.count <= IMAGES
        assert page.count == IMAGES or not page.count_is_exact


def test_where_no_row_fits_other_words_would_not_help(archive: Path) -> None:
    assert find(archive, "state:failed lines:>0 common").no_row_fits
    assert not find(archive, "state:failed nowhere").no_row_fits


def test_of_the_few_that_a_state_has_the_rows_are_looked_at_first(archive: Path) -> None:
    """No word is looked up for images that their rows rule out."""
    page = find(archive, "state:failed lines:>0 common")
    assert page.ids == [] and page.cost <= 2 * ROW_SEEK_COST


def test_the_hundredth_page_costs_what_the_first_one_does(archive: Path) -> None:
    first = find(archive, "common")
    later = find(archive, "common", below=IMAGES // 2)
    assert later.cost <= 1.5 * first.cost
    assert later.ids[0] == IMAGES // 2 - 1


def test_more_than_so_many_are_not_counted(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator, "COUNT_LIMIT_S", 60)
    monkeypatch.setattr(evaluator, "MOST_COUNTED", 100)
    assert find(archive, "common", counts=True).count == 100
    assert not find(archive, "common", counts=True).count_is_exact
    exact = find(archive, "needle", counts=True)
    assert (exact.count, exact.count_is_exact) == (4, True)


def test_what_is_cut_goes_on_from_there(archive: Path) -> None:
    """With a clock that is over after some looks: page by page everything is found all the same."""
    found: list[int] = []
    below: int | None = None
    cuts = 0
    for _ in range(1_000):
        page = find(archive, "lines:0", below=below, limit_s=20, clock=_ticks().__next__)
        found += page.ids
        cuts += not page.is_complete
        assert page.next_below is None or below is None or page.next_below < below
        below = page.next_below
        if below is None:
            break
    assert found == [IMAGES - RARE * number for number in range(IMAGES // RARE)]
    assert cuts > 0


def _ticks() -> Iterator[float]:
    return map(float, itertools.count(0, 8))


def test_a_choice_of_trigrams_ends_where_no_further_one_can_pay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """32 were compared with each other to the last, for each search anew."""
    compared = 0
    leaves = rare_trigrams._leaves

    def counting(*arguments: Any) -> float:
        nonlocal compared
        compared += 1
        return leaves(*arguments)

    monkeypatch.setattr(rare_trigrams, "_leaves", counting)
    terms = [
        (0.02 + at / 1000, rare_trigrams._Term(f"a{at:02}", "word", ("word", at), at, False))
        for at in range(32)
    ]
    chosen, postings = rare_trigrams._choose(terms, 1_000_000)
    assert 2 <= len(chosen) <= 6 and postings > 0
    assert compared < 250


def test_what_an_or_has_found_out_about_its_parts_is_not_found_out_again(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rare_trigrams, "FEW_IMAGES", 0)
    asked: list[Any] = []
    look = rare_trigrams._find
    monkeypatch.setattr(
        rare_trigrams, "_find", lambda source, parts: asked.append(parts) or look(source, parts)
    )
    find(archive, "needle OR even")
    assert asked and len(asked) == len(set(asked))
