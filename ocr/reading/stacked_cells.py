"""Cells of a narrow column that the search found as one: quantities, units, codes of a table.

Where rows are near to each other, short entries below each other are found as one tall line, which
reads as a number of many digits or as letters that nobody wrote, surely. Where the rows beside it
part its ink, each row's is read by itself.
"""

import itertools

import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Flags, Polygons
from reading.ink import ink_of
from reading.line_reading import Reading
from reading.rows_beside import Numbers, Rows
from reading.vertical_text import is_stacking_script

_HIGH = 1.7
"""A column is so many rows high at least …"""
_NARROW = 4.0
"""… and at most so many wide."""
_ONE_ROW = 0.5
"""Lines whose middles are at most so many heights apart stand in one row."""
_NEAR = 0.3
"""So far from the middle between two rows, in their distance, its ink may part."""
_PARTED = 0.8
"""Of the places between rows, so many have no ink."""
_MARGIN = 0.15
"""Ground above and below a cell's ink, in heights of the row."""
_SURE = 0.8
"""So many of the cells are read so surely, or it is a line that runs up or down …"""
_FEW = 4
"""… and of fewer cells than this all."""
_NONE: Polygons = np.empty((0, 4, 2), dtype=np.float32)


def may_be_column(polygon: Polygons, rows: Rows) -> bool:
    """Whether a line (4, 2) is higher than a row, and as narrow as short entries are."""
    width, height = np.ptp(polygon, axis=0)
    return bool(height >= _HIGH * rows.height > 0 and width <= _NARROW * rows.height)


def cells(page: Pixels, column: Polygons, rows: Rows) -> Polygons:
    """(count, 4, 2): what stands in each row of a column (4, 2) of an upright page; none where rows
    do not part it."""
    left, top = np.maximum(np.floor(column.min(axis=0)), 0).astype(int).tolist()
    right, bottom = np.ceil(column.max(axis=0)).astype(int).tolist()
    middles = _one_for_each(rows, (left + right) / 2)
    middles = middles[(middles > top) & (middles < bottom)] - top
    inked = np.asarray(ink_of(page[top:bottom, left:right]).any(axis=1), dtype=np.bool_)
    cuts = [_cut(inked, *pair) for pair in itertools.pairwise(middles.tolist())]
    if not cuts or sum(cut is not None for cut in cuts) < _PARTED * len(cuts):
        return _NONE
    between = (middles[:-1] + middles[1:]) / 2
    edges = [
        round(float(middle)) if cut is None else cut
        for cut, middle in zip(cuts, between, strict=True)
    ]
    margin = round(_MARGIN * rows.height)
    found = []
    for start, end in zip([0, *edges], [*edges, len(inked)], strict=True):
        (ink,) = inked[start:end].nonzero()
        if len(ink):
            low = top + max(start + int(ink[0]) - margin, start)
            high = top + min(start + int(ink[-1]) + 1 + margin, end)
            found.append([[left, low], [right, low], [right, high], [left, high]])
    return np.array(found, dtype=np.float32).reshape(-1, 4, 2)


def are_cells(readings: list[Reading]) -> bool:
    """Whether what was cut out of a column was read as one expects of cells. Characters that are
    written below each other, as in Japanese, are a line."""
    sure = sum(reading.confidence >= _SURE and bool(reading.text.strip()) for reading in readings)
    least = len(readings) if len(readings) < _FEW else _SURE * len(readings)
    text = "".join(reading.text.strip() for reading in readings)
    may_run_down = len(text) == len(readings) and is_stacking_script(text)
    return len(readings) > 1 and sure >= least and not may_run_down


def _one_for_each(rows: Rows, x: float) -> Numbers:
    """(count,): the middles of the rows at x, each once, from the top."""
    middles = np.sort(rows.middles(np.array([x], dtype=np.float32))[0])
    begins = np.diff(middles, prepend=-np.inf) > _ONE_ROW * rows.height
    found: Numbers = middles[begins]
    return found


def _cut(inked: Flags, above: float, below: float) -> int | None:
    """The row of pixels without ink that is nearest to the middle between two rows of text."""
    middle, reach = (above + below) / 2, _NEAR * (below - above)
    start = max(int(middle - reach), 0)
    (blank,) = (~inked[start : int(middle + reach) + 1]).nonzero()
    if not len(blank):
        return None
    return start + int(blank[np.argmin(np.abs(start + blank - middle))])
