"""What the rules of a page tell better than the model: rows that hold nothing, rows that a rule
runs through, rows that no rule parts.
"""

from collections.abc import Sequence

import numpy as np

from engines.arrays import median
from reading.layout.boxes import Boxes
from reading.tables.cell_texts import Filled, Piece
from reading.tables.crowded_cells import Cells, in_order, parted_headings, spread
from reading.tables.table_grid import Grid, GridCell

_LEAST_BANDS = 4
_BANDS = 0.6
"""Where rules part so many of the rows, they part them all."""

_ROWS_APART = 0.85
"""Of the usual distance of rules; lines of a cell are nearer to each other."""


def without_empty_rows(grid: Grid, filled: Filled) -> tuple[Grid, Filled]:
    """Without rows that are white space or a rule."""
    taken = {
        row
        for cell, pieces in zip(grid.cells, filled.pieces, strict=True)
        if pieces or cell.rowspan > 1
        for row in range(cell.row, cell.row + cell.rowspan)
    }
    if len(taken) == grid.rows:
        return grid, filled
    number = {row: place for place, row in enumerate(sorted(taken))}
    kept = [place for place, cell in enumerate(grid.cells) if cell.row in taken]
    cells = [grid.cells[place] for place in kept]
    return (
        Grid(
            len(taken), grid.columns, sum(row < grid.header_rows for row in taken),
            [cell._replace(row=number[cell.row]) for cell in cells],
        ),
        filled._replace(pieces=[filled.pieces[place] for place in kept]),
    )  # fmt: skip


def mended(grid: Grid, filled: Filled, rules: Sequence[float], boxes: Boxes) -> tuple[Grid, Filled]:
    """The table as it is to be kept; `rules` run across it, `boxes` are the page's lines."""
    grid, filled = without_empty_rows(grid, filled)
    grid, filled = parted_by_rules(grid, filled, rules, boxes)
    grid, filled = joined_between_rules(grid, filled, rules, boxes)
    return spread(*parted_headings(grid, filled, boxes), boxes)


def parted_by_rules(
    grid: Grid, filled: Filled, rules: Sequence[float], boxes: Boxes
) -> tuple[Grid, Filled]:
    """With two rows for each row that has text on both sides of a rule across the table; `boxes`
    are those of the page's lines."""
    cells: Cells = list(zip(grid.cells, filled.pieces, strict=True))
    rows, header_rows = grid.rows, grid.header_rows
    for rule in sorted(rules, reverse=True):
        for row in reversed(range(rows)):
            if _runs_through(rule, row, cells, boxes):
                cells = _parted(rule, row, cells, boxes)
                rows += 1
                header_rows += int(row < header_rows - 1)
    return in_order(Grid(rows, grid.columns, header_rows, []), filled, cells)


def _runs_through(rule: float, row: int, cells: Cells, boxes: Boxes) -> bool:
    """Whether lines of cells of this row alone stand above the rule, and others below it."""
    inside = [
        piece.line
        for cell, pieces in cells
        if cell.row == row and cell.rowspan == 1
        for piece in pieces
    ]
    middles = [float(boxes[line, 1] + boxes[line, 3]) / 2 for line in inside]
    return bool(middles) and min(middles) < rule < max(middles)


def _parted(rule: float, row: int, cells: Cells, boxes: Boxes) -> Cells:
    found: Cells = []
    for cell, pieces in cells:
        if cell.row > row:
            found.append((cell._replace(row=cell.row + 1), pieces))
        elif cell.row + cell.rowspan <= row:
            found.append((cell, pieces))
        elif cell.row < row or cell.rowspan > 1:
            found.append((cell._replace(rowspan=cell.rowspan + 1), pieces))
        else:
            above = [p for p in pieces if boxes[p.line, 1] + boxes[p.line, 3] < 2 * rule]
            below = [p for p in pieces if p not in above]
            left, top, right, bottom = cell.box
            found.append((cell._replace(box=(left, min(top, rule), right, rule)), above))
            found.append(
                (cell._replace(row=row + 1, box=(left, rule, right, max(bottom, rule))), below)
            )
    return found


def joined_between_rules(
    grid: Grid, filled: Filled, rules: Sequence[float], boxes: Boxes
) -> tuple[Grid, Filled]:
    """With one row for the rows between two rules, where rules part nearly all: cells of several
    lines. Headings stay as they are."""
    bands = _bands(grid, filled, rules, boxes)
    if bands is None:
        return grid, filled
    row_of: dict[int, int] = {}
    first_data_row = max(grid.header_rows, int(_has_heading_apart(grid, filled, rules, boxes)))
    for row, band in enumerate(bands):
        joins = row > first_data_row and band == bands[row - 1] and _alike(grid, row)
        row_of[row] = row_of[row - 1] if joins else len(set(row_of.values()))
    places: dict[tuple[int, int], tuple[GridCell, list[Piece]]] = {}
    for cell, pieces in zip(grid.cells, filled.pieces, strict=True):
        first, last = row_of[cell.row], row_of[cell.row + cell.rowspan - 1]
        before = places.get((first, cell.column))
        if before is None:
            cell = cell._replace(row=first, rowspan=last - first + 1)
            places[first, cell.column] = cell, list(pieces)
        else:
            one, other = before[0].box, cell.box
            box = (min(one[0], other[0]), min(one[1], other[1]),
                   max(one[2], other[2]), max(one[3], other[3]))  # fmt: skip
            places[first, cell.column] = before[0]._replace(box=box), [*before[1], *pieces]
    rows = len(set(row_of.values()))
    return in_order(grid._replace(rows=rows), filled, list(places.values()))


def _has_heading_apart(grid: Grid, filled: Filled, rules: Sequence[float], boxes: Boxes) -> bool:
    """Whether the two uppermost rows have text in every cell and are as far apart as rules are:
    where a heading is filled with a colour, its edge is no rule."""
    middles = []
    for row in (0, 1):
        full = [
            pieces
            for cell, pieces in zip(grid.cells, filled.pieces, strict=True)
            if cell.row == row and cell.rowspan == cell.colspan == 1 and pieces
        ]
        if len(full) != grid.columns:
            return False
        lines = boxes[[piece.line for pieces in full for piece in pieces]]
        middles.append(float(np.median(lines[:, 1] + lines[:, 3])) / 2)
    return middles[1] - middles[0] > _ROWS_APART * float(np.median(np.diff(rules)))


def _bands(grid: Grid, filled: Filled, rules: Sequence[float], boxes: Boxes) -> list[int] | None:
    """Of each row between which rules it stands; None where rules do not part the rows."""
    found: list[int] = []
    for row in range(grid.rows):
        middles = [
            float(boxes[piece.line, 1] + boxes[piece.line, 3]) / 2
            for cell, pieces in zip(grid.cells, filled.pieces, strict=True)
            if cell.row == row and cell.rowspan == 1
            for piece in pieces
        ]
        if not middles and not found:
            return None
        found.append(int(np.searchsorted(rules, median(middles))) if middles else found[-1])
    count = len(set(found))
    return found if count >= max(_LEAST_BANDS, _BANDS * grid.rows) else None


def _alike(grid: Grid, row: int) -> bool:
    """Whether this row's cells stand below those of the row above, each below one."""
    columns = [
        {(cell.column, cell.colspan) for cell in grid.cells if cell.row == number}
        for number in (row - 1, row)
    ]
    return columns[1] <= columns[0] or columns[0] <= columns[1]
