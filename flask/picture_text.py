"""The text that lies, unseen, on the picture of a page, to be marked and copied there.

Each line is one SVG group, laid along the line whatever its angle, and each word in it one <text>,
stretched to the length that it has on the picture. So what is marked is what one sees. It is
written here and not in a template: a page has thousands of words.
"""

import math
import unicodedata
from collections.abc import Sequence

from markupsafe import Markup, escape

from image_records import LineView

_BASELINE = 0.2
"""Of a line's height, from below: about where letters stand."""
_SIZE = 0.8
_STACKED = 1.8
"""A word so many times as high as long, of wide characters: they stand below each other."""
_Corners = Sequence[Sequence[float]]


def group(line: LineView, row_id: str) -> Markup:
    """The group of a line; `row_id` is that of its row beside the picture."""
    words = line.places()
    if not words:
        return Markup("")
    corners = [_laid_along(text, quad) for text, quad in words]
    top_left, _, bottom_right, bottom_left = corners[0]
    height = math.dist(top_left, bottom_left)
    across, down = bottom_right[0] - bottom_left[0], bottom_right[1] - bottom_left[1]
    length = math.hypot(across, down) or 1.0
    across, down = across / length, down / length
    x = bottom_left[0] + (top_left[0] - bottom_left[0]) * _BASELINE
    y = bottom_left[1] + (top_left[1] - bottom_left[1]) * _BASELINE
    angle = math.degrees(math.atan2(down, across))
    turned = f" rotate({angle:.1f})" if abs(angle) >= 0.05 else ""
    parts = [
        f'<g data-line="{row_id}" font-size="{max(height * _SIZE, 1.0):.0f}" '
        f'transform="translate({x:.0f} {y:.0f}){turned}">'
    ]
    origin_x, origin_y = bottom_left
    for (text, _), quad in zip(words, corners, strict=True):
        end, start = quad[2], quad[3]
        place = (start[0] - origin_x) * across + (start[1] - origin_y) * down
        long = (end[0] - start[0]) * across + (end[1] - start[1]) * down
        shown = text if text.isalnum() else escape(text)
        parts.append(f'<text x="{place:.0f}" textLength="{max(long, 1.0):.0f}">{shown}</text>')
    parts.append("</g>")
    return Markup("".join(parts))  # noqa: S704  numbers, an id of ours, and escaped words


def _laid_along(text: str, quad: _Corners) -> _Corners:
    """Of characters that stand below each other the text is laid down, along the longer side."""
    top_left, top_right, _, bottom_left = quad
    length, height = math.dist(top_left, top_right), math.dist(top_left, bottom_left)
    if height <= _STACKED * max(length, 1.0) or len(text) < 2:
        return quad
    if not any(unicodedata.east_asian_width(each) in "WF" for each in text):
        return quad  # a narrow word, "ll" say
    return [*quad[1:], quad[0]]
