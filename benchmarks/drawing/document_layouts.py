"""Documents whose parts stand beside each other: letters, bills, menus, cards, two languages.

As in `column_layouts` their lines are known in the order in which a person reads them: what belongs
together, an address, a card, a column, is read as a whole; rows of figures are read as rows.
"""

import random
from functools import partial

from drawing.column_layouts import paragraphs, picture, small_table, text_block, turned
from drawing.prose import amount, prose, title
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet


def _block(
    sheet: Sheet, source: random.Random, at: tuple[float, float], rows: int, px: float, pitch: float
) -> float:
    """Short lines below each other, as in an address; returns where the next would stand."""
    x, y = at
    for _ in range(rows):
        sheet.line((x, y), title(source, source.randint(2, 3)), px)
        y += px * pitch
    return y


def _business_letter(seed: int, px: float) -> Drawing:
    """Two addresses of different lengths, text, and two signatures beside each other."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1500)
    _block(sheet, source, (110, 120), 5, px, 1.3)
    _block(sheet, source, (820, 133), 4, px * 0.85, 1.6)
    sheet.line((110, 360), f"Re: {title(source, 4)}", px, "sans-bold")
    y = paragraphs(sheet, source, (110, 400, 1020), [5, 6, 4], px)
    for x in (110, 700):
        sheet.rule(x, y + 90, 300, 2)
        sheet.line((x, y + 125), title(source, 2), px)
        sheet.line((x, y + 125 + px * 1.3), title(source, 1), px * 0.85, "sans-italic")
    return sheet.done()


def _resume(seed: int, px: float, at_left: bool) -> Drawing:
    """A narrow bar of headed lists, and posts with their years at the right edge."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1560)
    sheet.line((80, 100), title(source, 2), px * 2, "sans-bold")
    bar, main = (80, 440) if at_left else (900, 80)

    def lists() -> None:
        y = 190.0
        for rows in (4, 7, 5):
            sheet.line((bar, y), title(source, 1).upper(), px * 0.9, "sans-bold")
            for _ in range(rows):
                y += px * 1.4
                sheet.line((bar, y), title(source, 2), px * 0.85)
            y += px * 2.6

    def posts() -> None:
        y = 190.0
        sheet.line((main, y), title(source, 1).upper(), px, "sans-bold")
        for rows in (4, 5, 3, 5):
            y += px * 2
            post, years = title(source, 2), f"{source.randint(1990, 2004)}-{source.randint(5, 24)}"
            sheet.put((main, y), post, px, "sans-bold")
            sheet.put((main + 720, y), years, px * 0.9, anchor="rs")
            sheet.lines.append(f"{post} {years}")
            y = text_block(sheet, source, (main, y + px * 0.4, 720), rows, px * 0.9, "sans")

    for part in (lists, posts) if at_left else (posts, lists):
        part()
    return sheet.done()


def _menu(seed: int, px: float) -> Drawing:
    """Two columns of dishes with their prices, and below each a line about it."""
    source = random.Random(seed)
    sheet = Sheet(1400, 1300)
    sheet.line((700, 100), title(source, 2), px * 2, "serif-bold", anchor="ms")
    for column in range(2):
        x, y = 90 + 660 * column, 210.0
        for dishes in (3, 4 + column):
            sheet.line((x, y), title(source, 1), px * 1.3, "serif-italic")
            y += px * 2
            for _ in range(dishes):
                dish, price = title(source, 2), amount(source)
                sheet.put((x, y), dish, px, "serif-bold")
                sheet.put((x + 560, y), price, px, "serif", anchor="rs")
                sheet.lines.append(f"{dish} {price}")
                sheet.line((x, y + px * 1.2), " ".join(prose(source, 6)), px * 0.8, "serif-italic")
                y += px * 3
            y += px
    return sheet.done()


