"""Pictures without any text: whatever is read there is made up."""

import math
from functools import partial

from PIL import Image

from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet, noise


def _blank(paper: str, width: int, height: int) -> Drawing:
    return Sheet(width, height, paper).done()


def _noise(seed: int, width: int, height: int, deviation: float) -> Drawing:
    grain = Image.frombytes("L", (width, height), noise(seed, width * height, deviation))
    return Drawing(grain, ())


def _border(thick: int, inset: int, ink: str) -> Drawing:
    sheet = Sheet(800, 1000, "#ffffff", ink)
    sheet.draw.rectangle((inset, inset, 799 - inset, 999 - inset), outline=ink, width=thick)
    return sheet.done()


def _rules(step: int, upright: bool, thick: int) -> Drawing:
    """Ruled or squared paper."""
    sheet = Sheet(840, 1188, "#ffffff", "#7088c0")
    for at in range(step, 1188, step):
        sheet.rule(0, at, 840, thick)
    if upright:
        for at in range(step, 840, step):
            sheet.draw.rectangle((at, 0, at + thick - 1, 1188), "#7088c0")
    return sheet.done()


def _gradient(width: int, height: int) -> Drawing:
    ramp = Image.linear_gradient("L").resize((width, height), Image.Resampling.BILINEAR)
    return Drawing(ramp, ())


def _hatching(step: int, thick: int) -> Drawing:
    sheet = Sheet(600, 600)
    for at in range(-600, 600, step):
        sheet.draw.line((at, 600, at + 600, 0), "#000000", width=thick)
    return sheet.done()


def _waves() -> Drawing:
    sheet = Sheet(900, 500)
    for row in range(60, 500, 80):
        points = [(x, row + 20 * math.sin(x / 25 + row)) for x in range(0, 900, 3)]
        sheet.draw.line(points, "#000000", width=3)
    return sheet.done()


RECIPES = [
    Recipe("no-text", "white", partial(_blank, "#ffffff", 1240, 1754)),
    Recipe("no-text", "black", partial(_blank, "#000000", 640, 480)),
    Recipe("no-text", "eight-pixels", partial(_blank, "#808080", 8, 8)),
    Recipe("no-text", "cream", partial(_blank, "#f6efdc", 900, 900)),
    Recipe("no-text", "noise", partial(_noise, 1, 400, 300, 40.0)),
    Recipe("no-text", "grain", partial(_noise, 2, 500, 700, 6.0)),
    Recipe("no-text", "border", partial(_border, 6, 40, "#000000")),
    Recipe("no-text", "edge", partial(_border, 30, 0, "#202020")),
    Recipe("no-text", "ruled", partial(_rules, 36, False, 2)),
    Recipe("no-text", "squared", partial(_rules, 28, True, 1)),
    Recipe("no-text", "gradient", partial(_gradient, 640, 480)),
    Recipe("no-text", "hatching", partial(_hatching, 16, 2)),
    Recipe("no-text", "waves", _waves),
]
