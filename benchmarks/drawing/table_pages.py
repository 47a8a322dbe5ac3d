"""Drawn tables with their structure, and pages that look a little like one and have none."""

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from drawing import layouts, prints
from drawing.column_layouts import text_block, turned
from drawing.prose import amount, prose, title
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet
from drawing.table_drawing import Cell, Look, draw_table

_WITHOUT = {
    "layout-newspaper", "layout-picture-across", "layout-transcripts",
    "layout-word-index", "layout-label-form", "layout-slide", "layout-flow",
}  # fmt: skip
"""Drawn layouts without a table."""
_PLAIN = ("letter-150dpi", "two-columns-150dpi", "contract-150dpi", "minutes-150dpi")
Rows = Sequence[Sequence[Cell]]


class TablePage(NamedTuple):
    """A picture, and the HTML of each table in it, from the top."""

    drawing: Drawing
    tables: list[str]


class TableRecipe(NamedTuple):
    """How one is drawn."""

    kind: str
    name: str
    draw: Callable[[], TablePage]


def plain_rows(seed: int, rows: int, columns: int, *, of: str = "amounts") -> Rows:
    """A heading and `rows` more: a label and numbers, words or yes and no."""
    source = random.Random(seed)

    def value() -> str:
        if of == "words":
            return title(source, 2)
        if of == "marks":
            return source.choice(["yes", "no"])
        if of == "ranges":
            return f"{source.randint(10, 99) / 10} ({source.randint(1, 9)}.{source.randint(0, 9)})"
        return amount(source)

    head = [Cell("Item"), *(Cell(title(source, 1)) for _ in range(columns - 1))]
    body = [
        [Cell(title(source, 2)), *(Cell(value()) for _ in range(columns - 1))] for _ in range(rows)
    ]
    return [head, *body]


def digits(seed: int, rows: int, columns: int) -> Rows:
    """Nothing but whole numbers."""
    source = random.Random(seed)
    return [[Cell(str(source.randint(0, 9999))) for _ in range(columns)] for _ in range(rows)]


def merged_head(seed: int, rows: int, groups: int, each: int) -> Rows:
    """Two rows of headings: groups over columns."""
    source = random.Random(seed)
    top = [Cell("Name", rows=2), *(Cell(title(source, 1), columns=each) for _ in range(groups))]
    below = [Cell(title(source, 1)) for _ in range(groups * each)]
    body = [
        [Cell(title(source, 2)), *(Cell(amount(source)) for _ in range(groups * each))]
        for _ in range(rows)
    ]
    return [top, below, *body]


def several_lines(seed: int, rows: int) -> Rows:
    """Cells of one to three lines."""
    source = random.Random(seed)
    body = [
        [
            Cell("\n".join(" ".join(prose(source, 3)) for _ in range(1 + number % 3))),
            Cell("\n".join(title(source, 2) for _ in range(1 + (number + 1) % 2))),
            Cell(amount(source)),
        ]
        for number in range(rows)
    ]
    return [[Cell("What it is"), Cell("Where"), Cell("Price")], *body]


def with_empty(seed: int, rows: int, columns: int) -> Rows:
    """Every third place is empty."""
    found = [list(row) for row in plain_rows(seed, rows, columns)]
    for y, row in enumerate(found[1:]):
        for x in range(1, columns):
            if (x + y) % 3 == 0:
                row[x] = Cell("")
    return found


def in_sections(seed: int, sections: int, each: int, columns: int) -> Rows:
    """Headings between the rows, over all columns."""
    source = random.Random(seed)
    found = [list(row) for row in plain_rows(seed, sections * each, columns)]
    for number in range(sections - 1, -1, -1):
        found.insert(1 + number * each, [Cell(title(source, 2)), *[Cell("")] * (columns - 1)])
    return found


