"""Colours and contrast: white on black, pale ink, pencil, coloured paper, receipts, code."""

import random
from functools import partial

from PIL import Image, ImageFilter

from drawing.prose import amount, prose, title
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet, speckled


def _page(seed: int, paper: str, ink: str, px: int, style: str, rows: int) -> Drawing:
    source = random.Random(seed)
    sheet = Sheet(px * 34, int(px * 1.8 * (rows + 2)), paper, ink)
    for row in range(rows):
        sheet.line((px * 2, px * 1.8 * (row + 1.5)), " ".join(prose(source, 6)), px, style)
    return sheet.done()


def _pencil(seed: int, ink: str, px: int, style: str, grain: float) -> Drawing:
    """Soft grey strokes on paper with grain."""
    plain = _page(seed, "#f4f4f4", ink, px, style, 7)
    soft = plain.image.filter(ImageFilter.GaussianBlur(0.8))
    return Drawing(speckled(soft, seed, grain), plain.lines)


def _receipt(seed: int, rows: int, px: int, paper: str, ink: str) -> Drawing:
    source = random.Random(seed)
    sheet = Sheet(px * 20, int(px * 1.7 * (rows + 6)), paper, ink)
    sheet.line((px * 10, px * 2), f"{title(source, 1)} Market".upper(), px * 1.2, "mono-bold",
               anchor="ms")  # fmt: skip
    sheet.line((px * 10, px * 4), f"Till {source.randint(1, 9)} 18:42", px, "mono", anchor="ms")
    for row in range(rows):
        y = px * (6 + 1.7 * row)
        item, price = title(source, 2).upper()[:16].strip(), amount(source)
        sheet.put((px, y), item, px, "mono")
        sheet.put((px * 19, y), price, px, "mono", anchor="rs")
        sheet.lines.append(f"{item} {price}")
    sheet.line((px * 10, px * (8 + 1.7 * rows)), "THANK YOU", px, "mono-bold", anchor="ms")
    return sheet.done()


_CODE = """
def area(width, height):
    if width < 0 or height < 0:
        raise ValueError("no such area")
    return width * height

for line in open("rooms.txt"):
    name, width, height = line.split()
    print(name, area(int(width), int(height)))
"""


def _code(px: int, paper: str, ink: str) -> Drawing:
    rows = _CODE.strip().splitlines()
    sheet = Sheet(px * 34, int(px * 1.6 * (len(rows) + 1)), paper, ink)
    for number, row in enumerate(rows):
        if row.strip():
            indent = (len(row) - len(row.lstrip())) * px * 0.6
            at = px + indent, px * 1.6 * (number + 1)
            sheet.line(at, row.strip(), px, "screen-mono")
    return sheet.done()


def _sign(lines: list[str], px: int, paper: str, ink: str) -> Drawing:
    width = max(map(len, lines)) * px
    sheet = Sheet(width, int(px * 1.5 * (len(lines) + 0.6)), paper, ink)
    for number, words in enumerate(lines):
        sheet.line((width / 2, px * 1.5 * (number + 1)), words, px, "sans-bold", anchor="ms")
    return sheet.done()


def _halves(seed: int, px: int) -> Drawing:
    """Dark ink on the left half, light ink on the right one: two columns."""
    left = _page(seed, "#ffffff", "#000000", px, "sans", 8)
    right = _page(seed + 1, "#000000", "#ffffff", px, "sans", 8)
    both = Image.new("L", (left.image.width * 2, left.image.height))
    both.paste(left.image, (0, 0))
    both.paste(right.image, (left.image.width, 0))
    return Drawing(both, left.lines + right.lines)


RECIPES = [
    Recipe("white-on-black", "page", partial(_page, 1, "#000000", "#ffffff", 28, "sans", 12)),
    Recipe("white-on-black", "small", partial(_page, 2, "#121212", "#e0e0e0", 14, "wide", 20)),
    Recipe("white-on-black", "code", partial(_code, 18, "#1e1e1e", "#d4d4d4")),
    Recipe("white-on-black", "half-and-half", partial(_halves, 3, 22)),
    Recipe("low-contrast", "grey-on-grey", partial(_page, 5, "#bbbbbb", "#8e8e8e", 28, "sans", 8)),
    Recipe("low-contrast", "pale-on-white", partial(_page, 6, "#ffffff", "#cfcfcf", 30, "sans", 8)),
    Recipe("low-contrast", "dark-on-dark", partial(_page, 7, "#202028", "#484858", 26, "wide", 8)),
    Recipe("pencil", "soft", partial(_pencil, 8, "#a8a8a8", 30, "serif-italic", 6.0)),
    Recipe("pencil", "faint", partial(_pencil, 9, "#c0c0c0", 34, "serif-italic", 5.0)),
    Recipe("pencil", "small", partial(_pencil, 10, "#989898", 20, "sans", 8.0)),
    Recipe("coloured", "yellow-on-blue", partial(_page, 11, "#12346a", "#ffd940", 26, "sans", 8)),
    Recipe("coloured", "red-on-green", partial(_page, 12, "#9fd69a", "#a01818", 24, "serif", 8)),
    Recipe("coloured", "blue-on-cream", partial(_page, 13, "#fbf3dc", "#1c3f94", 22, "book", 10)),
    Recipe("till-receipt", "short", partial(_receipt, 14, 5, 24, "#fafafa", "#303030")),
    Recipe("till-receipt", "long", partial(_receipt, 15, 40, 18, "#ffffff", "#101010")),
    Recipe("till-receipt", "pale", partial(_receipt, 16, 12, 22, "#f2f2f2", "#909090")),
    Recipe("code", "light-14px", partial(_code, 14, "#ffffff", "#202020")),
    Recipe("code", "light-26px", partial(_code, 26, "#f8f8f2", "#303020")),
    Recipe("sign", "exit", partial(_sign, ["EMERGENCY EXIT"], 90, "#0a7d3c", "#ffffff")),
    Recipe("sign", "parking", partial(_sign, ["NO PARKING", "8 am to 6 pm"], 70, "#ffffff",
                                      "#c01818")),
    Recipe("sign", "room", partial(_sign, ["Room 214", "Dr. Okafor"], 56, "#e8e8e8", "#202020")),
]  # fmt: skip
