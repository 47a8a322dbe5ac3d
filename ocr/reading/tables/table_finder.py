"""The tables of a page that is read: where they stand, their cells, and the text of each."""

import collections
import dataclasses
from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

from decoding.pixels import Pixels
from engines.table_structure import TableTags
from ocr_contract.page_tables import TableCell
from page_records import Line, PageTable
from reading.layout.boxes import Boxes, rows_of
from reading.layout.ruling_lines import RulePicture, RulingLines
from reading.layout.skew import Turn, level_boxes, quarters_of, turn_to_level
from reading.tables.cell_texts import Filled, fill
from reading.tables.ruled_grid import are_boxes, grid_of_rules
from reading.tables.table_grid import Grid, grid_of_space, grid_of_tags, is_sound
from reading.tables.table_headings import heading_rows, without_section
from reading.tables.table_mending import mended
from reading.tables.table_region import Region
from reading.tables.table_regions import find_regions
from reading.tables.table_rows import blocks_of

_LEAST_FIT, _LEAST_CONFIDENCE = 0.8, 0.85
"""What the model writes of a picture of something else fits worse."""
_LEAST_FILLED, _MOST_CROWDED = 0.3, 0.08
_MOST_RULES = 3
"""Where there are more, they part rows."""
_MOST_LINES = 4000
"""A larger one would take longer than the text."""
_LEVEL = np.radians(0.2)
"""What is askew by less is cut out as it lies."""
_Points = tuple[tuple[float, float], ...]


class StructureModel(Protocol):
    """The seam to the model."""

    def write(self, picture: Pixels) -> TableTags:
        """The tags of the one table in a picture (height, width, 3)."""


class TableFinder:
    """Finds tables. Safe to use from several threads."""

    def __init__(self, model: StructureModel | None) -> None:
        """Without a model only those are found whose rows and columns white space tells."""
        self._model = model

    def find(self, page: Pixels, lines: Sequence[Line]) -> tuple[PageTable, ...]:
        """Those of an upright page, whose lines are in reading order."""
        if not lines:
            return ()
        polygons = np.array([line.polygon for line in lines], dtype=np.float32)
        quarters = quarters_of(polygons)
        found = []
        for quarter in np.unique(quarters).tolist():
            lying = np.flatnonzero(quarters == quarter).tolist()  # a table may lie on its side
            tables = self._find(page, [lines[index] for index in lying])
            found += [_renumbered(table, lying) for table in tables]
        return tuple(found)

    def _find(self, page: Pixels, lines: Sequence[Line]) -> list[PageTable]:
        """Those of these lines, all of which lie in one direction."""
        polygons = np.array([line.polygon for line in lines], dtype=np.float32)
        turn = turn_to_level(polygons)
        boxes = level_boxes(polygons, turn)
        blocks = blocks_of(boxes)
        if not blocks:
            return []
        texts = [line.text for line in lines]
        picture = RulePicture(page, turn)
        level = picture.level(boxes)
        regions = find_regions(boxes, blocks, texts, level)
        if not regions:
            return []
        rules = RulingLines(level, picture.upright(boxes))
        found = []
        for region in regions:
            if len(region.indices) > _MOST_LINES or are_boxes(region, rules, boxes):
                continue
            table = self._table(page, turn, region, boxes, texts, rules)
            if table is not None:
                found.append(table)
        return found

    def _table(
        self, page: Pixels, turn: Turn, region: Region, boxes: Boxes, texts: Sequence[str],
        rules: RulingLines,
    ) -> PageTable | None:  # fmt: skip
        picture, corner = _cut_out(page, turn, region)
        # The model's places drift by a line over many cells of several lines.
        grid = None if region.joined_rows else self._grid(picture, corner)
        filled = fill(grid.cells, boxes, texts, region.indices) if grid else None
        ruled = grid_of_rules(picture, corner, region, rules, boxes)
        if ruled is not None and is_sound(ruled):
            header_rows = min(grid.header_rows, ruled.rows) if grid else 0
            grid = ruled._replace(header_rows=header_rows)
            filled = fill(grid.cells, boxes, texts, region.indices)
        elif grid is not None and filled is not None and _is_table(grid, filled):
            better = mended(grid, filled, region.rules, boxes)
            grid, filled = better if is_sound(better[0]) else (grid, filled)
            if _is_told_better_by_space(grid, region, boxes):
                grid = grid_of_space(boxes, region.indices)
                filled = fill(grid.cells, boxes, texts, region.indices)
        elif region.is_regular:
            grid = grid_of_space(boxes, region.indices, region.joined_rows)
            filled = fill(grid.cells, boxes, texts, region.indices)
            if not is_sound(grid) or not _is_table(grid, filled):
                return None
        else:
            return None
        cells = filled.texts()
        header_rows = grid.header_rows or heading_rows(grid, cells)
        grid = grid._replace(header_rows=without_section(header_rows, grid, cells))
        found = _record(grid, filled, region, boxes, turn)
        height, width = page.shape[:2]
        return dataclasses.replace(found, polygon=_on_page(found.polygon, width, height))

    def _grid(self, picture: Pixels, corner: tuple[float, float]) -> Grid | None:
        """What the model says of a picture whose corner that is; None where that is not sure."""
        if self._model is None:
            return None
        tags = self._model.write(picture)
        grid = grid_of_tags(tags)
        is_sure = tags.is_whole and tags.confidence >= _LEAST_CONFIDENCE
        if not is_sure or not grid.cells or not is_sound(grid):
            return None
        return _moved(grid, corner)


