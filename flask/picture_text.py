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
from ocr_contract import word_boxes

_BASELINE = 0.2
"""Of a line's height, from below: about where letters stand."""
_SIZE = 0.8
_STACKED = 1.8
"""A word so many times as high as long, of wide characters: they stand below each other."""
_FLAT = 8
"""So many times as long as high."""
_Corners = Sequence[Sequence[float]]


def group(line: LineView, row_id: str) -> Markup:
    """The group of a line; `row_id` is that of its row beside the picture."""
    polygon, spans = line.spans()
    if not spans:
        return Markup("")
    quads = None
    if _may_be_stacked(polygon):
        quads = [_laid_along(text, word_boxes.quad(polygon, *place)) for text, place in spans]
    first = quads[0] if quads else word_boxes.quad(polygon, *spans[0][1])
    top_left, _, bottom_right, bottom_left = first
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
    if quads:
        origin_x, origin_y = bottom_left
        places = [
            ((start[0] - origin_x) * across + (start[1] - origin_y) * down,
             (end[0] - start[0]) * across + (end[1] - start[1]) * down)
            for _, _, end, start in quads
        ]  # fmt: skip
    else:  # all of them lie along one side
        unit, begin = math.dist(polygon[2], polygon[3]) / word_boxes.WHOLE, spans[0][1][0]
        places = [((start - begin) * unit, (end - start) * unit) for _, (start, end) in spans]
    for (text, _), (place, long) in zip(spans, places, strict=True):
        parts.append(_word(text, place, max(long, 1.0)))
    parts.append("</g>")
    return Markup("".join(parts))  # noqa: S704  numbers, an id of ours, and escaped words


def _word(text: str, place: float, long: float) -> str:
    """Its letters are stretched over the whole of its place, so that the mouse meets them in all of
    it. One from right to left begins at its right, or a mark that begins there would be empty."""
    start, way = f"{place:.0f}", ""
    if not text.isascii() and _runs_left(text):
        start, way = f"{place + long:.0f}", ' direction="rtl"'
    shown = text if text.isalnum() else escape(text)
    return (
        f'<text x="{start}"{way} textLength="{long:.0f}" lengthAdjust="spacingAndGlyphs">'
        f"{shown}</text>"
    )


def _runs_left(text: str) -> bool:
    """Whether its first letter is one from right to left."""
    kinds = (unicodedata.bidirectional(each) for each in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


def box(line: LineView, prefix: str, is_hit: bool) -> Markup:
    """The box of a line on the picture, which leads to its row; `prefix` is that of the page."""
    number = line.number
    hit = " hit" if is_hit else ""
    return Markup(  # noqa: S704  numbers, a band's name, and an id of ours
        f'<a href="#{prefix}-line-{number}" tabindex="-1" aria-label="Line {number}">'
        f'<polygon id="{prefix}-box-{number}" class="box {line.band}{hit}" '
        f'data-line="{prefix}-line-{number}" points="{line.points}"/></a>'
    )


def _may_be_stacked(polygon: _Corners) -> bool:
    """Whether a word of it may be so much higher than long; a line this flat has none."""
    top_left, top_right, _, bottom_left = polygon
    return math.dist(top_left, bottom_left) * _FLAT > math.dist(top_left, top_right)


def _laid_along(text: str, quad: _Corners) -> _Corners:
    """Of characters that stand below each other the text is laid down, along the longer side."""
    top_left, top_right, _, bottom_left = quad
    length, height = math.dist(top_left, top_right), math.dist(top_left, bottom_left)
    if height <= _STACKED * max(length, 1.0) or len(text) < 2:
        return quad
    if not any(unicodedata.east_asian_width(each) in "WF" for each in text):
        return quad  # a narrow word, "ll" say
    return [*quad[1:], quad[0]]
