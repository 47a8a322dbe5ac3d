"""Pages of columns, whose lines are known in the order in which a person reads them.

Papers and newspapers with tables and pictures in their columns, sidebars, several pages on one
sheet, indexes, vertical text.
"""

import random
from functools import partial

from PIL import Image

from drawing.fonts import face
from drawing.prose import amount, prose, title, words
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet

_LINE = 1.45
"""From line to line, in ems."""
Place = tuple[float, float, float]
"""Left, top, width."""


def text_block(
    sheet: Sheet, source: random.Random, place: Place, rows: int, px: float, style: str = "serif"
) -> float:
    """Running text, its last line short; returns where the next line would stand."""
    x, y, width = place
    font = face(style, px)
    for row in range(rows):
        said, room = "", width * (0.45 if row == rows - 1 else 1.0)
        for word in prose(source, 30):
            if said and font.getlength(f"{said} {word}") > room:
                break
            said = f"{said} {word}".strip()
        sheet.line((x, y + px), said, px, style)
        y += px * _LINE
    return y


def paragraphs(
    sheet: Sheet,
    source: random.Random,
    place: Place,
    counts: list[int],
    px: float,
    style: str = "serif",
) -> float:
    """Blocks of so many rows, with white space between."""
    x, y, width = place
    for rows in counts:
        y = text_block(sheet, source, (x, y, width), rows, px, style) + px * 0.8
    return y


def small_table(
    sheet: Sheet, source: random.Random, place: Place, rows: int, columns: int, px: float
) -> float:
    """A label and numbers in each row, under a row of years, between two rules."""
    x, y, width = place
    first, step = width * 0.4, width * 0.6 / columns
    sheet.rule(x, y, width, 2)
    for row in range(rows):
        y += px * 1.5
        cells = [title(source, 1) if row else "Year"]
        cells += [amount(source) if row else str(2010 + n) for n in range(columns)]
        sheet.put((x, y), cells[0], px)
        for number, cell in enumerate(cells[1:], 1):
            sheet.put((x + first + step * number, y), cell, px, anchor="rs")
        sheet.lines.append(" ".join(cells))
    sheet.rule(x, y + px * 0.5, width, 2)
    return y + px * 1.6


def picture(sheet: Sheet, box: tuple[float, float, float, float]) -> None:
    """A grey picture without text."""
    left, top, right, bottom = box
    sheet.draw.rectangle(box, fill="#8c8c8c")
    sheet.draw.ellipse((left + 20, top + 20, right - 20, bottom - 20), fill="#c4c4c4")


def _table_in_column(seed: int, px: float, side: int) -> Drawing:
    """Two columns; one holds a table between its paragraphs."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1700)
    sheet.line((100, 110), title(source, 4), px * 1.8, "sans-bold")
    for column in range(2):
        x = 100 + 540 * column
        y = paragraphs(sheet, source, (x, 170.0 + 9 * column, 490), [6, 7 - column], px)
        if column == side:
            sheet.line((x, y + px), title(source, 2), px * 1.1, "sans-bold")
            y = small_table(sheet, source, (x, y + px * 1.8, 490), 7, 4, px * 0.85)
        paragraphs(sheet, source, (x, y, 490), [8, 5, 6 + 2 * column], px)
    sheet.line((620, 1660), str(source.randint(2, 300)), px * 0.8, "serif", anchor="ms")
    return sheet.done()


def _newspaper(seed: int, px: float, columns: int, rule: bool) -> Drawing:
    """A headline over all columns, a picture with its caption in one of them."""
    source = random.Random(seed)
    width = 330
    sheet = Sheet(80 + columns * (width + 36), 1500)
    sheet.line((60, 100), title(source, columns + 1), 54, "serif-bold")
    sheet.line((60, 150), " ".join(prose(source, 3 * columns)), 26, "serif-italic")
    for column in range(columns):
        x, y = 60 + column * (width + 36), 190.0
        if rule and column:
            sheet.draw.line((x - 18, 190, x - 18, 1430), fill="#000000", width=2)
        y = paragraphs(sheet, source, (x, y, width), [5 + column, 9], px)
        if column == 1:
            picture(sheet, (x, y, x + width, y + 240))
            sheet.line((x, y + 268), " ".join(prose(source, 4)), px * 0.85, "sans-italic")
            y += 290
        paragraphs(sheet, source, (x, y, width), [7, 6 - column % 2], px)
    return sheet.done()


def _across_two(seed: int, px: float) -> Drawing:
    """Two columns, broken by a picture with its caption across both, and going on below it."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1750)
    sheet.line((100, 90), title(source, 2), px, "sans")
    sheet.line((1140, 90), str(source.randint(10, 99)), px, "sans", anchor="rs")
    for top in (150.0, 980.0):
        for column in range(2):
            place = 100 + 540 * column, top, 490
            paragraphs(sheet, source, place, [6, 5 + column, 4], px)
        if top < 900:
            picture(sheet, (250, 640, 990, 900))
            sheet.line((620, 935), " ".join(prose(source, 9)), px * 0.9, "sans-italic", anchor="ms")
    return sheet.done()


