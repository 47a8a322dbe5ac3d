"""Pages as rows of boxes: the order in which a person would read them."""

import time
from collections.abc import Sequence

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


def assert_read_as_listed(
    boxes: list[Box], degrees: float = 0.0, texts: Sequence[str] = ()
) -> None:
    """However the detector lists them."""
    chance = np.random.default_rng(7)
    for _ in range(3):
        shuffled = chance.permutation(len(boxes))
        found = reading_order(
            polygons([boxes[i] for i in shuffled], degrees),
            texts=[texts[i] for i in shuffled] if texts else (),
        )
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


def cells(x: float, y: float, rows: int, pitch: float = 30) -> list[Box]:
    """A label and three numbers in each row."""
    return [
        box
        for row in range(rows)
        for box in (
            (x, y + pitch * row, 90 + row % 3 * 20, 20),
            *((x + 180 + 80 * n, y + pitch * row, 50, 20) for n in range(3)),
        )
    ]


def test_a_table_in_a_column_of_text() -> None:
    left = column(50, 100, 6) + cells(50, 320, 7) + column(50, 570, 6)
    assert_read_as_listed([*left, *column(500, 104, 23)])


def glossary(x: float) -> list[Box]:
    """A word, and indented below it two lines that explain it."""
    return [
        box
        for i in range(7)
        for box in (
            (x, 60 + 90 * i, 60, 24),
            (x + 30, 86 + 90 * i, 330 + i * 13 % 60, 24),
            (x + 30, 112 + 90 * i, 150 + i * 37 % 90, 24),
        )
    ]


def test_a_glossary_in_two_columns_has_many_short_lines() -> None:
    assert_read_as_listed([*glossary(50), *glossary(520)])


def test_a_sidebar_of_facts_has_a_pitch_of_its_own() -> None:
    assert_read_as_listed([*cells(50, 100, 14, 26), *column(500, 110, 16)])
    assert_read_as_listed([*column(50, 110, 16), *cells(500, 100, 14, 26)])


def test_a_short_piece_that_reaches_into_the_gap_does_not_close_it() -> None:
    """Text is found with a margin."""
    left = [(x, y, w + 8, h) for x, y, w, h in column(50, 100, 12)]
    right = [(x - 8, y, w, h) for x, y, w, h in column(454, 105, 12)]
    assert_read_as_listed([*left, *right])


def test_a_heading_that_stands_like_two_columns_is_read_before_them() -> None:
    heading: list[Box] = [(50, 20, 120, 20), (700, 22, 180, 20)]
    columns = [*column(50, 200, 14), *column(500, 207, 14)]
    found = reading_order(polygons([*heading, *columns]))
    assert found[0] == 0
    assert [i for i in found if i > 1] == list(range(2, len(columns) + 2))


def index(columns: int, rows: int) -> tuple[list[Box], list[str]]:
    words = sorted(f"{a}{b}nt" for a in "bcdfghk" for b in "aeiou" for _ in range(3))
    boxes: list[Box] = [
        (300 * x, 30 * y, 120 + 10 * (y % 5), 20) for x in range(columns) for y in range(rows)
    ]
    return boxes, [f"{word} {number}:3" for number, word in enumerate(words[: columns * rows])]


def test_a_sorted_index_is_read_down_its_columns() -> None:
    boxes, texts = index(3, 30)
    assert_read_as_listed(boxes, texts=texts)


def test_the_same_boxes_are_rows_when_their_words_are_not_sorted_down() -> None:
    boxes, texts = index(3, 30)
    by_rows = sorted(boxes, key=lambda box: (box[1], box[0]))
    assert_read_as_listed(by_rows, texts=texts)


def transcript(pages: Sequence[tuple[int, int, int]]) -> tuple[list[Box], list[str]]:
    """Pages of numbered lines: the place of each, and its number."""
    boxes: list[Box] = []
    texts: list[str] = []
    for x, y, number in pages:
        boxes.append((x + 300, y, 60, 20))
        texts.append(f"Page {number}")
        for row in range(1, 26):
            boxes += [(x, y + 30 * row, 18, 20), (x + 60, y + 30 * row, 60 + row * 37 % 200, 20)]
            texts += [str(row), "and so it was"]
    return boxes, texts


def test_pages_on_one_sheet_are_read_one_after_the_other() -> None:
    assert_read_as_listed(*_with_texts(transcript([(0, 0, 40), (500, 0, 41)])))


