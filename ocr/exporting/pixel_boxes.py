"""Boxes and polygons of pages in whole pixels, as the XML formats write them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ocr_contract.export.records import Line, Page
from ocr_contract.word_boxes import WHOLE

Points = Sequence[Sequence[float]]
Corners = tuple[int, int, int, int]
"""As PixelBox has them."""


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


def word_boxes(line: Line, page: Page) -> Iterator[tuple[str, Corners, str | None]]:
    """The line's words with their boxes, and their points as `points_text` has them unless the box
    says the same."""
    # Written out: a page of print has hundreds of words.
    polygon, spans = line.spans()
    if not spans:
        return
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = polygon
    if is_upright(polygon) and x1 <= x2:
        _, top, _, bottom = box_of(polygon, page)
        scale, is_inside = (x2 - x1) / WHOLE, x1 >= 0 and x2 <= page.width
        for word, (start, end) in spans:
            box = round(x1 + scale * start), top, round(x1 + scale * end), bottom
            yield word, box if is_inside else _within(*box, page), None
        return
    is_inside = (
        min(x1, x2, x3, x4, y1, y2, y3, y4) >= 0
        and max(x1, x2, x3, x4) <= page.width
        and max(y1, y2, y3, y4) <= page.height
    )
    top_x, top_y = (x2 - x1) / WHOLE, (y2 - y1) / WHOLE
    bottom_x, bottom_y = (x3 - x4) / WHOLE, (y3 - y4) / WHOLE
    for word, (start, end) in spans:
        a, b = round(x1 + top_x * start), round(y1 + top_y * start)
        c, d = round(x1 + top_x * end), round(y1 + top_y * end)
        e, f = round(x4 + bottom_x * end), round(y4 + bottom_y * end)
        g, h = round(x4 + bottom_x * start), round(y4 + bottom_y * start)
        box = min(a, c, e, g), min(b, d, f, h), max(a, c, e, g), max(b, d, f, h)
        points = None
        if not (a == g and c == e and b == d and f == h):
            points = (
                f"{a},{b} {c},{d} {e},{f} {g},{h}" if is_inside
                else points_text(((a, b), (c, d), (e, f), (g, h)), page)
            )  # fmt: skip
        yield word, box if is_inside else _within(*box, page), points


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
    return abs(y1 - y2) < 1 and abs(y3 - y4) < 1 and abs(x1 - x4) < 1 and abs(x2 - x3) < 1


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


def corners_text(box: Corners) -> str:
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