def _sidebar(seed: int, px: float, at_left: bool, framed: bool) -> Drawing:
    """Running text and, beside it, a narrow bar of facts in smaller print; left is read first."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1600)
    bar, text = (90, 420) if at_left else (860, 90)

    def facts() -> None:
        y = 220.0
        sheet.line((bar, y), title(source, 1), px * 1.1, "sans-bold")
        for block in (5, 6, 4):
            y += px * 1.7
            sheet.line((bar, y), title(source, 2), px * 0.8, "sans-bold")
            for _ in range(block):
                y += px * 1.17
                label, value = title(source, 1), amount(source)
                sheet.put((bar, y), label, px * 0.8)
                sheet.put((bar + 270, y), value, px * 0.8, anchor="rs")
                sheet.lines.append(f"{label} {value}")
        if framed:
            sheet.draw.rectangle((bar - 20, 170, bar + 290, y + 30), outline="#000000", width=2)

    sheet.line((620, 110), title(source, 4), px * 1.8, "sans-bold", anchor="ms")
    for part in (facts, None) if at_left else (None, facts):
        if part is None:
            paragraphs(sheet, source, (text, 170.0, 720), [8, 9, 7, 10], px)
        else:
            part()
    return sheet.done()


def _transcript(seed: int, px: float, framed: bool, sheet_pages: int) -> Drawing:
    """Pages of a transcript on one sheet, with a number before each line, from the upper left."""
    source = random.Random(seed)
    down = max(sheet_pages // 2, 1)
    rows, width = 25, px * 33
    height = px * (rows * 1.5 + 6)
    sheet = Sheet(int(2 * width + px * 5), int(down * (height + px * 2) + px * 3))
    for page in range(sheet_pages):
        x, y = px * 2 + page % 2 * (width + px), px * 2 + page // 2 * (height + px * 2)
        sheet.line((x + width - px * 2, y + px), f"Page {40 + page}", px, "mono", anchor="rs")
        if framed:
            sheet.draw.rectangle((x, y - px * 0.6, x + width, y + height), outline="#000000")
        for row in range(1, rows + 1):
            base = y + px * (1.5 * row + 2.4)
            starts = row == 1 or source.random() < 0.4
            said = " ".join(words(source, source.randint(2, 5 if starts else 7)))
            if starts:
                said = f"{source.choice('QA')}. {said.capitalize()}"
            left = x + px * (7 if starts else 4.4)
            sheet.put((x + px * 2.6, base), str(row), px, "mono", anchor="rs")
            sheet.put((left, base), said, px, "mono")
            sheet.lines.append(f"{row} {said}")
    return sheet.done()


def _word_index(seed: int, columns: int, rows: int, px: float) -> Drawing:
    """Words in the order of the alphabet and where they stand, down each column."""
    source = random.Random(seed)
    every = sorted(set(words(source, 40 * columns * rows)))
    step = len(every) / (columns * rows)
    width = px * 15
    sheet = Sheet(int(width * columns + px * 5), int(px * 1.4 * rows + px * 10))
    sheet.line((sheet.image.width / 2, px * 3), "Word Index", px * 1.5, "serif-bold", anchor="ms")
    for column in range(columns):
        for row in range(rows):
            word = every[int((column * rows + row) * step)]
            places = ", ".join(
                f"{source.randint(2, 99)}:{source.randint(1, 25)}"
                for _ in range(source.randint(1, 2))
            )
            at = px * 3 + width * column, px * (6 + 1.4 * row)
            sheet.line(at, f"{word} {places}", px, "serif")
    return sheet.done()


def _paper(seed: int, px: float) -> Drawing:
    """A paper's first page: title, authors and abstract across, two columns, notes, a number."""
    source = random.Random(seed)
    sheet = Sheet(1300, 1800)
    sheet.line((650, 110), title(source, 5), 44, "serif-bold", anchor="ms")
    sheet.line((650, 165), "A. Walker and B. Reader", 24, "serif", anchor="ms")
    text_block(sheet, source, (220, 200, 860), 4, px * 0.9, "serif-italic")
    for column in range(2):
        x, y = 100 + 570 * column, 370.0
        for number in range(2):
            heading = f"{1 + number + 2 * column} {title(source, 1)}"
            sheet.line((x, y + px), heading, px * 1.15, "serif-bold")
            y = paragraphs(sheet, source, (x, y + px * 2.1, 520), [8 + number, 6 + column], px)
        if column == 0:
            sheet.rule(x, 1600, 200)
            text_block(sheet, source, (x, 1615, 520), 3, px * 0.75)
    sheet.line((650, 1770), "117", px, "serif", anchor="ms")
    return sheet.done()


