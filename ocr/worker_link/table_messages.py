"""Tables on the wire between worker and service (`worker_protocol` draws their form).

As all that the worker sends, a table is checked before use: its cells lie within it, none over
another, and the lines that it names are there. Standard library only.
"""

from collections.abc import Sequence
from typing import Any

from ocr_contract.page_tables import TableCell
from page_records import MAX_CELLS, MAX_TABLE_SIDE, PageTable

MAX_TABLES = 200
"""Of one page."""
MAX_CELL_CHARS = 100_000
_MOST_PIXELS = 1e7


def tables_to_json(tables: Sequence[PageTable]) -> list[Any]:
    """The wire's form."""
    return [
        [
            table.polygon, table.rows, table.columns, table.header_rows,
            [
                [
                    cell.row, cell.column, cell.rowspan, cell.colspan, cell.text[:MAX_CELL_CHARS],
                    cell.polygon, cell.lines,
                ]
                for cell in table.cells
            ],
        ]
        for table in tables[:MAX_TABLES]
    ]  # fmt: skip


def parse_tables(value: Any, line_count: int) -> tuple[PageTable, ...]:
    """The tables of a page with so many lines.

    Raises:
        ValueError, TypeError: it is something else.
    """
    if len(value) > MAX_TABLES:
        raise ValueError("too many tables")
    return tuple(_table(*table, line_count=line_count) for table in value)


def _table(
    polygon: Any, rows: Any, columns: Any, header_rows: Any, cells: Any, *, line_count: int
) -> PageTable:
    rows, columns = _whole(rows, 1, MAX_TABLE_SIDE), _whole(columns, 1, MAX_TABLE_SIDE)
    if len(cells) > MAX_CELLS:
        raise ValueError("too many cells")
    found = tuple(_cell(*cell, rows=rows, columns=columns, lines=line_count) for cell in cells)
    if sum(cell.rowspan * cell.colspan for cell in found) > rows * columns:
        raise ValueError("cells lie over each other")
    places = {
        (cell.row + down, cell.column + across)
        for cell in found
        for down in range(cell.rowspan)
        for across in range(cell.colspan)
    }
    if len(places) != sum(cell.rowspan * cell.colspan for cell in found):
        raise ValueError("cells lie over each other")
    return PageTable(_points(polygon), rows, columns, _whole(header_rows, 0, rows), found)


def _cell(
    row: Any, column: Any, rowspan: Any, colspan: Any, text: Any, polygon: Any, numbers: Any,
    *, rows: int, columns: int, lines: int,
) -> TableCell:  # fmt: skip
    row, column = _whole(row, 0, rows - 1), _whole(column, 0, columns - 1)
    if not isinstance(text, str) or len(text) > MAX_CELL_CHARS:
        raise ValueError("text of a cell")
    text.encode()  # a lone surrogate would not fit into the database
    return TableCell(
        row, column, _whole(rowspan, 1, rows - row), _whole(colspan, 1, columns - column),
        text.replace("\x00", "\N{REPLACEMENT CHARACTER}"), _points(polygon),
        tuple(_whole(number, 1, lines) for number in numbers),
    )  # fmt: skip


def _points(value: Any) -> tuple[tuple[float, float], ...]:
    points = tuple((_number(x), _number(y)) for x, y in value)
    if len(points) != 4:
        raise ValueError("no polygon")
    return points


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not -_MOST_PIXELS <= value <= _MOST_PIXELS:
        raise ValueError("no number")
    return float(value)


def _whole(value: Any, minimum: int, maximum: int) -> int:
    if type(value) is not int or not minimum <= value <= maximum:
        raise ValueError("whole number")
    return value
