"""Rows and columns of a table: from the tags that the model wrote, or from white space alone."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engines.table_structure import TableTags
from page_records import MAX_CELLS, MAX_TABLE_SIDE
from reading.layout.boxes import Boxes, Indices, rows_of, unit_of
from reading.tables.table_rows import columns_of

_SPAN = re.compile(r' (col|row)span="(\d+)"')
_IN_COLUMN = 0.3
"""A piece spans each column of whose width it covers so much, or that covers so much of it."""


class GridCell(NamedTuple):
    """One cell, and where its text stands: left, top, right, bottom."""

    row: int
    column: int
    rowspan: int
    colspan: int
    box: tuple[float, float, float, float]


class Grid(NamedTuple):
    """A table's cells, row by row."""

    rows: int
    columns: int
    header_rows: int
    cells: list[GridCell]


def is_sound(grid: Grid) -> bool:
    """Whether its cells lie within it, none over another, and are not too many: a model may write
    any spans."""
    if len(grid.cells) > MAX_CELLS or max(grid.rows, grid.columns) > MAX_TABLE_SIDE:
        return False
    places = [
        (cell.row + down, cell.column + across)
        for cell in grid.cells
        for down in range(cell.rowspan)
        for across in range(cell.colspan)
    ]
    return (
        len(set(places)) == len(places)
        and max((row for row, _ in places), default=0) < grid.rows
        and max((column for _, column in places), default=0) < grid.columns
        and grid.header_rows <= grid.rows
    )


def grid_of_tags(found: TableTags) -> Grid:
    """As a browser lays out the model's HTML."""
    taken: set[tuple[int, int]] = set()
    cells: list[GridCell] = []
    row, column, header_rows, in_head = -1, 0, 0, False
    spans = {"col": 1, "row": 1}
    for tag in found.tags:
        if tag in {"<thead>", "</thead>"}:
            in_head = tag == "<thead>"
        elif tag == "<tr>":
            row, column = row + 1, 0
            header_rows += int(in_head)
        elif tag == "<td":
            spans = {"col": 1, "row": 1}
        elif match := _SPAN.fullmatch(tag):
            spans[match[1]] = int(match[2])
        elif tag in {">", "<td></td>"} and row >= 0 and len(cells) < len(found.boxes):
            if tag == "<td></td>":
                spans = {"col": 1, "row": 1}
            while (row, column) in taken:
                column += 1
            box = found.boxes[len(cells)].tolist()
            cells.append(GridCell(row, column, spans["row"], spans["col"], tuple(box)))
            taken |= {
                (row + down, column + across)
                for down in range(spans["row"])
                for across in range(spans["col"])
            }
            column += spans["col"]
    rows = row + 1
    cells = [cell._replace(rowspan=min(cell.rowspan, rows - cell.row)) for cell in cells]
    columns = max((cell.column + cell.colspan for cell in cells), default=0)
    return Grid(rows, columns, header_rows, cells)


def grid_of_space(boxes: Boxes, indices: Indices, rows: Sequence[Indices] = ()) -> Grid:
    """Each row of lines is a row unless `rows` are given, white space parts the columns; of a
    page's `boxes` those of `indices` count."""
    rows = rows or rows_of(boxes, indices)
    columns = columns_of(boxes, [row for row in rows if len(row) > 1], unit_of(boxes[indices]))
    low, high = np.array(columns).T
    cells: list[GridCell] = []
    for number, row in enumerate(rows):
        filled: dict[int, tuple[int, Boxes]] = {}
        for index in row.tolist():
            box = boxes[index]
            covered = np.minimum(high, box[2]) - np.maximum(low, box[0])
            least = np.minimum(high - low, box[2] - box[0])
            inside = np.flatnonzero(covered > _IN_COLUMN * least)
            if not len(inside):
                inside = np.array([int(np.argmax(covered))])
            first, span = int(inside[0]), int(inside[-1] - inside[0]) + 1
            if first in filled:
                before = filled[first][1]
                box = np.concatenate(
                    [np.minimum(before[:2], box[:2]), np.maximum(before[2:], box[2:])]
                )
                span = max(span, filled[first][0])
            filled[first] = span, box
        top, bottom = float(boxes[row, 1].min()), float(boxes[row, 3].max())
        column = 0
        while column < len(columns):
            span, box = filled.get(column, (1, np.array([low[column], top, high[column], bottom])))
            later = [start for start in filled if column < start < column + span]
            span = min(later) - column if later else span
            cells.append(GridCell(number, column, 1, span, tuple(box.tolist())))
            column += span
    return Grid(len(rows), len(columns), 0, cells)
