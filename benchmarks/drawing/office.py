"""Twelve layouts of office pages on A4, measured in points so that any resolution can be drawn."""

import random
from collections.abc import Callable, Sequence

from drawing.large_pages import fill
from drawing.prose import amount, title, words
from drawing.sheet import Sheet

WIDTH, HEIGHT = 595, 842
"""A4 in points."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 533, 70, 800
_ROW = 1.7
"""A table row's height in bodies."""


class Page:
    """An A4 sheet on which a pen moves down, in points."""

    def __init__(self, seed: int, scale: float, body: float, style: str) -> None:
        self.sheet = Sheet(round(WIDTH * scale), round(HEIGHT * scale))
        self.source = random.Random(seed)
        self.y: float = _TOP
        self.body, self.style = body, style
        self._scale = scale

    def room(self, rows: int) -> bool:
        """Whether so many more table rows fit, which are the tallest of lines."""
        return self.y + rows * self.body * _ROW < _BOTTOM

    def put(self, x: float, text: str, size: float = 0, style: str = "", side: str = "ls") -> None:
        """Words at the pen's height, not yet a line of the truth."""
        k = self._scale
        self.sheet.put((x * k, self.y * k), text, (size or self.body) * k, style or self.style,
                       anchor=side)  # fmt: skip

    def line(self, x: float, text: str, size: float = 0, style: str = "", side: str = "ls") -> None:
        """One line; the pen moves below it."""
        self.put(x, text, size, style, side)
        self.sheet.lines.append(text)
        self.down((size or self.body) * 1.4)

    def row(self, cells: Sequence[tuple[float, str, str]], style: str = "") -> None:
        """Cells of one table row, each `x, text, side`."""
        for x, text, side in cells:
            self.put(x, text, 0, style, side)
        self.sheet.lines.append(" ".join(text for _, text, _ in cells))
        self.down(self.body * _ROW)

    def prose(self, x: float, width: float, rows: int) -> None:
        """A paragraph without its heading; the last line is short."""
        k = self._scale
        for row in range(rows):
            share = self.source.uniform(0.3, 0.9) if row == rows - 1 else 1.0
            self.line(x, fill(self.source, self.style, self.body * k, width * k * share))

    def rule(self) -> None:
        """A thin line across."""
        k = self._scale
        y = (self.y - self.body) * k
        self.sheet.rule(_LEFT * k, y, (_RIGHT - _LEFT) * k, max(1, round(0.6 * k)))

    def down(self, points: float) -> None:
        """Move the pen."""
        self.y += points

    def title(self, count: int) -> str:
        """A heading's words."""
        return title(self.source, count)

    def bold(self) -> str:
        """The heavy face of the body's family."""
        return "sans-bold" if self.style == "sans" else "serif-bold"


def _letter(page: Page) -> None:
    page.line(_RIGHT, f"{page.title(2)} Ltd", 14, page.bold(), "rs")
    page.line(_RIGHT, f"{page.source.randint(1, 99)} {page.title(1)} Street", side="rs")
    page.down(40)
    page.line(_LEFT, f"Dear {page.title(1)},")
    for _ in range(5):
        if page.room(9):
            page.down(8)
            page.prose(_LEFT, 470, 6)
    page.down(20)
    page.line(_LEFT, "Yours sincerely")


def _report(page: Page) -> None:
    page.line(_LEFT, page.title(4), 20, page.bold())
    number = 0
    while page.room(9):
        number += 1
        page.down(10)
        page.line(_LEFT, f"{number}. {page.title(3)}", 13, page.bold())
        page.prose(_LEFT, 470, 7)


def _columns(count: int, headed: bool) -> Callable[[Page], None]:
    def draw(page: Page) -> None:
        if headed:
            page.line(WIDTH / 2, page.title(3), 24, page.bold(), "ms")
            page.down(16)
        top, step = page.y, (_RIGHT - _LEFT + 18) / count
        for column in range(count):
            page.y = top
            while page.room(5):
                page.prose(_LEFT + column * step, step - 18, 5)
                page.down(page.body * 0.7)

    return draw


