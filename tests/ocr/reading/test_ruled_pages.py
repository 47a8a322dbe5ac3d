"""The order of what stands between ruling lines: cells, tables, frames, columns."""

import cv2
import numpy as np
import pytest
from test_reading_order import Box, polygons

from decoding.pixels import Pixels
from reading import reading_order as the_module
from reading.reading_order import reading_order


def paper() -> Pixels:
    return np.full((900, 1200, 3), 245, dtype=np.uint8)


def grid(page: Pixels, xs: list[int], ys: list[int]) -> None:
    for x in xs:
        cv2.line(page, (x, ys[0]), (x, ys[-1]), (0, 0, 0), 3)
    for y in ys:
        cv2.line(page, (xs[0], y), (xs[-1], y), (0, 0, 0), 3)


def order(boxes: list[Box], page: Pixels) -> list[int]:
    """As places in the list, whatever order the detector gave."""
    chance = np.random.default_rng(5).permutation(len(boxes))
    found = reading_order(polygons([boxes[i] for i in chance]), page=page)
    return [int(chance[i]) for i in found]


def test_lines_of_one_cell_are_read_before_the_next_cell() -> None:
    page = paper()
    grid(page, [100, 400, 700, 1000], [100, 200, 300, 400])
    boxes: list[Box] = [
        box
        for y in (115, 215, 315)
        for box in (
            *((120, y + 35 * line, 200 - 40 * line, 24) for line in range(2)),
            (420, y + 17, 180, 24),
            *((720, y + 35 * line, 220, 24) for line in range(2)),
        )
    ]
    assert order(boxes, page) == list(range(len(boxes)))


def test_a_label_and_what_is_filled_in_below_it_are_one_box_of_a_form() -> None:
    page = paper()
    grid(page, [100, 500, 1000], [100, 200])
    boxes: list[Box] = [(110, 108, 90, 18), (115, 150, 200, 30), (510, 108, 90, 18),
                        (515, 150, 200, 30)]  # fmt: skip
    assert order(boxes, page) == [0, 1, 2, 3]
    assert order(boxes, paper()) == [0, 2, 1, 3]


def test_a_table_of_which_only_the_columns_are_ruled_is_read_by_rows() -> None:
    page = paper()
    grid(page, [100, 400, 700, 1000], [100, 150, 700])
    boxes: list[Box] = [
        (x + 20, y, 110, 24) for y in [112, *range(170, 680, 40)] for x in (100, 400, 700)
    ]
    assert order(boxes, page) == list(range(len(boxes)))


def test_numbers_outside_of_a_frame_are_read_before_what_is_in_it() -> None:
    """A transcript: the lines of a sentence go on without the numbers between them."""
    page = paper()
    cv2.rectangle(page, (150, 60), (1000, 840), (0, 0, 0), 3)
    numbers: list[Box] = [(100, 80 + 50 * i, 24, 24) for i in range(15)]
    text: list[Box] = [(200, 80 + 50 * i, 300 + i * 97 % 400, 24) for i in range(15)]
    assert order([*numbers, *text], page) == list(range(30))


def test_a_line_between_columns_parts_them_however_short_their_lines() -> None:
    page = paper()
    cv2.line(page, (600, 60), (600, 840), (0, 0, 0), 3)
    columns: list[Box] = [
        (x, 80 + 50 * i, 90 + i * 37 % 80, 24) for x in (100, 650) for i in range(15)
    ]
    assert order(columns, page) == list(range(30))


def test_frames_beside_each_other_are_read_one_after_the_other() -> None:
    page = paper()
    for x in (60, 640):
        cv2.rectangle(page, (x, 60), (x + 500, 700), (0, 0, 0), 3)
    boxes: list[Box] = [(x, 90 + 40 * i, 200, 24) for x in (90, 670) for i in range(3)]
    boxes[4:4] = [(670, 108, 100, 24)]
    boxes = [*boxes[:3], *sorted(boxes[3:], key=lambda box: box[1])]
    assert order(boxes, page) == list(range(len(boxes)))


