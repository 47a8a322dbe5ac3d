"""Rows of a curled page are made straight; what lies straight stays as it is."""

from collections.abc import Callable

import numpy as np
import pytest
from curled_pages import HEIGHT, WIDTH, Places, bent, printed, spine, wave

from decoding.pixels import Pixels
from reading.curved_rows import StraightPage, straightened
from reading.line_crops import turned


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_what_was_read_is_placed_where_it_stood(turn: int) -> None:
    """Also where both pages were turned since."""
    rises = np.full((40, 60), 3, dtype=np.float32)
    rises[:, 30:] = -5
    straight = StraightPage(np.zeros((80, 120, 3), dtype=np.uint8), rises)
    for place, before in (((20, 30), (20, 36)), ((100, 30), (100, 20)), ((7, 79), (7, 80))):
        (found,) = straight.before([seen(place, turn)], turn)
        assert found == pytest.approx(seen(before, turn), abs=1)


def seen(place: tuple[int, int], turn: int) -> tuple[float, float]:
    """Where that pixel of a page is found, or the last of its column, after the page is turned."""
    mark = np.zeros((80, 120, 3), dtype=np.uint8)
    mark[min(place[1], 79), place[0]] = 1
    row, column, _ = np.argwhere(turned(mark, turn))[0].tolist()
    return column + 0.5, row + 0.5


@pytest.mark.parametrize("rise", [wave, spine])
def test_rows_are_straight_to_a_pixel(rise: Callable[[Places, Places], Places]) -> None:
    page, _ = printed()
    straight = straightened(bent(page, rise))
    assert straight is not None
    across = np.arange(60, 700)
    for row in (150, 350, 550):
        back = np.array([straight.before([(x, row)])[0] for x in across.tolist()], np.float32)
        lower = back[:, 1] - row + rise(back[:, 0] / WIDTH, back[:, 1] / HEIGHT)
        slope = np.polyval(np.polyfit(across, lower, 1), across)
        assert np.abs(lower - slope).max() < 2.0


def slanted() -> Pixels:
    page, _ = printed()
    return bent(page, lambda across, _: (90 * (across - 0.5)).astype(np.float32))


def grain() -> Pixels:
    source = np.random.default_rng(1)
    return source.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "page",
    [printed()[0], slanted(), grain(), printed()[0][:40], np.zeros((9, 9, 3), np.uint8)],
    ids=["straight", "slanting", "no rows", "a strip", "tiny"],
)
def test_what_is_not_bent_stays(page: Pixels) -> None:
    assert straightened(page) is None
