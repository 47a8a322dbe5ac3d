"""Letters' heights from pixels alone; drawn letters are rings and bars."""

import numpy as np
import pytest

from decoding.pixels import Pixels
from reading.print_size import Print

NOTHING = np.empty((0, 4, 2), dtype=np.float32)


def printed(height: int, ground: int = 255, ink: int = 0) -> Pixels:
    """A page full of letters so high."""
    page = np.full((1200, 1200, 3), ground, dtype=np.uint8)
    for top in range(40, 1160 - height, int(height * 2.7)):
        for left in range(40, 1160 - height, int(height * 1.3) + 1):
            thick = max(height // 5, 1)
            page[top : top + height, left : left + height] = ink
            page[top + thick : top + height - thick, left + thick : left + height - thick] = ground
    return page


@pytest.mark.parametrize(("ground", "ink"), [(255, 0), (20, 230), (255, 170)])
@pytest.mark.parametrize("height", [5, 8, 12])
def test_small_letters_are_measured(height: int, ground: int, ink: int) -> None:
    places = Print(printed(height, ground, ink)).small(NOTHING, 16.0)
    assert len(places) >= 4
    for place in places:
        assert abs(place.letter_height - height) <= 1


@pytest.mark.parametrize("height", [8, 24, 40])
def test_the_lowest_letters_are_measured(height: int) -> None:
    assert Print(printed(height)).lowest(24.0) == pytest.approx(height, abs=1)


def test_a_blank_page_or_one_word_tells_no_height() -> None:
    page = np.full((1200, 1200, 3), 255, dtype=np.uint8)
    assert Print(page).lowest(24.0) is None
    page[100:140] = printed(24)[40:80]
    page[:, 300:] = 255
    assert Print(page).lowest(24.0) is None


def test_how_much_print_was_left_out() -> None:
    page = printed(24)
    everything = np.array([[[0, 0], [1200, 0], [1200, 1200], [0, 1200]]], dtype=np.float32)
    upper_half = everything * np.float32([1, 0.5])
    assert Print(page).share_left_out(NOTHING) == 1
    assert Print(page).share_left_out(everything) == 0
    assert Print(page).share_left_out(upper_half) == pytest.approx(0.5, abs=0.05)


def test_letters_that_are_legible_are_no_reason() -> None:
    assert Print(printed(24)).small(NOTHING, 16.0) == []


@pytest.mark.parametrize("shade", [0, 255])
def test_blank_pages_have_none(shade: int) -> None:
    for shape in ((1, 1), (1, 900), (900, 1), (1200, 1200)):
        page = np.full((*shape, 3), shade, dtype=np.uint8)
        assert Print(page).small(NOTHING, 16.0) == []


def test_dust_among_large_letters_is_no_small_print() -> None:
    page = printed(40)
    random = np.random.default_rng(7)
    for x, y in random.integers(0, 1190, (4000, 2)):
        page[y : y + 4, x : x + 4] = 0
    assert Print(page).small(NOTHING, 16.0) == []


def test_what_was_not_found_comes_first() -> None:
    page = printed(8)
    found = np.array([[[0, 0], [1200, 0], [1200, 800], [0, 800]]], dtype=np.float32)
    places = Print(page).small(found, 16.0)
    assert places[0].top + places[0].side > 800
