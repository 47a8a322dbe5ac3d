"""Pages of which much is doubtful, read once more with their rows made straight (`curved_rows`).

What reads better so is kept, with its lines where they bend on the page.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence

from decoding.pixels import Pixels
from page_records import Line
from reading.curved_rows import straightened
from reading.line_crops import turned
from reading.read_page import ReadPage

_DOUBTED = 0.5
"""Lines so doubtful …"""
_MUCH, _MUCH_IN_HASTE = 0.1, 0.5
"""… on so much of a page's text: its rows may be bent. Read in haste, half of most scans is."""
_CLEARLY_MORE = 1.05
"""So many times as much of a page must read rightly with straight rows."""


def with_straight_rows(
    found: ReadPage, read: Callable[[Pixels], ReadPage], *, in_haste: bool
) -> ReadPage:
    """What was `found`, or what `read` finds on the same page with its rows straight; `in_haste`
    where a quick reading is wanted, as without a search for the page's position."""
    if _doubted(found.lines) < (_MUCH_IN_HASTE if in_haste else _MUCH):
        return found
    straight = straightened(found.pixels)
    if straight is None:
        return found
    again = read(straight.pixels)
    if _likely_right(again.lines) <= _CLEARLY_MORE * _likely_right(found.lines):
        return found
    lines = tuple(
        dataclasses.replace(line, polygon=straight.before(line.polygon, again.rotation))
        for line in again.lines
    )
    return dataclasses.replace(
        again,
        pixels=turned(found.pixels, again.rotation),
        rotation=(found.rotation + again.rotation) % 360,
        lines=lines,
    )


def _doubted(lines: Sequence[Line]) -> float:
    """The share of doubtful lines in the area of all."""
    areas = [
        math.dist(line.polygon[0], line.polygon[1]) * math.dist(line.polygon[1], line.polygon[2])
        for line in lines
    ]
    doubtful = sum(
        area for area, line in zip(areas, lines, strict=True) if line.known_doubt >= _DOUBTED
    )
    return doubtful / max(sum(areas), 1.0)


def _likely_right(lines: Sequence[Line]) -> float:
    """So many characters stand in lines that are right, by their doubt."""
    return sum(len(line.text.strip()) * (1 - line.known_doubt) for line in lines)
