"""Paragraphs of a page, told by how its lines lie."""

import time
from collections.abc import Sequence

import numpy as np
import pytest

from engines.arrays import Polygons
from reading.layout.items import begins_item, is_item, is_open
from reading.layout.paragraphs import paragraph_numbers

HEIGHT, PITCH, LETTER = 30, 36, 10
LEFT = 100

Placed = tuple[float, float, str]
"""Left, top, text."""


def polygons(lines: Sequence[Placed], height: float = HEIGHT) -> Polygons:
    return np.array(
        [
            [
                [left, top],
                [left + LETTER * len(text), top],
                [left + LETTER * len(text), top + height],
                [left, top + height],
            ]
            for left, top, text in lines
        ],
        dtype=np.float32,
    )


def numbers(lines: Sequence[Placed]) -> list[int]:
    return paragraph_numbers(polygons(lines), [text for _, _, text in lines])


def column(*rows: tuple[float, str] | str, left: float = LEFT, top: float = 50) -> list[Placed]:
    """Rows below each other; those with a number are indented by so many heights."""
    placed = []
    for number, row in enumerate(rows):
        indent, text = (0.0, row) if isinstance(row, str) else row
        placed.append((left + indent * HEIGHT, top + number * PITCH, text))
    return placed


FULL = "words that fill their line to its end"
ALSO = "and others that fill the next one too"
SHORT = "a short last line."


def test_a_page_without_lines() -> None:
    assert numbers([]) == []


def test_full_lines_go_on() -> None:
    assert numbers(column(FULL, ALSO, FULL, SHORT)) == [1, 1, 1, 1]


def test_a_line_that_had_room_for_the_next_word_was_the_last() -> None:
    assert numbers(column(FULL, SHORT, FULL, ALSO, SHORT)) == [1, 1, 2, 2, 2]


def test_a_ragged_edge_ends_no_paragraph() -> None:
    """The next line's first word would not have fitted."""
    ragged = column("words that fill most of their", "counterrevolutionary lines to an end")
    assert numbers(ragged) == [1, 1]


def test_an_indented_line_begins_a_paragraph() -> None:
    indented = (1.5, FULL[:-4])
    assert numbers(column(indented, ALSO, FULL, indented, ALSO)) == [1, 1, 1, 2, 2]
    assert numbers(column(FULL, ALSO, indented, ALSO, SHORT)) == [1, 1, 2, 2, 2]


def test_a_wider_gap_parts_paragraphs() -> None:
    upper = column(FULL, ALSO, FULL)
    lower = column(FULL, ALSO, top=50 + 3 * PITCH + 0.4 * PITCH)
    assert numbers([*upper, *lower]) == [1, 1, 1, 2, 2]


def test_wide_spacing_throughout_parts_nothing() -> None:
    spaced = [(LEFT, 50 + 60 * number, FULL) for number in range(4)]
    assert numbers(spaced) == [1, 1, 1, 1]


def test_a_heading_in_larger_letters_stands_alone() -> None:
    heading = polygons([(LEFT, 0, "words of a heading in large letters")], 1.6 * HEIGHT)
    text = column(FULL, ALSO, top=1.7 * HEIGHT)
    texts = ["words of a heading in large letters", FULL, ALSO]
    assert paragraph_numbers(np.concatenate([heading, polygons(text)]), texts) == [1, 2, 2]


@pytest.mark.parametrize("mark", ["•", "1.", "(2)", "a)", "-", "IV."])
def test_items_hang_and_each_is_one(mark: str) -> None:
    rows = [f"{mark} {FULL}", (1.0, ALSO), f"{mark} {FULL}", (1.0, ALSO), (1.0, SHORT)]
    assert numbers(column(*rows)) == [1, 1, 2, 2, 2]


def test_a_number_in_the_midst_of_a_sentence_is_no_item() -> None:
    assert numbers(column(FULL, "12. words that fill the next one too.", SHORT)) == [1, 1, 1]


