"""What the page classifier is given, beside what PaddleX gives it."""

import numpy as np
import pytest
from paddlex.inference.models.common.vision import ResizeByShort
from paddlex.inference.models.image_classification.processors import Crop

from decoding.pixels import Pixels
from engines.page_classifier import prepare_page


@pytest.mark.parametrize("size", [(300, 400), (400, 300), (2000, 90), (3, 2), (256, 256)])
def test_the_classifier_sees_the_middle_of_the_page(size: tuple[int, int]) -> None:
    """As PaddleX cuts it out."""
    rng = np.random.default_rng(1)
    page: Pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    (small,) = ResizeByShort(target_short_edge=256)([page])
    (wanted,) = Crop(crop_size=224)([small])
    made = prepare_page(page)
    assert made.shape == (224, 224, 3)
    assert np.array_equal(made, wanted)
