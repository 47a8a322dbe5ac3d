"""Tables and grids of digits and single letters: most of a page's lines have one character."""

import random
from functools import partial

from drawing.prose import amount, title
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet

_SUDOKU = (
    "534678912", "672195348", "198342567", "859761423", "426853791", "713924856",
    "961537284", "287419635", "345286179",
)  # fmt: skip
Rows = list[list[str]]


def _sudoku(seed: int, given: int, cell: int, style: str, paper: str, ink: str) -> Drawing:
    """`given` of the 81 digits stand; the boxes have thicker rules."""
    source = random.Random(seed)
    digits = list("123456789")
    source.shuffle(digits)
    shown = set(source.sample(range(81), given))
    rows = [
        [digits[int(c) - 1] if 9 * y + x in shown else "" for x, c in enumerate(row)]
        for y, row in enumerate(_SUDOKU)
    ]
    sheet = Sheet(9 * cell + 24, 9 * cell + 24, paper, ink)
    sheet.grid((12, 12), (cell, cell), rows, cell * 0.55, style, rule=1)
    for number in range(0, 10, 3):
        at = 12 + number * cell
        sheet.draw.line((at, 12, at, 12 + 9 * cell), ink, width=4)
        sheet.draw.line((12, at, 12 + 9 * cell, at), ink, width=4)
    return sheet.done()


def _table(
    rows: Rows,
    cell: tuple[int, int],
    px: float,
    style: str = "sans",
    rule: int = 1,
    colours: tuple[str, str] = ("#ffffff", "#000000"),
    margin: int = 40,
) -> Drawing:
    width, height = max(map(len, rows)) * cell[0], len(rows) * cell[1]
    sheet = Sheet(width + 2 * margin, height + 2 * margin, *colours)
    sheet.grid((margin, margin), cell, rows, px, style, rule=rule)
    return sheet.done()


def _split(text: str) -> Rows:
    """Rows apart by |, cells by blanks; _ is an empty cell."""
    return [["" if c == "_" else c for c in row.split()] for row in text.split("|")]


def _league(seed: int, teams: int, top: int) -> Rows:
    source = random.Random(seed)
    rows = [["Team", "P", "W", "D", "L", "Pts"]]
    rows += [[title(source, 1), *(str(source.randint(0, top)) for _ in range(5))]
             for _ in range(teams)]  # fmt: skip
    return rows


def _rating(questions: list[str], low: int, high: int) -> Rows:
    return [[question, *map(str, range(low, high + 1))] for question in questions]


def _roster(seed: int, days: list[str]) -> Rows:
    source = random.Random(seed)
    staff = ["Amir", "Berta", "Chloe", "Dario", "Edith", "Femi", "Greta"]
    return [["Name", *days], *([who, *(source.choice("ELNF") for _ in days)] for who in staff)]


def _bingo(seed: int) -> Rows:
    source = random.Random(seed)
    columns = [source.sample(range(15 * n + 1, 15 * n + 16), 5) for n in range(5)]
    return [list("BINGO"), *([str(column[row]) for column in columns] for row in range(5))]


def _multiplication(size: int) -> Rows:
    head = ["", *map(str, range(1, size + 1))]
    return [head, *([str(n), *(str(n * m) for m in range(1, size + 1))]
                    for n in range(1, size + 1))]  # fmt: skip


def _month(days: list[str], first: int, length: int) -> Rows:
    cells = [""] * first + [str(day) for day in range(1, length + 1)]
    cells += [""] * (-len(cells) % 7)
    return [days, *(cells[at : at + 7] for at in range(0, len(cells), 7))]


def _crossword(seed: int, size: int, black: float, cell: int) -> Drawing:
    """Letters in squares, some of them black."""
    source = random.Random(seed)
    sheet = Sheet(size * cell + 40, size * cell + 40)
    rows: Rows = []
    for y in range(size):
        rows.append([source.choice("ABCDEFGHKLMNPRSTUVWY") for _ in range(size)])
        for x in range(size):
            if source.random() < black:
                rows[y][x] = ""
                corner = 20 + x * cell, 20 + y * cell
                sheet.draw.rectangle((*corner, corner[0] + cell, corner[1] + cell), "#000000")
    sheet.grid((20, 20), (cell, cell), rows, cell * 0.6, "sans")
    return sheet.done()


def _numbers(seed: int, columns: int, rows: int, top: int) -> Rows:
    source = random.Random(seed)
    return [[str(source.randint(0, top)) for _ in range(columns)] for _ in range(rows)]


def _column(items: list[str], px: float, style: str, step: float, side: str = "ls") -> Drawing:
    sheet = Sheet(int(px * 9), int(step * (len(items) + 1)))
    for number, item in enumerate(items):
        x = px * 1.5 if side == "ls" else px * 7.5
        sheet.line((x, step * (number + 1)), item, px, style, anchor=side)
    return sheet.done()


def _spreadsheet(seed: int, rows: int) -> Drawing:
    source = random.Random(seed)
    body = [["", "A", "B", "C", "D", "E"]]
    body += [[str(n), title(source, 1), *(amount(source) for _ in range(4))]
             for n in range(1, rows + 1)]  # fmt: skip
    return _table(body, (130, 26), 15, "sans", margin=4)