def _invoice(seed: int, px: float) -> Drawing:
    """Seller and buyer beside each other, a table, sums at the right, three blocks at the foot."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1600)
    sheet.line((90, 100), "INVOICE", px * 1.8, "sans-bold")
    for x, rows in ((90, 4), (700, 5)):
        sheet.line((x, 190), ("Seller", "Buyer")[x > 90], px, "sans-bold")
        _block(sheet, source, (x, 190 + px * 1.6), rows, px, 1.35 if x == 90 else 1.55)
    y = small_table(sheet, source, (90, 480, 1060), 11, 4, px)
    for label in ("Subtotal", "Tax", "Total"):
        y += px * 1.6
        said = amount(source)
        sheet.put((820, y), label, px)
        sheet.put((1150, y), said, px, anchor="rs")
        sheet.lines.append(f"{label} {said}")
    sheet.rule(90, 1420, 1060)
    for number, (rows, pitch) in enumerate(((4, 1.3), (3, 1.7), (4, 1.45))):
        _block(sheet, source, (90 + 380 * number, 1450), rows, px * 0.7, pitch)
    return sheet.done()


def _timetable(seed: int, px: float) -> Drawing:
    """Stops and their times, without rules, read row by row."""
    source = random.Random(seed)
    sheet = Sheet(1500, 1050)
    sheet.line((80, 90), f"{title(source, 2)} - {title(source, 1)}", px * 1.4, "sans-bold")
    for row in range(20):
        stop, y = title(source, 1 + row % 2), 170 + px * 1.55 * row
        times = [f"{5 + n + row // 12}:{(7 * row + 3 * n) % 60:02}" for n in range(8)]
        sheet.put((80, y), stop, px)
        for number, time in enumerate(times):
            sheet.put((500 + 120 * number, y), time, px, anchor="rs")
        sheet.lines.append(" ".join([stop, *times]))
    return sheet.done()


def _exam(seed: int, px: float) -> Drawing:
    """Numbered questions, each with four answers in two rows."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1650)
    sheet.line((620, 90), title(source, 3), px * 1.4, "serif-bold", anchor="ms")
    y = 180.0
    for question in range(1, 8):
        sheet.line((90, y), f"{question}. {' '.join(prose(source, 9))}", px, "serif")
        for pair in ("AB", "CD"):
            y += px * 1.7
            said = [f"{letter}) {' '.join(prose(source, 3))}" for letter in pair]
            sheet.put((130, y), said[0], px, "serif")
            sheet.put((680, y), said[1], px, "serif")
            sheet.lines.append(" ".join(said))
        y += px * 2.6
    return sheet.done()


def _two_languages(seed: int, px: float) -> Drawing:
    """The same text in two languages, whose paragraphs begin beside each other."""
    source = random.Random(seed)
    sheet = Sheet(1300, 1500)
    sheet.line((90, 100), title(source, 3), px * 1.4, "serif-bold")
    sheet.line((690, 100), title(source, 3), px * 1.4, "serif-bold")
    heads = sheet.lines[:]
    sheet.lines.clear()
    for column in range(2):
        sheet.lines.append(heads[column])
        y = 150.0
        for number, rows in enumerate((6, 5, 8, 4)):
            place = 90 + 600 * column, y, 520
            text_block(sheet, source, place, rows - (column + number) % 2, px)
            y += px * (1.45 * rows + 1.0)
    return sheet.done()


def _kitchen_recipe(seed: int, px: float) -> Drawing:
    """A list of what is needed beside what is to be done, under a picture."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1300)
    sheet.line((90, 100), title(source, 3), px * 2, "serif-bold")
    picture(sheet, (90, 140, 1150, 420))
    y = 490.0
    sheet.line((90, y), "Ingredients", px, "sans-bold")
    for _ in range(11):
        y += px * 1.75
        sheet.line((90, y), f"{source.randint(2, 900)} g {title(source, 1).lower()}", px * 0.9)
    y = 490.0
    sheet.line((460, y), "Method", px, "sans-bold")
    y += px * 0.6
    for rows in (3, 4, 3, 3):
        y = text_block(sheet, source, (460, y, 690), rows, px) + px * 0.9
    return sheet.done()


def _questionnaire(seed: int, px: float) -> Drawing:
    """Statements, and five numbers to be ringed in each row."""
    source = random.Random(seed)
    sheet = Sheet(1300, 1250)
    sheet.line((80, 90), title(source, 4), px * 1.4, "sans-bold")
    text_block(sheet, source, (80, 120, 1120), 3, px)
    for row in range(14):
        said, y = " ".join(prose(source, 6)), 330 + px * 2.2 * row
        sheet.put((80, y), said, px)
        for number in range(1, 6):
            sheet.put((820 + 80 * number, y), str(number), px)
        sheet.lines.append(f"{said} 1 2 3 4 5")
    return sheet.done()


def _programme(seed: int, px: float) -> Drawing:
    """A time, and beside it what happens then in two or three lines."""
    source = random.Random(seed)
    sheet = Sheet(1000, 1300)
    sheet.line((500, 100), title(source, 2), px * 1.8, "sans-bold", anchor="ms")
    y = 190.0
    for number in range(8):
        sheet.line((90, y + px), f"{9 + number}:{source.choice(('00', '15', '30'))}", px)
        sheet.line((300, y + px), title(source, 3), px, "sans-bold")
        y = text_block(sheet, source, (300, y + px * 1.3, 600), 1 + number % 3, px * 0.9)
        y += px * 1.2
    return sheet.done()


def _glossary(seed: int, px: float) -> Drawing:
    """Terms in a narrow column, each beside its explanation of several lines."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1500)
    sheet.line((90, 100), "Glossary", px * 1.6, "serif-bold")
    y = 160.0
    for number in range(9):
        sheet.line((90, y + px), title(source, 1), px, "serif-bold")
        y = text_block(sheet, source, (380, y, 760), 2 + number % 3, px) + px * 0.7
    return sheet.done()


