"""Tables of a page: where they are looked for, what becomes of the model's answer."""

import dataclasses
import re
from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from decoding.pixels import Pixels
from engines.table_structure import TableTags
from page_records import Line, PageTable
from reading.layout.boxes import Boxes
from reading.layout.ruling_lines import RulePicture, Segments
from reading.tables.table_finder import TableFinder
from reading.tables.table_grid import Grid, GridCell, is_sound
from reading.tables.table_rows import columns_of
from worker_link.table_messages import parse_tables, tables_to_json

HEIGHT = 24


class Written:
    """Answers as the model does, with what it is told."""

    def __init__(self, tags: str, boxes: Sequence[Sequence[float]] = (), *, whole: bool = True,
                 confidence: float = 0.99) -> None:  # fmt: skip
        self.pictures: list[Pixels] = []
        parts = re.findall(r'<td></td>|<td|</?\w+>|>| \w+="\d+"', tags)
        self._answer = TableTags(
            parts, np.array(boxes, dtype=np.float32).reshape(-1, 4), whole,
            confidence,
        )  # fmt: skip

    def write(self, picture: Pixels) -> TableTags:
        self.pictures.append(picture)
        return self._answer


def paper(*rules: tuple[int, int, int]) -> Pixels:
    """With level rules: y, left, right."""
    page = np.full((900, 1000, 3), 255, dtype=np.uint8)
    for y, left, right in rules:
        cv2.line(page, (left, y), (right, y), (0, 0, 0), 2)
    return page


def line(text: str, x: float, y: float, width: float | None = None) -> Line:
    width = 13 * len(text) if width is None else width
    return Line(text, 0.9, ((x, y), (x + width, y), (x + width, y + HEIGHT), (x, y + HEIGHT)))


def rows(*texts: str, top: float = 100, pitch: float = 40, step: float = 180) -> list[Line]:
    """A row a text, its cells parted by strokes; an empty one is left out."""
    return [
        line(cell, 60 + step * column, top + pitch * number)
        for number, text in enumerate(texts)
        for column, cell in enumerate(text.split("|"))
        if cell
    ]


FIVE = ("Tree|Height|Girth|Age", "Oak|21.5|340|300", "Elm|17.0|295|120", "Yew|9.2|118|900",
        "Ash|30.1|210|80")  # fmt: skip


def texts_of(table: PageTable) -> list[list[str]]:
    return [[cell.text for cell in table.cells if cell.row == row] for row in range(table.rows)]


def test_plain_rows_are_a_table_without_the_model() -> None:
    (table,) = TableFinder(None).find(paper(), rows(*FIVE))
    assert (table.rows, table.columns, table.header_rows) == (5, 4, 1)
    assert texts_of(table) == [row.split("|") for row in FIVE]
    assert table.cells[5].lines == (6,)
    assert table.cells[5].polygon == ((240, 140), (292, 140), (292, 164), (240, 164))
    (left, top), _, (right, bottom), _ = table.polygon
    assert left <= 60 and top <= 100 and right >= 639 and bottom >= 284


SERVICES = (
    ("Service|Work|Price",), ("Boat|paint the hull and|39.42", "repair|mend its sails"),
    ("Net|knot what is torn|42.26", "mending|and wash it in the", "|harbour"),
    ("Rope|splice both ends|8.50", "|and tar them"),
    ("Pier|replace boards|12.00", "lights|and lamps"),
)  # fmt: skip
"""Rows, each with the lines that its cells have."""


def spread(row_gap: float, cells: Sequence[Sequence[str]] = SERVICES) -> list[Line]:
    """Lines of a cell stand close to each other, rows by so much more apart."""
    found: list[Line] = []
    top = 100.0
    for row in cells:
        for text in row:
            found += rows(text, top=top, step=300)
            top += HEIGHT + 4
        top += row_gap
    return found


def test_cells_of_several_lines_without_rules_are_told_by_white_space() -> None:
    """Without the model's places, which drift by a line over such rows."""
    model = Written("<table></table>")
    (table,) = TableFinder(model).find(paper(), spread(16))
    assert not model.pictures
    assert (table.rows, table.columns, table.header_rows) == (5, 3, 1)
    assert texts_of(table)[1:] == [
        ["Boat repair", "paint the hull and mend its sails", "39.42"],
        ["Net mending", "knot what is torn and wash it in the harbour", "42.26"],
        ["Rope", "splice both ends and tar them", "8.50"],
        ["Pier lights", "replace boards and lamps", "12.00"],
    ]