def test_four_pages_on_one_sheet_come_by_their_numbers() -> None:
    across = transcript([(0, 0, 40), (500, 0, 41), (0, 900, 42), (500, 900, 43)])
    assert_read_as_listed(*_with_texts(across))
    down = transcript([(0, 0, 40), (0, 900, 41), (500, 0, 42), (500, 900, 43)])
    assert_read_as_listed(*_with_texts(down))


def _with_texts(page: tuple[list[Box], list[str]]) -> tuple[list[Box], float, list[str]]:
    return page[0], 0.0, page[1]


def test_a_table_of_numbers_that_counts_both_ways_stays_in_rows() -> None:
    boxes: list[Box] = [(120 * x, 40 * y, 40, 20) for y in range(12) for x in range(12)]
    texts = [str((x + 1) * (y + 1)) for y in range(12) for x in range(12)]
    assert_read_as_listed(boxes, texts=texts)


@pytest.mark.parametrize("degrees", [-44, -30, 22, 36, 45])
def test_a_page_that_lies_at_an_angle(degrees: float) -> None:
    assert_read_as_listed(receipt(), degrees)
    assert_read_as_listed([(50, 40, 830, 40), *column(50, 150, 12), *column(500, 150, 12)], degrees)


def test_two_tiers_of_vertical_text_are_read_one_after_the_other() -> None:
    tiers: list[Box] = [(900 - 80 * i, y, 50, 520) for y in (60, 599) for i in range(10)]
    assert reading_order(polygons(tiers), vertical=True) == list(range(20))


@pytest.mark.parametrize("degrees", [-8, -3, 1, 3, 8])
def test_a_page_that_is_askew(degrees: float) -> None:
    assert_read_as_listed(receipt(), degrees)
    assert_read_as_listed([(50, 40, 830, 40), *column(50, 150, 12), *column(500, 150, 12)], degrees)


def test_boxes_that_touch_are_still_rows() -> None:
    """The detector adds a margin: boxes of neighbouring rows overlap a little."""
    assert_read_as_listed([(x, 24 * y, 150, 30) for y in range(10) for x in (0, 300)])


@pytest.mark.parametrize("rows", [300, 4000])
def test_a_long_table_takes_no_long_time(rows: int) -> None:
    """It has a run of columns from each row to each later one; trying all took minutes."""
    boxes: list[Box] = [(200 * x, 30 * y, 60, 20) for y in range(rows) for x in range(5)]
    started = time.process_time()
    assert reading_order(polygons(boxes)) == list(range(len(boxes)))
    assert time.process_time() - started < 1


def test_a_long_page_of_text_like_cells_takes_no_long_time() -> None:
    boxes: list[Box] = [
        (500 * x, 30 * y, 200 + 290 * (y % 9 == 0), 20) for y in range(600) for x in range(2)
    ]
    started = time.process_time()
    assert sorted(reading_order(polygons(boxes))) == list(range(len(boxes)))
    assert time.process_time() - started < 1


def test_a_texture_takes_no_long_time() -> None:
    """As many regions as the service takes, anywhere: 20,000."""
    chance = np.random.default_rng(1)
    places = chance.uniform((0, 0, 20, 10), (9000, 9000, 400, 40), (20_000, 4))
    started = time.process_time()
    order = reading_order(polygons([tuple(place) for place in places.tolist()]))
    assert sorted(order) == list(range(len(places)))
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


def menu(x: float, rows: int) -> tuple[list[Box], list[Box]]:
    """Dishes with a line about each, and their prices far to the right."""
    dishes: list[Box] = []
    prices: list[Box] = []
    for row in range(rows):
        y = 100.0 + 80 * row
        dishes += [(x, y, 150 + row * 23 % 60, 22), (x, y + 33, 330 - row * 31 % 80, 20)]
        prices.append((x + 480, y, 70, 22))
    return dishes, prices


def test_a_price_is_read_behind_its_dish_in_a_menu_of_two_columns() -> None:
    listed = []
    for x in (80, 740):
        dishes, prices = menu(x, 7)
        for number, price in enumerate(prices):
            listed += [dishes[2 * number], price, dishes[2 * number + 1]]
    assert_read_as_listed(listed)


