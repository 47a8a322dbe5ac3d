"""The benchmark of misread words: where words stand, what counts as found, and what as wrong."""

from pathlib import Path

import pytest

from made_words import made_words
from misread_words import Box, Place, ReadLine, box_of, known_lines, lay_beside, page_text, places
from ocr_contract.text_folding import parted_words, words
from tolerance_figures import Figures, judge


def line(text: str, top: float) -> ReadLine:
    return ReadLine(text, Box(10, top, 10 + 8 * len(text), top + 10))


def test_known_lines_may_hold_commas(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("1,2,9,2,9,8,1,8,A, B\nnot a row\n", encoding="utf-8")
    assert list(known_lines(tmp_path / "1.jpg")) == [ReadLine("A, B", Box(1, 2, 9, 8))]


def test_the_box_of_a_line_askew() -> None:
    assert box_of([(3, 1), (9, 4), (8, 7), (2, 4)]) == Box(2, 1, 9, 7)


@pytest.mark.parametrize(
    ("known", "read", "far", "pieces"),
    [
        ("abc", "abc", 0, [(0, 1), (1, 2), (2, 3)]),
        ("abc", "xabc", 1, [(1, 2), (2, 3), (3, 4)]),
        ("abc", "ac", 1, [(0, 1), (1, 1), (1, 2)]),
        ("ab", "", 2, [(0, 0), (0, 0)]),
    ],
)
def test_laid_side_by_side(known: str, read: str, far: int, pieces: list[tuple[int, int]]) -> None:
    assert lay_beside(known, read) == (far, pieces)


def test_a_word_is_looked_for_in_the_line_that_lies_over_it() -> None:
    known = [line("TOTAL DUE", 0), line("TOTAL", 100), line("NEVER READ", 200)]
    read = [line("T0TAL DUE", 1), line("TOTAL", 101)]
    found = {(place.word, place.read): place for place in places("1", iter(known), read)}
    assert set(found) == {
        ("total", "t0tal due"), ("due", "t0tal due"), ("total", "total"),
        ("never", ""), ("read", ""),
    }  # fmt: skip
    assert found["due", "t0tal due"] == Place("1", "due", "t0tal due", 6, 9)
    assert not found["never", ""].was_read


@pytest.mark.parametrize(
    ("spelling", "shown"),
    [("sale sper son", True), ("sper", False), ("son paid", False), ("sale", False)],
)
def test_a_spelling_is_at_the_place_of_the_word(spelling: str, shown: bool) -> None:
    read = "by sale sper son paid"
    assert Place("1", "salesperson", read, 3, 16).shows(spelling) is shown


def test_a_part_of_a_word_is_not_at_the_place() -> None:
    place = Place("1", "cash", "cash1", 0, 5)
    assert not place.shows("cash")
    assert place.shows("cash1")


def test_found_right_and_wrong_are_counted() -> None:
    """tota1 is read for total here, totai there; t0tal is a word of its own."""
    pages = {
        "1": ([line("TOTAL", 0)], [line("tota1", 0)]),
        "2": ([line("TOTAL", 0), line("T0TAL", 50)], [line("totai", 0), line("t0tal", 50)]),
        "3": ([line("GONE", 0), line("LINES", 50)], [line("l1nes", 50)]),
        "4": ([line("STRANGE", 0)], [line("quite else", 0)]),
    }
    known = [p for page, (lines, read) in pages.items() for p in places(page, iter(lines), read)]
    texts = {page: page_text(read) for page, (_, read) in pages.items()}
    missed = [place for place in known if place.word not in texts[place.page]]
    archive = set().union(*(words(text) | parted_words(text) for text in texts.values()))
    figures = judge(known, missed, texts, archive)
    assert (figures.misread, figures.found, figures.right, figures.wrong) == (4, 3, 5, 2)
    assert figures.lost == [("strange", "quite else")]
    assert 0 <= figures.p50_ms <= figures.p95_ms


def test_all_goals_must_be_met() -> None:
    good = Figures(10, misread=10, found=9, right=10, wrong=50, p95_ms=149)
    assert good.is_good()
    for bad in ({"found": 8}, {"wrong": 51}, {"p95_ms": 150.0}):
        assert not Figures(**{**vars(good), **bad}).is_good()


def test_made_words_are_the_same_each_time_and_can_be_looked_up() -> None:
    made = made_words(500)
    assert made == made_words(500)
    assert len(made) == 500
    for word in made:
        assert 3 <= len(word) <= 32
        assert words(word) | parted_words(word) >= {word}
