"""What the models answer in: the types of arrays that several modules name."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Polygons = npt.NDArray[np.float32]
"""(count, 4, 2): four points (x, y) of each line, from its top left, clockwise."""
Numbers = npt.NDArray[np.float32]
Classes = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]


def median(values: "npt.NDArray[Any] | Sequence[float]") -> float:
    """As numpy's median of real numbers, none of them NaN, in any shape; NaN of none.

    A tenth of its time for the few numbers of a line.
    """
    numbers = np.asarray(values).ravel()
    if not len(numbers):
        return math.nan
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return float(np.partition(numbers, middle)[middle])
    low, high = np.partition(numbers, (middle - 1, middle))[middle - 1 : middle + 1]
    if numbers.dtype.kind == "f":
        return float((low + high) / 2)  # in its own precision, as numpy does
    return (int(low) + int(high)) / 2


def quantile(values: Sequence[float], share: float) -> float:
    """As numpy's of a list with one number at least: straight between the two that are nearest to
    `share` of the way up. A fiftieth of its time for the few numbers of a line."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    beyond, high = place - low, ordered[min(low + 1, len(ordered) - 1)]
    if beyond < 0.5:
        return ordered[low] + (high - ordered[low]) * beyond
    return high - (high - ordered[low]) * (1 - beyond)