def test_a_heading_over_some_of_the_columns_is_in_none_of_them() -> None:
    """The fourth column, which the heading does not reach, is read last all the same."""
    columns = [column(60 + 340 * number, 150, rows, 310) for number, rows in
               enumerate((40, 40, 17, 16))]  # fmt: skip
    frame = [(800.0, 760.0 + 80 * row, 420.0, 40.0) for row in range(5)]
    listed = [(60.0, 80.0, 760.0, 45.0), *(box for lines in columns for box in lines), *frame]
    assert_read_as_listed(listed)


ADDRESS = ["Mara Lindqvist", "Harbour Office", "Mill Street", "Old Town", "Northland"]


def address(x: float, y: float, rows: int, pitch: float) -> list[Box]:
    return [(x, y + pitch * row, 180 + row * 47 % 90, 28) for row in range(rows)]


@pytest.mark.parametrize(
    ("right", "pitch"), [(133, 32), (120, 34.5)], ids=["between the rows", "another pitch"]
)
def test_an_address_is_read_as_a_whole_beside_another_one(right: float, pitch: float) -> None:
    boxes = [*address(110, 120, 5, 31), *address(800, right, 4, pitch)]
    assert_read_as_listed(boxes, texts=[*ADDRESS, *ADDRESS[:4]])


def test_numbers_beside_words_are_no_address() -> None:
    """On a curved receipt the amounts may stand half a row lower than what they belong to."""
    words, amounts = address(110, 120, 5, 31), address(500, 134, 5, 31)
    rows = [box for row in zip(words, amounts, strict=True) for box in row]
    said = [text for row in zip(ADDRESS, ["4.10", "12.00", "3.35", "8.00", "27.45"], strict=True)
            for text in row]  # fmt: skip
    assert_read_as_listed(rows, texts=said)


def test_rows_of_words_at_one_pitch_stay_rows() -> None:
    names, towns = address(110, 120, 5, 31), address(500, 122, 5, 31)
    rows = [box for row in zip(names, towns, strict=True) for box in row]
    assert_read_as_listed(rows, texts=[text for text in ADDRESS for _ in range(2)])


layouts = st.sampled_from([
    receipt(),
    [*column(50, 100, 12), *column(500, 107, 14)],
    [(50, 20, 830, 30), *cells(50, 100, 14, 26), *column(500, 110, 16)],
    [*column(50, 100, 6), *cells(50, 320, 7), *column(500, 104, 13)],
])  # fmt: skip


@given(
    layouts, st.floats(0.2, 20), st.floats(-5, 5), st.tuples(st.floats(0, 500), st.floats(0, 500))
)
def test_neither_scale_nor_place_nor_a_little_skew_changes_the_order(
    boxes: list[Box], scale: float, degrees: float, place: tuple[float, float]
) -> None:
    moved = [(x + place[0], y + place[1], w, h) for x, y, w, h in boxes]
    there = polygons(moved, degrees) * np.float32(scale)
    assert reading_order(there) == reading_order(polygons(boxes))


def test_rows_of_cards_below_each_other_are_read_one_row_of_cards_after_the_other() -> None:
    """Pictures stand over each card, so that a band of white lies between the rows of cards."""
    cards = [column(x, y, 5, 300) for y in (300, 900) for x in (0, 400, 800)]
    assert_read_as_listed([box for card in cards for box in card])


def test_a_date_below_a_senders_name_is_not_the_first_row_of_a_column() -> None:
    head: list[Box] = [(0, 0, 360, 24), (500, 22, 200, 20), (500, 46, 160, 20)]
    assert_read_as_listed([*head, *column(0, 130, 12), *column(500, 130, 12, 300)])


def test_two_wrapped_texts_beside_each_other_are_captions() -> None:
    captions: list[Box] = [(0, 0, 390, 20), (0, 26, 120, 20), (500, 0, 395, 20), (500, 26, 380, 20),
                           (500, 52, 90, 20)]  # fmt: skip
    assert_read_as_listed(captions)


CONTACT = ["Ada Bell", "Head of sales", "(203) 569-4345", "ada@example.org"]


def test_cards_that_tell_the_same_sort_of_things_are_read_as_a_whole() -> None:
    boxes = [
        (x, 34.0 * row, width, 26.0)
        for x in (0.0, 300.0, 600.0)
        for row, width in enumerate((90.0, 140.0, 120.0, 170.0))
    ]
    assert_read_as_listed(boxes, texts=CONTACT * 3)


