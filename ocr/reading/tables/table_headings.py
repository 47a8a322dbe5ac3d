"""Which rows of a table are headings, where nothing else tells: those above the first numbers."""

import re
from collections.abc import Sequence

from reading.tables.table_grid import Grid

_NUMBER = re.compile(r"\W{0,3}\d[\d.,:/%\s]*\W{0,3}[A-Za-z%]{0,3}\W?")
"""A cell that is a number, perhaps with a sign before and a unit behind it."""
_MOST = 3


def heading_rows(grid: Grid, texts: Sequence[str]) -> int:
    """How many; `texts` of the cells in their order.

    Above the first row of which a cell, but for the first column's, is a number: at most three. In
    a table of words it is the first row, when that has a text in every cell.
    """
    numbers = [
        cell.row
        for cell, text in zip(grid.cells, texts, strict=True)
        if cell.column and _NUMBER.fullmatch(text)
    ]
    if numbers:
        first = min(numbers)
        return first if first <= _MOST and first < grid.rows else 0
    return int(
        all(text for cell, text in zip(grid.cells, texts, strict=True) if cell.row == 0)
        and grid.rows > 1
    )


def without_section(header_rows: int, grid: Grid, texts: Sequence[str]) -> int:
    """Without the title of a section: a last row with a text in its first cell and not in all,
    where each column has a heading of its own above."""
    while header_rows > 1:
        above, last = (
            {cell.column for cell, text in zip(grid.cells, texts, strict=True)
             if cell.row == row and text}
            for row in (header_rows - 2, header_rows - 1)
        )  # fmt: skip
        if 0 not in last or len(last) == grid.columns or len(above) < grid.columns:
            break
        header_rows -= 1
    return header_rows
