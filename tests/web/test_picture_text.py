"""The text on the picture: each word where it stands, along its line, whatever its direction."""

import re

import pytest

import picture_text
from image_records import LineView
from ocr_contract.word_boxes import to_text

Polygon = list[list[float]]
FLAT: Polygon = [[100, 50], [300, 50], [300, 70], [100, 70]]
UPWARDS: Polygon = [[50, 300], [50, 100], [70, 100], [70, 300]]
COLUMN: Polygon = [[500, 100], [530, 100], [530, 400], [500, 400]]


def drawn(
    text: str, polygon: Polygon, words: list[int] | None = None, corrected: str | None = None
) -> tuple[str, list[tuple[float, float, str]]]:
    """The group's transform, and of each word where it begins on its line, its length, its text."""
    line = LineView(7, 1, text, corrected, 0.9, polygon, 0.1, None, (), None,
                    to_text(words))  # fmt: skip
    group = str(picture_text.group(line, "p1-line-1"))
    transform = re.search(r'transform="([^"]*)"', group)
    found = re.findall(
        r'<text x="([^"]+)"(?: direction="rtl")? textLength="([^"]+)" '
        r'lengthAdjust="spacingAndGlyphs">([^<]*)</text>',
        group,
    )
    return transform[1] if transform else "", [(float(x), float(w), t) for x, w, t in found]


def test_words_stand_where_they_were_read() -> None:
    transform, words = drawn("Total  12,50", FLAT, [0, 270, 690, 1000])
    assert transform == "translate(100 66)"
    assert words == [(0, 54, "Total"), (138, 62, "12,50")]


def test_a_text_from_right_to_left_begins_at_the_right() -> None:
    transform, words = drawn("שלום עולם", FLAT, [600, 1000, 0, 500])
    assert transform == "translate(220 66)"
    assert words == [(80, 80, "שלום"), (-20, 100, "עולם")]


@pytest.mark.parametrize(
    ("text", "is_rtl"),
    [
        ("abc", False),
        ("(שלום)", True),
        ("12,50", False),
        ("المجموع", True),
        ("é", False),
        ("٣", False),
    ],
)
def test_each_word_has_its_own_direction(text: str, is_rtl: bool) -> None:
    line = LineView(7, 1, text, None, 0.9, FLAT, 0.1, None, (), None, None)
    assert ('direction="rtl"' in picture_text.group(line, "p1-line-1")) == is_rtl


def test_a_line_that_runs_up_is_turned() -> None:
    transform, words = drawn("up here", UPWARDS, [0, 300, 500, 1000])
    assert transform == "translate(66 300) rotate(-90.0)"
    assert words == [(0, 60, "up"), (100, 100, "here")]


@pytest.mark.parametrize("words", [None, [0, 1000]])
def test_a_column_is_laid_down_along_its_longer_side(words: list[int] | None) -> None:
    transform, ((start, length, text),) = drawn("縦書きの文", COLUMN, words)
    assert transform.endswith("rotate(90.0)")
    assert (start, length, text) == (0, 300, "縦書きの文")


def test_nothing_of_it_is_markup() -> None:
    _, words = drawn("<b> a&b", FLAT, corrected="<i> a&b")
    assert [text for *_, text in words] == ["&lt;i&gt;", "a&amp;b"]


def test_a_line_without_a_place_has_no_text_there() -> None:
    assert drawn("x", []) == ("", [])
