"""Which shapes lines and pages are filled up to, and how many of them go together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.shape_buckets import (
    LINE_BATCHES,
    LINE_WIDTHS,
    MOST_COLUMNS,
    PAGE_BATCHES,
    PAGE_SIZES,
    BucketShapes,
    filled,
    filled_page,
    line_batches,
    lines_together,
    page_size,
    pages_together,
)


@pytest.mark.parametrize(
    ("width", "waiting", "lines"),
    [
        (160, 100, 64),
        (160, 50, 50),  # filled up to 64
        (160, 40, 32),
        (160, 5, 1),
        (160, 6, 6),
        (640, 100, 32),
        (1920, 100, 8),
        (960, 9, 8),
    ],
)
def test_how_many_lines_go_together(width: int, waiting: int, lines: int) -> None:
    assert BucketShapes(2).together(width, waiting) == lines


@pytest.mark.parametrize("width", LINE_WIDTHS)
def test_whatever_goes_together_was_prepared_for_and_is_bounded(width: int) -> None:
    batches = line_batches(width)
    assert batches[0] == 1
    assert max(batches) * width <= MOST_COLUMNS
    for waiting in range(1, 200):
        together = lines_together(width, waiting)
        assert 1 <= together <= waiting
        assert filled(together, batches) in BucketShapes(2).prepared(width)
        assert together >= 0.75 * filled(together, batches)


def test_pages_go_together_in_numbers_that_were_prepared() -> None:
    assert [pages_together(n) for n in (1, 2, 3, 4, 9)] == [1, 1, 3, 4, 4]
    assert {filled(pages_together(n), PAGE_BATCHES) for n in range(1, 20)} == set(PAGE_BATCHES)
    assert filled(65, LINE_BATCHES) == 65


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((1120, 800), (1120, 800)),
        ((608, 448), (640, 640)),
        ((928, 448), (1120, 448)),
        ((640, 1120), (640, 1120)),
        ((32, 96), (320, 320)),
        ((1344, 960), (1344, 960)),
    ],
)
def test_the_size_to_which_a_page_is_filled(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert page_size(*size) == wanted


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 255))
def test_a_page_stays_in_its_corner_and_its_paper_fills_up(
    down: int, across: int, paper: int
) -> None:
    rng = np.random.default_rng(down * 100 + across)
    page = np.full((32 * down, 32 * across, 3), (paper, 7, 250), dtype=np.uint8)
    ink = rng.random(page.shape[:2]) < 0.2
    page[ink] = 128
    made = filled_page(page)
    height, width = page.shape[:2]
    assert made.shape[:2] == page_size(height, width)
    assert np.array_equal(made[:height, :width], page)
    assert (made[height:] == (paper, 7, 250)).all()
    assert (made[:, width:] == (paper, 7, 250)).all()


def test_every_size_suits_the_network() -> None:
    assert all(side % 32 == 0 for size in PAGE_SIZES for side in size)
