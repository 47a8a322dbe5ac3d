"""A table that is ruled all over: its rules alone tell rows, columns and cells that span several.

Between two neighbouring places there is a wall where the picture has a rule; places without one are
one cell.
"""

import itertools

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from reading.layout.boxes import Boxes, Indices, Numbers, rows_of, unit_of
from reading.layout.ruling_lines import RulingLines, Segments
from reading.tables.table_grid import Grid, GridCell
from reading.tables.table_region import Region

_ONE_RULE = 0.35
"""Rules nearer to each other than so many heights of a line are one, perhaps a double one."""
_LEAST_WALLS = 0.6
"""Of all that there may be, level and upright each: else white space tells rows or columns."""
_END = 0.1
"""A wall of a box reaches from its top to its bottom, but for so much."""
_INSET = 0.2
"""At each end of a wall, where others cross it."""
_ASIDE = 0.15
"""A rule may lie beside its usual place by so many heights."""
_CONTRAST, _DRAWN = 24, 0.85
"""A rule differs from the paper by so much, for so much of its length."""
_MOST_ACROSS = 0.1
"""Of the lines, so many may run through a wall: neighbours that are read as one."""

Walls = npt.NDArray[np.bool_]
Places = npt.NDArray[np.float32]
_Rectangle = tuple[int, int, int, int]
"""First row, first column, and those behind the last."""


def grid_of_rules(
    picture: Pixels, corner: tuple[float, float], region: Region, rules: RulingLines, boxes: Boxes
) -> Grid | None:
    """None where rules do not tell all of it. `picture` is the region's (height, width, 3),
    levelled, `corner` its place on the page, and `boxes` are the page's lines."""
    lines = boxes[region.indices]
    unit = unit_of(lines)
    left, top, right, bottom = region.box
    across = _places(rules.upright, (left, right), (top, bottom), unit)
    down = _places(rules.level, (top, bottom), (left, right), unit)
    if len(across) < 3 or len(down) < 3:
        return None
    middles = (lines[:, :2] + lines[:, 2:]) / 2
    if not (
        (middles[:, 0] > across[0]) & (middles[:, 0] < across[-1])
        & (middles[:, 1] > down[0]) & (middles[:, 1] < down[-1])
    ).all():  # fmt: skip
        return None
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    xs, ys = across - corner[0], down - corner[1]
    upright = np.stack([_walls(grey, x, ys, unit) for x in xs[1:-1]], axis=1)
    level = np.stack([_walls(grey.T, y, xs, unit) for y in ys[1:-1]])
    level &= ~_run_through_text(lines, across, down[1:-1])
    if min(upright.mean(), level.mean()) < _LEAST_WALLS:
        return None
    cells = _rectangles(upright, level)
    if cells is None or _has_rows_of_its_own(across, down, region.indices, boxes):
        return None
    crossed = 0
    for row, column, end_row, end_column in cells:
        inside = _within(middles, (across[column], down[row], across[end_column], down[end_row]))
        slack = (lines[inside, 3] - lines[inside, 1]) / 2
        crossed += int(
            (
                (lines[inside, 0] < across[column] - slack)
                | (lines[inside, 2] > across[end_column] + slack)
            ).sum()
        )
    if crossed > _MOST_ACROSS * len(lines):
        return None
    found = [
        GridCell(row, column, end_row - row, end_column - column,
                 (float(across[column]), float(down[row]), float(across[end_column]),
                  float(down[end_row])))
        for row, column, end_row, end_column in cells
    ]  # fmt: skip
    return Grid(len(down) - 1, len(across) - 1, 0, found)


def are_boxes(region: Region, rules: RulingLines, boxes: Boxes) -> bool:
    """Whether each column has a frame of its own, beside the next one's, and nothing parts rows:
    texts in boxes, no table."""
    lines = boxes[region.indices]
    left, top, right, bottom = region.box
    tall = rules.upright[
        (rules.upright[:, 1] < top + _END * (bottom - top))
        & (rules.upright[:, 2] > bottom - _END * (bottom - top))
    ]
    walls = _places(tall, (left, right), (top, bottom), unit_of(lines))
    if len(region.rules) > 2 or len(walls) < 4 or len(walls) % 2:
        return False
    between = np.searchsorted(2 * walls, lines[:, 0] + lines[:, 2])
    return bool((between % 2 == 1).all()) and len(np.unique(between)) == len(walls) // 2


