"""Words of a line found in its ink, between the columns in which their characters were seen."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from decoding.pixels import Pixels
from engines.columns import Columns, no_rivals
from engines.text_models import Evidence
from engines.word_spans import COLUMN_PX, word_spans

CHARACTERS = ["", *"abcdefghijklmnopqrstuvwxyz.", " "]
HEIGHT = 48
LETTER, STEM = 32, 22
"""A letter takes four columns, and this much of it is ink."""


def seen(text: str, column: int = 1) -> Evidence:
    """Each character in that one of its columns."""
    classes = np.zeros(4 * len(text), dtype=np.int64)
    for number, sign in enumerate(text):
        classes[4 * number + column] = CHARACTERS.index(sign)
    shares = np.ones(len(classes), dtype=np.float32)
    columns = Columns(classes, shares, classes < 0, *no_rivals(classes))
    return Evidence(columns, CHARACTERS, text, COLUMN_PX * len(classes))


def drawn(text: str, *, ink: int = 0, ground: int = 255) -> Pixels:
    """Every letter as a bar in the middle of its columns."""
    line = np.full((HEIGHT, LETTER * len(text), 3), ground, dtype=np.uint8)
    for number, sign in enumerate(text):
        if sign != " ":
            start = number * LETTER + (LETTER - STEM) // 2
            line[14:34, start : start + STEM] = ink
    return line


def pixels(found: tuple[float, ...] | None, width: int) -> list[int]:
    assert found is not None
    return [round(edge * width) for edge in found]


def inked(text: str) -> list[int]:
    """What is to be found."""
    edges, start = [], 0
    margin = (LETTER - STEM) // 2
    for word in text.split(" "):
        edges += [start * LETTER + margin, (start + len(word)) * LETTER - margin]
        start += len(word) + 1
    return edges


@pytest.mark.parametrize("column", [1, 2])
@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (230, 30), (150, 200)])
def test_a_word_ends_where_its_ink_ends(column: int, ink: int, ground: int) -> None:
    """Whichever of its columns a character was seen in."""
    text = "abc d efgh"
    line = drawn(text, ink=ink, ground=ground)
    found = word_spans(text, [seen(text, column)], line)
    assert pixels(found, line.shape[1]) == inked(text)


def test_in_a_line_of_another_height_places_are_shares() -> None:
    text = "ab cde"
    line = drawn(text).repeat(2, axis=0).repeat(2, axis=1)
    found = word_spans(text, [seen(text)], line)
    assert pixels(found, line.shape[1] // 2) == inked(text)


def test_parts_of_a_long_line_follow_each_other() -> None:
    line = np.concatenate([drawn("ab "), drawn("cd")], axis=1)
    found = word_spans("ab cd", [seen("ab "), seen("cd")], line)
    assert pixels(found, line.shape[1]) == inked("ab cd")


def test_letters_of_other_lines_close_no_gap() -> None:
    text = "abc def"
    line = drawn(text)
    line[:5] = line[-4:] = 0
    found = word_spans(text, [seen(text)], line)
    assert pixels(found, line.shape[1]) == inked(text)


def test_underlined_words_are_parted_where_the_least_ink_is() -> None:
    text = "abc def"
    line = drawn(text)
    line[36:39] = 0
    found = pixels(word_spans(text, [seen(text)], line), line.shape[1])
    assert found[1:3] == inked(text)[1:3]


def test_a_rule_at_the_end_of_a_line_is_no_letter() -> None:
    text = "abc"
    line = np.pad(drawn(text), ((0, 0), (8, 8), (0, 0)), constant_values=255)
    line[:, 8:13] = line[:, -13:-8] = 0
    evidence = dataclasses.replace(seen(text), width=line.shape[1])
    evidence = dataclasses.replace(evidence, columns=_moved(evidence.columns, 1))
    found = pixels(word_spans(text, [evidence], line), line.shape[1])
    assert found == [13, line.shape[1] - 13]


def _moved(columns: Columns, by: int) -> Columns:
    return columns._replace(classes=np.concatenate([[0] * by, columns.classes]))


def test_dots_that_were_shortened_are_one_word() -> None:
    text = "ab ..... cd"
    found = word_spans("ab … cd", [seen(text)], drawn(text))
    assert pixels(found, LETTER * len(text)) == inked("ab ..... cd")


@pytest.mark.parametrize("text", ["a", "a b", "ab c d e fgh"])
@pytest.mark.parametrize("shade", [0, 255])
def test_words_without_ink_have_a_place_all_the_same(text: str, shade: int) -> None:
    line = np.full((HEIGHT, LETTER * len(text), 3), shade, dtype=np.uint8)
    _in_order(word_spans(text, [seen(text)], line), text)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 5), (60, 2)])
def test_a_crop_of_any_size(size: tuple[int, int]) -> None:
    line = np.random.default_rng(3).integers(0, 256, (*size, 3), dtype=np.uint8)
    _in_order(word_spans("ab c d", [seen("ab c d")], line), "ab c d")


def _in_order(found: Sequence[float] | None, text: str) -> None:
    assert found is not None
    assert len(found) == 2 * len(text.split())
    assert all(0 <= edge <= 1 for edge in found)
    assert all(start <= end for start, end in zip(found[::2], found[1::2], strict=True))


@pytest.mark.parametrize("text", ["abc d efgh", "abc"])
def test_without_evidence_the_widest_gaps_part_words(text: str) -> None:
    line = drawn(text)
    assert pixels(word_spans(text, [], line), line.shape[1]) == inked(text)


def test_so_they_do_from_right_to_left() -> None:
    line = drawn("abc de")
    first, second = inked("abc de")[:2], inked("abc de")[2:]
    assert pixels(word_spans("דה אבג", [], line), line.shape[1]) == second + first


def test_where_gaps_are_all_alike_nothing_is_known_without_evidence() -> None:
    assert word_spans("ab cde f", [], drawn("abcdef")) is None
    assert word_spans("ab cd", [], np.zeros((20, 90, 3), dtype=np.uint8)) is None


def test_without_text_nothing_is_known() -> None:
    assert word_spans("", [], drawn("abc")) is None
    assert word_spans("", [seen("abc")], drawn("abc")) is None
    assert word_spans("abc", [seen("   ")], drawn("abc")) is None
