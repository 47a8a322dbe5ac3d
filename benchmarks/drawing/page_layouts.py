"""Pages whose difficulty is their order and rows: leaders, forms, stamps, columns, slanted rows."""

import random
from functools import partial

from PIL import Image, ImageDraw

from drawing.fonts import face
from drawing.prose import amount, prose, title, words
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet

_DESK = "#b9a88a"


def _leaders(seed: int, rows: int, dot: str, style: str, px: int, prices: bool) -> Drawing:
    """Entries and their numbers with a row of dots between them, which nobody reads out."""
    source = random.Random(seed)
    sheet = Sheet(px * 42, int(px * 2.2 * (rows + 2)))
    for number in range(1, rows + 1):
        y = px * 2.2 * (number + 0.5)
        entry = title(source, source.randint(1, 4))
        entry = entry if prices else f"{number} {entry}"
        end = amount(source) if prices else str(7 * number + source.randint(0, 5))
        right = sheet.put((px * 2, y), entry, px, style)[2]
        left = sheet.put((px * 40, y), end, px, style, anchor="rs")[0]
        width = face(style, px).getlength(dot)
        count = int((left - right - px) / width)
        sheet.put((left - px * 0.4 - count * width, y), dot * count, px, style)
        sheet.lines.append(f"{entry} {end}")
    return sheet.done()


def _form(seed: int, px: int) -> Drawing:
    """Labels, and in another face what was filled in on the lines behind them."""
    source = random.Random(seed)
    sheet = Sheet(px * 44, px * 34)
    sheet.line((px * 2, px * 3), "Application for a library card", px * 1.4, "sans-bold")
    labels = "Surname", "First name", "Street", "Town", "Telephone", "Date of birth"
    for number, label in enumerate(labels):
        y = px * (7 + 3.5 * number)
        filled = title(source, 1) if number < 4 else str(source.randint(10**7, 10**8))
        sheet.put((px * 2, y), label, px)
        sheet.rule(px * 12, y + px * 0.4, px * 28)
        sheet.put((px * 13, y), filled, px * 1.1, "serif-italic")
        sheet.lines.append(f"{label} {filled}")
    for number, words_ in enumerate(("Adult", "Child", "Student")):
        x = px * (2 + 9 * number)
        sheet.draw.rectangle((x, px * 28, x + px, px * 29), outline="#000000", width=2)
        sheet.put((x + px * 1.6, px * 29), words_, px)
    sheet.lines.append("Adult Child Student")
    return sheet.done()


def _bill(seed: int, px: int, rows: int) -> Sheet:
    source = random.Random(seed)
    sheet = Sheet(1240, 1400, coloured=True)
    for number in range(rows):
        y = 160 + number * px * 2.4
        item, price = title(source, 3), amount(source)
        sheet.put((120, y), item, px)
        sheet.put((1100, y), price, px, anchor="rs")
        sheet.lines.append(f"{item} {price}")
    return sheet


def _stamped(seed: int, words_: str, shape: str, ink: str, degrees: float, opacity: int,
             corner: tuple[int, int]) -> Drawing:  # fmt: skip
    """A bill with a stamp across some of its lines; the stamp's word is part of the text."""
    sheet = _bill(seed, 28, 14)
    mask = Image.new("L", (420, 420))
    draw = ImageDraw.Draw(mask)
    font = face("sans-bold", 64)
    if shape == "round":
        draw.ellipse((20, 20, 400, 400), outline=opacity, width=9)
        draw.ellipse((50, 50, 370, 370), outline=opacity, width=4)
    elif shape == "box":
        draw.rounded_rectangle((20, 140, 400, 280), 16, outline=opacity, width=9)
    draw.text((210, 212), words_, opacity, font, "mm")
    mask = mask.rotate(degrees, Image.Resampling.BICUBIC)
    sheet.image.paste(ink, corner, mask)
    sheet.lines.append(words_)
    return sheet.done()


def _slanted(seed: int, degrees: float, rows: int, px: int, style: str, desk: str) -> Drawing:
    """A list with prices far to the right, photographed at an angle."""
    source = random.Random(seed)
    sheet = Sheet(px * 32, int(px * 2.6 * (rows + 1)), "#fdfdfd", "#151515")
    for number in range(rows):
        y = px * 2.6 * (number + 0.9)
        item, price = title(source, 2), amount(source)
        sheet.put((px * 2, y), item, px, style)
        sheet.put((px * 30, y), price, px, style, anchor="rs")
        sheet.lines.append(f"{item} {price}")
    turned = sheet.image.convert("RGB").rotate(
        degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=desk
    )
    return Drawing(turned, tuple(sheet.lines))


