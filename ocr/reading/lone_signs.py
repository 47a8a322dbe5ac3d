"""Which readings are text: grain and borders are read as a sign or two, never surely.

But a grid of digits consists of such signs, and one of them that is less sure is no grain: it is as
high as its neighbours are.
"""

import statistics
from collections.abc import Sequence

import numpy as np

from engines.arrays import Polygons
from reading.line_reading import Reading

_FEW_CHARACTERS = 2
SURE_OF_FEW = 0.6
"""The least confidence of so few characters."""
_COMPANY = 8
"""Among so many signs that are sure another one may be unsure …"""
_ALIKE = 1.25
"""… if it is as high as they are, but for this factor."""


def are_text(readings: Sequence[Reading], polygons: Polygons) -> list[bool]:
    """For each reading; polygons (count, 4, 2) are its lines."""
    found = [_is_text(reading) for reading in readings]
    heights = [float(np.ptp(polygon[:, 1])) for polygon in polygons]
    company = [
        height
        for reading, height, is_text in zip(readings, heights, found, strict=True)
        if is_text and len(reading.text.strip()) <= _FEW_CHARACTERS
    ]
    if len(company) < _COMPANY:
        return found
    usual = statistics.median(company)
    return [
        is_text or (reading.text.strip().isalnum() and usual / _ALIKE < height < usual * _ALIKE)
        for reading, height, is_text in zip(readings, heights, found, strict=True)
    ]


def _is_text(reading: Reading) -> bool:
    if reading.doubt_reason is not None or reading.model is not None:
        return True  # something is there, whatever was read
    count = len(reading.text.strip())
    return count > _FEW_CHARACTERS or (count > 0 and reading.confidence >= SURE_OF_FEW)