def test_a_table_of_names_and_numbers_beside_each_other_stays_in_rows() -> None:
    rows = [(200.0 * x, 26.0 * y, 50.0 + y * 53 % 90, 20.0) for y in range(6) for x in range(4)]
    assert_read_as_listed(rows, texts=CONTACT * 6)


def table(x: float, rows: int) -> tuple[list[Box], list[str]]:
    """A title, and rows of a name and two numbers."""
    boxes: list[Box] = [(x, 0, 180, 20)]
    texts = ["Sales by town"]
    for row in range(1, rows):
        boxes += [(x + across, 30 * row, 70, 20) for across in (0, 150, 260)]
        texts += ["Leeds", f"{row}.50", f"{row}7.25"]
    return boxes, texts


def test_tables_beside_each_other_are_read_one_after_the_other() -> None:
    (left, said), (right, also) = table(0, 8), table(400, 8)
    assert_read_as_listed([*left, *right], texts=[*said, *also])


def test_two_lists_with_their_titles_are_read_one_after_the_other() -> None:
    boxes: list[Box] = []
    texts: list[str] = []
    for x, title, rows in ((0, "Earnings", 8), (400, "Deductions", 6)):
        boxes += [(x, 0, 110, 20), *((x, 30 * row, 90, 20) for row in range(1, rows))]
        texts += [title, *(["Overtime"] * (rows - 1))]
        for row in range(1, rows):
            boxes.insert(len(boxes) - (rows - 1 - row), (x + 250, 30 * row, 60, 20))
            texts.insert(len(texts) - (rows - 1 - row), f"{row}0.50")
    assert_read_as_listed(boxes, texts=texts)


def test_a_table_with_names_twice_in_each_row_stays_in_rows() -> None:
    (left, said), (right, also) = table(0, 8), table(400, 8)
    rows = range(1, len(left), 3)
    boxes = [box for i in rows for box in (*left[i : i + 3], *right[i : i + 3])]
    texts = [
        text for i in rows for text in (*said[i : i + 3], f"Upper {also[i]}", *also[i + 1 : i + 3])
    ]
    assert_read_as_listed(boxes, texts=texts)


def test_a_few_words_askew_do_not_tilt_the_rows_of_a_page() -> None:
    """As the detector gives them: corners of short words are a pixel or two off."""
    rows = polygons([(x, 30 * y, 80, 26) for y in range(7) for x in (0, 220, 600, 820)])
    heading = polygons([(0, -60, 230, 30)], -1.4)
    rows[::2] += polygons([(0, 0, 100, 26)], -1.8) - polygons([(0, 0, 80, 26)])
    found = reading_order(np.concatenate([heading, rows]).astype(np.float32))
    assert found == list(range(29))


def listed(x: float, pitch: float, count: int, value: float) -> list[Box]:
    """Labels, and values at a distance."""
    return [
        box
        for row in range(count)
        for box in (
            (x, pitch * row, 70.0 + row * 37 % 50, 20.0),
            (x + value, pitch * row, 60.0, 20.0),
        )
    ]


def test_a_table_of_contents_goes_on_in_its_second_column() -> None:
    texts = [text for page in range(3, 51, 3) for text in ("A chapter", str(page))]
    boxes = [*listed(0, 30, 8, 250), *listed(420, 30, 8, 250)]
    assert_read_as_listed(boxes, texts=texts)
    by_rows = [box for row in range(8) for side in (0, 16) for box in boxes[side:][2 * row :][:2]]
    amounts = [
        text
        for row in range(16)
        for text in (("A dish", "A wine")[row % 2], str(90 - 7 * (row % 5)))
    ]
    assert_read_as_listed(by_rows, texts=amounts)


def test_lists_of_values_at_pitches_of_their_own_are_read_one_after_the_other() -> None:
    assert_read_as_listed([*listed(0, 30, 9, 200), *listed(450, 33, 8, 200)])


def test_addresses_in_a_net_fill_a_column_but_are_no_text() -> None:
    """A list of persons: the last column looks like lines of running text."""
    rows: list[Box] = []
    for row in range(9):
        rows += [(0, 30 * row, 60 + row * 29 % 40, 20), (180, 30 * row, 150 - row * 17 % 30, 20),
                 (380, 30 * row, 240 - row * 23 % 50, 20)]  # fmt: skip
    assert_read_as_listed(rows, texts=["Ada Bell", "21 Because Lane", "ada.bell@example.org"] * 9)