_SIX, _FLOORS = "123456|456123|231564|564231|312645|645312", "12 13|10 11|8 9|6 7|4 5|2 3|G 1"
_WEEK = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
_DARK = ("#101418", "#e8eaee")
_PHONE, _CALCULATOR = "1 2 3|4 5 6|7 8 9|* 0 #", "7 8 9 /|4 5 6 x|1 2 3 -|0 . = +"
_MEAL = ["Taste", "Service", "Price", "Location", "Cleaning"]

RECIPES = [
    Recipe("sudoku", "few-60px", partial(_sudoku, 1, 24, 60, "sans", "#ffffff", "#000000")),
    Recipe("sudoku", "half-serif", partial(_sudoku, 2, 40, 84, "serif", "#ffffff", "#202020")),
    Recipe("sudoku", "full-44px", partial(_sudoku, 3, 81, 44, "wide", "#ffffff", "#000000")),
    Recipe("sudoku", "full-dark", partial(_sudoku, 4, 81, 64, "sans", "#1b1e24", "#f0f0f0")),
    Recipe("sudoku", "six-by-six", partial(_table, [list(row) for row in _SIX.split("|")],
                                           (90, 90), 48, "serif-bold")),
    Recipe("keypad", "lift", partial(_table, _split(_FLOORS), (110, 100), 44, "sans", 0)),
    Recipe("keypad", "phone", partial(_table, _split(_PHONE), (150, 130), 72)),
    Recipe("keypad", "calculator", partial(_table, _split(_CALCULATOR), (90, 90), 40,
                                           "sans", 1, _DARK)),
    Recipe("keypad", "door", partial(_table, _split("1 2|3 4|5 6|7 8|9 0"), (110, 110), 60,
                                     "wide-bold", 0, ("#d8d8d8", "#000000"))),
    Recipe("league-table", "ten", partial(_table, _league(5, 10, 9), (120, 60), 24)),
    Recipe("league-table", "serif", partial(_table, _league(6, 16, 38), (90, 40), 18, "serif", 0)),
    Recipe("league-table", "dark", partial(_table, _league(7, 8, 20), (140, 64), 30, "wide", 1,
                                           _DARK)),
    Recipe("rating-form", "one-to-five", partial(_table, _rating(_MEAL, 1, 5), (170, 70), 24)),
    Recipe("rating-form", "nought-to-ten", partial(_table, _rating(_MEAL, 0, 10), (110, 50), 20,
                                                   "serif", 0)),
    Recipe("rating-form", "one-to-seven", partial(_table, _rating(_MEAL[:3], 1, 7), (130, 90), 32,
                                                  "wide")),
    Recipe("duty-roster", "week", partial(_table, _roster(8, _WEEK), (100, 52), 22)),
    Recipe("duty-roster", "month", partial(_table, _roster(9, [str(n) for n in range(1, 29)]),
                                           (52, 40), 17)),
    Recipe("scoreboard", "goals", partial(_table, _split("HOME GUEST|3 1"), (400, 160), 90,
                                          "sans-bold", 0, ("#000000", "#ffc020"))),
    Recipe("scoreboard", "tennis", partial(_table, _split("Ruiz 6 4 7 40|Okoye 3 6 5 15"),
                                           (150, 80), 40, "wide", 1, ("#0b3d2e", "#ffffff"))),
    Recipe("bingo", "red", partial(_table, _bingo(10), (96, 96), 42, "sans-bold", 3,
                                   ("#ffffff", "#b01020"))),
    Recipe("bingo", "small", partial(_table, _bingo(11), (48, 48), 20, "wide")),
    Recipe("multiplication", "ten", partial(_table, _multiplication(10), (64, 56), 26)),
    Recipe("multiplication", "twelve-no-rules", partial(_table, _multiplication(12), (60, 44), 20,
                                                        "serif", 0)),
    Recipe("calendar", "monday-first", partial(_table, _month(_WEEK, 3, 31), (90, 80), 32)),
    Recipe("calendar", "sunday-first", partial(_table, _month(["S", "M", "T", "W", "T", "F", "S"],
                                                              6, 30), (56, 44), 18, "wide", 0)),
    Recipe("calendar", "dark", partial(_table, _month(_WEEK, 0, 28), (70, 60), 24, "sans", 0,
                                       _DARK)),
    Recipe("crossword", "twelve", partial(_crossword, 12, 12, 0.2, 56)),
    Recipe("crossword", "word-search", partial(_crossword, 13, 16, 0.0, 40)),
    Recipe("many-cells", "two-thousand", partial(_table, _numbers(14, 40, 50, 999), (44, 28), 15)),
    Recipe("many-cells", "five-thousand", partial(_table, _numbers(15, 50, 100, 99), (36, 26), 14,
                                                  "sans", 0)),
    Recipe("many-cells", "single-digits", partial(_table, _numbers(16, 40, 40, 9), (36, 36), 18)),
    Recipe("digit-column", "one-to-twenty", partial(_column, [str(n) for n in range(1, 21)], 36,
                                                    "sans", 66)),
    Recipe("digit-column", "right-aligned", partial(_column, [str(n * n) for n in range(1, 16)], 28,
                                                    "mono", 50, "rs")),
    Recipe("digit-column", "years", partial(_column, [str(n) for n in range(1998, 2012)], 22,
                                            "serif", 40)),
    Recipe("digit-column", "single-digits", partial(_column, list("38274591"), 48, "sans", 90)),
    Recipe("spreadsheet", "thirty-rows", partial(_spreadsheet, 17, 30)),
    Recipe("spreadsheet", "hundred-rows", partial(_spreadsheet, 18, 100)),
]  # fmt: skip