def test_centred_lines_are_one() -> None:
    rows = [(4.0, "set in the middle"), (1.0, "of the page for a long while"), (5.0, "and so on")]
    rows[1] = (4.0 - (28 - 17) * LETTER / 2 / HEIGHT, rows[1][1])
    rows[2] = (4.0 + (17 - 9) * LETTER / 2 / HEIGHT, rows[2][1])
    assert numbers(column(*rows)) == [1, 1, 1]


def test_pieces_of_a_row_are_one_and_cells_are_not() -> None:
    pieces = [*column(FULL), (LEFT + LETTER * len(FULL) + 20, 50, "more of it")]
    assert numbers(pieces) == [1, 1]
    rows = [[(100.0, y, "Brass hinges"), (400.0, y, "18.60")] for y in (50.0, 50.0 + PITCH)]
    assert numbers([cell for row in rows for cell in row]) == [1, 2, 3, 4]


def test_a_column_of_numbers_is_no_text() -> None:
    assert numbers(column("7", "8", "9", "10", "11")) == [1, 2, 3, 4, 5]


def test_a_sentence_goes_on_in_the_next_column() -> None:
    left = column(FULL, ALSO, FULL)
    goes_on = column(ALSO, FULL, left=600)
    assert numbers([*left, *goes_on]) == [1, 1, 1, 1, 1]
    begins = column("New words that begin another sentence", FULL, left=600)
    assert numbers([*left, *begins]) == [1, 1, 1, 2, 2]
    ended = column(FULL, ALSO, "words that fill their line to its end.")
    assert numbers([*ended, *goes_on]) == [1, 1, 1, 2, 2]


def test_from_right_to_left_a_line_is_short_at_its_left() -> None:
    word = "אבגדה"
    full = " ".join([word] * 6)
    right = LEFT + LETTER * len(full)
    rows = [full, " ".join([word] * 3), full, full]
    placed = [
        (right - LETTER * len(text), 50 + PITCH * number, text) for number, text in enumerate(rows)
    ]
    assert numbers(placed) == [1, 1, 2, 2]


def test_upright_columns_of_text_follow_each_other_to_the_left() -> None:
    """They are as rows that run down."""
    long, short = "名前はまだ無いどこで生れたか", "名前はまだ無い。"
    placed = [(long, 900), (short, 864), (long, 828), (long, 792)]
    quads = np.array(
        [
            [[x, 50], [x + 30, 50], [x + 30, 50 + 30 * len(text)], [x, 50 + 30 * len(text)]]
            for text, x in placed
        ],
        dtype=np.float32,
    )
    assert paragraph_numbers(quads, [text for text, _ in placed], vertical=True) == [1, 1, 2, 2]


def test_a_page_that_lies_askew() -> None:
    placed = polygons(column(FULL, SHORT, FULL, ALSO))
    angle = np.deg2rad(4)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    texts = [FULL, SHORT, FULL, ALSO]
    assert paragraph_numbers((placed @ turn).astype(np.float32), texts) == [1, 1, 2, 2]


def test_twenty_thousand_lines_take_no_time() -> None:
    placed = column(*[FULL] * 20_000)
    started = time.process_time()
    found = numbers(placed)
    assert time.process_time() - started < 3
    assert len(found) == 20_000


@pytest.mark.parametrize("text", ["• one", "-  two", "(12) three", "c) four", "ii. five", "一、六"])
def test_how_items_begin(text: str) -> None:
    assert is_item(text)


@pytest.mark.parametrize(
    "text", ["one", "-2 degrees", "3.5 litres", "1990. Then", "(see above)", ""]
)
def test_how_they_do_not(text: str) -> None:
    assert not is_item(text)


def test_sentences_that_go_on() -> None:
    assert is_open("a sentence that goes")
    assert is_open("a hyphen-")
    assert not any(map(is_open, ("It ends.", "Or does it?", "He said so.\u201d", "")))
    assert not begins_item("J. Smith", "in a letter by", "He read")
    assert begins_item("2. Two", "without an end", "1. One")