def _two_tiers(seed: int, px: int) -> Drawing:
    """Japanese set down the page in two tiers, each from right to left."""
    source = random.Random(seed)
    signs = "春夏秋冬東西南北山川田中村上下左右大小高低新古時間学校先生朝昼夜雨雪風空海花木"
    sheet = Sheet(px * 26, px * 34)
    for top in (2, 18):
        for column in range(10):
            said = "".join(source.choice(signs) for _ in range(14))
            x = px * (23.5 - 2.2 * column)
            for number, sign in enumerate(said):
                sheet.put((x, px * (top + number + 0.9)), sign, px, "japanese-serif", anchor="ms")
            sheet.lines.append(said)
    return sheet.done()


def turned(drawing: Drawing, degrees: float) -> Drawing:
    """The same page, photographed at an angle."""
    image = drawing.image.convert("RGB").rotate(
        degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="#d8d8d8"
    )
    return Drawing(image, drawing.lines)


def _askew(degrees: float, seed: int, px: float) -> Drawing:
    return turned(_table_in_column(seed, px, 0), degrees)


RECIPES = [
    Recipe("layout-table-in-column", "left", partial(_table_in_column, 1, 20, 0)),
    Recipe("layout-table-in-column", "right", partial(_table_in_column, 2, 19, 1)),
    Recipe("layout-newspaper", "three", partial(_newspaper, 3, 18, 3, False)),
    Recipe("layout-newspaper", "four-ruled", partial(_newspaper, 4, 17, 4, True)),
    Recipe("layout-picture-across", "two-columns", partial(_across_two, 5, 20)),
    Recipe("layout-sidebar", "left", partial(_sidebar, 6, 21, True, False)),
    Recipe("layout-sidebar", "right", partial(_sidebar, 7, 21, False, False)),
    Recipe("layout-sidebar", "right-framed", partial(_sidebar, 8, 20, False, True)),
    Recipe("layout-transcripts", "four", partial(_transcript, 9, 18, False, 4)),
    Recipe("layout-transcripts", "four-framed", partial(_transcript, 10, 18, True, 4)),
    Recipe("layout-transcripts", "two", partial(_transcript, 11, 22, False, 2)),
    Recipe("layout-word-index", "three", partial(_word_index, 12, 3, 40, 20)),
    Recipe("layout-word-index", "four", partial(_word_index, 13, 4, 46, 18)),
    Recipe("layout-paper", "first-page", partial(_paper, 14, 20)),
    Recipe("layout-vertical", "two-tiers", partial(_two_tiers, 15, 36)),
    Recipe("layout-askew", "columns-8", partial(_askew, 8, 16, 22)),
    Recipe("layout-askew", "columns-30", partial(_askew, -30, 17, 22)),
]
