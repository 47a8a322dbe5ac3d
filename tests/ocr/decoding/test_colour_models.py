"""Large pictures become BGR in parts, which are small and leave no trace."""

import cv2
import numpy as np
import pytest
from PIL import Image

from decoding import colour_models
from decoding.colour_models import to_bgr

SIZE = (1300, 1000)
MOST_PIXELS = 80_000
"""Of a part: as BGR it is well below what the C library takes from the system anew each time, and
beside a page of A4 in memory there is little more."""


def picture(mode: str) -> Image.Image:
    noise = np.random.default_rng(7).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    return Image.merge("LAB", image.split()) if mode == "LAB" else image.convert(mode)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "LAB"])
@pytest.mark.parametrize("factor", [1, 2])
def test_parts_are_small_and_give_the_whole(
    mode: str, factor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = picture(mode)
    convert = colour_models._strip_to_bgr
    sizes: list[int] = []

    def watched(strip: Image.Image, backdrop: int | None) -> cv2.typing.MatLike:
        sizes.append(strip.width * strip.height)
        return convert(strip, backdrop)

    whole = colour_models.shrink(convert(image, None), factor)
    monkeypatch.setattr(colour_models, "_strip_to_bgr", watched)
    pixels, hidden = to_bgr(image, factor)
    assert np.array_equal(pixels, whole)
    assert not hidden
    assert sum(sizes) == SIZE[0] * SIZE[1]
    assert max(sizes) <= MOST_PIXELS
