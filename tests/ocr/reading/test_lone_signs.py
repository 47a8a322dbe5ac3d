"""Single signs: grain among lines is left out, an unsure digit of a grid is not."""

import numpy as np
import pytest

from engines.arrays import Polygons
from reading.line_reading import UPRIGHT, Reading
from reading.lone_signs import are_text


def box(x: float, height: float) -> list[tuple[float, float]]:
    return [(x, 0), (x + 20, 0), (x + 20, height), (x, height)]


def grid(count: int, last: str, height: float) -> list[bool]:
    """So many sure digits 40 pixels high, and one sign more."""
    readings = [Reading("7", 0.99, UPRIGHT)] * count + [Reading(last, 0.59, UPRIGHT)]
    polygons: Polygons = np.array(
        [box(50.0 * at, 40) for at in range(count)] + [box(900, height)], dtype=np.float32
    )
    return are_text(readings, polygons)


@pytest.mark.parametrize("height", [34, 40, 47])
def test_an_unsure_digit_among_many_stays(height: float) -> None:
    assert all(grid(8, "6", height))


@pytest.mark.parametrize(
    ("count", "last", "height"),
    [(7, "6", 40), (8, "6", 15), (8, "6", 90), (8, "-", 40), (8, "", 40)],
)
def test_what_may_be_grain_is_left_out(count: int, last: str, height: float) -> None:
    assert grid(count, last, height) == [True] * count + [False]
