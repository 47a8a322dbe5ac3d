"""Pages of blocks at one pitch, which look like a table's rows, and tables that look like blocks.

As in `document_layouts` their lines are known in the order in which a person reads them.
"""

import random
from functools import partial

from drawing.column_layouts import paragraphs, picture, small_table, text_block
from drawing.prose import amount, title, words
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet


def _street(source: random.Random) -> str:
    return (
        f"{source.randint(2, 240)} {title(source, 1)} {source.choice(('Street', 'Road', 'Lane'))}"
    )


def _town(source: random.Random) -> str:
    return f"{title(source, 1)}, {source.choice(('CA', 'NY', 'TX'))} {source.randint(10000, 99999)}"


def _phone(source: random.Random) -> str:
    first, second = (source.randint(200, 989) for _ in range(2))
    return f"({first}) {second}-{source.randint(1000, 9999)}"


def _mail(source: random.Random) -> str:
    return "{}.{}@{}.com".format(*words(source, 3))


def _row(sheet: Sheet, xs: tuple[float, ...], y: float, cells: list[str], px: float) -> None:
    """Cells that are read as one row."""
    for x, cell in zip(xs, cells, strict=True):
        sheet.put((x, y), cell, px)
    sheet.lines.append(" ".join(cells))


def _addresses(seed: int, px: float, rows: tuple[int, ...]) -> Drawing:
    """Addresses at one pitch, each so many rows below its heading, above a table."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1100)
    sheet.line((90, 110), title(source, 2), px * 1.6, "sans-bold")
    for number, count in enumerate(rows):
        x, y = 90 + number * 1080 / len(rows), 220.0
        sheet.line((x, y), ("Bill to:", "Ship to:", "Sold by:")[number], px, "sans-bold")
        said = [title(source, 2), _street(source), _town(source), _phone(source), _mail(source)]
        for line in said[:count]:
            y += px * 1.35
            sheet.line((x, y), line, px)
    y = small_table(sheet, source, (90, 520, 1060), 9, 4, px)
    text_block(sheet, source, (90, y + 30, 1060), 4, px)
    return sheet.done()


def _contacts(seed: int, px: float, columns: int, centred: bool) -> Drawing:
    """Cards without frames: a name, one or two lines about it, a number, an address."""
    source = random.Random(seed)
    sheet = Sheet(1240, 180 + 3 * int(px * 12))
    sheet.line((60, 90), title(source, 2), px * 1.6, "sans-bold")
    step = 1120 / columns
    for row in range(3):
        for column in range(columns):
            x, y = 60 + step * column + centred * step / 2, 150 + px * (12 * row + 2)
            anchor = "ms" if centred else "ls"
            sheet.line((x, y), title(source, 2), px, "sans-bold", anchor=anchor)
            about = [title(source, 2 - line) for line in range(1 + ((row + column) % 3 == 0))]
            for line in (*about, _phone(source), _mail(source)):
                y += px * 1.4
                sheet.line((x, y), line, px * 0.85, anchor=anchor)
    return sheet.done()


def _team(seed: int, px: float, columns: int) -> Drawing:
    """Pictures in two rows, and below each a name, an office and a text."""
    source = random.Random(seed)
    sheet = Sheet(1300, 1450)
    sheet.line((60, 90), title(source, 3), px * 1.6, "sans-bold")
    step = 1200 / columns
    for row in range(2):
        for column in range(columns):
            x, y = 60 + step * column, 140.0 + 640 * row
            picture(sheet, (x, y, x + step - 60, y + 260))
            sheet.line((x, y + 300), title(source, 2), px, "sans-bold")
            sheet.line((x, y + 300 + px * 1.3), title(source, 2), px * 0.85, "sans-italic")
            place = x, y + 300 + px * 2, step - 50
            text_block(sheet, source, place, 4 + (column + row) % 2, px * 0.85, "sans")
    return sheet.done()


def _signatures(seed: int, px: float, count: int) -> Drawing:
    """Text, and below rules beside each other names, offices and dates."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1000)
    top = paragraphs(sheet, source, (90, 90, 1060), [5, 6, 4], px) + 100
    for number in range(count):
        x, y = 90 + number * 1060 / count, top
        sheet.rule(x, y, 1060 / count - 80, 2)
        date = (
            f"{source.randint(1, 28)} {source.choice(('May', 'June'))} {source.randint(1999, 2024)}"
        )
        for line in (title(source, 2), title(source, 2), date):
            y += px * 1.3
            sheet.line((x, y), line, px * 0.9)
    return sheet.done()


def _tables_beside(seed: int, px: float, columns: int, rows: tuple[int, int]) -> Drawing:
    """Two tables with their titles, each to be read for itself."""
    source = random.Random(seed)
    sheet = Sheet(1400, 950)
    sheet.line((60, 90), title(source, 3), px * 1.6, "sans-bold")
    for number, count in enumerate(rows):
        x = 60 + number * 670
        sheet.line((x, 170), f"Table {number + 1}. {title(source, 2)}", px, "sans-bold")
        small_table(sheet, source, (x, 190, 600), count, columns, px)
    text_block(sheet, source, (60, 760, 1280), 4, px)
    return sheet.done()


