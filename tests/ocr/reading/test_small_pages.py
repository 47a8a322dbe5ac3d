"""Pages that are hardly more than their text."""

import cv2
import numpy as np
import pytest

from decoding.pixels import Pixels
from reading.small_pages import lone_character, margin_of, with_margin

BLACK, WHITE = (0, 0, 0), (255, 255, 255)

NOTHING = np.empty((0, 4, 2), dtype=np.float32)


def blank(height: int, width: int, shade: int = 255) -> Pixels:
    return np.full((height, width, 3), shade, dtype=np.uint8)


def letter_i(page: Pixels, left: int, top: int, height: int, shade: int = 0) -> Pixels:
    """A dot and a stem."""
    width = max(height // 8, 2)
    page[top : top + width, left : left + width] = shade
    page[top + 2 * width : top + height, left : left + width] = shade
    return page


@pytest.mark.parametrize(("side", "margin"), [(10, 16), (60, 30), (200, 48), (256, 0), (4000, 0)])
def test_small_pages_get_a_margin(side: int, margin: int) -> None:
    assert margin_of(blank(side, 300)) == margin
    assert margin_of(blank(300, side)) == margin


def test_the_margin_has_the_colour_of_the_edge() -> None:
    page = blank(20, 50)
    page[:] = (90, 60, 40)
    page[:, 20:30] = 255
    wide = with_margin(page, 16)
    assert wide.shape == (52, 82, 3)
    assert np.array_equal(wide[16:-16, 16:-16], page)
    assert (wide[:16] == (90, 60, 40)).all()


@pytest.mark.parametrize("ground", [255, 30])
def test_a_character_is_taken_whole_and_with_ground_around(ground: int) -> None:
    page = letter_i(blank(200, 200, ground), 100, 60, 80, 255 - ground)
    found = lone_character(page, NOTHING)
    assert found is not None
    (left, top), _, (right, bottom), _ = found[0].tolist()
    assert top < 60 and bottom > 140 and left < 100 and right > 110
    assert (right - left) * 1.5 > bottom - top  # not taken for a vertical line
    assert found.shape == (1, 4, 2)


def test_a_character_that_fills_the_page_stays_inside_it() -> None:
    page = blank(60, 40)
    cv2.putText(page, "B", (2, 55), cv2.FONT_HERSHEY_SIMPLEX, 2.2, BLACK, 5)
    found = lone_character(page, NOTHING)
    assert found is not None
    assert found.min() >= 0
    assert (found.max(axis=(0, 1)) <= (40, 60)).all()


def words() -> Pixels:
    page = blank(100, 300)
    cv2.putText(page, "Total", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.5, BLACK, 3)
    return page


def two_rows() -> Pixels:
    page = blank(200, 200)
    page[40:80, 90:110] = 0
    page[110:150, 90:110] = 0
    return page


def rule() -> Pixels:
    page = blank(300, 300)
    page[20:280, 150:156] = 0
    return page


def photo() -> Pixels:
    return np.random.default_rng(3).integers(0, 256, (200, 200, 3)).astype(np.uint8)


def faint() -> Pixels:
    return letter_i(blank(200, 200, 250), 100, 60, 80, 235)


@pytest.mark.parametrize(
    "page",
    [
        words(),
        two_rows(),
        rule(),
        photo(),
        faint(),
        blank(1, 1),
        blank(200, 200),
        letter_i(blank(2000, 2000), 1000, 1000, 80),
        letter_i(blank(100, 100), 40, 40, 6),
    ],
)
def test_what_is_no_lone_character(page: Pixels) -> None:
    assert lone_character(page, NOTHING) is None


def test_a_chart_with_a_title_is_no_lone_character() -> None:
    """Its axes and bars are the only large pieces; the title was lost without a word."""
    page = blank(300, 300)
    page[20:260, 40:44] = page[256:260, 40:280] = page[100:256, 60:180] = 0
    assert lone_character(page, NOTHING) is not None
    for x in range(120, 180, 10):
        page[6:14, x : x + 6] = 0
    title = np.array([[[116, 2], [184, 2], [184, 18], [116, 18]]], dtype=np.float32)
    assert lone_character(page, title) is None