def _cards(seed: int, px: float, rows: int, ruled: bool) -> Drawing:
    """Cards in a grid, each read for itself: a name, two lines about it, a price."""
    source = random.Random(seed)
    sheet = Sheet(1300, 130 + rows * 400)
    sheet.line((60, 80), title(source, 3), px * 1.5, "sans-bold")
    for row in range(rows):
        for column in range(3):
            x, y = 60 + 400 * column, 120.0 + 400 * row
            if ruled:
                sheet.draw.rectangle((x, y, x + 370, y + 370), outline="#000000", width=2)
            picture(sheet, (x + 20, y + 20, x + 350, y + 190))
            sheet.line((x + 20, y + 235), title(source, 2), px, "sans-bold")
            for line in range(2 + column % 2):
                said = " ".join(prose(source, 4))
                sheet.line((x + 20, y + 235 + px * 1.25 * (line + 1)), said, px * 0.8)
            sheet.line((x + 20, y + 245 + px * 4.6), amount(source), px)
    return sheet.done()


def _captions(seed: int, px: float) -> Drawing:
    """Pairs of pictures beside each other, with captions of several lines, between text."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1500)
    y = paragraphs(sheet, source, (90, 90, 1060), [4], px)
    for _ in range(2):
        for column, rows in enumerate((2, 3)):
            x = 90 + 560 * column
            picture(sheet, (x, y + 10, x + 500, y + 250))
            text_block(sheet, source, (x, y + 265, 500), rows, px * 0.85, "sans-italic")
        y = paragraphs(sheet, source, (90, y + 380, 1060), [4], px)
    return sheet.done()


def _four_pages(seed: int, px: float) -> Drawing:
    """Four pages of prose on one sheet, two by two, in rows, each with its number."""
    source = random.Random(seed)
    sheet = Sheet(1700, 2100)
    for number in range(4):
        x, y = 80 + 840 * (number % 2), 70.0 + 1030 * (number // 2)
        sheet.draw.rectangle((x - 30, y - 30, x + 730, y + 950), outline="#000000", width=2)
        sheet.line((x, y + px), title(source, 3), px * 1.2, "serif-bold")
        paragraphs(sheet, source, (x, y + px * 2, 680), [7, 9 - number % 2, 8], px)
        sheet.line((x + 340, y + 930), f"Page {4 + number}", px * 0.8, "serif", anchor="ms")
    return sheet.done()


def _margin_heads(seed: int, px: float) -> Drawing:
    """Short headings in the margin, each beside its paragraph."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1500)
    y = 100.0
    for number in range(6):
        for line in range(1 + number % 3):
            sheet.line((90, y + px * (1 + 1.2 * line)), title(source, 1), px * 0.85, "sans-bold")
        y = text_block(sheet, source, (340, y, 800), 5 + number % 2, px) + px * 1.4
    return sheet.done()


def _dictionary(seed: int, px: float) -> Drawing:
    """Three columns of entries with hanging indents, and words over them at both edges."""
    source = random.Random(seed)
    sheet = Sheet(1500, 1500)
    heads = title(source, 1), title(source, 1)
    sheet.put((90, 80), heads[0], px, "serif-bold")
    sheet.put((1410, 80), heads[1], px, "serif-bold", anchor="rs")
    sheet.lines.append(" ".join(heads))
    for column in range(3):
        x, y = 90 + 450 * column, 120.0 + 3 * column
        for number in range(9):
            said = f"{title(source, 1).lower()} n. {' '.join(prose(source, 4))}"
            sheet.line((x, y + px), said, px, "serif")
            y += px * 1.45
            y = text_block(sheet, source, (x + px, y, 390), 1 + (number + column) % 3, px)
    return sheet.done()


