"""Where rows of text are: by the lines that were read well, for what stands beside them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engines.arrays import Polygons, median
from reading.line_reading import Reading

_WIDE = 1.5
"""A line that tells where its row is, is so many times as long as high, …"""
_READ, _LETTERS = 0.8, 3
"""… and so many letters were read so surely."""
Numbers = npt.NDArray[np.float32]


class Rows:
    """The rows of an upright page, each as often as lines stand in it."""

    def __init__(self, polygons: Polygons, readings: Sequence[Reading]) -> None:
        """`polygons` (count, 4, 2) are the page's lines, `readings` what was read there."""
        widths = np.linalg.norm(polygons[:, 1] - polygons[:, 0], axis=1)
        is_wide = widths >= _WIDE * _heights(polygons)
        is_sure = np.array([reading.confidence >= _READ for reading in readings], dtype=np.bool_)
        is_word = np.array(
            [len(each.text.strip()) >= _LETTERS for each in readings], dtype=np.bool_
        )
        lines = polygons[is_wide & is_sure & is_word]
        self.unsure = float((is_wide & ~is_sure).sum()) / max(int(is_wide.sum()), 1)
        """The share of the page's lines that were not read well, 0 to 1."""
        self.heights = _heights(lines)
        """(rows,)"""
        self.height = median(self.heights) if len(lines) else 0.0
        """Of the usual row; 0 without any."""
        self._centres = lines.mean(axis=1)
        along = lines[:, 1] - lines[:, 0]
        self._slope = median(along[:, 1] / np.maximum(along[:, 0], 1)) if len(lines) else 0.0

    def middles(self, x: Numbers) -> Numbers:
        """(places, rows): the height on the page of each row's middle at each x (places,)."""
        off = x[:, None] - self._centres[:, 0]
        found: Numbers = self._centres[:, 1] + np.float32(self._slope) * off
        return found


def _heights(polygons: Polygons) -> Numbers:
    heights: Numbers = np.linalg.norm(polygons[:, 3] - polygons[:, 0], axis=1)
    return heights