def test_where_rows_are_no_farther_apart_than_lines_nothing_is_guessed() -> None:
    assert TableFinder(None).find(paper(), spread(0)) == ()


def test_the_model_tells_headings_spans_and_cells_of_several_lines() -> None:
    given = rows("Tree|Size||Age", "|Height|Girth|", "Oak|21.5|340|300", "of kings", "Elm|17|29|12",
                 "Yew|9|11|90")  # fmt: skip
    tags = (
        '<thead><tr><td rowspan="2"></td><td colspan="2"></td><td rowspan="2"></td></tr>'
        "<tr><td></td><td></td></tr></thead><tbody>"
        + "<tr><td></td><td></td><td></td><td></td></tr>" * 3
        + "</tbody>"
    )
    left, top = 49.0, 89.0  # the corner of what is cut out

    def box(x: float, y: float, width: float, height: float = HEIGHT) -> list[float]:
        return [x - left, y - top, x + width - left, y + height - top]

    boxes = [box(60, 100, 60), box(240, 100, 60), box(600, 100, 60), box(240, 140, 70),
             box(420, 140, 70)]  # fmt: skip
    boxes += [box(60, 180, 110, 64), *(box(60 + 180 * n, 180, 60) for n in (1, 2, 3))]
    boxes += [box(60 + 180 * n, y, 60) for y in (260, 300) for n in range(4)]
    model = Written(tags, boxes)
    (table,) = TableFinder(model).find(paper(), given)
    assert len(model.pictures) == 1
    assert (table.rows, table.columns, table.header_rows) == (5, 4, 2)
    assert texts_of(table) == [
        ["Tree", "Size", "Age"], ["Height", "Girth"], ["Oak of kings", "21.5", "340", "300"],
        ["Elm", "17", "29", "12"], ["Yew", "9", "11", "90"],
    ]  # fmt: skip
    assert [(cell.rowspan, cell.colspan) for cell in table.cells[:3]] == [(2, 1), (1, 2), (2, 1)]


@pytest.mark.parametrize(
    "model",
    [
        Written("<tr><td></td></tr>", [[0, 0, 500, 200]]),
        Written("<tr><td></td><td></td></tr>" * 5, [[900, 0, 990, 9]] * 10),
        Written("<tr><td></td><td></td></tr>" * 5, [[0, 0, 700, 300]] * 10),
        Written("<tr><td></td><td></td></tr>" * 5, [[0, 0, 90, 99]] * 10, whole=False),
        Written("<tr><td></td><td></td></tr>" * 5, [[0, 0, 90, 99]] * 10, confidence=0.5),
        Written("", []),
    ],
    ids=["one cell", "elsewhere", "crowded", "cut short", "unsure", "nothing"],
)
def test_where_the_model_is_wrong_white_space_tells(model: Written) -> None:
    (table,) = TableFinder(model).find(paper(), rows(*FIVE))
    assert texts_of(table) == [row.split("|") for row in FIVE]


def test_a_line_over_two_cells_is_divided_between_its_words() -> None:
    given = rows(*FIVE)
    place = next(number for number, each in enumerate(given) if each.text == "17.0")
    given[place : place + 2] = [line("17.0 295", 240, 180, 220)]
    boxes = [[10 + 180 * x, 10 + 40 * y, 70 + 180 * x, 36 + 40 * y] for y in range(5)
             for x in range(4)]  # fmt: skip
    tags = "<tr>" + "<td></td>" * 4 + "</tr>"
    (table,) = TableFinder(Written(tags * 5, boxes)).find(paper(), given)
    assert texts_of(table)[2] == ["Elm", "17.0", "295", "120"]
    assert table.cells[9].lines == table.cells[10].lines == (10,)


def test_rules_of_one_length_hold_a_table_of_two_columns() -> None:
    given = rows("Sign|Rate", "Fever|90%", "Pain|19%", "Cough|15%")
    rules = [(y, 50, 330) for y in (92, 132, 255)]
    boxes = [[14 + 180 * x, 12 + 40 * y, 84 + 180 * x, 38 + 40 * y] for y in range(4)
             for x in range(2)]  # fmt: skip
    model = Written("<tr><td></td><td></td></tr>" * 4, boxes)
    (table,) = TableFinder(model).find(paper(*rules), given)
    assert texts_of(table) == [["Sign", "Rate"], ["Fever", "90%"], ["Pain", "19%"],
                               ["Cough", "15%"]]  # fmt: skip
    assert TableFinder(model).find(paper(), given) == ()


