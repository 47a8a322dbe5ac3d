"""Boxes and polygons of pages in whole pixels, as the XML formats write them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ocr_contract.export.records import Line, Page
from ocr_contract.word_boxes import WHOLE

Points = Sequence[Sequence[float]]


class PixelBox(NamedTuple):
    """Whole pixels of the upright page; the right and bottom ones lie outside."""

    left: int
    top: int
    right: int
    bottom: int


def box_of(points: Points, page: Page) -> PixelBox:
    """Around these points, within the page; the whole page where there are none."""
    if not points:
        return PixelBox(0, 0, page.width, page.height)
    (left, top), (right, bottom) = points[0], points[len(points) // 2]
    if not (len(points) == 4 and is_upright(points) and left <= right and top <= bottom):
        across, down = zip(*points, strict=True)
        left, top, right, bottom = min(across), min(down), max(across), max(down)
    return _within(round(left), round(top), round(right), round(bottom), page)


def word_boxes(line: Line, page: Page) -> Iterator[tuple[str, PixelBox, str | None]]:
    """The line's words with their boxes, and their points as `points_text` has them unless the box
    says the same."""
    # Written out: a page of print has hundreds of words.
    polygon, spans = line.spans()
    if not spans:
        return
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = polygon
    if is_upright(polygon) and x1 <= x2:
        line_box = box_of(polygon, page)
        scale = (x2 - x1) / WHOLE
        for word, (start, end) in spans:
            left, right = round(x1 + scale * start), round(x1 + scale * end)
            yield word, _within(left, line_box.top, right, line_box.bottom, page), None
        return
    top_x, top_y, bottom_x, bottom_y = x2 - x1, y2 - y1, x3 - x4, y3 - y4
    for word, span in spans:
        first, last = span[0] / WHOLE, span[1] / WHOLE
        a, b = round(x1 + top_x * first), round(y1 + top_y * first)
        c, d = round(x1 + top_x * last), round(y1 + top_y * last)
        e, f = round(x4 + bottom_x * last), round(y4 + bottom_y * last)
        g, h = round(x4 + bottom_x * first), round(y4 + bottom_y * first)
        box = _within(min(a, c, e, g), min(b, d, f, h), max(a, c, e, g), max(b, d, f, h), page)
        is_box = a == g and c == e and b == d and f == h
        yield word, box, None if is_box else points_text(((a, b), (c, d), (e, f), (g, h)), page)


def _within(left: int, top: int, right: int, bottom: int, page: Page) -> PixelBox:
    if left < 0 or top < 0 or right > page.width or bottom > page.height:
        left, right = (min(max(x, 0), page.width) for x in (left, right))
        top, bottom = (min(max(y, 0), page.height) for y in (top, bottom))
    return PixelBox(left, top, right, bottom)


def is_upright(points: Points) -> bool:
    """Whether a polygon is its box, but for less than a pixel."""
    if len(points) != 4:
        return len(points) < 3
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = points
    return max(abs(x1 - x4), abs(x2 - x3), abs(y1 - y2), abs(y3 - y4)) < 1


def around(boxes: Iterable[PixelBox]) -> PixelBox:
    """Around all of these, of which there is at least one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return PixelBox(min(lefts), min(tops), max(rights), max(bottoms))


def points_text(points: Points, page: Page) -> str:
    """As "x,y x,y …", no coordinate below 0."""
    shown = (
        points
        if len(points) > 2
        else ((0, 0), (page.width, 0), (page.width, page.height), (0, page.height))
    )
    return " ".join([f"{max(round(x), 0)},{max(round(y), 0)}" for x, y in shown])


def corners_text(box: PixelBox) -> str:
    """A box as `points_text` writes polygons."""
    left, top, right, bottom = box
    return f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"


def paragraphs(page: Page) -> list[list[Line]]:
    """The lines of each paragraph; a line of an unknown one stands alone."""
    found: list[list[Line]] = []
    before: int | None = None
    for line in page.lines:
        if found and line.paragraph is not None and line.paragraph == before:
            found[-1].append(line)
        else:
            found.append([line])
        before = line.paragraph
    return found
