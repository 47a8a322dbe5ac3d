"""The skew of a page: how its rows slope, and boxes as they would be without that."""

import numpy as np
import numpy.typing as npt

from engines.arrays import Polygons, median
from reading.layout.boxes import Boxes

_DOUBTFUL = np.radians(3.0)
"""A slope of less may be that of a few short words; then the rows themselves are asked …"""
_SAME_ROW = 0.15
"""… of which two stand in one where their middles are at most so many heights apart."""
_CLEARLY = 1.5

Turn = npt.NDArray[np.float32]
"""(2, 2): points (x, y) times this stand as if the rows lay level."""


def turn_to_level(polygons: Polygons) -> Turn:
    """By the median angle of the longer half of the lines, the longer the more: short ones hardly
    have any."""
    edges = _edges(polygons)
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    long = lengths >= median(lengths)
    angles = np.arctan2(edges[long, 1], edges[long, 0])
    order = np.argsort(angles, kind="stable")
    weights = np.cumsum(lengths[long][order], dtype=np.float64)
    angle = float(angles[order][np.searchsorted(weights, weights[-1] / 2)])
    if abs(angle) < _DOUBTFUL and _pairs(polygons, 0.0) > _CLEARLY * _pairs(polygons, angle):
        angle = 0.0
    return np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], dtype=np.float32
    )


def quarters_of(polygons: Polygons) -> npt.NDArray[np.intp]:
    """(count,): the direction of each line in quarter turns clockwise from level, 0 to 3."""
    edges = _edges(polygons)
    turns = np.arctan2(edges[:, 1], edges[:, 0]) / (np.pi / 2)
    return np.round(turns).astype(np.intp) % 4


def _edges(polygons: Polygons) -> npt.NDArray[np.float32]:
    """(count, 2): twice the way from the beginning of each line to its end."""
    edges: npt.NDArray[np.float32] = (
        polygons[:, 1] - polygons[:, 0] + polygons[:, 2] - polygons[:, 3]
    )
    return edges


def level_boxes(polygons: Polygons, turn: Turn) -> Boxes:
    """(count, 4): bounding boxes of the lines after the turn."""
    points = polygons @ turn
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)


def _pairs(polygons: Polygons, angle: float) -> int:
    """How many lines stand in one row with another, if rows slope by so much."""
    middles = polygons.mean(axis=1) @ np.array([-np.sin(angle), np.cos(angle)], dtype=np.float32)
    height = median(np.linalg.norm(polygons[:, 3] - polygons[:, 0], axis=1))
    return int((np.diff(np.sort(middles)) <= _SAME_ROW * height).sum())