@pytest.mark.parametrize("inset", [14, 40])
def test_titles_and_notes_within_a_frame_are_no_rows(inset: int) -> None:
    """Whether the frame's rules end as far from the table's as two tables' do, or nearly there."""
    framed = [line("Nutrition", 60, 50), *rows(*FIVE), line("One portion is 30 g.", 60, 310)]
    inner = [(y, 54, 690) for y in (92, 132, 172, 212, 252, 292)]
    page = paper((40, 54 - inset, 690 + inset), *inner, (345, 54 - inset, 690 + inset))
    (table,) = TableFinder(None).find(page, framed)
    assert texts_of(table) == [row.split("|") for row in FIVE]


def test_numbers_that_count_beside_each_other_are_a_table_where_rows_are_ruled() -> None:
    counted = ["Line|Kind|Box|Amount", *(f"{n}|Income|{n + 100}|{n}70.00" for n in range(1, 8))]
    ruled = paper(*((92 + 40 * number, 54, 700) for number in range(9)))
    (table,) = TableFinder(None).find(ruled, rows(*counted))
    assert (table.rows, table.columns, table.header_rows) == (8, 4, 1)
    assert not TableFinder(None).find(paper(), rows(*counted[1:]))


def test_the_title_of_a_section_is_no_heading() -> None:
    (table,) = TableFinder(None).find(paper(), rows(FIVE[0], "Broad", *FIVE[1:]))
    assert (table.rows, table.header_rows) == (6, 1)


def test_a_table_that_lies_on_its_side_beside_upright_text_is_found() -> None:
    """As it is read, from the bottom up; its lines keep their numbers."""
    lying = [
        dataclasses.replace(each, polygon=tuple((y, 800 - x) for x, y in each.polygon))
        for each in rows(*FIVE)
    ]
    above = [line(f"Text that runs across number {n}", 60, 10 + 30 * n, 880) for n in range(3)]
    (table,) = TableFinder(None).find(paper(), [*above, *lying])
    assert texts_of(table) == [row.split("|") for row in FIVE]
    assert [cell.lines for cell in table.cells[:2]] == [(4,), (5,)]
    assert table.cells[0].polygon == tuple((float(x), float(y)) for x, y in lying[0].polygon)


def walls(*segments: tuple[int, int, int, int]) -> Pixels:
    """With rules from (x, y) to (x, y)."""
    page = paper()
    for x1, y1, x2, y2 in segments:
        cv2.line(page, (x1, y1), (x2, y2), (0, 0, 0), 2)
    return page


def spans_of(table: PageTable) -> list[tuple[int, int, int, int, str]]:
    return [(cell.row, cell.column, cell.rowspan, cell.colspan, cell.text) for cell in table.cells]


SUMS = ("Group|Part|Sum", "First group||", "North|Roof|12.50", "|Wall|70.00", "|Subtotal|82.50")


@pytest.mark.parametrize(
    "model", [None, Written("<tr><td></td></tr>" * 5, [[10, 0, 550, 200]] * 5)]
)
def test_walls_all_around_tell_the_cells_that_span_several_places(model: Written | None) -> None:
    """A section's title over all columns, a group over two rows, a sum over two columns."""
    around = [(50, 90, 590, 90), (50, 290, 590, 290), (50, 90, 50, 290), (590, 90, 590, 290)]
    level = [(50, 130, 590, 130), (50, 170, 590, 170), (230, 210, 590, 210), (50, 250, 590, 250)]
    upright = [(230, 90, 230, 130), (410, 90, 410, 130), (230, 170, 230, 250), (410, 170, 410, 290)]
    (table,) = TableFinder(model).find(walls(*around, *level, *upright), rows(*SUMS))
    assert spans_of(table) == [
        (0, 0, 1, 1, "Group"), (0, 1, 1, 1, "Part"), (0, 2, 1, 1, "Sum"),
        (1, 0, 1, 3, "First group"),
        (2, 0, 2, 1, "North"), (2, 1, 1, 1, "Roof"), (2, 2, 1, 1, "12.50"),
        (3, 1, 1, 1, "Wall"), (3, 2, 1, 1, "70.00"),
        (4, 0, 1, 2, "Subtotal"), (4, 2, 1, 1, "82.50"),
    ]  # fmt: skip


