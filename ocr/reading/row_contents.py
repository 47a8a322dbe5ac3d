"""A page's lines, completed by what stands in their rows.

What the search took for one line running down may be a column of cells (`stacked_cells`), and some
signs it does not find at all (`signs_in_rows`).
"""

from collections.abc import Sequence

import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Polygons
from reading.line_crops import crop_line
from reading.line_reading import UPRIGHT, Reading, Recognise, read_ways
from reading.rows_beside import Rows
from reading.signs_in_rows import is_sign, signs
from reading.stacked_cells import are_cells, cells, may_be_column


def with_all_in_rows(
    page: Pixels, polygons: Polygons, readings: Sequence[Reading], recognise: Recognise
) -> tuple[Polygons, list[Reading]]:
    """The lines (count, 4, 2) of an upright page (height, width, 3) and how they were read, with
    cells in the place of columns, and with signs that were not found."""
    rows = Rows(polygons, readings)
    columns = {
        number: cells(page, polygon, rows)
        for number, polygon in enumerate(polygons)
        if may_be_column(polygon, rows)
    }
    every = _as_they_stand(page, np.concatenate([polygons[:0], *columns.values()]), recognise)
    kept = np.ones(len(polygons), dtype=np.bool_)
    of_columns: list[tuple[Polygons, Reading]] = []
    for number, found in columns.items():
        read, every = every[: len(found)], every[len(found) :]
        if are_cells(read):
            kept[number] = False
            of_columns += zip(found, read, strict=True)
    lines, of_lines = polygons[kept], [readings[number] for number in np.flatnonzero(kept)]
    # Some of a column's cells were found alone as well.
    added = [each for each in of_columns if not _is_in(each[0], lines)]
    lines, of_lines = _with(lines, of_lines, added)
    places = signs(page, lines, rows)
    alone = zip(places, _as_they_stand(page, places, recognise), strict=True)
    taken = [each for each in alone if is_sign(each[1], crop_line(page, each[0]))]
    return _with(lines, of_lines, taken)


def _with(
    polygons: Polygons, readings: list[Reading], added: list[tuple[Polygons, Reading]]
) -> tuple[Polygons, list[Reading]]:
    more = [polygon[None] for polygon, _ in added]
    return np.concatenate([polygons, *more]), [*readings, *(reading for _, reading in added)]


def _is_in(polygon: Polygons, others: Polygons) -> bool:
    """Whether the middle of a polygon (4, 2) lies in one of the others' boxes."""
    middle = polygon.mean(axis=0)
    return bool(((others.min(axis=1) <= middle) & (middle <= others.max(axis=1))).all(axis=1).any())


def _as_they_stand(page: Pixels, polygons: Polygons, recognise: Recognise) -> list[Reading]:
    if not len(polygons):
        return []
    crops = [crop_line(page, polygon) for polygon in polygons]
    ways = [[UPRIGHT]] * len(crops)
    return [reading for (reading,) in read_ways(crops, ways, recognise)]
