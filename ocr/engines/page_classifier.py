"""What the model that tells which way up a page stands wants to see of it."""

import cv2
import numpy as np

from decoding.pixels import Pixels

_PAGE_SHORT_SIDE = 256
_PAGE_CROP = 224
"""What the page classifier wants; it is in its inference.yml."""


def prepare_page(page: Pixels) -> Pixels:
    """The middle of a page, (224, 224, 3), for the page classifier."""
    height, width = page.shape[:2]
    scale = _PAGE_SHORT_SIDE / min(height, width)
    small = cv2.resize(page, (round(width * scale), round(height * scale)))
    top, left = ((side - _PAGE_CROP) // 2 for side in small.shape[:2])
    return np.asarray(small[top : top + _PAGE_CROP, left : left + _PAGE_CROP], dtype=np.uint8)