def test_boxes_beside_each_other_are_no_table() -> None:
    """Each with a frame of its own; with one wall between two they are a table's columns."""
    steps = rows(
        "First|Then|Next|Last", "fetch it|cut it|glue it|paint it",
        "from here|in half|at once|in blue", "by hand|with care|on top|at last",
    )  # fmt: skip
    inner = [(x, 90, x, 250) for x in (230, 410, 590)]
    parted = [(x + beyond, 90, x + beyond, 250) for x in (220, 400, 580) for beyond in (0, 20)]
    around = [(50, y, 770, y) for y in (90, 250)] + [(x, 90, x, 250) for x in (50, 770)]
    assert len(TableFinder(None).find(walls(*around, *inner), steps)) == 1
    assert not TableFinder(None).find(walls(*around, *parted), steps)


def test_letters_that_stand_where_a_wall_may_be_are_none() -> None:
    """Their strokes over all of a cell, beside which a rule parts two rows."""
    level = [(50, y, 590, y) for y in (90, 170, 210, 250, 290)]
    upright = [(x, 90, x, 290) for x in (50, 230, 410, 590)]
    page = walls(*level, *upright, (230, 130, 590, 130))
    cv2.rectangle(page, (60, 128), (220, 131), (0, 0, 0), -1)
    given = [*rows("|Low|High", "|1.5|2.5", "Oak|7.5|9.5", "Elm|6.5|8.5", "Yew|5.5|7.0")]
    given.insert(2, line("REGION", 60, 118, 160))
    (table,) = TableFinder(None).find(page, given)
    assert spans_of(table)[0] == (0, 0, 2, 1, "REGION")


def test_columns_that_white_space_parts_in_all_rows_are_believed() -> None:
    """The model, which is sure of itself, sees one more, and a row."""
    boxes = [[10 + 180 * x, 10 + 33 * y, 70 + 180 * x, 36 + 33 * y] for y in range(6)
             for x in range(5)]  # fmt: skip
    model = Written(("<tr>" + "<td></td>" * 5 + "</tr>") * 6, boxes)
    (table,) = TableFinder(model).find(paper(), rows(*FIVE))
    assert texts_of(table) == [row.split("|") for row in FIVE]


def test_a_column_at_the_right_that_few_rows_fill_is_one() -> None:
    """Distances in a triangle, each place's name at the end of its row."""
    fares = [[*(f"{row}{n}.50" for n in range(row)), f"Place{row}"] for row in range(1, 7)]
    lines = rows(*("|".join(row) for row in fares), step=130)
    boxes = np.array([[*each.polygon[0], *each.polygon[2]] for each in lines], dtype=np.float32)
    ends = np.cumsum([len(row) for row in fares])
    found = columns_of(boxes, np.split(np.arange(len(lines)), ends[:-1]), HEIGHT)
    assert len(found) == 7


def test_a_rule_through_a_row_parts_it() -> None:
    given = rows("Sign|Rate", "Fever|90%", "Pain|19%", "Cough|15%")
    rules = [(y, 50, 330) for y in (92, 132, 255)]
    boxes = [[14 + 180 * x, y, 84 + 180 * x, z] for y, z in ((12, 70), (92, 118), (132, 158))
             for x in range(2)]  # fmt: skip
    tags = "<thead><tr><td></td><td></td></tr></thead><tbody>"
    model = Written(tags + "<tr><td></td><td></td></tr>" * 2 + "</tbody>", boxes)
    (table,) = TableFinder(model).find(paper(*rules), given)
    assert (table.rows, table.header_rows) == (4, 1)
    assert texts_of(table)[:2] == [["Sign", "Rate"], ["Fever", "90%"]]


def grid_boxes(heights: list[tuple[int, int]], columns: int) -> list[list[float]]:
    """Of cells as `rows` puts them, in what is cut out of a page with rules at its edges."""
    return [[14 + 180 * x, y, 84 + 180 * x, z] for y, z in heights for x in range(columns)]


def test_lines_between_two_rules_are_one_row_where_all_rows_are_ruled() -> None:
    given = rows("Who|Room", "Ann|12", "and Bo|", "Cy|14", "Di|15", "Ed|16", pitch=40)
    rules = [(y, 50, 330) for y in (92, 132, 212, 252, 292, 332)]
    heights = [(12 + 40 * n, 38 + 40 * n) for n in range(6)]
    tags = "<thead><tr><td></td><td></td></tr></thead><tbody>"
    model = Written(tags + "<tr><td></td><td></td></tr>" * 5 + "</tbody>", grid_boxes(heights, 2))
    (table,) = TableFinder(model).find(paper(*rules), given)
    assert texts_of(table) == [["Who", "Room"], ["Ann and Bo", "12"], ["Cy", "14"], ["Di", "15"],
                               ["Ed", "16"]]  # fmt: skip
    assert table.cells[2].lines == (3, 5)