def test_a_picture_is_looked_at_only_where_it_may_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receipts are much higher than wide; looking at each would cost them time for nothing."""

    def look(*_: object) -> None:
        raise AssertionError("the picture was looked at")

    monkeypatch.setattr(the_module, "find_ruling_lines", look)
    receipt: list[Box] = [(x, 40 * i, 100, 24) for i in range(20) for x in (20, 200)]
    assert order(receipt, paper()) == list(range(40))
    with pytest.raises(AssertionError, match="looked at"):
        order(receipt[:16], paper())


def card(x: float, y: float) -> list[Box]:
    """A name, lines about it, and a price further down."""
    return [(x, y, 160, 26), (x, y + 32, 290, 22), (x, y + 58, 260, 22), (x, y + 118, 70, 26)]


def test_cards_are_read_one_after_the_other() -> None:
    page = paper()
    boxes: list[Box] = []
    for top in (80, 480):
        for left in (60, 440, 820):
            cv2.rectangle(page, (left, top), (left + 340, top + 360), (0, 0, 0), 3)
            boxes += card(left + 20, top + 190)
    assert order(boxes, page) == list(range(len(boxes)))


def test_an_underline_parts_no_cell() -> None:
    """A box of two lines, of which the last is underlined, beside two other lines."""
    page = paper()
    grid(page, [100, 420], [100, 260])
    cv2.line(page, (140, 226), (350, 226), (0, 0, 0), 3)
    boxes: list[Box] = [(150, 140, 200, 30), (140, 195, 215, 30), (600, 147, 150, 30),
                        (620, 190, 100, 30)]  # fmt: skip
    assert order(boxes, page) == [0, 1, 2, 3]


def test_a_box_beside_two_rows_of_a_form_is_read_behind_both() -> None:
    """Its text stands beside the first of them, but its frame reaches down to the second."""
    page = paper()
    grid(page, [60, 1160], [100, 270])
    cv2.line(page, (720, 100), (720, 270), (0, 0, 0), 3)
    cv2.line(page, (60, 180), (720, 180), (0, 0, 0), 3)
    rows: list[Box] = [
        (x, y, width, 26) for y in (130, 225) for x, width in ((80, 90), (240, 110), (440, 90))
    ]
    assert order([*rows, (760, 130, 260, 26), (760, 176, 240, 30)], page) == list(range(8))


def test_a_text_beside_a_frame_goes_on_below_it() -> None:
    """The title of a chart beside its first box, below which an arrow looks like a sign."""
    page = paper()
    for corner, other in (((460, 60), (820, 172)), ((896, 232), (1076, 336))):
        cv2.rectangle(page, corner, other, (0, 0, 0), 3)
    widths = (275, 91, 252, 147, 302)
    title: list[Box] = [(225 - w / 2, 48 + 30 * i, w, 32) for i, w in enumerate(widths)]
    box: list[Box] = [(499, 65, 286, 35), (471, 96, 338, 33), (580, 128, 120, 32)]
    question: list[Box] = [(598, 246, 85, 27), (574, 268, 133, 29), (592, 290, 98, 28)]
    answers: list[Box] = [(781, 226, 46, 33), (914, 254, 146, 28), (901, 281, 172, 29)]
    yes: Box = (509, 333, 50, 31)
    boxes = [*title, *box, (634, 187, 13, 17), *question, *answers, yes]
    assert order(boxes, page) == list(range(len(boxes)))


def test_names_below_rules_of_their_own_are_read_as_blocks() -> None:
    page = paper()
    said = ["Ada Bell", "Head of sales", "Leeds"]
    boxes: list[Box] = [(x, 420 + 34 * i, 150 + 10 * i, 24) for x in (100, 650) for i in range(3)]
    by_rows = [boxes[i + 3 * side] for i in range(3) for side in range(2)]
    twice = [text for text in said for _ in range(2)]
    assert reading_order(polygons(by_rows), page=page, texts=twice) == list(range(6))
    for x in (90, 640):
        cv2.line(page, (x, 412), (x + 300, 412), (0, 0, 0), 2)
    assert reading_order(polygons(boxes), page=page, texts=said * 2) == list(range(6))
