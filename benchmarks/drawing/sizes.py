"""Pages and screenshots of every letter height: one picture a cell of the sizes' table.

A page is A4 with two columns, one serif and one sans, at 6 to 12 points and 100 to 600 dots an
inch, drawn without hinting as a scanner sees print. A screenshot has columns of about 90
characters, set on whole pixels as screens do. The height of letters is the em in pixels.
"""

import random
from functools import partial
from typing import NamedTuple

from PIL import Image

from drawing.fonts import cap_height
from drawing.large_pages import fill
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet

POINTS = (6, 7, 8, 10, 12)
DOTS = (100, 150, 200, 300, 400, 600)
WIDTHS = {1280: 720, 1920: 1080, 2560: 1440, 3840: 2160}
EMS = (11, 13, 16, 20, 26)
READABLE_EM = 11
"""Letters of at least this many pixels are to be read."""
_A4_INCHES = 8.27, 11.69
_SMOOTH_DOTS = 400
"""Below, a page is drawn larger by a whole factor and averaged."""


class Cell(NamedTuple):
    """One picture's place in the table."""

    row: str
    """Page or screenshot, and its letters."""
    column: str
    em_px: float
    cap_px: int
    """Height of a capital of the sans face."""
    recipe: Recipe

    @property
    def readable(self) -> bool:
        """Whether its letters are high enough to be held to the aim."""
        return self.em_px >= READABLE_EM


def _prose(seed: int, size: tuple[int, int], px: float, columns: int, styles: tuple[str, ...],
           margin: float, pitch: float) -> Sheet:  # fmt: skip
    source = random.Random(seed)
    sheet = Sheet(*size)
    gap = 2.5 * px
    step = (size[0] - 2 * margin + gap) / columns
    for column in range(columns):
        y = margin + px
        while y < size[1] - margin:
            style = styles[column % len(styles)]
            said = fill(source, style, px, step - gap)
            sheet.line((margin + column * step, y), said, px, style)
            y += px * pitch
    return sheet


def page(points: float, dots: int) -> Drawing:
    """An A4 page full of prose."""
    factor = -(-_SMOOTH_DOTS // dots) if dots < _SMOOTH_DOTS else 1
    scale = dots * factor
    width, height = (round(inches * dots) * factor for inches in _A4_INCHES)
    sheet = _prose(int(points * 1000 + dots), (width, height), points * scale / 72, 2,
                   ("serif", "sans"), 0.8 * scale, 1.3)  # fmt: skip
    image = sheet.image
    if factor > 1:
        image = image.resize((width // factor, height // factor), Image.Resampling.BOX)
    return Drawing(image, tuple(sheet.lines))


def screenshot(width: int, em: int) -> Drawing:
    """A screen full of prose, dark letters on white; in every second column of another face."""
    columns = max(1, round(width / (em * 46)))
    sheet = _prose(width + em, (width, WIDTHS[width]), em, columns, ("sans", "wide"), 2 * em, 1.45)
    return sheet.done()


def cells() -> list[Cell]:
    """Pages first; nothing is drawn yet."""
    found = [
        _cell(f"page {points} pt", f"{dots} dpi", points * dots / 72,
              Recipe("sizes", f"page-{points}pt-{dots}dpi", partial(page, points, dots)))
        for points in POINTS
        for dots in DOTS
    ]  # fmt: skip
    return found + [
        _cell(f"screen {em} px", f"{width} wide", em,
              Recipe("sizes", f"screen-{em}px-{width}", partial(screenshot, width, em)))
        for em in EMS
        for width in WIDTHS
    ]  # fmt: skip


def _cell(row: str, column: str, em: float, recipe: Recipe) -> Cell:
    return Cell(row, column, round(em, 1), cap_height("sans", em), recipe)