def _fields(seed: int, px: float) -> Drawing:
    """Boxes of a form: two rows of labels and values, and beside both a label above its value."""
    source = random.Random(seed)
    sheet = Sheet(1240, 680)
    sheet.line((620, 80), title(source, 3), px * 1.6, "sans-bold", anchor="ms")
    for number in range(3):
        y = 130.0 + number * 170
        for top, width in ((y, 1120), (y + 75, 660), (y + 150, 1120)):
            sheet.rule(60, top, width, 2)
        sheet.draw.line((720, y, 720, y + 150), fill="#000000", width=2)
        for row in range(2):
            cells = [title(source, 1), amount(source), title(source, 1), amount(source)]
            _row(sheet, (80, 220, 400, 560), y + 50 + 75 * row, cells, px)
        sheet.line((760, y + 45), title(source, 3), px)
        sheet.line((760, y + 100), f"{source.randint(10, 28)}/05/2015 16:15", px * 1.2, "sans-bold")
    return sheet.done()


def _letterhead(seed: int, px: float) -> Drawing:
    """A firm and, beside it, a sender with a date; a bar; a table and text beside a column."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1200)
    sheet.line((60, 100), title(source, 1).upper(), px * 2.4, "serif")
    y = 60.0
    for number, line in enumerate((title(source, 2), title(source, 2), "May 4, 2019")):
        sheet.line((840, y), line, px * (0.85 if number else 1))
        y += px * 1.35
    sheet.draw.rectangle((60, y + 4, 1180, y + 34), fill="#444444")
    top = y + 80
    sheet.line((60, top), title(source, 2), px, "sans-bold")
    y = small_table(sheet, source, (60, top + 10, 700), 8, 5, px * 0.9)
    paragraphs(sheet, source, (60, y + 30, 700), [7, 5], px)
    sheet.line((840, top), title(source, 2), px, "sans-bold")
    paragraphs(sheet, source, (840, top + 10, 340), [3, 5, 4, 6], px)
    return sheet.done()


def _chart(seed: int, px: float, lower: float) -> Drawing:
    """A title beside a chart's first box, and two lanes of boxes; the right one stands lower."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1300)

    def box(middle: float, top: float, size: tuple[float, float], said: list[str]) -> None:
        width, height = size
        corners = (middle - width / 2, top, middle + width / 2, top + height)
        sheet.draw.rectangle(corners, outline="#000000", width=2)
        for number, line in enumerate(said):
            y = top + height / 2 + px * (1.3 * (number - (len(said) - 1) / 2) + 0.35)
            sheet.line((middle, y), line, px, anchor="ms")

    for number in range(4):
        sheet.line((230, 80 + px * 1.35 * number), title(source, 1 + number % 3), px, anchor="ms")
    box(820, 50, (520, px * 4.6), [title(source, 3), title(source, 3), title(source, 2)])
    for row in range(4):
        for x, top in ((330, 300.0 + row * 230), (880, 300.0 + row * 230 + lower)):
            box(x, top, (380, px * 3.6), [title(source, 2), title(source, 2)])
    return sheet.done()


def _staff(seed: int, px: float) -> Drawing:
    """A table of words in groups, without rules: names, offices, towns."""
    source = random.Random(seed)
    sheet = Sheet(1240, 140 + int(px * 40))
    sheet.line((60, 80), title(source, 3), px * 1.5, "sans-bold")
    y = 140.0
    for _ in range(4):
        sheet.line((60, y), title(source, 1), px, "sans-bold")
        for _ in range(4):
            y += px * 1.5
            office = title(source, source.randint(1, 2))
            _row(sheet, (60, 520, 900), y, [title(source, 2), office, title(source, 1)], px)
        y += px * 3.1
    return sheet.done()


def _features(seed: int, px: float) -> Drawing:
    """A table whose rows, not columns, are each of one sort: what three things are like."""
    source = random.Random(seed)
    sheet = Sheet(1240, 560)
    for row, label in enumerate(("Model", "Price", "Weight", "Phone", "Colour", "Mail")):
        cells = [
            (title(source, 1), amount(source), f"{source.randint(1, 99)} kg", _phone(source),
             title(source, 1), _mail(source))[row]
            for _ in range(3)
        ]  # fmt: skip
        _row(sheet, (60, 300, 620, 930), 100 + px * 2.2 * row, [label, *cells], px)
    return sheet.done()


RECIPES = [
    Recipe("layout-addresses", "two", partial(_addresses, 301, 24, (4, 5))),
    Recipe("layout-addresses", "three", partial(_addresses, 302, 20, (5, 3, 4))),
    Recipe("layout-contacts", "three-columns", partial(_contacts, 303, 22, 3, False)),
    Recipe("layout-contacts", "centred", partial(_contacts, 304, 18, 4, True)),
    Recipe("layout-team", "three", partial(_team, 305, 22, 3)),
    Recipe("layout-signatures", "two", partial(_signatures, 306, 24, 2)),
    Recipe("layout-signatures", "three", partial(_signatures, 307, 20, 3)),
    Recipe("layout-tables-beside", "alike", partial(_tables_beside, 308, 20, 3, (9, 9))),
    Recipe("layout-tables-beside", "uneven", partial(_tables_beside, 309, 22, 2, (11, 8))),
    Recipe("layout-fields", "beside-two-rows", partial(_fields, 310, 22)),
    Recipe("layout-letterhead", "date", partial(_letterhead, 311, 22)),
    Recipe("layout-chart", "two-lanes", partial(_chart, 312, 22, 0)),
    Recipe("layout-chart", "staggered", partial(_chart, 313, 22, 40)),
    Recipe("layout-staff", "groups", partial(_staff, 314, 22)),
    Recipe("layout-features", "three", partial(_features, 315, 22)),
]
