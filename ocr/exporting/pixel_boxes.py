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

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top


def box_of(points: Points, page: Page) -> PixelBox:
    """Around these points, within the page; the whole page where there are none."""
    if not points:
        return PixelBox(0, 0, page.width, page.height)
    across, down = [point[0] for point in points], [point[1] for point in points]
    left, right = _within(min(across), max(across), page.width)
    top, bottom = _within(min(down), max(down), page.height)
    return PixelBox(left, top, right, bottom)


def around(boxes: Iterable[PixelBox]) -> PixelBox:
    """Around all of these, of which there is at least one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return PixelBox(min(lefts), min(tops), max(rights), max(bottoms))


def points_text(points: Points, page: Page) -> str:
    """As "x,y x,y …", no coordinate below 0."""
    shown = points or ((0, 0), (page.width, 0), (page.width, page.height), (0, page.height))
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


def _within(low: float, high: float, most: int) -> tuple[int, int]:
    start = min(max(round(low), 0), max(most, 0))
    return start, max(min(max(round(high), 0), max(most, 0)), start)