def _invoice(page: Page) -> None:
    page.line(_LEFT, f"{page.title(2)} Supplies", 18, page.bold())
    page.line(_LEFT, f"Invoice no. {page.source.randint(10_000, 99_999)}")
    page.line(_LEFT, f"Date: {page.source.randint(1, 28)} March 2026")
    page.down(30)
    heads = (_LEFT, "Description", "ls"), (400, "Quantity", "rs"), (_RIGHT, "Price", "rs")
    page.row(heads, page.bold())
    for _ in range(22):
        if not page.room(3):
            break
        page.rule()
        quantity = str(page.source.randint(1, 60))
        page.row([(_LEFT, page.title(3), "ls"), (400, quantity, "rs"),
                  (_RIGHT, amount(page.source), "rs")])  # fmt: skip
    page.row([(400, "Amount due", "rs"), (_RIGHT, amount(page.source), "rs")], page.bold())


def _minutes(page: Page) -> None:
    page.line(_LEFT, f"Minutes of the {page.title(1)} committee", 16, page.bold())
    number = 0
    while page.room(4):
        number += 1
        page.down(6)
        page.put(_LEFT, f"{number}.")
        mark = len(page.sheet.lines)
        page.prose(_LEFT + 28, 440, 3)
        page.sheet.lines[mark] = f"{number}. {page.sheet.lines[mark]}"


def _wide_table(page: Page) -> None:
    page.line(_LEFT, f"{page.title(2)} by month", 16, page.bold())
    page.down(14)
    xs = [200 + 66 * n for n in range(6)]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun")
    page.row([(_LEFT, "Place", "ls"), *((x, m, "rs") for x, m in zip(xs, months, strict=True))],
             page.bold())  # fmt: skip
    while page.room(2):
        page.rule()
        cells = [(x, amount(page.source), "rs") for x in xs]
        page.row([(_LEFT, page.title(1), "ls"), *cells])


def _contract(page: Page) -> None:
    page.line(WIDTH / 2, "General terms", 12, page.bold(), "ms")
    number = 0
    while page.room(8):
        number += 1
        page.line(_LEFT, f"§ {number} {page.title(2)}", 0, page.bold())
        page.prose(_LEFT, 470, 6)
        page.down(4)


def _glossary(page: Page) -> None:
    top = page.y
    for column in range(2):
        page.y = top
        while page.room(4):
            x = _LEFT + 245 * column
            page.line(x, page.title(1), 0, page.bold())
            page.prose(x + 14, 210, 2)
            page.down(4)


def _questions(page: Page) -> None:
    page.line(_LEFT, "How did you like your stay?", 16, page.bold())
    while page.room(4):
        page.down(10)
        question = " ".join(words(page.source, 7)).capitalize()
        page.line(_LEFT, f"{question}?")
        page.row([(_LEFT + 20 + 90 * n, choice, "ls")
                  for n, choice in enumerate(("never", "seldom", "often", "always"))])  # fmt: skip


def _course(page: Page) -> None:
    page.line(_LEFT, f"{page.title(1)} {page.title(1)}", 22, page.bold())
    page.line(_LEFT, "Curriculum vitae", 12)
    year = 2026
    while page.room(5):
        page.down(8)
        years = f"{year - 2} to {year}"
        year -= 2
        page.put(_LEFT, years)
        mark = len(page.sheet.lines)
        page.line(_LEFT + 110, page.title(3), 0, page.bold())
        page.sheet.lines[mark] = f"{years} {page.sheet.lines[mark]}"
        page.prose(_LEFT + 110, 350, 3)


def _price_list(page: Page) -> None:
    while page.room(8):
        page.line(_LEFT, page.title(1), 14, page.bold())
        for _ in range(6):
            code = str(page.source.randint(1000, 9999))
            page.row([(_LEFT, code, "ls"), (_LEFT + 60, page.title(2), "ls"),
                      (_RIGHT, amount(page.source), "rs")])  # fmt: skip


LAYOUTS: dict[str, Callable[[Page], None]] = {
    "letter": _letter,
    "report": _report,
    "two-columns": _columns(2, False),
    "newsletter": _columns(3, True),
    "invoice": _invoice,
    "minutes": _minutes,
    "wide-table": _wide_table,
    "contract": _contract,
    "glossary": _glossary,
    "questions": _questions,
    "course-of-life": _course,
    "price-list": _price_list,
}
