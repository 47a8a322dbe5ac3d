"""The text that lies, unseen, on the picture of a page, to be marked and copied there.

Each word is one SVG <text> in its place: along its own line whatever its angle, and stretched to
the length that it has on the picture. So what is marked is what one sees.
"""

import dataclasses
import math
import unicodedata
from collections.abc import Mapping

from image_records import LineView
from ocr_contract.word_boxes import word_places

_BASELINE = 0.2
"""Of a line's height, from below: about where letters stand."""
_SIZE = 0.8
_STACKED = 1.8
"""A line so many times as high as long, whose words stand upright: they run down."""


@dataclasses.dataclass(frozen=True, slots=True)
class PictureWord:
    """One word; numbers are pixels of the page."""

    text: str
    x: float
    y: float
    length: float
    size: float
    angle: float
    """Degrees, clockwise."""

    @property
    def place(self) -> str:
        """The attributes of its element."""
        turned = f' transform="rotate({self.angle:g} {self.x:g} {self.y:g})"' if self.angle else ""
        return (
            f'x="{self.x:g}" y="{self.y:g}" textLength="{self.length:g}" '
            f'font-size="{self.size:g}"{turned}'
        )


def words(line: LineView, places: Mapping[int, str | None]) -> list[PictureWord]:
    """Those of a line, in the order of its text; `places` has what is stored of each line."""
    found = word_places(line.text, places.get(line.id), line.polygon, line.corrected)
    return [_word(text, corners) for text, corners in found]


def _word(text: str, corners: tuple[tuple[float, float], ...]) -> PictureWord:
    top_left, top_right, bottom_right, bottom_left = corners
    length, height = math.dist(bottom_left, bottom_right), math.dist(top_left, bottom_left)
    if height > _STACKED * max(length, 1.0) and len(text) > 1 and _is_upright(text):
        # Characters below each other: the text is laid down along the longer side.
        top_left, top_right, bottom_right, bottom_left = (
            top_right,
            bottom_right,
            bottom_left,
            top_left,
        )
        length, height = height, length
    x = bottom_left[0] + (top_left[0] - bottom_left[0]) * _BASELINE
    y = bottom_left[1] + (top_left[1] - bottom_left[1]) * _BASELINE
    angle = math.degrees(
        math.atan2(bottom_right[1] - bottom_left[1], bottom_right[0] - bottom_left[0])
    )
    return PictureWord(
        text,
        round(x, 1),
        round(y, 1),
        max(round(length, 1), 1.0),
        max(round(height * _SIZE, 1), 1.0),
        round(angle, 1) or 0.0,
    )


def _is_upright(text: str) -> bool:
    """Whether its characters may stand below each other: wide ones do, a narrow I may not."""
    return any(unicodedata.east_asian_width(each) in "WF" for each in text)
