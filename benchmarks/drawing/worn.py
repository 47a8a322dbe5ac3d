"""Office pages as bad scanners and old faxes give them: smaller, blurred, grained, squeezed.

The calibration of the doubt needs lines that are read wrong, which clean print hardly has.
"""

import io
import random
from functools import partial

import numpy as np
from PIL import Image, ImageFilter

from drawing import prints
from drawing.office import LAYOUTS
from drawing.recipe import Recipe
from drawing.sheet import Drawing

_SCALES = (1.0, 0.8, 0.65, 0.5)
_DOTS = (150, 200)


def worn(drawing: Drawing, seed: int) -> Drawing:
    """The same page after all that."""
    source = random.Random(seed)
    image = drawing.image.convert("L")
    scale = source.choice(_SCALES)
    size = (round(image.width * scale), round(image.height * scale))
    image = image.resize(size, Image.Resampling.BOX)
    image = image.filter(ImageFilter.GaussianBlur(source.uniform(0, 1.1)))
    grain = np.random.default_rng(seed).normal(0, source.uniform(2, 22), (size[1], size[0]))
    grained = np.clip(np.asarray(image, dtype=np.float32) + grain, 0, 255).astype(np.uint8)
    squeezed = io.BytesIO()
    Image.fromarray(grained).save(squeezed, "JPEG", quality=source.randint(25, 75))
    return Drawing(Image.open(squeezed).convert("L"), drawing.lines)


def _page(layout: str, seed: int, dots: int) -> Drawing:
    return worn(prints.scanned(layout, seed, dots), seed)


def recipes(first: int) -> list[Recipe]:
    """Two pages of each layout; `first` sets their texts and wear apart from those of others."""
    return [
        Recipe("worn", f"{layout}-{dots}dpi", partial(_page, layout, first + 10 * place + k, dots))
        for place, layout in enumerate(LAYOUTS)
        for k, dots in enumerate(_DOTS)
    ]
