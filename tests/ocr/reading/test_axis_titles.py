"""A chart whose title of the y axis is nearly all its text is no page that lies."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from decoding.pixels import Pixels
from engines.arrays import Polygons
from reading.axis_titles import are_axis_titles

LEFT, RIGHT, HEAD = (8, 120, 32, 330), (608, 120, 632, 330), (270, 4, 370, 26)
UPWARD, DOWNWARD = 270, 90
"""By how many degrees counter-clockwise a page must be turned for such lines to stand upright."""


def chart(*, axes: bool = True) -> Pixels:
    image = Image.new("RGB", (640, 480), "white")
    draw = ImageDraw.Draw(image)
    if axes:
        draw.line((90, 40, 90, 410), "black", width=2)
        draw.line((90, 410, 590, 410), "black", width=2)
    draw.line([(x, 380 - x // 3 + x % 50) for x in range(100, 580, 40)], "red", width=3)
    return np.asarray(image)


def places(*boxes: tuple[int, int, int, int]) -> Polygons:
    corners = [[[x0, y0], [x1, y0], [x1, y1], [x0, y1]] for x0, y0, x1, y1 in boxes]
    return np.array(corners, dtype=np.float32)


@pytest.mark.parametrize(
    "boxes", [(LEFT,), (LEFT, HEAD), (LEFT, (0, 0, 640, 465))], ids=["alone", "head", "plot"]
)
def test_a_title_at_the_left_runs_upward(boxes: tuple[tuple[int, int, int, int], ...]) -> None:
    assert are_axis_titles(chart(), places(*boxes), UPWARD)
    assert not are_axis_titles(chart(), places(*boxes), DOWNWARD)


def test_one_at_the_right_runs_downward_or_it_is_the_other_axis_of_a_chart_that_lies() -> None:
    assert are_axis_titles(chart(), places(RIGHT), DOWNWARD)
    assert not are_axis_titles(chart(), places(RIGHT), UPWARD)


def test_without_axes_it_is_text_that_lies() -> None:
    """The spine of a book."""
    assert not are_axis_titles(chart(axes=False), places(LEFT), UPWARD)


def test_where_many_lines_lie_the_page_does() -> None:
    boxes = [(x, 120, x + 14, 330) for x in (4, 20, 36, 52, 68)]
    assert not are_axis_titles(chart(), places(*boxes), UPWARD)


def test_lines_that_stand_are_none() -> None:
    assert not are_axis_titles(chart(), places(HEAD), UPWARD)
    assert not are_axis_titles(chart(), places(LEFT), 180)