def tall_first(seed: int, groups: int, each: int) -> Rows:
    """A first column whose cells reach over several rows."""
    source = random.Random(seed)
    found: list[list[Cell]] = [[Cell("Group"), Cell("Member"), Cell("Count"), Cell("Share")]]
    for _ in range(groups):
        for number in range(each):
            first = [Cell(title(source, 1), rows=each)] if number == 0 else []
            found.append(
                [*first, Cell(title(source, 2)), Cell(amount(source)), Cell(amount(source))]
            )
    return found


def alone(rows: Rows, head: int, look: Look, around: int = 30) -> TablePage:
    """A picture of one table, with a little white around it."""
    trial = Sheet(4000, 4000)
    placed = draw_table(trial, (around, around), rows, head, look)
    sheet = Sheet(int(placed.right) + around, int(placed.bottom) + around)
    return TablePage(sheet_done(sheet, rows, head, look, around), [placed.html])


def sheet_done(sheet: Sheet, rows: Rows, head: int, look: Look, around: int) -> Drawing:
    draw_table(sheet, (around, around), rows, head, look)
    return sheet.done()


def askew(rows: Rows, head: int, look: Look, degrees: float) -> TablePage:
    """The same, turned a little."""
    page = alone(rows, head, look)
    return page._replace(drawing=turned(page.drawing, degrees))


