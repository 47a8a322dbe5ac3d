"""Prices of a receipt that stands on its head beside another one."""

from collections.abc import Sequence

import numpy as np
import pytest

from decoding.pixels import Pixels
from engines.arrays import Polygons
from engines.text_models import Recognised
from reading.line_reading import HEAD, UPRIGHT, Reading
from reading.lines_on_head import with_lines_on_head

PAGE = np.full((400, 900, 3), 255, dtype=np.uint8)


def receipts(names_on_head: int) -> tuple[Polygons, list[Reading]]:
    """An upright one at the left; at the right one of which so many names are read on their head,
    with its prices at its left."""
    boxes, readings = [], []
    for row in range(6):
        top = 20 + 60 * row
        way = HEAD if row < names_on_head else UPRIGHT
        for left, right, text, sure, how in (
            (20, 160, "green tea", 0.98, UPRIGHT),
            (300, 380, "12.30", 0.99, UPRIGHT),
            (500, 580, "11.01", 0.97, UPRIGHT),
            (700, 860, "blue soap", 0.95, way),
        ):
            boxes.append([[left, top], [right, top], [right, top + 24], [left, top + 24]])
            readings.append(Reading(text, sure, how))
    return np.array(boxes, dtype=np.float32), readings


@pytest.mark.parametrize(
    ("names_on_head", "confidence", "price"),
    [(6, 0.98, "10.11"), (6, 0.5, "11.01"), (2, 0.98, "11.01")],
    ids=["as the names around it", "no number on its head", "two lines are no receipt"],
)
def test_a_price_is_read_as_what_is_around_it_stands(
    names_on_head: int, confidence: float, price: str
) -> None:
    """11.01 is 10.11 on its head, and reads as well; the other receipt's 12.30 stays."""
    polygons, readings = receipts(names_on_head)

    def recognise(crops: Sequence[Pixels]) -> list[Recognised]:
        return [Recognised("10.11", confidence) for _ in crops]

    found = with_lines_on_head(PAGE, polygons, readings, recognise)
    assert {reading.text for reading in found[2::4]} == {price}
    assert {reading.way for reading in found[2::4]} == {HEAD if price == "10.11" else UPRIGHT}
    assert found[:2] == readings[:2]
    assert found[3::4] == readings[3::4]
