"""Short lines of a part of a page that stands on its head, as a second receipt in one scan does.

Words read badly on their head, and are turned one by one (`line_reading`). A price does not: 10.11
on its head reads as 11.01, surely. So it is read as the words around it stand.
"""

from collections.abc import Sequence

import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Polygons
from reading.line_crops import crop_line
from reading.line_reading import HEAD, UPRIGHT, Reading, Recognise, is_tall, placed, read_ways

_LEAST = 3
"""So many words on their head make a part of a page."""
_LETTERS, _SURE = 3, 0.85
"""A line with so many letters that is so sure tells how its part of the page stands."""
_NEAREST, _MOST_OTHERS = 5, 1
"""Of so many telling lines near it all but so few stand on their head."""
_AS_WELL = 0.1
"""A line is read on its head if that reads no worse than by so much: single digits tell little."""


def with_lines_on_head(
    page: Pixels, polygons: Polygons, readings: Sequence[Reading], recognise: Recognise
) -> list[Reading]:
    """The readings of a page's lines (count, 4, 2), those of short ones among lines on their head
    as these stand."""
    found = list(readings)
    telling = [number for number, reading in enumerate(found) if _tells(reading)]
    if sum(found[number].way == HEAD for number in telling) < _LEAST:
        return found
    middles = polygons.mean(axis=1)
    crops = {
        number: crop
        for number, reading in enumerate(found)
        if reading.way == UPRIGHT
        and not _tells(reading)
        and _on_head_around(middles, number, telling, found)
        and not is_tall(crop := crop_line(page, polygons[number]))
    }
    read = read_ways([*crops.values()], [[HEAD]] * len(crops), recognise)
    for (number, crop), (reading,) in zip(crops.items(), read, strict=True):
        if reading.confidence >= found[number].confidence - _AS_WELL:
            found[number] = placed(crop, reading)
    return found


def _tells(reading: Reading) -> bool:
    letters = sum(map(str.isalpha, reading.text))
    return letters >= _LETTERS and reading.confidence >= _SURE and reading.way in (UPRIGHT, HEAD)


def _on_head_around(
    middles: Polygons, number: int, telling: Sequence[int], readings: Sequence[Reading]
) -> bool:
    away = np.linalg.norm(middles[telling] - middles[number], axis=1)
    nearest = [telling[place] for place in np.argsort(away, kind="stable")[:_NEAREST]]
    others = sum(readings[near].way != HEAD for near in nearest)
    return bool(others <= _MOST_OTHERS)
