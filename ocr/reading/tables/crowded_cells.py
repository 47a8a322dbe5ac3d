"""Cells that hold what belongs to several columns: pieces far apart beside each other."""

import itertools
from collections.abc import Sequence

from engines.arrays import median
from reading.layout.boxes import Boxes
from reading.tables.cell_texts import Filled, Piece
from reading.tables.table_grid import Grid, GridCell

_APART = 0.8
"""As in `cell_texts`: pieces of two cells."""

Cells = list[tuple[GridCell, list[Piece]]]


def in_order(grid: Grid, filled: Filled, cells: Cells) -> tuple[Grid, Filled]:
    """The table with these cells."""
    cells = sorted(cells, key=lambda cell: cell[0][:2])
    return (
        grid._replace(cells=[cell for cell, _ in cells]),
        filled._replace(pieces=[pieces for _, pieces in cells]),
    )


def parted_headings(grid: Grid, filled: Filled, boxes: Boxes) -> tuple[Grid, Filled]:
    """With a cell for each piece of what is no heading of several columns: pieces far apart."""
    cells: Cells = []
    for cell, pieces in zip(grid.cells, filled.pieces, strict=True):
        columns = _columns_of(pieces, cell, grid, boxes)
        if columns is None:
            cells.append((cell, pieces))
            continue
        for column in range(cell.column, cell.column + cell.colspan):
            own = [piece for piece, at in zip(pieces, columns, strict=True) if at == column]
            cells.append((cell._replace(column=column, colspan=1), own))
    return in_order(grid, filled, cells)


def _columns_of(
    pieces: Sequence[Piece], cell: GridCell, grid: Grid, boxes: Boxes
) -> list[int] | None:
    """The column of each piece of one row; None where they are one text."""
    if cell.colspan < 2 or not are_apart(pieces, boxes):
        return None
    middles = {
        column: median(places)
        for column in range(cell.column, cell.column + cell.colspan)
        if (places := [(c.box[0] + c.box[2]) / 2 for c in grid.cells
                       if c.column == column and c.colspan == 1])
    }  # fmt: skip
    if not middles:
        return None
    found = []
    for piece in pieces:
        middle = float(boxes[piece.line, 0] + boxes[piece.line, 2]) / 2
        found.append(min(middles, key=lambda column: abs(middles[column] - middle)))
    return found if len(set(found)) == len(found) else None


def spread(grid: Grid, filled: Filled, boxes: Boxes) -> tuple[Grid, Filled]:
    """With pieces that are far apart in one cell put into the empty cells beside it."""
    place_of = {(c.row, c.column): n for n, c in enumerate(grid.cells) if c.colspan == 1}
    found = [list(pieces) for pieces in filled.pieces]
    middles = _middles(grid, filled)
    for number, (cell, pieces) in enumerate(zip(grid.cells, filled.pieces, strict=True)):
        if cell.colspan > 1 or not are_apart(pieces, boxes):
            continue
        for piece in pieces:
            middle = float(boxes[piece.line, 0] + boxes[piece.line, 2]) / 2
            column = min(middles, key=lambda column: abs(middles[column] - middle))
            target = place_of.get((cell.row, column))
            if target is not None and not filled.pieces[target]:
                found[number].remove(piece)
                found[target].append(piece)
    return grid, filled._replace(pieces=found)


def _middles(grid: Grid, filled: Filled) -> dict[int, float]:
    """Of each column, as its cells with one piece stand."""
    places: dict[int, list[float]] = {}
    for cell, pieces in zip(grid.cells, filled.pieces, strict=True):
        if cell.colspan == 1 and len(pieces) < 2:
            places.setdefault(cell.column, []).append((cell.box[0] + cell.box[2]) / 2)
    return {column: median(some) for column, some in places.items()}


def are_apart(pieces: Sequence[Piece], boxes: Boxes) -> bool:
    """Whether there are several in one row, each far from the next."""
    return len(pieces) > 1 and all(
        boxes[other.line, 0] - boxes[one.line, 2]
        > _APART * (boxes[one.line, 3] - boxes[one.line, 1])
        for one, other in itertools.pairwise(pieces)
    )
