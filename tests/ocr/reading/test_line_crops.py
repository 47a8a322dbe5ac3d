"""Lines cut out of pages."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoding.pixels import Pixels
from reading import line_crops
from reading.line_crops import LineCrops, crop_line, grown, turned

Points = npt.NDArray[np.float32]


def page() -> Pixels:
    """200×300, each pixel its own place: blue is y, green is x (halved)."""
    made = np.zeros((200, 300, 3), dtype=np.uint8)
    made[:, :, 0] = np.arange(200)[:, None]
    made[:, :, 1] = np.arange(300)[None, :] // 2
    return made


def box(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32)


def test_an_upright_box_is_cut_out_to_the_pixel() -> None:
    crop = crop_line(page(), box(50, 20, 150, 45))
    assert np.array_equal(crop, page()[20:45, 50:150])
    crop = crop_line(page(), box(50.4, 20.6, 149.7, 44.2))
    assert np.array_equal(crop, page()[20:45, 50:150])


def test_the_crop_does_not_share_the_pages_memory() -> None:
    made = page()
    crop = crop_line(made, box(50, 20, 250, 45))
    assert crop.flags.c_contiguous


@pytest.mark.parametrize(
    ("polygon", "expected"),
    [
        (box(-20, -10, 40, 30), (slice(0, 30), slice(0, 40))),
        (box(250, 180, 400, 230), (slice(180, 200), slice(250, 300))),
        (box(-50, -50, 500, 500), (slice(0, 200), slice(0, 300))),
    ],
)
def test_what_sticks_out_is_cut_off(polygon: Points, expected: tuple[slice, slice]) -> None:
    assert np.array_equal(crop_line(page(), polygon), page()[expected])


@pytest.mark.parametrize(
    "polygon",
    [
        box(-60, -50, -20, -10),
        box(10, -50, 100, -10),
        box(-60, 10, -20, 30),
        box(310, 10, 400, 30),
        box(10, 210, 100, 250),
    ],
)
def test_a_box_beside_the_page_is_empty(polygon: Points) -> None:
    """And no piece of the other side, as negative indices would have it."""
    crop = crop_line(page(), polygon)
    assert crop.shape == (1, 1, 3)
    assert crop.max() == 0


def test_a_box_without_area_is_a_pixel() -> None:
    assert crop_line(page(), box(50, 20, 50, 20)).shape == (1, 1, 3)
    assert crop_line(page(), box(50, 20, 90, 20)).shape == (1, 40, 3)


def askew(degrees: float) -> tuple[Pixels, Points]:
    """A page with a white bar that lies askew, black at its left end, and the bar's corners."""
    angle = np.radians(degrees)
    along = np.array([np.cos(angle), np.sin(angle)])
    down = np.array([-np.sin(angle), np.cos(angle)])
    center = np.array([150.0, 100.0])
    y, x = np.mgrid[0:200, 0:300]
    offset = np.stack([x, y], axis=-1) - center
    u, v = offset @ along, offset @ down
    inside = (abs(u) <= 60) & (abs(v) <= 12)
    made = np.full((200, 300, 3), 128, dtype=np.uint8)
    made[inside] = 255
    made[inside & (u < -40)] = 0
    corners = [
        center + s * 60 * along + t * 12 * down for s, t in [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    ]
    return made, np.array(corners, dtype=np.float32)


@pytest.mark.parametrize("degrees", [-40, -10, 5, 20, 40, 170, 200])
def test_a_bar_askew_is_straightened(degrees: float) -> None:
    """Also one that stands on its head: its first corner stays its top left."""
    crop = crop_line(*askew(degrees))
    assert crop.shape[0] == pytest.approx(24, abs=2)
    assert crop.shape[1] == pytest.approx(120, abs=2)
    assert crop[12, 5].max() < 20
    assert crop[12, 60].min() > 235
    assert crop[4:-4, 25:-4].mean() > 235


@pytest.mark.parametrize("size", [(30, 140), (140, 30), (40, 50)])
def test_a_line_is_cut_out_as_it_stands(size: tuple[int, int]) -> None:
    width, height = size
    crop = crop_line(page(), box(50, 20, 50 + width, 20 + height))
    assert np.array_equal(crop, page()[20 : 20 + height, 50 : 50 + width])


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_crop_is_turned_counter_clockwise(degrees: int) -> None:
    assert np.array_equal(turned(page(), degrees), np.rot90(page(), degrees // 90))
    assert turned(page(), degrees).flags.c_contiguous


coordinates = st.floats(-500, 800, width=32) | st.sampled_from([0.0, 10.0, 299.0, 300.0])


@given(st.lists(st.tuples(coordinates, coordinates), min_size=4, max_size=4))
def test_any_quadrilateral_gives_a_crop(points: list[tuple[float, float]]) -> None:
    """Crossed, without area, far outside: something that the recogniser can take."""
    crop = crop_line(page(), np.array(points, dtype=np.float32))
    assert crop.dtype == np.uint8
    assert crop.ndim == 3
    assert min(crop.shape) >= 1
    assert crop.flags.c_contiguous


def test_the_largest_crop_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_crops, "_MAX_SIDE", 500)
    crop = crop_line(page(), np.array([[0, 0], [9e3, 50], [9e3, 90], [0, 40]], dtype=np.float32))
    assert max(crop.shape) <= 500


@pytest.mark.parametrize("tall", [False, True])
def test_a_line_askew_on_a_page_longer_than_opencv_warps(tall: bool) -> None:
    """Its surroundings are cut out first: the crop is that of a short page."""
    made, corners = askew(10)
    corners = corners.round()  # or 32 bits would hold them less exactly far to the right
    shift = np.array([0, 35_000] if tall else [35_000, 0], dtype=np.float32)
    before = ((35_000, 100), (0, 0)) if tall else ((0, 0), (35_000, 100))
    long = np.pad(made, (*before, (0, 0)))
    assert np.array_equal(crop_line(long, corners + shift), crop_line(made, corners))
    outside = corners + shift + np.float32(5000)
    assert crop_line(long, outside).size > 0


def test_lines_are_cut_out_when_they_are_asked_for() -> None:
    picture = np.arange(40 * 60 * 3, dtype=np.uint8).reshape(40, 60, 3)
    polygons = np.array(
        [[[2, 3], [30, 3], [30, 12], [2, 12]], [[5, 20], [50, 20], [50, 30], [5, 30]]],
        dtype=np.float32,
    )
    crops = LineCrops(picture, polygons)
    assert len(crops) == 2
    assert np.array_equal(crops[1], picture[20:30, 5:50])
    assert [crop.shape[:2] for crop in crops] == [(9, 28), (10, 45)]
    assert len(crops[1:]) == 1


def test_a_line_grows_across_its_text() -> None:
    lying = np.array([[10, 100], [10, 20], [30, 20], [30, 100]], dtype=np.float32)
    assert grown(lying).tolist() == [[8, 100], [8, 20], [32, 20], [32, 100]]
    level = np.array([[2, 10], [80, 10], [80, 30], [2, 30]], dtype=np.float32)
    assert grown(level).tolist() == [[2, 8], [80, 8], [80, 32], [2, 32]]
