"""Whether lines that run up or down are titles of a chart's axes.

An upright chart may have hardly another word than the title of its y axis. It runs upward at the
left of the axis, or downward at the right of a second one. The title of the x axis of a chart that
lies stands the other way round: where it runs upward it is at the right.
"""

import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Polygons
from reading.layout.ruling_lines import find_ruling_lines
from reading.layout.skew import level_boxes

_MOST_LINES = 4
_LEAST_SHARE = 0.4
"""Of the page's side: an axis is as long."""
_LARGEST = 0.25
"""Of the page: what is larger is the chart itself, taken for a line."""
_APART = 0.04
"""Of the page's longer side: so near an axis comes to the other one."""
_AS_LONG = 0.8
"""Of a title: its axis is."""


def are_axis_titles(page: Pixels, polygons: Polygons, rotation: int) -> bool:
    """Whether all lines of a page (height, width, 3) that run up or down are, where there are few
    lines; they would stand upright if it were turned by `rotation` degrees counter-clockwise."""
    if rotation not in {90, 270} or len(polygons) > _MOST_LINES:
        return False
    level = np.eye(2, dtype=np.float32)
    height, width = page.shape[:2]
    boxes = level_boxes(polygons, level)
    widths, heights = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    runs = (heights > widths) & (widths * heights < _LARGEST * width * height)
    boxes, heights = boxes[runs], heights[runs]
    if not len(boxes):
        return False
    rules = find_ruling_lines(page, level, boxes)
    near = _APART * max(height, width)
    y_axes = [
        x
        for x, top, bottom in rules.upright.tolist()
        if bottom - top >= max(_LEAST_SHARE * height, _AS_LONG * float(heights.max()))
        and any(
            right - left >= _LEAST_SHARE * width
            and left - near <= x <= right + near
            and top - near <= y <= bottom + near
            for y, left, right in rules.level.tolist()
        )
    ]
    if not y_axes:
        return False
    middles = (boxes[:, 0] + boxes[:, 2]) / 2
    runs_up = rotation == 270
    return bool((middles < min(y_axes)).all() if runs_up else (middles > max(y_axes)).all())
