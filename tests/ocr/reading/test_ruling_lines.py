"""Ruling lines found in pictures: drawn, dotted, screened, askew, and what is none."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from decoding.pixels import Pixels
from reading.layout.boxes import Boxes
from reading.layout.ruling_lines import RulingLines, find_ruling_lines

_LEVEL = np.eye(2, dtype=np.float32)
_NO_TEXT: Boxes = np.zeros((0, 4), dtype=np.float32)


def paper() -> Pixels:
    return np.full((1600, 1200, 3), 245, dtype=np.uint8)


def framed() -> Pixels:
    page = paper()
    cv2.rectangle(page, (100, 200), (1100, 900), (0, 0, 0), 3)
    cv2.line(page, (600, 200), (600, 900), (0, 0, 0), 3)
    return page


def rounded(lines: npt.NDArray[np.float32]) -> list[list[int]]:
    """To ten pixels, sorted."""
    return sorted((np.round(lines / 10) * 10).astype(int).tolist())


def assert_is_the_frame(found: RulingLines) -> None:
    for lines, wanted in (
        (found.level, [[200, 100, 1100], [900, 100, 1100]]),
        (found.upright, [[100, 200, 900], [600, 200, 900], [1100, 200, 900]]),
    ):
        assert len(lines) == len(wanted)
        assert np.abs(np.array(sorted(lines.tolist())) - wanted).max() < 12


def test_a_frame_and_the_line_in_it() -> None:
    assert_is_the_frame(find_ruling_lines(framed(), _LEVEL, _NO_TEXT))


def test_rows_of_dots_are_lines() -> None:
    page = paper()
    for x in range(100, 1100, 7):
        for y in (200, 900):
            cv2.circle(page, (x, y), 2, (0, 0, 0), -1)
    for y in range(200, 900, 7):
        for x in (100, 600, 1100):
            cv2.circle(page, (x, y), 2, (0, 0, 0), -1)
    assert_is_the_frame(find_ruling_lines(page, _LEVEL, _NO_TEXT))


def test_a_screened_area_has_lines_at_its_edges_at_most() -> None:
    page = framed()
    for number, y in enumerate(range(300, 700, 4)):
        for x in range(700 + number % 2 * 4, 1000, 8):
            page[y : y + 4, x : x + 4] = 40
    found = find_ruling_lines(page, _LEVEL, _NO_TEXT)
    for lines, low, high in ((found.level, 300, 700), (found.upright, 700, 1000)):
        assert not [y for y in lines[:, 0].tolist() if low + 15 < y < high - 15]


@pytest.mark.parametrize("degrees", [-12, 3, 25])
def test_a_page_that_is_askew_is_levelled_first(degrees: float) -> None:
    angle = np.radians(degrees)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], dtype=np.float32
    )
    corners = np.array([[0, 0], [1200, 0], [1200, 1600], [0, 1600]], np.float32) @ turn.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    matrix = np.concatenate([turn, -low[:, None]], axis=1)
    size = tuple(np.ceil(high - low).astype(int).tolist())
    page = cv2.warpAffine(framed(), matrix, size, borderValue=(245, 245, 245))
    found = find_ruling_lines(np.asarray(page, dtype=np.uint8), turn, _NO_TEXT)
    shift = low @ turn
    assert_is_the_frame(
        RulingLines(
            found.level + np.array([shift[1], shift[0], shift[0]], np.float32),
            found.upright + np.array([shift[0], shift[1], shift[1]], np.float32),
        )
    )


def test_strokes_of_a_text_are_no_lines() -> None:
    page = framed()
    cv2.line(page, (200, 400), (500, 400), (0, 0, 0), 3)
    text = np.array([[190, 380, 510, 420]], dtype=np.float32)
    assert_is_the_frame(find_ruling_lines(page, _LEVEL, text))


def test_a_page_may_have_level_lines_only() -> None:
    page = paper()
    cv2.line(page, (100, 400), (1100, 400), (0, 0, 0), 3)
    found = find_ruling_lines(page, _LEVEL, _NO_TEXT)
    assert (len(found.level), len(found.upright)) == (1, 0)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 900, 3), (5000, 3, 3)])
def test_any_size_of_page_will_do(shape: tuple[int, int, int]) -> None:
    page = np.zeros(shape, dtype=np.uint8)
    assert len(find_ruling_lines(page, _LEVEL, _NO_TEXT).upright) == 0


def test_a_screen_all_over_has_none() -> None:
    y, x = np.mgrid[:1600, :1200] // 4 % 2
    page = paper()
    page[x == y] = 120
    found = find_ruling_lines(page, _LEVEL, _NO_TEXT)
    assert not len(found.level) and not len(found.upright)


def test_a_line_within_a_frame_that_it_does_not_touch() -> None:
    page = framed()
    cv2.line(page, (700, 500), (1000, 500), (0, 0, 0), 3)
    found = sorted(find_ruling_lines(page, _LEVEL, _NO_TEXT).level.tolist())
    wanted = [[200, 100, 1100], [500, 700, 1000], [900, 100, 1100]]
    assert np.abs(np.array(found) - wanted).max() < 12
