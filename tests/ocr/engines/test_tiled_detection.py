"""The map in tiles is the map at once, whatever the shape of the page."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decoding.pixels import Pixels
from engines.tiled_detection import MOST_TILE_PIXELS, STEP, count_tiles, is_tiled, map_in_tiles

SIZES = st.tuples(st.integers(1, 130), st.integers(1, 130)).filter(
    lambda size: size[0] * size[1] * STEP * STEP > MOST_TILE_PIXELS
)


def shades(tile: Pixels) -> npt.NDArray[np.float32]:
    """A network that takes the blue for the probability."""
    return tile[:, :, 0].astype(np.float32) / 255


@settings(max_examples=15, deadline=None)
@given(SIZES)
def test_every_pixel_comes_from_its_place(steps: tuple[int, int]) -> None:
    """Also where tiles meet: no seam, no shift."""
    height, width = steps[0] * STEP, steps[1] * STEP
    rows, columns = np.mgrid[:height, :width]
    page = np.repeat(((rows * 3 + columns * 7) % 251)[:, :, None], 3, axis=2).astype(np.uint8)
    largest = 0

    def run(tile: Pixels) -> npt.NDArray[np.float32]:
        nonlocal largest
        largest = max(largest, tile.shape[0] * tile.shape[1])
        assert tile.shape[0] % STEP == tile.shape[1] % STEP == 0
        return shades(tile)

    assert np.array_equal(map_in_tiles(page, (height, width), run, logits=False), page[:, :, 0])
    assert 0 < largest <= MOST_TILE_PIXELS


@pytest.mark.parametrize("size", [(64, 20_000), (20_000, 640), (4000, 3200), (1312, 1024)])
def test_little_is_computed_twice(size: tuple[int, int]) -> None:
    least = size[0] * size[1] / MOST_TILE_PIXELS
    assert count_tiles((size[0] // STEP * STEP, size[1] // STEP * STEP)) <= 1.6 * least + 1


def test_a_map_of_a_page_at_once_is_not_tiled() -> None:
    assert not is_tiled((1120, 800))
    assert count_tiles((1120, 800)) == 1


def test_a_scaled_page_keeps_its_places() -> None:
    page = np.full((3000, 5000, 3), 255, dtype=np.uint8)
    page[1480:1520, 2480:2520] = 0
    found = map_in_tiles(page, (1504, 2496), shades, logits=False)
    rows, columns = (found < 128).nonzero()
    assert abs(rows.mean() - 1500 * 1504 / 3000) < 1
    assert abs(columns.mean() - 2500 * 2496 / 5000) < 1


def test_logits_become_probabilities() -> None:
    page = np.zeros((1600, 1600, 3), dtype=np.uint8)
    page[:, ::2] = 255
    found = map_in_tiles(page, (1600, 1600), lambda tile: (shades(tile) - 0.5) * 2000, logits=True)
    assert set(found.ravel().tolist()) == {0, 255}


def test_tiles_without_ink_are_not_searched() -> None:
    page = np.full((8000, 1024, 3), 240, dtype=np.uint8)
    page[100:120, 100:500] = 30
    searched = []
    map_in_tiles(page, (8000, 1024), lambda tile: searched.append(1) or shades(tile), logits=False)
    assert len(searched) == 1
