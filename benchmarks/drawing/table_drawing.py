"""Draws tables whose structure is known, as HTML: rules, spans, cells of several lines."""

from collections.abc import Sequence
from typing import NamedTuple

from drawing.fonts import face
from drawing.sheet import Sheet

_LEADING = 1.25
"""From line to line of a cell, in ems."""


class Cell(NamedTuple):
    """One cell; its text may have line feeds."""

    text: str
    columns: int = 1
    rows: int = 1


class Look(NamedTuple):
    """How a table looks."""

    px: float
    rules: str = "three"
    """all: a frame and rules between all; rows: level ones; three: above, below the heading and at
    the end; head: two; none."""
    face: str = "sans"
    pad: float = 0.35
    """Above and below a cell's text, in ems."""
    gap: float = 1.2
    """Beside it."""
    numbers: str = "r"
    """Columns but the first: l, m or r for where their text stands."""
    bold_head: bool = True
    shaded: bool = False
    """Every other row stands on a tint."""
    thick: int = 1


class Placed(NamedTuple):
    """A table that was drawn."""

    html: str
    bottom: float
    right: float


def draw_table(
    sheet: Sheet, at: tuple[float, float], rows: Sequence[Sequence[Cell]], head: int, look: Look
) -> Placed:
    """The first `head` rows are headings; its texts become the sheet's lines, row by row."""
    placed = _places(rows)
    count = max(column + cell.columns for _, column, cell in placed)
    widths = _widths(placed, count, head, look)
    heights = _heights(placed, len(rows), look)
    lefts, tops = _sums(at[0], widths), _sums(at[1], heights)
    if look.shaded:
        for number in range(head, len(rows), 2):
            box = (lefts[0], tops[number], lefts[-1], tops[number + 1])
            sheet.draw.rectangle(box, fill="#e6e6e6")
    for row, column, cell in placed:
        _put(sheet, (lefts[column], tops[row], lefts[column + cell.columns]), cell,
             "m" if cell.columns > 1 else ("l" if column == 0 else look.numbers),
             look, row < head)  # fmt: skip
    for cells in rows:
        if said := " ".join(cell.text.replace("\n", " ") for cell in cells if cell.text):
            sheet.lines.append(said)
    _rule(sheet, placed, (lefts, tops), head, look)
    return Placed(_html(rows, head), tops[-1], lefts[-1])


def _places(rows: Sequence[Sequence[Cell]]) -> list[tuple[int, int, Cell]]:
    taken: set[tuple[int, int]] = set()
    found = []
    for row, cells in enumerate(rows):
        column = 0
        for cell in cells:
            while (row, column) in taken:
                column += 1
            found.append((row, column, cell))
            taken |= {(row + y, column + x) for y in range(cell.rows) for x in range(cell.columns)}
    return found


def _font(look: Look, is_head: bool) -> str:
    return f"{look.face}-bold" if is_head and look.bold_head else look.face


def _widths(
    placed: Sequence[tuple[int, int, Cell]], count: int, head: int, look: Look
) -> list[float]:
    widths = [0.0] * count
    for row, column, cell in sorted(placed, key=lambda place: place[2].columns):
        font = face(_font(look, row < head), look.px)
        own = max((font.getlength(line) for line in cell.text.split("\n")), default=0)
        own += look.px * look.gap
        inside = sum(widths[column : column + cell.columns])
        for number in range(column, column + cell.columns):
            widths[number] += max(own - inside, 0) / cell.columns
    return widths


def _heights(placed: Sequence[tuple[int, int, Cell]], count: int, look: Look) -> list[float]:
    heights = [look.px * (1 + 2 * look.pad)] * count
    for row, _, cell in placed:
        if cell.rows == 1:
            lines = cell.text.count("\n")
            heights[row] = max(heights[row], look.px * (1 + lines * _LEADING + 2 * look.pad))
    return heights


def _sums(first: float, sizes: Sequence[float]) -> list[float]:
    found = [first]
    for size in sizes:
        found.append(found[-1] + size)
    return found


def _put(
    sheet: Sheet, place: tuple[float, float, float], cell: Cell, where: str, look: Look,
    is_head: bool,
) -> None:  # fmt: skip
    left, top, right = place
    side = look.px * look.gap / 2
    x = {"l": left + side, "m": (left + right) / 2, "r": right - side}[where]
    for number, line in enumerate(cell.text.split("\n")):
        if line:
            y = top + look.px * (look.pad + 0.85 + number * _LEADING)
            sheet.put((x, y), line, look.px, _font(look, is_head), anchor=f"{where}s")


def _rule(
    sheet: Sheet, placed: Sequence[tuple[int, int, Cell]],
    edges: tuple[list[float], list[float]], head: int, look: Look,
) -> None:  # fmt: skip
    lefts, tops = edges
    levels = {"three": [0, head, len(tops) - 1], "head": [0, head], "none": []}
    for number in levels.get(look.rules, range(len(tops)) if look.rules == "rows" else []):
        sheet.rule(lefts[0], tops[number], lefts[-1] - lefts[0], look.thick)
    if look.rules == "three":  # below a heading of several columns, as far as they reach
        for row, column, cell in placed:
            if cell.columns > 1 and row + 1 < head:
                inset = look.px * 0.3
                x, end = lefts[column] + inset, lefts[column + cell.columns] - inset
                sheet.rule(x, tops[row + 1], end - x, look.thick)
    if look.rules == "all":
        for row, column, cell in placed:
            box = (
                lefts[column], tops[row], lefts[column + cell.columns], tops[row + cell.rows]
            )  # fmt: skip
            sheet.draw.rectangle(box, outline="#000000", width=look.thick)


def _html(rows: Sequence[Sequence[Cell]], head: int) -> str:
    parts = ["<table>"]
    for tag, some in (("thead", rows[:head]), ("tbody", rows[head:])):
        if some:
            parts += [f"<{tag}>", *map(_row, some), f"</{tag}>"]
    return "".join([*parts, "</table>"])


def _row(cells: Sequence[Cell]) -> str:
    return "<tr>" + "".join(map(_td, cells)) + "</tr>"


def _td(cell: Cell) -> str:
    spans = f' colspan="{cell.columns}"' * (cell.columns > 1)
    spans += f' rowspan="{cell.rows}"' * (cell.rows > 1)
    return f"<td{spans}></td>"