def _advertisement(seed: int, px: float) -> Drawing:
    """Four columns of news; a framed notice of its own over the lower half of two of them."""
    source = random.Random(seed)
    sheet = Sheet(1460, 1500)
    sheet.line((60, 100), title(source, 5), 50, "serif-bold")
    for column in range(4):
        x = 60 + 345 * column
        counts = [8, 9 - column % 2] if column > 1 else [8, 7 - column, 9, 8, 7 + column]
        paragraphs(sheet, source, (x, 150, 310), counts, px)
    sheet.draw.rectangle((750, 750, 1400, 1430), outline="#000000", width=4)
    sheet.line((1075, 850), title(source, 2), 44, "sans-bold", anchor="ms")
    for row in range(4):
        sheet.line((1075, 950 + 80 * row), title(source, 3), 30, "sans", anchor="ms")
    return sheet.done()


def _chart_of_offices(seed: int, px: float) -> Drawing:
    """Boxes of one to three lines in tiers, joined by lines; each is read for itself."""
    source = random.Random(seed)
    sheet = Sheet(1400, 900)
    for tier, count in enumerate((1, 3, 4)):
        for number in range(count):
            x, y = 1400 * (number + 0.5) / count, 150 + 260 * tier + 12 * (number % 2)
            rows = 1 + (tier + 2 * number) % 3
            sheet.draw.rectangle((x - 150, y - 70, x + 150, y + 70), outline="#000000", width=2)
            if tier:
                sheet.draw.line((x, y - 70, x, y - 110), fill="#000000", width=2)
            for row in range(rows):
                base = y + px * (1.3 * (row - (rows - 1) / 2) + 0.35)
                sheet.line((x, base), title(source, 2), px, anchor="ms")
    return sheet.done()


def _askew_letter(degrees: float, seed: int, px: float) -> Drawing:
    return turned(_business_letter(seed, px), degrees)


def _askew_menu(degrees: float, seed: int, px: float) -> Drawing:
    return turned(_menu(seed, px), degrees)


RECIPES = [
    Recipe("layout-letter", "two-addresses", partial(_business_letter, 1, 24)),
    Recipe("layout-letter", "small", partial(_business_letter, 2, 19)),
    Recipe("layout-resume", "bar-left", partial(_resume, 3, 24, True)),
    Recipe("layout-resume", "bar-right", partial(_resume, 4, 22, False)),
    Recipe("layout-menu", "two-columns", partial(_menu, 5, 26)),
    Recipe("layout-invoice", "blocks", partial(_invoice, 6, 23)),
    Recipe("layout-timetable", "open", partial(_timetable, 7, 24)),
    Recipe("layout-exam", "answers", partial(_exam, 8, 24)),
    Recipe("layout-two-languages", "beside", partial(_two_languages, 9, 22)),
    Recipe("layout-recipe", "list-and-steps", partial(_kitchen_recipe, 10, 25)),
    Recipe("layout-questionnaire", "five-numbers", partial(_questionnaire, 11, 24)),
    Recipe("layout-programme", "times", partial(_programme, 12, 24)),
    Recipe("layout-glossary", "terms", partial(_glossary, 13, 22)),
    Recipe("layout-cards", "open", partial(_cards, 14, 26, 3, False)),
    Recipe("layout-cards", "framed", partial(_cards, 15, 26, 2, True)),
    Recipe("layout-captions", "pairs", partial(_captions, 16, 22)),
    Recipe("layout-four-pages", "framed", partial(_four_pages, 17, 22)),
    Recipe("layout-margin-heads", "left", partial(_margin_heads, 18, 22)),
    Recipe("layout-dictionary", "three", partial(_dictionary, 19, 18)),
    Recipe("layout-advertisement", "two-of-four", partial(_advertisement, 20, 18)),
    Recipe("layout-offices", "tiers", partial(_chart_of_offices, 21, 24)),
    Recipe("layout-askew", "letter-25", partial(_askew_letter, 25, 22, 24)),
    Recipe("layout-askew", "menu-15", partial(_askew_menu, -15, 23, 26)),
]
