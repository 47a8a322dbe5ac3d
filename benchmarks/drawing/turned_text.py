"""Upright pages on which some of the text runs up, down or stands on its head."""

import random
from functools import partial

from drawing.prose import prose, title
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_BLUE, _RED, _SOFT = "#3b6fc4", "#c0392b", "#c8c8c8"


def _chart(
    sheet: Sheet,
    box: tuple[int, int, int, int],
    seed: int,
    labels: list[str],
    left_title: str,
    *,
    right_title: str = "",
    foot: str = "",
    px: int = 20,
    kind: str = "bars",
) -> None:
    """A chart in `box`; its axis titles run up on the left and down on the right."""
    source = random.Random(seed)
    left, top, right, bottom = box
    sheet.turned((left + px * 0.8, (top + bottom) / 2), left_title, px, 90)
    if right_title:
        sheet.turned((right - px * 0.8, (top + bottom) / 2), right_title, px, 270)
    x0, x1 = left + px * 4.5, right - px * (3 if right_title else 1)
    y0, y1 = top + px, bottom - px * (4 if foot else 2)
    for step in range(6):
        y = y0 + (y1 - y0) * step / 5
        sheet.draw.line((x0, y, x1, y), _SOFT)
        sheet.line((x0 - px * 0.5, y), str(100 - 20 * step), px, anchor="rm")
    width = (x1 - x0) / len(labels)
    heights = [source.uniform(0.15, 0.95) * (y1 - y0) for _ in labels]
    spots = [(x0 + (n + 0.5) * width, y1 - height) for n, height in enumerate(heights)]
    for (x, y), label in zip(spots, labels, strict=True):
        if kind == "bars":
            sheet.draw.rectangle((x - width * 0.3, y, x + width * 0.3, y1), _BLUE)
        else:
            sheet.draw.ellipse((x - 5, y - 5, x + 5, y + 5), _RED)
        sheet.line((x, y1 + px * 0.4), label, px, anchor="mt")
    if kind == "line":
        sheet.draw.line(spots, _RED, width=3)
    if foot:
        sheet.line(((x0 + x1) / 2, bottom - px), foot, px, anchor="ms")


def _one_chart(width: int, height: int, seed: int, labels: list[str], title_: str, **rest: object
               ) -> Drawing:  # fmt: skip
    sheet = Sheet(width, height, coloured=True)
    _chart(sheet, (10, 10, width - 10, height - 10), seed, labels, title_, **rest)  # type: ignore[arg-type]
    return sheet.done()


def _named_bars(seed: int, bars: int, degrees: int, px: int) -> Drawing:
    """A chart whose bars have names that run up (90) or down (270) and are longer than all else."""
    source = random.Random(seed)
    sheet = Sheet(100 + bars * px * 3, 520, coloured=True)
    for number in range(bars):
        x, height = 80 + number * px * 3, source.randint(40, 250)
        sheet.draw.rectangle((x - px, 300 - height, x + px, 300), _BLUE)
        sheet.turned((x, 410), title(source, 2), px, degrees)
        sheet.line((x, 294 - height), str(height), px, anchor="ms")
    return sheet.done()


def _axis_title(seed: int, words: str, head: str = "") -> Drawing:
    """A chart without numbers, whose y axis alone has a title."""
    source = random.Random(seed)
    sheet = Sheet(640, 480, coloured=True)
    if head:
        sheet.line((340, 30), head, 24, anchor="ms")
    sheet.turned((20, 230), words, 18, 90)
    sheet.draw.line((90, 50, 90, 410, 610, 410), "#000000", width=2)
    points = [(100 + 50 * step, source.randint(80, 380)) for step in range(10)]
    sheet.draw.line(points, _RED, width=3)
    return sheet.done()


def _several(seed: int, across: int, down: int) -> Drawing:
    sheet = Sheet(across * 480, down * 380, coloured=True)
    source = random.Random(seed)
    for number in range(across * down):
        x, y = number % across * 480, number // across * 380
        _chart(sheet, (x + 10, y + 10, x + 470, y + 370), seed + number, _MONTHS[:6],
               f"{title(source, 1)} in tonnes", foot="Month", px=17,
               kind="line" if number % 2 else "bars")  # fmt: skip
    return sheet.done()


def _turned_heads(seed: int, heads: list[str], degrees: int, px: int, style: str) -> Drawing:
    """A table whose column heads run up (90) or down (270)."""
    source = random.Random(seed)
    step, first = px * 4, px * 9
    head = px * 9
    sheet = Sheet(first + step * len(heads), head + px * 20, "#ffffff", "#000000")
    for number, words in enumerate(heads):
        sheet.turned((first + step * (number + 0.4), head / 2), words, px, degrees, style)
    for row in range(7):
        y = head + px * 2.6 * (row + 1)
        cells = [title(source, 1), *(str(source.randint(1, 40)) for _ in heads)]
        sheet.put((px, y), cells[0], px, style)
        for number, cell in enumerate(cells[1:]):
            sheet.put((first + step * (number + 0.4), y), cell, px, style, anchor="ms")
        sheet.lines.append(" ".join(cells))
        sheet.rule(px, y + px * 0.7, sheet.image.width - 2 * px)
    return sheet.done()


