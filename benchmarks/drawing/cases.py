"""All drawn cases, by kind; for benchmarks, and for tests such as "every case × four positions".

@pytest.mark.parametrize("recipe", cases.recipes(), ids=lambda recipe: recipe.file_name)
def test_…(recipe):
    drawing = recipe.draw()
    page = cases.pixels(drawing.image)
"""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drawing import (
    digit_tables,
    empties,
    large_pages,
    other_scripts,
    page_layouts,
    papers,
    single_characters,
    turned_text,
)
from drawing.recipe import Recipe

_MODULES = (
    *(digit_tables, single_characters, turned_text, page_layouts, papers),
    *(other_scripts, empties, large_pages),
)
QUARTERS = (0, 90, 180, 270)


def recipes(kinds: Collection[str] = ()) -> list[Recipe]:
    """Those of these kinds, or all of them; nothing is drawn yet."""
    found = [recipe for module in _MODULES for recipe in module.RECIPES]
    return [recipe for recipe in found if not kinds or recipe.kind in kinds]


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    """height × width × 3, uint8, BGR: what a decoded page is."""
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def turned(page: NDArray[Any], rotation: int) -> NDArray[Any]:
    """The page as somebody would store it who laid it down wrongly.

    Turning the result by `rotation` degrees counter-clockwise makes it upright again; that is
    what `pages.rotation` says.
    """
    return np.ascontiguousarray(np.rot90(page, -(rotation // 90)))