def _is_told_better_by_space(grid: Grid, region: Region, boxes: Boxes) -> bool:
    """Whether the model sees other columns where no line spans several, and no fewer rows: cells of
    several lines are its own to tell."""
    return (
        region.is_parted
        and grid.columns != region.columns
        and len(region.rules) <= _MOST_RULES
        and grid.rows >= len(rows_of(boxes, region.indices))
    )


def _cut_out(page: Pixels, turn: Turn, region: Region) -> tuple[Pixels, tuple[float, float]]:
    """The region's picture, levelled, and the place of its corner on the levelled page."""
    left, top, right, bottom = region.box
    if abs(float(turn[1, 0])) <= _LEVEL:
        height, width = page.shape[:2]
        x, y = max(int(left), 0), max(int(top), 0)
        return page[y : min(int(bottom) + 1, height), x : min(int(right) + 1, width)], (x, y)
    size = max(round(right - left), 1), max(round(bottom - top), 1)
    matrix = np.concatenate([turn.T, [[-left], [-top]]], axis=1)
    level = cv2.warpAffine(page, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(level, dtype=np.uint8), (left, top)


def _moved(grid: Grid, corner: tuple[float, float]) -> Grid:
    x, y = corner
    cells = [
        cell._replace(box=(cell.box[0] + x, cell.box[1] + y, cell.box[2] + x, cell.box[3] + y))
        for cell in grid.cells
    ]
    return grid._replace(cells=cells)


def _is_table(grid: Grid, filled: Filled) -> bool:
    with_text = sum(bool(pieces) for pieces in filled.pieces)
    return (
        min(grid.rows, grid.columns) > 1
        and filled.fit >= _LEAST_FIT
        and filled.crowded <= _MOST_CROWDED
        and with_text >= _LEAST_FILLED * len(grid.cells)
    )


def _record(grid: Grid, filled: Filled, region: Region, boxes: Boxes, turn: Turn) -> PageTable:
    cells = []
    counts = collections.Counter(piece.line for pieces in filled.pieces for piece in pieces)
    for cell, pieces in zip(grid.cells, filled.pieces, strict=True):
        box = cell.box
        whole = [piece.line for piece in pieces]
        if whole and all(counts[index] == 1 for index in whole):
            inside = boxes[whole]
            low, high = inside[:, :2].min(axis=0), inside[:, 2:].max(axis=0)
            box = float(low[0]), float(low[1]), float(high[0]), float(high[1])
        cells.append(
            TableCell(
                cell.row, cell.column, cell.rowspan, cell.colspan,
                " ".join(piece.text for piece in pieces), _points(box, turn),
                tuple(piece.line + 1 for piece in pieces),
            )
        )  # fmt: skip
    return PageTable(
        _points(region.box, turn), grid.rows, grid.columns, grid.header_rows, tuple(cells)
    )


def _renumbered(table: PageTable, lines: Sequence[int]) -> PageTable:
    """With numbers of the page's lines for those of `lines`, which are the page's by index."""
    cells = [
        dataclasses.replace(cell, lines=tuple(lines[number - 1] + 1 for number in cell.lines))
        for cell in table.cells
    ]
    return dataclasses.replace(table, cells=tuple(cells))


def _points(box: tuple[float, float, float, float], turn: Turn) -> _Points:
    """The corners on the page as it lies, from the top left, in whole pixels."""
    left, top, right, bottom = box
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) @ turn.T
    return tuple((float(x), float(y)) for x, y in np.round(corners).tolist())


def _on_page(points: _Points, width: int, height: int) -> _Points:
    return tuple((min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height)))
                 for x, y in points)  # fmt: skip
