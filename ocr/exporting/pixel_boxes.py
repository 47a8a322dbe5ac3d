"""Boxes and polygons of pages in whole pixels, as the XML formats write them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ocr_contract.export.records import Line, Page

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
    left, top, right, bottom = round(left), round(top), round(right), round(bottom)
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
    return " ".join(f"{max(round(x), 0)},{max(round(y), 0)}" for x, y in shown)


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