def _places(
    segments: Segments, sides: tuple[float, float], ends: tuple[float, float], unit: float
) -> Places:
    """Where rules run within the region, those of one place once."""
    place, begin, end = segments.T
    inside = (
        (place >= sides[0] - unit) & (place <= sides[1] + unit)
        & (np.minimum(end, ends[1]) - np.maximum(begin, ends[0]) > unit)
    )  # fmt: skip
    found: list[list[float]] = []
    for each in np.sort(place[inside]).tolist():
        if found and each - found[-1][-1] < _ONE_RULE * unit:
            found[-1].append(each)
        else:
            found.append([each])
    return np.array([np.mean(group) for group in found], dtype=np.float32)


def _walls(grey: npt.NDArray[np.uint8], place: float, cuts: Places, unit: float) -> Walls:
    """(len(cuts) - 1,): whether `grey` (height, width) has a rule at that x between each two of
    these y."""
    aside = max(round(_ASIDE * unit), 3)
    first = max(round(place) - aside, 0)
    strip = grey[:, first : round(place) + aside + 1].astype(np.int16)
    found = []
    for begin, end in itertools.pairwise(cuts.tolist()):
        inset = _INSET * (end - begin)
        part = strip[max(round(begin + inset), 0) : round(end - inset) + 1]
        if not len(part) or part.shape[1] < 3:
            found.append(False)
            continue
        is_drawn = np.abs(part - np.median(part)) >= _CONTRAST
        near = is_drawn[:, :-2] | is_drawn[:, 1:-1] | is_drawn[:, 2:]  # it may slope a little
        found.append(float(near.mean(axis=0).max()) >= _DRAWN)
    return np.array(found, dtype=np.bool_)


def _run_through_text(lines: Boxes, across: Places, down: Places) -> Walls:
    """(len(down), len(across) - 1): whether a level wall there would cross out a line: bold letters
    look like one."""
    middles = (lines[:, 0] + lines[:, 2]) / 2
    columns = np.clip(np.searchsorted(across, middles) - 1, 0, len(across) - 2)
    margin = (lines[:, 3] - lines[:, 1]) / 4
    found = np.zeros((len(down), len(across) - 1), dtype=np.bool_)
    for number, y in enumerate(down.tolist()):
        through = (lines[:, 1] + margin < y) & (y < lines[:, 3] - margin)
        found[number, columns[through]] = True
    return found


def _rectangles(upright: Walls, level: Walls) -> list[_Rectangle] | None:
    """The cells that these walls leave, row by row; None where one is no rectangle.

    `upright` (rows, columns - 1) stand between the places of a row, `level` (rows - 1, columns)
    between those of a column.
    """
    rows, columns = len(upright), level.shape[1]
    taken = np.zeros((rows, columns), dtype=np.bool_)
    found: list[_Rectangle] = []
    for row, column in itertools.product(range(rows), range(columns)):
        if taken[row, column]:
            continue
        end_column = column + 1
        while end_column < columns and not upright[row, end_column - 1]:
            end_column += 1
        end_row = row + 1
        while end_row < rows and not level[end_row - 1, column:end_column].any():
            end_row += 1
        inside = np.s_[row:end_row, column:end_column]
        is_whole = (
            not taken[inside].any()
            and not upright[row:end_row, column : end_column - 1].any()
            and not level[row : end_row - 1, column:end_column].any()
            and _is_closed(upright[row:end_row], column, end_column)
            and (end_row == rows or level[end_row - 1, column:end_column].all())
        )
        if not is_whole:
            return None
        taken[inside] = True
        found.append((row, column, end_row, end_column))
    return found


def _is_closed(upright: Walls, column: int, end_column: int) -> bool:
    """Whether walls stand on both sides of these columns in all of these rows."""
    return (column == 0 or bool(upright[:, column - 1].all())) and (
        end_column == upright.shape[1] + 1 or bool(upright[:, end_column - 1].all())
    )


def _has_rows_of_its_own(across: Places, down: Places, indices: Indices, boxes: Boxes) -> bool:
    """Whether rows of lines that fill all columns stand below each other between two rules."""
    columns = len(across) - 1
    rows = [
        row
        for row in rows_of(boxes, indices)
        if len(np.unique(np.searchsorted(2 * across, boxes[row, 0] + boxes[row, 2]))) >= columns
    ]
    bands = np.searchsorted(down, [np.median(boxes[row, 1] + boxes[row, 3]) / 2 for row in rows])
    return len(np.unique(bands)) < len(bands)


def _within(middles: Numbers, box: tuple[float, float, float, float]) -> Walls:
    left, top, right, bottom = box
    found: Walls = (
        (middles[:, 0] >= left) & (middles[:, 0] < right)
        & (middles[:, 1] >= top) & (middles[:, 1] < bottom)
    )  # fmt: skip
    return found