def in_report(seed: int, rows: Sequence[tuple[Rows, int, Look]]) -> TablePage:
    """Tables between paragraphs of a page."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1754)
    sheet.line((110, 130), title(source, 4), 34, "sans-bold")
    y, tables = text_block(sheet, source, (110, 180.0, 1020), 5, 22), []
    for number, (table, head, look) in enumerate(rows, 1):
        sheet.line((110, y + 50), f"Table {number}. {' '.join(prose(source, 5))}", 20, "serif")
        placed = draw_table(sheet, (110, y + 75), table, head, look)
        tables.append(placed.html)
        y = text_block(sheet, source, (110, placed.bottom + 50, 1020), 5, 22)
    return TablePage(sheet.done(), tables)


def in_column(seed: int, rows: Rows, head: int, look: Look) -> TablePage:
    """A table in the right one of two columns of text."""
    source = random.Random(seed)
    sheet = Sheet(1300, 1500)
    text_block(sheet, source, (80, 90.0, 540), 38, 22)
    y = text_block(sheet, source, (690, 90.0, 540), 9, 22)
    placed = draw_table(sheet, (690, y + 30), rows, head, look)
    text_block(sheet, source, (690, placed.bottom + 45, 540), 12, 22)
    return TablePage(sheet.done(), [placed.html])


def _till_receipt(seed: int) -> TablePage:
    """Items with their prices: rows, and no table."""
    source = random.Random(seed)
    sheet = Sheet(460, 1000)
    for number in range(3):
        sheet.line((230, 60 + 30 * number), title(source, 2).upper(), 20, "mono", anchor="ms")
    for number in range(12):
        y = 200 + 34 * number
        left, right = title(source, 2), amount(source)
        sheet.put((30, y), left, 20, "mono")
        sheet.put((430, y), right, 20, "mono", anchor="rs")
        sheet.lines.append(f"{left} {right}")
    sheet.rule(30, 625, 400, 2)
    sheet.put((30, 660), "TOTAL", 22, "mono-bold")
    sheet.put((430, 660), amount(source), 22, "mono-bold", anchor="rs")
    return TablePage(sheet.done(), [])


def _without(recipe: Recipe) -> TablePage:
    return TablePage(recipe.draw(), [])


def recipes() -> list[TableRecipe]:
    """All; nothing is drawn yet."""
    small, print_, fine = Look(11, gap=1.6), Look(24), Look(16, gap=1.8)
    paper = Look(20, face="serif", gap=1.5)
    made: list[tuple[str, str, Rows, int, Look]] = [
        ("framed", "amounts", plain_rows(1, 8, 5), 1, print_._replace(rules="all", thick=2)),
        ("framed", "words", plain_rows(2, 6, 4, of="words"), 1, fine._replace(rules="all")),
        ("framed", "merged-head", merged_head(3, 6, 2, 3), 2, fine._replace(rules="all")),
        ("framed", "tall-cells", tall_first(4, 3, 3), 1, print_._replace(rules="all")),
        ("framed", "several-lines", several_lines(5, 6), 1,
         print_._replace(rules="all", numbers="l")),
        ("three-rules", "amounts", plain_rows(6, 9, 5), 1, paper),
        ("three-rules", "merged-head", merged_head(7, 7, 2, 3), 2, paper._replace(numbers="m")),
        ("three-rules", "sections", in_sections(8, 3, 3, 4), 1, paper),
        ("three-rules", "several-lines", several_lines(9, 6), 1,
         paper._replace(numbers="l", pad=0.5)),
        ("three-rules", "empty-cells", with_empty(10, 9, 5), 1, paper),
        ("three-rules", "two-columns", plain_rows(11, 9, 2), 1, paper),
        ("three-rules", "small-print", plain_rows(12, 10, 6, of="ranges"), 1, small),
        ("row-rules", "ranges", plain_rows(13, 8, 4, of="ranges"), 1, fine._replace(rules="rows")),
        ("row-rules", "several-lines", several_lines(14, 6), 1,
         fine._replace(rules="rows", numbers="l")),
        ("no-rules", "amounts", plain_rows(15, 10, 5), 1, print_._replace(rules="none")),
        ("no-rules", "marks", plain_rows(16, 12, 7, of="marks"), 1,
         fine._replace(rules="none", numbers="m")),
        ("no-rules", "tinted", plain_rows(17, 9, 5), 1, print_._replace(rules="none", shaded=True)),
        ("digits", "framed", digits(18, 8, 6), 0, print_._replace(rules="all")),
        ("digits", "open", digits(19, 8, 6), 0, print_._replace(rules="none")),
        ("large", "thirty-rows", plain_rows(20, 30, 7), 1, fine._replace(rules="head")),
        ("large", "sixty-rows", plain_rows(21, 60, 8), 1, fine._replace(rules="all")),
        ("large", "fifty-open", plain_rows(22, 50, 6), 1, fine._replace(rules="none")),
    ]  # fmt: skip
    found = [
        TableRecipe(kind, name, partial(alone, rows, head, look))
        for kind, name, rows, head, look in made
    ]
    on_page = Look(18, face="serif", gap=1.6)
    wide = on_page._replace(gap=4.0)
    two = [(plain_rows(31, 6, 5), 1, wide),
           (plain_rows(32, 5, 4), 1, wide._replace(rules="all"))]  # fmt: skip
    return [
        *found,
        TableRecipe("askew", "three-rules", partial(askew, plain_rows(23, 8, 5), 1, paper, 3.0)),
        TableRecipe("askew", "framed", partial(
            askew, plain_rows(24, 8, 4), 1, print_._replace(rules="all"), -4.0)),
        TableRecipe("on-a-page", "two-tables", partial(in_report, 30, two)),
        TableRecipe("on-a-page", "merged-head", partial(
            in_report, 33, [(merged_head(34, 6, 2, 2), 2, wide)])),
        TableRecipe("on-a-page", "no-rules", partial(
            in_report, 35, [(plain_rows(36, 7, 5), 1, wide._replace(rules="none"))])),
        TableRecipe("in-a-column", "three-rules", partial(
            in_column, 37, plain_rows(38, 8, 4), 1, on_page)),
        TableRecipe("in-a-column", "framed", partial(
            in_column, 39, plain_rows(40, 8, 3), 1, on_page._replace(rules="all"))),
        TableRecipe("without", "till-receipt", partial(_till_receipt, 41)),
        *(TableRecipe("without", f"{one.kind}-{one.name}", partial(_without, one))
          for one in layouts.recipes() if one.kind in _WITHOUT),
        *(TableRecipe("without", f"print-{one.name}", partial(_without, one))
          for one in prints.recipes() if one.name in _PLAIN),
    ]  # fmt: skip
