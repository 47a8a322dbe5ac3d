"""Columns of characters that stand below each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoding.pixels import Pixels
from reading.vertical_text import as_horizontal, column_as_row, is_stacking_script

SIZE = 30


def column(*characters: tuple[int, int], height: int = 0) -> Pixels:
    """A column SIZE + 10 wide with a bar of ink for each (top, bottom)."""
    made = np.full((height or max(b for _, b in characters) + 10, SIZE + 10, 3), 250, np.uint8)
    for number, (top, bottom) in enumerate(characters):
        made[top:bottom, 5 : SIZE + 5] = 10 + number
    return made


def shades(row: Pixels) -> list[int]:
    """What stands in a row, from left to right."""
    seen = [int(shade) for shade in row.min(axis=(0, 2)) if shade < 100]
    return list(dict.fromkeys(seen))


def test_characters_come_side_by_side_from_the_top() -> None:
    row = column_as_row(column((5, 35), (41, 71), (77, 107), (113, 143)))
    assert row is not None
    assert shades(row) == [10, 11, 12, 13]
    height, width = row.shape[:2]
    assert SIZE <= height < 1.5 * SIZE
    assert 4 * SIZE <= width < 5 * SIZE


def test_the_parts_of_one_character_stay_together() -> None:
    """As of 二, 言 or ニ, between characters in one piece."""
    row = column_as_row(column((5, 35), (41, 46), (60, 66), (77, 107), (113, 143)))
    assert row is not None
    inked = np.flatnonzero(row.min(axis=(0, 2)) < 100)
    assert (np.diff(inked) > 1).sum() == 3  # four characters, three gaps


def test_white_characters_on_black() -> None:
    row = column_as_row(255 - column((5, 35), (41, 71)))
    assert row is not None
    assert row[0].max() < 20


def test_a_full_stop_comes_to_the_lower_left() -> None:
    """In a column it stands at the upper right."""
    made = column((5, 35), (41, 71), (113, 143))
    made[77:86, 25:34] = 20
    row = column_as_row(made)
    assert row is not None
    down, along = np.nonzero(row.max(axis=2) == 20)
    assert down.min() > len(row) / 2
    third = 3 * row.shape[1] / 4
    assert third / 1.5 < along.min() < along.max() < third - row.shape[1] / 8


@pytest.mark.parametrize("made", [column((5, 35)), np.full((90, 30, 3), 255, np.uint8)])
def test_one_character_or_none_is_no_column(made: Pixels) -> None:
    assert column_as_row(made) is None


@given(
    st.integers(1, 200),
    st.integers(1, 40),
    st.integers(0, 2**32 - 1),
)
def test_any_picture_gives_a_bounded_row_or_none(height: int, width: int, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    row = column_as_row(noise)
    if row is not None:
        assert row.dtype == np.uint8
        assert row.shape[0] <= 2 * width
        assert row.shape[1] <= 2 * width * height


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("ニャ１ニャ|泣いて", "ニャーニャー泣いて"),
        ("コ丨ヒ丨", "コーヒー"),
        ("¬来るよlと", "「来るよ」と"),
        ("¬コ|ヒ|L", "「コーヒー」"),
        ("私L", "私L"),
        ("第1章", "第1章"),
        ("1日", "1日"),
        ("", ""),
    ],
)
def test_signs_that_stand_are_laid_down(read: str, meant: str) -> None:
    assert as_horizontal(read) == meant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("吾輩は猫である", True),
        ("出口 EXIT", False),
        ("HOTEL", False),
        ("", False),
        ("１２月", True),
    ],
)
def test_scripts_that_are_set_in_columns(text: str, expected: bool) -> None:
    assert is_stacking_script(text) is expected
