"""A chart whose title of the y axis is nearly all its text is no page that lies."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from decoding.pixels import Pixels
from drawing.cases import QUARTERS, turned
from engines.arrays import Polygons
from reading import axis_titles
from reading.axis_titles import are_axis_titles, rotation_by_axes
from reading.ink import ink_of

Box = tuple[int, int, int, int]
Turns = int | tuple[int, ...]
"""After which a line is read well."""
LEFT, RIGHT, HEAD = (8, 120, 32, 330), (608, 120, 632, 330), (270, 4, 370, 26)
FOOT, WITHIN = (270, 440, 370, 462), (400, 80, 520, 102)
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


def bars() -> Pixels:
    """A chart whose bars stand on its axis, which is seen between them only."""
    image = Image.fromarray(chart())
    draw = ImageDraw.Draw(image)
    for x in range(100, 560, 60):
        draw.rectangle((x, 300, x + 30, 410), "navy")
    return np.asarray(image)


def places(*boxes: Box) -> Polygons:
    corners = [[[x0, y0], [x1, y0], [x1, y1], [x0, y1]] for x0, y0, x1, y1 in boxes]
    return np.array(corners, dtype=np.float32)


@pytest.mark.parametrize(
    "boxes", [(LEFT,), (LEFT, HEAD), (LEFT, (0, 0, 640, 465))], ids=["alone", "head", "plot"]
)
def test_a_title_at_the_left_runs_upward(boxes: tuple[Box, ...]) -> None:
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


def lying(boxes: Sequence[Box], rotation: int) -> Polygons:
    """Boxes of a chart that must be turned by `rotation`, where they lie on it."""
    width, height = 640, 480
    for _ in range(rotation // 90):
        boxes = [(height - bottom, left, height - top, right) for left, top, right, bottom in boxes]
        width, height = height, width
    return places(*boxes)


def likely(*own: Turns) -> list[dict[int, float]]:
    """What lines say that are read well after such turns."""
    turns = [(each,) if isinstance(each, int) else each for each in own]
    return [{each: 1.0 if each in those else 0.02 for each in QUARTERS} for those in turns]


@pytest.mark.parametrize("rotation", QUARTERS)
@pytest.mark.parametrize("draw", [chart, bars])
@pytest.mark.parametrize(
    ("boxes", "own"),
    [
        ((LEFT, HEAD), (UPWARD, 0)),
        ((FOOT, LEFT), (0, UPWARD)),
        ((LEFT, RIGHT, WITHIN), (UPWARD, DOWNWARD, 0)),
        ((HEAD, LEFT, (0, 0, 640, 465)), (0, UPWARD, QUARTERS)),
        ((HEAD, LEFT), ((0, 180), UPWARD)),
    ],
    ids=["head", "foot", "both sides", "plot", "reads alike"],
)
def test_where_lines_say_two_ways_the_axes_decide(
    draw: Callable[[], Pixels],
    boxes: tuple[Box, ...],
    own: tuple[int | tuple[int, ...], ...],
    rotation: int,
) -> None:
    page = turned(draw(), rotation)
    says = [
        {(turn + rotation) % 360: share for turn, share in line.items()} for line in likely(*own)
    ]
    assert rotation_by_axes(page, lying(boxes, rotation), says) == rotation


@pytest.mark.parametrize(
    ("boxes", "own"),
    [
        ((LEFT,), (UPWARD,)),
        ((HEAD, LEFT), (0, DOWNWARD)),
        ((HEAD, WITHIN), (0, UPWARD)),
        ((HEAD, LEFT), (180, UPWARD)),
        ((HEAD, *((x, 200, x + 9, 290) for x in (2, 12, 22, 32))), (0, *4 * [UPWARD])),
        ((), ()),
    ],
    ids=["title alone", "downward at the left", "within", "on its head", "many", "none"],
)
def test_what_no_chart_has_leaves_the_axes_out(
    boxes: tuple[Box, ...], own: tuple[int, ...]
) -> None:
    assert rotation_by_axes(chart(), places(*boxes).reshape(-1, 4, 2), likely(*own)) is None


def test_a_large_chart_is_looked_at_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for runs of ink takes the longer the larger the page is, squared."""
    seen: list[tuple[int, ...]] = []

    def ink(region: Pixels) -> npt.NDArray[np.uint8]:
        seen.append(region.shape[:2])
        return ink_of(region)

    monkeypatch.setattr(axis_titles, "ink_of", ink)
    page = np.asarray(Image.fromarray(bars()).resize((2560, 1920)))
    assert axis_titles.rotation_by_axes(page, 4 * lying((LEFT, HEAD), 0), likely(UPWARD, 0)) == 0
    assert seen == [(600, 800)]


def test_a_frame_or_a_cross_is_no_pair_of_axes() -> None:
    frame, cross = (Image.fromarray(chart(axes=False)) for _ in range(2))
    ImageDraw.Draw(frame).rectangle((90, 40, 590, 410), outline="black", width=2)
    ImageDraw.Draw(cross).line((90, 240, 590, 240), "black", width=2)
    ImageDraw.Draw(cross).line((340, 40, 340, 410), "black", width=2)
    for image in (frame, cross):
        page = np.asarray(image)
        assert rotation_by_axes(page, places(LEFT, HEAD), likely(UPWARD, 0)) is None