def test_a_filled_heading_whose_edge_is_no_rule_is_a_row_of_its_own() -> None:
    texts = [*FIVE, "Fir|40.1|390|200"]
    rules = [(y, 50, 690) for y in (172, 212, 252, 292, 332)]
    boxes = grid_boxes([(12 + 40 * n, 38 + 40 * n) for n in range(6)], 4)
    model = Written(("<tr>" + "<td></td>" * 4 + "</tr>") * 6, boxes)
    (table,) = TableFinder(model).find(paper(*rules), rows(*texts))
    assert model.pictures
    assert texts_of(table) == [row.split("|") for row in texts]
    assert table.header_rows == 1


def test_headings_that_the_model_took_for_one_are_parted() -> None:
    heights = [(12 + 40 * n, 38 + 40 * n) for n in range(5)]
    boxes = grid_boxes(heights, 4)
    tags = '<tr><td colspan="4"></td></tr>' + ("<tr>" + "<td></td>" * 4 + "</tr>") * 4
    model = Written(tags, [[14, 12, 640, 38], *boxes[4:]])
    (table,) = TableFinder(model).find(paper(), rows(*FIVE))
    assert model.pictures
    assert texts_of(table) == [row.split("|") for row in FIVE]


def test_a_cell_gives_up_what_stands_in_the_empty_one_beside_it() -> None:
    texts = [*FIVE, "Fir|40.1|390|200", "Bay|8.4|70|60"]
    boxes = grid_boxes([(12 + 40 * n, 38 + 40 * n) for n in range(7)], 4)
    boxes[10], boxes[11] = [374, 92, 640, 118], [660, 92, 670, 118]
    model = Written(("<tr>" + "<td></td>" * 4 + "</tr>") * 7, boxes)
    (table,) = TableFinder(model).find(paper(), rows(*texts))
    assert texts_of(table) == [row.split("|") for row in texts]


def test_a_row_of_white_space_is_none() -> None:
    boxes = grid_boxes([(12, 38), (40, 50), *((12 + 40 * n, 38 + 40 * n) for n in range(1, 5))], 4)
    model = Written(("<tr>" + "<td></td>" * 4 + "</tr>") * 6, boxes)
    (table,) = TableFinder(model).find(paper(), rows(*FIVE))
    assert texts_of(table) == [row.split("|") for row in FIVE]
    assert table.header_rows == 1


def test_a_heading_above_the_first_rule_belongs_to_the_table() -> None:
    wide = [(y, 50, 760) for y in (132, 292)]
    (table,) = TableFinder(None).find(paper(*wide), rows(*FIVE))
    assert texts_of(table)[0] == FIVE[0].split("|")


def test_the_cells_of_a_page_that_is_askew_lie_on_it() -> None:
    turn = cv2.getRotationMatrix2D((500, 450), -5, 1)
    given = [
        Line(each.text, 0.9, tuple((float(x), float(y)) for x, y in
             np.array(each.polygon) @ turn[:, :2].T + turn[:, 2]))
        for each in rows(*FIVE)
    ]  # fmt: skip
    (table,) = TableFinder(None).find(paper(), given)
    assert texts_of(table) == [row.split("|") for row in FIVE]
    apart = np.array(table.cells[6].polygon) - np.array(given[6].polygon)
    assert np.abs(apart).max() < 4


PROSE = [
    line("the quick brown fox jumps over the lazy dog and", 60, 100 + 34 * n) for n in range(9)
]
TWO_COLUMNS = [
    line("a column of words that run on", x, 100 + 34 * n, 400) for x in (60, 540) for n in range(9)
]
RECEIPT = [
    each
    for n in range(9)
    for each in (line(f"ITEM {n}", 60, 100 + 34 * n), line("3.50", 330, 100 + 34 * n))
]
FORM = [
    each
    for n in range(6)
    for x, text in ((60, "Name:"), (240, "Miriam Oduya"), (540, "Born:"), (720, "1961"))
    for each in (line(text, x, 100 + 50 * n),)
]
NUMBERED = [
    each
    for x in (60, 540)
    for n in range(12)
    for each in (line(str(n + 1), x, 100 + 34 * n), line("Q. And then what?", x + 60, 100 + 34 * n))
]

