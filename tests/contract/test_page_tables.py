"""Tables as readers see them: corrections stand in the cells that their lines stand in."""

import json
from typing import Any

import pytest

from ocr_contract.page_tables import Table, table_of

BOX = [[0, 0], [9, 0], [9, 5], [0, 5]]
MACHINE = {1: "Name", 2: "Size", 3: "Green apple", 4: "and pear", 5: "12 kg 7 5", 6: "l3"}


def row(*cells: list[Any]) -> dict[str, Any]:
    return {
        "number": 1, "rows": 3, "columns": 3, "header_rows": 1,
        "polygon": json.dumps(BOX), "cells": json.dumps(cells),
    }  # fmt: skip


ROW = row(
    [0, 0, 1, 1, "Name", BOX, [1]],
    [0, 1, 1, 2, "Size", BOX, [2]],
    [1, 0, 2, 1, "Green apple and pear", BOX, [3, 4]],
    [1, 1, 1, 1, "12 kg", BOX, [5]],
    [1, 2, 1, 1, "7 5", BOX, [5]],
    [2, 1, 1, 1, "l3", BOX, [6]],
    [2, 2, 1, 1, "", BOX, []],
)


def corrected(**texts: str) -> Table:
    numbers = {int(name[1:]): text for name, text in texts.items()}
    return table_of(ROW, {n: (MACHINE[n], text) for n, text in numbers.items()}, MACHINE)


def test_without_corrections_it_is_what_was_read() -> None:
    table = corrected()
    assert (table.rows, table.columns, table.header_rows) == (3, 3, 1)
    assert table.texts() == [
        ["Name", "Size", ""],
        ["Green apple and pear", "12 kg", "7 5"],
        ["", "l3", ""],
    ]
    assert [cell.text for cell in table.row(2)] == ["l3", ""]
    assert table.cells[1].colspan == 2 and table.cells[0].polygon == BOX


def test_a_correction_stands_in_its_cell_beside_the_other_lines() -> None:
    table = corrected(_6="13", _4="and pears")
    assert table.texts()[1][0] == "Green apple and pears"
    assert table.texts()[2][1] == "13"


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("12 kg 7.5", "12 kg", "7.5"),
        ("12kg 7 5", "12kg", "7 5"),
        ("1 2 kg 7 5", "1 2 kg", "7 5"),
        ("12 kg 7 5 each", "12 kg", "7 5 each"),
        ("", "", ""),
        ("12 kg", "12 kg", ""),
    ],
)
def test_a_line_over_two_cells_is_divided_where_its_words_were(
    text: str, left: str, right: str
) -> None:
    assert corrected(_5=text).texts()[1][1:] == [left, right]


def test_where_a_division_is_not_known_any_more_the_text_read_stays() -> None:
    told = row([0, 0, 1, 1, "a c", BOX, [1, 2]], [0, 1, 1, 1, "b d", BOX, [1, 2]])
    table = table_of(told, {1: ("a b", "x y")}, {1: "a b", 2: "c d"})
    assert table.texts()[0][:2] == ["a c", "b d"]
