"""Letters of a poster that a search finds in pieces are one line."""

import numpy as np
import pytest

from decoding.pixels import Pixels
from engines.arrays import Polygons
from reading.huge_letters import joined
from reading.page_search import find_lines

Box = tuple[int, int, int, int]


def polygons(*boxes: Box) -> Polygons:
    """Of (left, top, right, bottom)."""
    corners = [[(a, b), (c, b), (c, d), (a, d)] for a, b, c, d in boxes]
    return np.array(corners, dtype=np.float32).reshape(-1, 4, 2)


def boxes(found: Polygons) -> set[Box]:
    return {(*map(int, one.min(axis=0)), *map(int, one.max(axis=0))) for one in found}


PAGE = np.full((700, 1100, 3), 255, dtype=np.uint8)
LINE = (0, 100, 1000, 500)
LETTERS = (10, 120, 300, 480), (320, 110, 600, 490), (580, 130, 1000, 490)
STROKE = (350, 250, 360, 280)
BELOW = (100, 600, 500, 640)


def test_pieces_become_the_line_that_a_coarser_look_shows() -> None:
    found = joined(
        PAGE, polygons(*LETTERS, STROKE, BELOW), polygons(LINE, (90, 590, 510, 650)), 300
    )
    assert boxes(found) == {LINE, BELOW}


def test_a_part_of_a_line_becomes_all_of_it() -> None:
    assert boxes(joined(PAGE, polygons(LETTERS[0]), polygons(LINE), 300)) == {LINE}


@pytest.mark.parametrize(
    ("found", "coarse"),
    [
        ([(5, 110, 990, 490)], [LINE]),
        ([(0, 100, 1000, 250), (0, 300, 1000, 500)], [LINE]),
        ([*LETTERS, (10, 140, 900, 200)], [LINE]),
        (LETTERS, [(0, 100, 1000, 380)]),
        (LETTERS, []),
        ([BELOW], [LINE]),
    ],
    ids=["found whole", "two lines", "small print between", "not huge", "nothing", "elsewhere"],
)
def test_what_is_no_piece_stays(found: list[Box], coarse: list[Box]) -> None:
    before = polygons(*found)
    assert boxes(joined(PAGE, before, polygons(*coarse), 300)) == boxes(before)


def test_small_print_at_a_chart_is_no_stroke_of_a_huge_letter() -> None:
    """The chart looks like one; its titles were lost without a word."""
    page = PAGE.copy()
    page[480:486, 60:1000] = page[120:480, 60:66] = 0
    title, stroke = (300, 105, 420, 125), (500, 300, 520, 312)
    for x in range(302, 416, 14):
        page[108:122, x : x + 8] = 0
    page[302:310, 502:518] = 0
    found = polygons((60, 130, 990, 490), title, stroke)
    assert boxes(joined(page, found, polygons(LINE), 300)) == {LINE, title}


def test_rows_beneath_a_watermark_are_no_pieces_of_its_letters() -> None:
    """They run askew to it, and reach over all of its height."""
    page = PAGE.copy()
    rows = [(200, top, 900, top + 30) for top in (300, 350)]
    for left, top, right, bottom in rows:
        for x in range(left + 4, right - 20, 24):
            page[top + 6 : bottom - 6, x : x + 14] = 0
    watermark = np.array([[[250, 480], [700, 30], [950, 280], [500, 690]]], dtype=np.float32)
    found = np.concatenate([watermark + 4, polygons(*rows)])
    assert boxes(joined(page, found, watermark, 160)) == boxes(found)


def test_a_page_of_huge_letters_is_searched_once_more_at_a_smaller_side() -> None:
    sides = []

    def detect(page: Pixels, side: int) -> Polygons:
        sides.append(side)
        height = 1600 if side > 400 else 1700
        letters = [(100, 300, 900, height), (1000, 300, 1900, height)]
        return polygons(*(letters if side > 400 else [(50, 250, 1950, height)]))

    page = np.full((3000, 2000, 3), 255, dtype=np.uint8)
    page[400:1500, 200:1800:90] = 0
    assert boxes(find_lines(page, detect, 1120)) == {(50, 250, 1950, 1700)}
    assert sides[-1] == 320


def test_a_page_of_ordinary_letters_is_not() -> None:
    sides = []

    def detect(page: Pixels, side: int) -> Polygons:
        sides.append(side)
        return polygons((100, 300, 900, 500), (1000, 300, 1900, 500))

    find_lines(np.full((3000, 2000, 3), 255, dtype=np.uint8), detect, 1120)
    assert sides == [1120]
