"""Lines read without the leaders in them: the rows of dots between a title and its page number.

Often a title and its number are found apart, each with a few of the dots between them. So few may
be an ellipsis; how they go on beside the line tells.
"""

import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence

import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Polygons
from engines.leader_dots import without_leader_dots
from engines.long_lines import recognise_beside_gaps
from reading.line_crops import LineCrops, crop_line, is_upright
from reading.line_reading import UPRIGHT, Reading, Recognise, read_lines

_DOTS = re.compile(r"^\s*[.…·]|[.…·]\s*[.…·]\s*$|…")
"""A full stop at a line's end is none."""
_BESIDE = 6
"""Heights of the line that are looked at on both sides."""
_LEAST_RATIO = 1.2


class LinesAsRead(LineCrops):
    """The lines of a page as they were read."""

    def __init__(self, page: Pixels, polygons: Polygons, readings: Sequence[Reading]) -> None:
        super().__init__(page, polygons)
        self._crops = [reading.crop for reading in readings]

    def at(self, number: int) -> Pixels:
        crop = self._crops[number]
        return super().at(number) if crop is None else crop


def read_cleaned(
    page: Pixels, polygons: Polygons, recognise: Recognise, known: Mapping[int, Reading]
) -> list[Reading]:
    """As `read_lines`, of the page's lines (count, 4, 2), without leaders."""
    whole = [crop_line(page, polygon) for polygon in polygons]
    cleaned = {
        number: crop
        for number, line in enumerate(whole)
        if (crop := without_leader_dots(line)) is not line
    }
    plain = [number for number in range(len(whole)) if number not in cleaned]
    known = {at: known[number] for at, number in enumerate(plain) if number in known}
    read = read_lines([whole[number] for number in plain], recognise, known)
    found = dict(zip(plain, read, strict=True))
    beside = functools.partial(recognise_beside_gaps, recognise=recognise)
    if cleaned:
        found |= zip(cleaned, read_lines([*cleaned.values()], beside), strict=True)
    cut = {
        number: without
        for number, reading in found.items()
        if reading.way == UPRIGHT
        and _DOTS.search(reading.text)
        and (without := _without_cut_leader(page, polygons[number])) is not None
    }
    if cut:
        for number, reading in zip(cut, read_lines([*cut.values()], beside), strict=True):
            if reading.confidence > found[number].confidence:
                found[number] = reading
                cleaned[number] = cut[number]
    kept = {n: whole[n] for n, polygon in enumerate(polygons) if not is_upright(polygon)} | cleaned
    return [
        dataclasses.replace(found[number], crop=kept[number]) if number in kept else found[number]
        for number in range(len(whole))
    ]


def _without_cut_leader(page: Pixels, polygon: Polygons) -> Pixels | None:
    """The line (4, 2) cut out without its dots; None where they are none of a leader."""
    height, width = page.shape[:2]
    low, high = np.floor(polygon.min(axis=0)).astype(int), np.ceil(polygon.max(axis=0)).astype(int)
    left, top = (max(int(edge), 0) for edge in low)
    right, bottom = min(int(high[0]), width), min(int(high[1]), height)
    if right - left < _LEAST_RATIO * (bottom - top):
        return None
    reach = _BESIDE * (bottom - top)
    start = max(left - reach, 0)
    strip = np.ascontiguousarray(page[top:bottom, start : min(right + reach, width)])
    cleaned = without_leader_dots(strip)
    line = slice(left - start, right - start)
    if cleaned is strip or np.array_equal(cleaned[:, line], strip[:, line]):
        return None
    return np.ascontiguousarray(cleaned[:, line])
