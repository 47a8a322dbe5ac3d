"""Pages as rows of boxes: the order in which a person would read them."""

import time

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from reading.reading_order import reading_order

Box = tuple[float, float, float, float]
"""x, y, width, height."""


def polygons(boxes: list[Box], degrees: float = 0.0) -> npt.NDArray[np.float32]:
    """The boxes' corners, the whole page turned by `degrees` about its origin."""
    points = np.array(
        [[(x, y), (x + w, y), (x + w, y + h), (x, y + h)] for x, y, w, h in boxes], dtype=np.float32
    ).reshape(-1, 4, 2)
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (points @ turn).astype(np.float32)


def column(x: float, y: float, count: int, width: float = 380) -> list[Box]:
    """Running text: lines of 20 pixels, ragged on the right, the last one short."""
    widths = [width - (i * 37) % 60 for i in range(count - 1)] + [width / 3]
    return [(x, y + 30 * i, w, 20) for i, w in enumerate(widths)]


def assert_read_as_listed(boxes: list[Box], degrees: float = 0.0) -> None:
    """However the detector lists them."""
    chance = np.random.default_rng(7)
    for _ in range(3):
        shuffled = chance.permutation(len(boxes))
        found = reading_order(polygons([boxes[i] for i in shuffled], degrees))
        assert [int(shuffled[i]) for i in found] == list(range(len(boxes)))


def test_no_lines_and_one_line() -> None:
    assert reading_order(polygons([])) == []
    assert reading_order(polygons([(5, 5, 10, 10)])) == [0]


def test_one_column() -> None:
    assert_read_as_listed(column(50, 50, 12))


def test_rows_from_left_to_right() -> None:
    assert_read_as_listed([(x, y + x % 7, 80, 20) for y in (0, 40, 80) for x in (0, 200, 400)])


def receipt() -> list[Box]:
    items = [
        box
        for i in range(8)
        for box in ((20, 200 + 40 * i, 150 + 23 * (i % 4), 20), (360, 203 + 40 * i, 50, 18))
    ]
    return [(120, 20, 180, 30), (100, 70, 220, 20), *items, (20, 560, 90, 26), (340, 562, 70, 24)]


def test_a_receipt_keeps_item_and_price_together() -> None:
    assert_read_as_listed(receipt())


def test_labels_and_values_stay_in_rows() -> None:
    assert_read_as_listed(
        [box for i in range(6) for box in ((20, 40 * i, 100, 20), (180, 40 * i, 130, 20))]
    )


def test_a_table_of_long_cells_stays_in_rows_when_it_is_no_text() -> None:
    """Cells of one line each, much shorter than their columns."""
    assert_read_as_listed(
        [(x, 60 * i, 90 if i else 300, 20) for i in range(7) for x in (0, 400, 800)]
    )


@pytest.mark.parametrize("count", [2, 3])
def test_columns_of_running_text_between_heading_and_footer(count: int) -> None:
    columns = [box for i in range(count) for box in column(50 + 450 * i, 150 + 7 * i, 14 - i)]
    width = 450 * count - 70
    heading: list[Box] = [(50, 40, width, 40), (50, 95, width * 0.8, 20)]
    footer: list[Box] = [(50, 700, width, 20)]
    assert_read_as_listed([*heading, *columns, *footer])


def test_columns_with_paragraphs_at_other_heights() -> None:
    left = column(50, 100, 6) + column(50, 320, 7)
    right = column(500, 100, 9) + column(500, 420, 4)
    assert_read_as_listed([*left, *right])


def test_a_heading_amid_the_page_ends_the_columns() -> None:
    upper = column(50, 100, 6) + column(500, 100, 6)
    lower = column(50, 400, 6) + column(500, 400, 6)
    assert_read_as_listed([*upper, (50, 330, 830, 30), *lower])


@pytest.mark.parametrize("degrees", [-8, -3, 1, 3, 8])
def test_a_page_that_is_askew(degrees: float) -> None:
    assert_read_as_listed(receipt(), degrees)
    assert_read_as_listed([(50, 40, 830, 40), *column(50, 150, 12), *column(500, 150, 12)], degrees)


def test_boxes_that_touch_are_still_rows() -> None:
    """The detector adds a margin: boxes of neighbouring rows overlap a little."""
    assert_read_as_listed([(x, 24 * y, 150, 30) for y in range(10) for x in (0, 300)])


@pytest.mark.parametrize("rows", [300, 2000])
def test_a_long_table_takes_no_long_time(rows: int) -> None:
    """It has a run of columns from each row to each later one; trying all took minutes."""
    boxes: list[Box] = [(200 * x, 30 * y, 60, 20) for y in range(rows) for x in range(5)]
    started = time.process_time()
    assert reading_order(polygons(boxes)) == list(range(len(boxes)))
    assert time.process_time() - started < 3


def test_a_long_page_of_text_like_cells_takes_no_long_time() -> None:
    boxes: list[Box] = [
        (500 * x, 30 * y, 200 + 290 * (y % 9 == 0), 20) for y in range(600) for x in range(2)
    ]
    started = time.process_time()
    assert sorted(reading_order(polygons(boxes))) == list(range(len(boxes)))
    assert time.process_time() - started < 3


any_polygons = st.integers(0, 40).flatmap(
    lambda count: arrays.arrays(
        np.float32,
        (count, 4, 2),
        elements=st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.0, 1.0, 50.0, 100.0]),
    )
)


@pytest.mark.filterwarnings("error")
@given(any_polygons)
def test_it_is_always_a_permutation(shapes: npt.NDArray[np.float32]) -> None:
    """Of any quadrilaterals: crossed, without area, one on the other."""
    assert sorted(reading_order(shapes)) == list(range(len(shapes)))


boxes_on_a_page = st.lists(
    st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(0, 500), st.integers(0, 60)),
    max_size=60,
)


@pytest.mark.filterwarnings("error")
@given(boxes_on_a_page, st.floats(-40, 40))
def test_it_is_always_a_permutation_of_boxes(boxes: list[Box], degrees: float) -> None:
    assert sorted(reading_order(polygons(boxes, degrees))) == list(range(len(boxes)))