def _index(seed: int, columns: int, rows: int, px: int, style: str) -> Drawing:
    """Columns of short lines, to be read one column after the other."""
    source = random.Random(seed)
    sheet = Sheet(int(px * 15 * columns + px * 3), int(px * 1.9 * (rows + 3)))
    for column in range(columns):
        for row in range(rows):
            at = px * (3 + 15 * column), px * 1.9 * (row + 2)
            sheet.line(at, f"{title(source, 1)} {source.randint(2, 300)}", px, style)
    return sheet.done()


def _article(seed: int, columns: int, rows: int, px: int, style: str, headed: bool) -> Drawing:
    """Prose in columns, under a heading over all of them."""
    source = random.Random(seed)
    sheet = Sheet(int(px * 21 * columns + px * 2), int(px * 1.5 * (rows + 3) + px * 4))
    top = px * 3.0
    if headed:
        sheet.line((px * 2, px * 3), title(source, 4), px * 2, f"{style}-bold")
        top = px * 6.0
    for column in range(columns):
        for row in range(rows):
            at = px * (2 + 21 * column), top + px * 1.5 * row
            said, font = "", face(style, px)
            for word in words(source, 12):
                if font.getlength(f"{said} {word}") > px * 18.5:
                    break
                said = f"{said} {word}".strip()
            sheet.line(at, said, px, style)
    return sheet.done()


def _letter(seed: int, px: int, style: str, paragraphs: int) -> Drawing:
    source = random.Random(seed)
    sheet = Sheet(1240, 1754)
    y = 150.0
    for _ in range(paragraphs):
        for _ in range(4):
            sheet.line((130, y), " ".join(prose(source, 8)), px, style)
            y += px * 1.7
        y += px * 1.4
    return sheet.done()


_ANGLES = (5, -8, 12, 18, -22, 28, 33, -38, 40, -42)
"""At 45 degrees two positions would be equally near to upright."""
RECIPES = [
    Recipe("contents", "dots", partial(_leaders, 1, 24, ".", "serif", 24, False)),
    Recipe("contents", "spaced-dots", partial(_leaders, 2, 18, ". ", "sans", 26, False)),
    Recipe("contents", "middle-dots", partial(_leaders, 3, 14, "·", "wide", 20, False)),
    Recipe("contents", "underscores", partial(_leaders, 4, 12, "_", "sans", 22, False)),
    Recipe("price-list", "menu", partial(_leaders, 5, 12, ".", "serif-italic", 30, True)),
    Recipe("price-list", "small", partial(_leaders, 6, 30, ".", "sans", 16, True)),
    Recipe("price-list", "dashes", partial(_leaders, 7, 10, "- ", "mono", 22, True)),
    Recipe("form", "lines", partial(_form, 8, 24)),
    Recipe("form", "small-lines", partial(_form, 9, 15)),
    Recipe("form", "large", partial(_form, 10, 34)),
    Recipe("stamp", "red-box", partial(_stamped, 11, "PAID", "box", "#c81e1e", 12, 255,
                                        (790, 500))),
    Recipe("stamp", "blue-round", partial(_stamped, 12, "COPY", "round", "#1e3cc8", -15, 220,
                                           (740, 700))),
    Recipe("stamp", "green-slanted", partial(_stamped, 13, "VOID", "none", "#148c3c", 30, 200,
                                              (60, 380))),
    Recipe("stamp", "faint-violet", partial(_stamped, 14, "DRAFT", "box", "#8040a0", 20, 120,
                                             (120, 240))),
    *(Recipe("slanted-rows", f"{'left' if angle > 0 else 'right'}-{abs(angle)}", partial(
        _slanted, 20 + number, angle, 6 + number % 4, 24 + 3 * (number % 3),
        ("sans", "serif", "wide")[number % 3], (_DESK, "#303438", "#d8d8d8")[number % 3]))
      for number, angle in enumerate(_ANGLES)),
    Recipe("index", "three-columns", partial(_index, 40, 3, 36, 20, "sans")),
    Recipe("index", "four-columns", partial(_index, 41, 4, 28, 18, "serif")),
    Recipe("index", "three-small", partial(_index, 42, 3, 50, 14, "wide")),
    Recipe("article", "two-columns", partial(_article, 43, 2, 30, 24, "serif", True)),
    Recipe("article", "three-columns", partial(_article, 44, 3, 36, 20, "sans", True)),
    Recipe("article", "two-no-heading", partial(_article, 45, 2, 40, 18, "serif", False)),
    Recipe("letter", "serif", partial(_letter, 46, 27, "serif", 5)),
    Recipe("letter", "one-paragraph", partial(_letter, 47, 30, "sans", 1)),
]  # fmt: skip
