"""The print suite: 36 office pages in English as a scanner gives them.

Twelve layouts with 7 to 12 points, each at 150, 200 and 300 dots an inch, then turned by up to
one degree, blurred and dimmed a little.
"""

import random
from functools import partial

from PIL import Image, ImageFilter

from drawing.office import LAYOUTS, Page
from drawing.recipe import Recipe
from drawing.sheet import Drawing, speckled

DOTS = (150, 200, 300)
_BODIES = (7.0, 8.0, 9.0, 10.0, 11.0, 12.0)
_STYLES = ("serif", "sans", "book")
_POINTS_PER_INCH = 72
_GRAIN = 2.5


def scanned(layout: str, seed: int, dots: int) -> Drawing:
    """One page of that layout."""
    source = random.Random(seed)
    factor = 2 if dots < max(DOTS) else 1
    body, style = _BODIES[seed % len(_BODIES)], _STYLES[seed % len(_STYLES)]
    page = Page(seed, dots * factor / _POINTS_PER_INCH, body, style)
    LAYOUTS[layout](page)
    image = page.sheet.image
    image = image.resize((image.width // factor, image.height // factor), Image.Resampling.BOX)
    paper = source.randint(225, 250)
    image = image.rotate(source.uniform(-1, 1), Image.Resampling.BICUBIC, fillcolor=255)
    image = image.filter(ImageFilter.GaussianBlur(source.uniform(0.2, 0.5) * dots / 200))
    darkest = source.randint(25, 70)
    image = image.point([darkest + value * (paper - darkest) // 255 for value in range(256)])
    return Drawing(speckled(image, seed, _GRAIN), tuple(page.sheet.lines))


def recipes() -> list[Recipe]:
    """All pages; nothing is drawn yet."""
    return [
        Recipe("print", f"{layout}-{dots}dpi", partial(scanned, layout, 13 * place + number, dots))
        for number, layout in enumerate(LAYOUTS)
        for place, dots in enumerate(DOTS)
    ]
