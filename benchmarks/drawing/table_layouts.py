"""Tables, forms, slides and charts, whose lines are known in the order of reading them."""

import random
from functools import partial

from drawing.column_layouts import paragraphs, small_table, text_block, turned
from drawing.prose import amount, prose, title
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet


def _ruled_table(seed: int, px: float) -> Drawing:
    """Ruled cells of one to three lines, each read for itself, row by row."""
    source = random.Random(seed)
    widths, x0, y = (300, 420, 200, 260), 50, 60.0
    sheet = Sheet(1290, 1500)
    edges = [x0 + sum(widths[:number]) for number in range(5)]
    top = y
    sheet.draw.line((x0, y, edges[-1], y), fill="#000000", width=2)
    for row in range(11):
        counts = [1, 1, 1, 1] if row == 0 else [1 + row % 2, 1 + (row * 2) % 3, 1, 1 + row % 2]
        height = px * (1.35 * max(counts) + 0.7)
        for count, x, width in zip(counts, edges, widths, strict=False):
            first = y + (height - px * 1.35 * count) / 2
            for line in range(count):
                said = title(source, 1) if width < 250 else " ".join(prose(source, 3))
                sheet.line((x + 12, first + px * (1.05 + 1.35 * line)), said[: width // 12], px)
        y += height
        sheet.draw.line((x0, y, edges[-1], y), fill="#000000", width=2)
    for x in edges:
        sheet.draw.line((x, top, x, y), fill="#000000", width=2)
    return sheet.done()


def _figures(seed: int, px: float, rows: int, columns: int, ruled: bool) -> Drawing:
    """A page of numbers with a heading above each column, read row by row."""
    source = random.Random(seed)
    sheet = Sheet(1400, int(px * (1.6 * rows + 9)))
    sheet.line((80, px * 2.5), title(source, 3), px * 1.4, "sans-bold")
    step = 960 / columns
    for row in range(rows + 1):
        y = px * (5 + 1.6 * row + (0.8 if row else 0) + 0.8 * (row > rows // 2))
        cells = [title(source, 2) if row else "Item"]
        cells += [amount(source) if row else f"Q{number}" for number in range(1, columns + 1)]
        sheet.put((80, y), cells[0], px)
        for number, cell in enumerate(cells[1:], 1):
            sheet.put((360 + step * number, y), cell, px, anchor="rs")
        sheet.lines.append(" ".join(cells))
    if ruled:
        bottom = px * (6.8 + 1.6 * rows)
        sheet.draw.rectangle((60, px * 3.6, 1340, bottom), outline="#000000", width=2)
        sheet.rule(60, px * 5.5, 1280, 2)
        for number in range(columns):
            x = 375 + step * number
            sheet.draw.line((x, px * 3.6, x, bottom), fill="#000000", width=2)
    return sheet.done()


def _boxed_form(seed: int, px: float) -> Drawing:
    """Boxes side by side, in each a small label and below it what was filled in."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1000)
    sheet.line((60, 80), "Declaration of goods", px * 1.5, "sans-bold")
    y = 120.0
    for counts in ((2, 1), (1, 1, 1), (1, 2, 1), (1,), (1, 1), (1, 1, 2)):
        step, x = 1120 / sum(counts), 60.0
        for count in counts:
            sheet.draw.rectangle((x, y, x + step * count, y + px * 4), outline="#000000", width=2)
            sheet.line((x + 10, y + px * 1.1), title(source, 2), px * 0.7)
            sheet.line((x + 14, y + px * 3), title(source, 1 + count // 2), px, "serif-italic")
            x += step * count
        y += px * 4
    text_block(sheet, source, (60, y + px * 2, 1120), 4, px * 0.9)
    return sheet.done()


def _label_form(seed: int, px: float, columns: int) -> Drawing:
    """Label and value in one row, in one column or in two that are read row by row."""
    source = random.Random(seed)
    sheet = Sheet(1300, 900)
    sheet.line((60, 80), title(source, 3), px * 1.6, "sans-bold")
    for row in range(12):
        said = []
        for column in range(columns):
            x, y = 60 + 620 * column, 170 + px * 2.3 * row
            label, value = f"{title(source, 1)}:", title(source, 1 + row % 2)
            sheet.put((x, y), label, px)
            sheet.put((x + 240, y), value, px, "serif-italic")
            said += [label, value]
        sheet.lines.append(" ".join(said))
    return sheet.done()


def _slide(seed: int, px: float, framed: bool) -> Drawing:
    """A title across and two lists of points beside each other."""
    source = random.Random(seed)
    sheet = Sheet(1600, 900)
    sheet.line((800, 130), title(source, 4), px * 1.7, "sans-bold", anchor="ms")
    for column in range(2):
        x, y = 110 + 740 * column, 250.0
        if framed:
            sheet.draw.rectangle((x - 30, 190, x + 640, 780), outline="#000000", width=3)
        sheet.line((x, y), title(source, 2), px * 1.1, "sans-bold")
        for point in range(4 + column):
            y += px * (1.9 - 0.3 * column)
            sheet.line((x, y), "- " + " ".join(prose(source, 4)), px)
            if point % 2 == column:
                y += px * 1.25
                sheet.line((x + px, y), " ".join(prose(source, 4)), px)
    sheet.line((1540, 870), "7", px * 0.6, anchor="rs")
    return sheet.done()


def _flow(seed: int, px: float) -> Drawing:
    """Boxes of two or three centred lines, row by row of boxes, each box for itself."""
    source = random.Random(seed)
    sheet = Sheet(1300, 1150)
    sheet.line((650, 80), title(source, 3), px * 1.4, "sans-bold", anchor="ms")
    for row in range(4):
        for column in range(3):
            if (row + column) % 4 == 3:
                continue
            x, y = 230 + 420 * column, 220 + 240 * row + 14 * column
            count = 2 + (row + column) % 2
            sheet.draw.rectangle((x - 170, y - 75, x + 170, y + 75), outline="#000000", width=2)
            for line in range(count):
                base = y + px * (1.35 * (line - (count - 1) / 2) + 0.35)
                sheet.line((x, base), title(source, 2), px, anchor="ms")
    return sheet.done()


def _report(seed: int, px: float) -> Drawing:
    """A heading, text, a table across the page, text: all in one column, with a letterhead."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1600)
    sheet.line((90, 90), title(source, 2), px * 1.4, "serif-bold")
    for number in range(3):
        sheet.line((860, 160 + px * 1.4 * number), " ".join(prose(source, 2)), px * 0.9)
    y = paragraphs(sheet, source, (90, 300.0, 1050), [5, 6], px)
    sheet.line((90, y + px), title(source, 3), px, "sans-bold")
    y = small_table(sheet, source, (90, y + px * 2, 1050), 9, 5, px)
    paragraphs(sheet, source, (90, y + px, 1050), [4, 5, 3], px)
    sheet.line((1150, 1560), "Page 3", px * 0.8, anchor="rs")
    return sheet.done()


def _askew_figures(degrees: float, seed: int, px: float) -> Drawing:
    return turned(_figures(seed, px, 14, 4, False), degrees)


def _askew_form(degrees: float, seed: int, px: float) -> Drawing:
    return turned(_label_form(seed, px, 1), degrees)


RECIPES = [
    Recipe("layout-ruled-table", "lines-in-cells", partial(_ruled_table, 1, 24)),
    Recipe("layout-figures", "open", partial(_figures, 2, 22, 26, 5, False)),
    Recipe("layout-figures", "ruled-columns", partial(_figures, 3, 22, 20, 4, True)),
    Recipe("layout-boxed-form", "two-lines", partial(_boxed_form, 4, 26)),
    Recipe("layout-label-form", "one-column", partial(_label_form, 5, 24, 1)),
    Recipe("layout-label-form", "two-columns", partial(_label_form, 6, 24, 2)),
    Recipe("layout-slide", "two-lists", partial(_slide, 7, 34, False)),
    Recipe("layout-slide", "framed-lists", partial(_slide, 8, 32, True)),
    Recipe("layout-flow", "boxes", partial(_flow, 9, 22)),
    Recipe("layout-report", "table-across", partial(_report, 10, 21)),
    Recipe("layout-askew", "figures-20", partial(_askew_figures, 20, 11, 22)),
    Recipe("layout-askew", "figures-44", partial(_askew_figures, -44, 12, 22)),
    Recipe("layout-askew", "form-36", partial(_askew_form, 36, 13, 24)),
]
