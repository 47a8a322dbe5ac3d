"""The further pictures of an MPO, the JPEG of cameras with several: hardly ever pages."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

_MOST_PICTURES = 50
_SIDE = 32
_LEAST_LIKENESS = 0.8
"""The views of a camera with two lenses correlate by .9 and more."""

Greys = npt.NDArray[np.float64]


def has_another_page(content: bytes) -> bool:
    """Whether a picture shows something else than the first one: a preview or a map of light is
    smaller or grey, and another view of the same looks like it."""
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
        form = image.size, image.mode
        first = _in_small(image)
        try:
            for number in range(1, _MOST_PICTURES):
                image.seek(number)
                is_page = image.mode != "L" and (image.size, image.mode) == form
                if is_page and _likeness(first, _in_small(image)) < _LEAST_LIKENESS:
                    return True
        except Exception:  # the end of its list, or of what is whole of it
            return False
    return False


def _in_small(image: Image.Image) -> Greys:
    """Of _SIDE rows and columns, 0 to 255, the picture's form left out."""
    image.draft("L", (4 * _SIDE, 4 * _SIDE))
    small = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64)


def _likeness(a: Greys, b: Greys) -> float:
    """The correlation of two pictures of one size, -1 to 1; 1 where neither shows anything."""
    a, b = a - a.mean(), b - b.mean()
    both = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / both if both else float(a.any() == b.any())
