"""Words of a line and their places: as stored, divided up, and moved over to a corrected text."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_contract import word_boxes
from ocr_contract.usual_widths import divided, seen_order, usual_width
from ocr_contract.word_boxes import from_text, to_text, word_places

LINE = [(100.0, 50.0), (1100.0, 50.0), (1100.0, 90.0), (100.0, 90.0)]
"""A thousandth of it is one pixel."""
COLUMN = "008eliv8"
UPWARD = [(20.0, 1100.0), (20.0, 100.0), (60.0, 100.0), (60.0, 1100.0)]
ARABIC = "سلام عليكم"


def spans(found: list[tuple[str, word_boxes.Quad]]) -> list[tuple[str, float, float]]:
    return [(word, points[0][0] - 100, points[1][0] - 100) for word, points in found]


def test_a_word_is_the_part_of_the_polygon_that_its_numbers_say() -> None:
    found = word_places("Total  12,50", COLUMN, LINE)
    assert found == [
        ("Total", ((100.0, 50.0), (370.0, 50.0), (370.0, 90.0), (100.0, 90.0))),
        ("12,50", ((790.0, 50.0), (1100.0, 50.0), (1100.0, 90.0), (790.0, 90.0))),
    ]


@pytest.mark.parametrize(
    ("text", "places", "expected"),
    [
        ("I", [500, 500], [(497, 503)]),
        ("3 (3%)", [0, 0, 200, 900], [(0, 3), (200, 900)]),
        ("GST : 0", [0, 400, 402, 402, 404, 1000], [(0, 400), (400, 404), (404, 1000)]),
        ("a - b", [0, 500, 500, 500, 500, 1000], [(0, 500), (499, 501), (500, 1000)]),
        ("a !", [0, 900, 1000, 1000], [(0, 900), (997, 1000)]),
    ],
)
def test_a_word_that_was_read_in_one_step_is_as_wide_as_a_thin_letter(
    text: str, places: list[int], expected: list[tuple[int, int]]
) -> None:
    """Without any width it could not be marked, and a PDF lost it."""
    found = spans(word_places(text, places, LINE))
    assert [(start, end) for _, start, end in found] == expected


def test_along_a_line_that_runs_up_words_follow_each_other_upward() -> None:
    (_, first), (_, second) = word_places("Bild 7", [0, 600, 800, 1000], UPWARD)
    assert first == ((20.0, 1100.0), (20.0, 500.0), (60.0, 500.0), (60.0, 1100.0))
    assert second == ((20.0, 300.0), (20.0, 100.0), (60.0, 100.0), (60.0, 300.0))


def test_a_slanting_line_has_slanting_words() -> None:
    (_, (top_left, top_right, *_)), _ = word_places(
        "a b", (0, 500, 600, 1000), [(0, 0), (100, 10), (98, 30), (-2, 20)]
    )
    assert (top_left, top_right) == ((0.0, 0.0), (50.0, 5.0))


@pytest.mark.parametrize("words", [
    None, "", "nonsense!", "00fk", "00fkiov", "00fkiov9", "00fk-1v8", "fk00iov8", "00FKIOV8",
    "00fkio+1", "0" * 100_000, [0, 500], [0, 500, 600, 1001], [0, 500, -1, 1000],
])  # fmt: skip
def test_what_says_nothing_about_this_text_is_divided_by_usual_widths(
    words: str | list[int] | None,
) -> None:
    (first, begin, end), (second, begin_second, end_second) = spans(
        word_places("mmmm il", words, LINE)
    )
    assert (first, second, begin, end_second) == ("mmmm", "il", 0, 1000)
    assert 700 < end < begin_second < 850


def test_without_a_polygon_no_word_has_a_place() -> None:
    assert word_places("a b", None, []) == []


def test_of_a_text_from_right_to_left_the_first_word_stands_at_the_right() -> None:
    (_, begin, end), (_, begin_second, end_second) = spans(word_places(ARABIC, None, LINE))
    assert (end, begin_second) == (1000, 0)
    assert end_second < begin
    stored = word_places(ARABIC, [620, 1000, 0, 600], LINE)
    assert spans(stored)[0][1:] == (620, 1000)


@pytest.mark.parametrize(("text", "seen"), [
    ("one two three", [0, 1, 2]),
    ("אחת שתיים", [1, 0]),
    ("אחת two three ארבע", [3, 1, 2, 0]),
    ("one שתיים שלוש four", [0, 2, 1, 3]),
    ("שנת 2020 2021", [2, 1, 0]),
    ("שנת Windows 11 חדש", [3, 1, 2, 0]),
])  # fmt: skip
def test_words_in_both_directions_stand_as_unicode_says(text: str, seen: list[int]) -> None:
    assert seen_order(text.split()) == seen


def test_a_column_of_before_runs_down_although_its_polygon_does_not() -> None:
    column = [(10.0, 0.0), (50.0, 0.0), (50.0, 400.0), (10.0, 400.0)]
    (_, first), (_, second) = word_places("第一 第二", None, column)
    assert max(y for _, y in first) < min(y for _, y in second)


def test_of_a_corrected_text_words_that_stayed_keep_their_place() -> None:
    words = [0, 200, 250, 500, 550, 1000]
    assert spans(word_places("Total helo world", words, LINE, "Total hello world")) == [
        ("Total", 0, 200), ("hello", 250, 500), ("world", 550, 1000),
    ]  # fmt: skip


def test_a_word_that_was_one_with_another_shares_its_place() -> None:
    found = spans(
        word_places("see theend now", [0, 200, 250, 700, 750, 1000], LINE, "see the end now")
    )
    assert found[0] == ("see", 0, 200)
    assert found[3] == ("now", 750, 1000)
    assert 250 == found[1][1] < found[1][2] < found[2][1] < found[2][2] == 700


def test_words_that_were_two_are_one() -> None:
    found = spans(word_places("in for mation", [0, 100, 150, 400, 430, 1000], LINE, "in formation"))
    assert found == [("in", 0, 100), ("formation", 150, 1000)]


def test_a_word_that_was_missed_stands_in_the_gap() -> None:
    found = spans(word_places("left right", [0, 300, 700, 1000], LINE, "left middle right"))
    assert found == [("left", 0, 300), ("middle", 300, 700), ("right", 700, 1000)]


@pytest.mark.parametrize("corrected", ["first left right", "left right last", "left mid right"])
def test_where_there_is_no_gap_the_word_beside_gives_of_its_own(corrected: str) -> None:
    found = spans(word_places("left right", [0, 480, 520, 1000], LINE, corrected))
    assert [word for word, _, _ in found] == corrected.split()
    assert all(end - begin > 50 for _, begin, end in found)
    assert all(before[2] <= after[1] for before, after in itertools.pairwise(found))


def test_corrected_from_right_to_left() -> None:
    found = spans(word_places(ARABIC, [600, 1000, 0, 250], LINE, "سلام على عليكم"))
    assert found == [("سلام", 600, 1000), ("على", 250, 600), ("عليكم", 0, 250)]


def test_a_text_that_was_deleted_has_no_words() -> None:
    assert word_places("gone", [0, 1000], LINE, "") == []


def test_a_text_where_none_was_read_takes_the_whole_line() -> None:
    assert spans(word_places("", [], LINE, "new")) == [("new", 0, 1000)]


TEXTS = st.text(alphabet="ab-. mW1אب漢\u0301", max_size=30)


@settings(max_examples=50)
@given(TEXTS, TEXTS, st.booleans())
def test_every_shown_word_has_a_place_on_its_line(text: str, corrected: str, kept: bool) -> None:
    words = [each for place in divided(text.split(), (0, 1000)) for each in place] if kept else None
    found = word_places(text, to_text(words), LINE, corrected)
    assert [word for word, _ in found] == corrected.split()
    for _, points in found:
        assert 100 <= points[0][0] <= points[1][0] <= 1100


def test_as_the_column_holds_them_they_are_read_again() -> None:
    assert to_text([0, 270, 690, 1000]) == COLUMN
    assert from_text(COLUMN, "a b") == (0, 270, 690, 1000)
    assert to_text(None) is None
    assert to_text([]) == ""
    assert from_text("", "") == ()


def test_usual_widths() -> None:
    assert usual_width("illi") < usual_width("nnnn") < usual_width("mmmm") < usual_width("漢字漢字")
    assert usual_width("e\u0301") == usual_width("e")
