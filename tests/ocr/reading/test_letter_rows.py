"""Rows of letters within a huge shape."""

import numpy as np
import pytest

from reading.ink import ink_of
from reading.letter_rows import is_row_of_letters


def strokes(count: int, height: int = 14) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    ink = np.zeros((20, 200), dtype=np.uint8)
    for number in range(count):
        ink[3 : 3 + height, 10 + 20 * number : 18 + 20 * number] = 1
    return ink


@pytest.mark.parametrize(
    ("ink", "is_row"),
    [(strokes(5), True), (strokes(2), False), (strokes(9, 3)[:, ::2], False)],
    ids=["letters", "two strokes", "specks"],
)
def test_several_pieces_as_high_as_the_row_are_one(
    ink: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]", is_row: bool
) -> None:
    assert is_row_of_letters(ink) is is_row
    assert is_row_of_letters(np.ascontiguousarray(ink.T)) is is_row


def test_one_long_stroke_is_none() -> None:
    ink = np.zeros((20, 200), dtype=np.uint8)
    ink[8:12, 5:195] = 1
    assert not is_row_of_letters(ink)


@pytest.mark.parametrize("ground", [255, 20])
def test_ink_is_what_the_ground_is_not(ground: int) -> None:
    page = np.full((20, 200, 3), ground, dtype=np.uint8)
    page[5:15, 20:40] = 255 - ground
    assert ink_of(page).sum() == 10 * 20


def test_nothing_is_no_row() -> None:
    assert not is_row_of_letters(ink_of(np.zeros((0, 7, 3), dtype=np.uint8)))
