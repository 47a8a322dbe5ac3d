"""Which way up a chart of few words stands: seen from its axes and the titles beside them.

An upright chart may have hardly another word than the title of its y axis. It runs upward at the
left of the axis, or downward at the right of a second one. The title of the x axis of a chart that
lies stands the other way round: where it runs upward it is at the right. A head, or the title of
the x axis, says as much for its own way up; between the two the axes decide, which meet at the
lower left.
"""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Polygons
from reading.ink import ink_of
from reading.layout.boxes import Boxes
from reading.layout.ruling_lines import find_ruling_lines
from reading.layout.skew import level_boxes

_MOST_LINES = 4
_LEAST_SHARE = 0.4
"""Of the page's side: an axis is as long."""
_LARGEST = 0.25
"""Of the page: what is larger is the chart itself, taken for a line."""
_APART = 0.04
"""Of the page's longer side: so near an axis comes to the other one."""
_THICKEST = 0.015
"""Of its side of the page."""
_SIDE = 800
"""Pixels of the longer side to which a page is reduced to look for runs of ink."""
_AS_LONG = 0.8
"""Of a title: its axis is."""
_CLEAR = 2.0
"""A line says nothing against a way in which it is likely by more than one in so many."""
_UPWARD, _DOWNWARD = 270, 90
"""Turns that a line needs which runs so on an upright page."""
_CORNERS = {(False, True): 0, (False, False): 90, (True, False): 180, (True, True): 270}
"""By how many degrees counter-clockwise a chart must be turned, from whether its axes meet at the
right and whether at the bottom."""
_RIGHTWARD = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}
"""Where on a page that must be turned so the upright one's right is: x and y."""
_LEVEL = np.eye(2, dtype=np.float32)
_Rule = tuple[float, float, float]
"""Where it is across, where it begins along and where it ends."""


def are_axis_titles(page: Pixels, polygons: Polygons, rotation: int) -> bool:
    """Whether all lines of a page (height, width, 3) that run up or down are, where there are few
    lines; they would stand upright if it were turned by `rotation` degrees counter-clockwise."""
    if rotation not in {90, 270} or len(polygons) > _MOST_LINES:
        return False
    boxes = level_boxes(polygons, _LEVEL)
    heights = boxes[:, 3] - boxes[:, 1]
    runs = (heights > boxes[:, 2] - boxes[:, 0]) & _are_lines(boxes, page)
    if not runs.any():
        return False
    longest = _AS_LONG * float(heights[runs].max())
    y_axes = [x for (x, top, bottom), _ in _crossing(page, boxes[runs]) if bottom - top >= longest]
    if not y_axes:
        return False
    middles = (boxes[runs, 0] + boxes[runs, 2]) / 2
    runs_up = rotation == _UPWARD
    return bool((middles < min(y_axes)).all() if runs_up else (middles > max(y_axes)).all())


def rotation_by_axes(
    page: Pixels, polygons: Polygons, lines: Sequence[Mapping[int, float]]
) -> int | None:
    """By how many degrees counter-clockwise a page must be turned whose axes meet in one corner;
    None where there are no such axes, or lines contradict them.

    `lines` are, for each of the `polygons`, the likelihoods of each turn.
    """
    if not 0 < len(polygons) <= _MOST_LINES:
        return None
    boxes = level_boxes(polygons, _LEVEL)
    are_lines = _are_lines(boxes, page)
    corners = {
        _CORNERS[corner]: (upright[0], level[0])
        for upright, level in _crossing(page, boxes[are_lines])
        if (corner := _corner(upright, level, _near(page))) is not None
    }
    if len(corners) != 1:
        return None
    ((rotation, place),) = corners.items()
    rightward = np.array(_RIGHTWARD[rotation], dtype=np.float32)
    axis = float(rightward @ place)
    stands = False
    for index in np.flatnonzero(are_lines).tolist():
        line = lines[index]
        is_left = float(polygons[index].mean(axis=0) @ rightward) < axis
        title = (rotation + (_UPWARD if is_left else _DOWNWARD)) % 360
        likely = _CLEAR * max(line[rotation], line[title])
        if likely < max(line.values()):
            return None
        stands = stands or _CLEAR * line[rotation] >= max(line.values()) > min(line.values())
    return rotation if stands else None


def _crossing(page: Pixels, boxes: Boxes) -> list[tuple[_Rule, _Rule]]:
    """Upright rules and level ones that are long enough for axes, and touch or cross."""
    height, width = page.shape[:2]
    near = _near(page)
    rules = find_ruling_lines(page, _LEVEL, boxes)
    scale = min(_SIDE / max(height, width), 1.0)
    small = max(round(width * scale), 1), max(round(height * scale), 1)
    ink = ink_of(np.asarray(cv2.resize(page, small, interpolation=cv2.INTER_AREA), dtype=np.uint8))
    upright = [*rules.upright.tolist(), *_runs(ink.T, scale)]
    level = [*rules.level.tolist(), *_runs(ink, scale)]
    return [
        ((x, top, bottom), (y, left, right))
        for x, top, bottom in upright
        for y, left, right in level
        if bottom - top >= _LEAST_SHARE * height
        and right - left >= _LEAST_SHARE * width
        and left - near <= x <= right + near
        and top - near <= y <= bottom + near
    ]


def _runs(ink: npt.NDArray[np.uint8], scale: float) -> list[_Rule]:
    """Level rules with bars standing on them, which are no ruling lines for that, from the ink
    (height, width) of a page reduced by `scale`; in pixels of the page."""
    width = ink.shape[1]
    along = np.ones((1, max(round(_LEAST_SHARE * width), 1)), dtype=np.uint8)
    runs = cv2.morphologyEx(np.ascontiguousarray(ink), cv2.MORPH_OPEN, along)
    _, _, found, _ = cv2.connectedComponentsWithStats(np.asarray(runs, dtype=np.uint8))
    return [
        ((top + thick / 2) / scale, left / scale, (left + length) / scale)
        for left, top, length, thick, _ in found[1:].tolist()
        if thick <= _THICKEST * width
    ]


def _corner(upright: _Rule, level: _Rule, near: float) -> tuple[bool, bool] | None:
    """Whether they meet at the right, and at the bottom; None where one goes on beyond."""
    (x, top, bottom), (y, left, right) = upright, level
    at_left, at_right = abs(x - left) <= near, abs(x - right) <= near
    at_top, at_bottom = abs(y - top) <= near, abs(y - bottom) <= near
    return (at_right, at_bottom) if at_left != at_right and at_top != at_bottom else None


def _are_lines(boxes: Boxes, page: Pixels) -> npt.NDArray[np.bool_]:
    """(count,): none is the chart itself."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return np.asarray(areas < _LARGEST * page.shape[0] * page.shape[1])


def _near(page: Pixels) -> float:
    return float(_APART * max(page.shape[:2]))