def _margin_note(seed: int, notes: list[tuple[str, int]], style: str, px: int, count: int
                 ) -> Drawing:  # fmt: skip
    """A page of prose with notes that run up (90) or down (270) its margins."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1754)
    said = prose(source, count)
    y, line = 160.0, ""
    for word in [*said, ""]:
        if not word or len(line) + len(word) > 1480 / px:
            sheet.line((180, y), line, px, style)
            y, line = y + px * 1.6, ""
        line = f"{line} {word}".strip()
    for words, degrees in notes:
        x = 70 if degrees == 90 else 1180
        sheet.turned((x, 877), words, px * 0.9, degrees, style)
    return sheet.done()


def _slip(seed: int, foot: list[str], px: int, count: int) -> Drawing:
    """A letter whose last lines stand on their heads below a dashed line, as to be torn off."""
    source = random.Random(seed)
    sheet = Sheet(1240, 1754)
    for number in range(count):
        sheet.line((120, 180 + number * px * 2.4), " ".join(prose(source, 7)), px)
    top = 1700 - len(foot) * px * 2.2
    for x in range(40, 1200, 24):
        sheet.draw.line((x, top - 2 * px, x + 12, top - 2 * px), "#000000", width=2)
    # On its head the slip's first line stands lowest.
    for number, words in enumerate(foot):
        sheet.turned((760, 1680 - number * px * 2.2), words, px, 180)
    return sheet.done()


_DAYS = ["Monday early", "Monday late", "Tuesday early", "Tuesday late", "Friday"]
_SLIP = ["Return this part with your payment", "Customer 40718", "Amount 86.40"]
RECIPES = [
    Recipe("chart", "y-title", partial(_one_chart, 800, 600, 1, _MONTHS[:6], "Number of guests")),
    Recipe("chart", "y-title-small", partial(_one_chart, 420, 320, 2, list("ABCDE"), "Share in %",
                                             px=13)),
    Recipe("chart", "two-titles", partial(_one_chart, 960, 620, 3, _MONTHS, "Rain in millimetres",
                                          right_title="Sunshine in hours", foot="Month")),
    Recipe("chart", "line-years", partial(_one_chart, 900, 560, 4, ["2019", "2020", "2021", "2022"],
                                          "Thousand tonnes of steel", kind="line", foot="Year")),
    Recipe("chart", "single-digits", partial(_one_chart, 700, 520, 5, list("12345678"),
                                             "Defects found", foot="Shift", px=22)),
    Recipe("chart", "two-by-one", partial(_several, 6, 2, 1)),
    Recipe("chart", "two-by-two", partial(_several, 20, 2, 2)),
    Recipe("chart", "three-by-two", partial(_several, 40, 3, 2)),
    Recipe("named-bars", "up", partial(_named_bars, 4, 12, 90, 18)),
    Recipe("named-bars", "down", partial(_named_bars, 6, 8, 270, 20)),
    Recipe("axis-title", "alone", partial(_axis_title, 18, "Temperature in degrees")),
    Recipe("axis-title", "below-a-head", partial(_axis_title, 19, "Growth in percent", "Results")),
    Recipe("turned-heads", "up", partial(_turned_heads, 7, _DAYS, 90, 22, "sans")),
    Recipe("turned-heads", "down", partial(_turned_heads, 8, _DAYS, 270, 20, "serif")),
    Recipe("turned-heads", "twelve-up", partial(
        _turned_heads, 9, [f"{month} 2026" for month in _MONTHS], 90, 18, "wide")),
    Recipe("turned-heads", "small-up", partial(_turned_heads, 10, _DAYS * 2, 90, 14, "sans")),
    Recipe("margin-note", "up", partial(_margin_note, 11, [("Form 214 revised March 2026", 90)],
                                        "serif", 26, 260)),
    Recipe("margin-note", "down", partial(_margin_note, 12, [("Downloaded from the town library",
                                                              270)], "sans", 24, 300)),
    Recipe("margin-note", "both", partial(_margin_note, 13, [("Do not write in this margin", 90),
                                          ("For office use only", 270)], "sans", 28, 120)),
    Recipe("margin-note", "few-words", partial(_margin_note, 14, [("Order number 5518 0427", 90)],
                                               "wide", 30, 24)),
    Recipe("slip", "one-line", partial(_slip, 15, _SLIP[:1], 26, 14)),
    Recipe("slip", "three-lines", partial(_slip, 16, _SLIP, 26, 12)),
    Recipe("slip", "short-letter", partial(_slip, 17, _SLIP, 30, 6)),
]  # fmt: skip