INDEX = rows(*("Oak 21|Elm, 340|Yew 17|Ash ... 9" for _ in range(8)))


@pytest.mark.parametrize(
    "given",
    [INDEX, [], PROSE, TWO_COLUMNS, RECEIPT, FORM, NUMBERED, rows(*FIVE)[:3]],
    ids=["index", "nothing", "prose", "columns", "receipt", "form", "numbered lines", "one row"],
)
def test_what_is_no_table_is_none_whatever_the_model_says(given: list[Line]) -> None:
    boxes = [[60 + 240 * x, 34 * y, 260 + 240 * x, 34 * y + 30] for y in range(9) for x in range(4)]
    model = Written(("<tr>" + "<td></td>" * 4 + "</tr>") * 9, boxes)
    assert TableFinder(model).find(paper(), given) == ()
    assert not model.pictures, "and it is not asked"


def test_words_below_a_text_and_above_another_are_a_table_of_their_own() -> None:
    text = [line("the quick brown fox jumps over the lazy dog and", 60, y) for y in (40, 74)]
    below = [line("the quick brown fox jumps over the lazy dog and", 60, y) for y in (330, 364)]
    (table,) = TableFinder(None).find(paper(), [*text, *rows(*FIVE, top=130), *below])
    assert texts_of(table) == [row.split("|") for row in FIVE]
    assert table.cells[0].lines == (3,)


def test_two_tables_are_two() -> None:
    given = [*rows(*FIVE), *rows(*FIVE, top=500)]
    first, second = TableFinder(None).find(paper(), given)
    assert texts_of(first) == texts_of(second)
    assert second.cells[0].lines == (21,)


def test_cells_that_the_model_lays_over_each_other_are_not_believed() -> None:
    """The service refuses such a table, and all that came with it."""
    tags = '<tr><td></td><td rowspan="2"></td></tr><tr><td colspan="2"></td></tr>'
    boxes = [[14, 12, 84, 38], [194, 12, 264, 78], [14, 52, 84, 78]]
    boxes += [[14 + 180 * x, y, 84 + 180 * x, y + 26] for y in (92, 132, 172) for x in range(4)]
    model = Written(tags + ("<tr>" + "<td></td>" * 4 + "</tr>") * 3, boxes)
    for table in TableFinder(model).find(paper(), rows(*FIVE)):
        assert texts_of(table) == [row.split("|") for row in FIVE]
        parse_tables(tables_to_json([table]), 20)


def test_a_table_at_the_edge_lies_on_the_page() -> None:
    (table,) = TableFinder(None).find(paper(), rows(*FIVE, top=2))
    assert min(y for _, y in table.polygon) == 0


@pytest.mark.parametrize(
    ("rows_and_columns", "spans", "sound"),
    [
        ((2, 2), [(0, 0, 1, 1), (0, 1, 2, 1), (1, 0, 1, 1)], True),
        ((2, 2), [(0, 0, 1, 1), (0, 1, 2, 1), (1, 0, 1, 2)], False),
        ((2, 2), [(0, 0, 3, 1)], False),
        ((2, 2), [(0, 1, 1, 2)], False),
        ((2001, 1), [(0, 0, 1, 1)], False),
        ((1000, 21), [(row, column, 1, 1) for row in range(1000) for column in range(21)], False),
        ((1000, 20), [(row, column, 1, 1) for row in range(1000) for column in range(20)], True),
    ],
)
def test_only_what_the_service_takes_is_sound(
    rows_and_columns: tuple[int, int], spans: list[tuple[int, int, int, int]], sound: bool
) -> None:
    cells = [GridCell(*span, (0.0, 0.0, 1.0, 1.0)) for span in spans]
    assert is_sound(Grid(*rows_and_columns, 0, cells)) is sound


def test_upright_rules_are_looked_for_where_there_may_be_a_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are half of what all rules cost, and most pages have no table."""
    asked: list[int] = []

    def upright(_: RulePicture, boxes: Boxes) -> Segments:
        asked.append(len(boxes))
        return np.zeros((0, 3), dtype=np.float32)

    monkeypatch.setattr(RulePicture, "upright", upright)
    assert TableFinder(None).find(paper(), rows("Oak|21.5", "Elm|17.0", "Yew|9.2")) == ()
    assert not asked
    assert TableFinder(None).find(paper(), rows(*FIVE))
    assert asked == [20]
