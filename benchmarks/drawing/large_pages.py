"""Pictures of unusual size or shape: strips, long lines, small print on large pages."""

import random
from functools import partial

from drawing.fonts import face
from drawing.prose import amount, prose, title
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet


def fill(source: random.Random, style: str, px: float, width: float) -> str:
    """Prose that is just short of `width` pixels long."""
    font, said = face(style, px), ""
    while True:
        for word in prose(source, 12):
            longer = f"{said} {word}".strip()
            if font.getlength(longer) > width:
                return said
            said = longer


def _strip(seed: int, width: int, height: int, px: float, style: str, ink: str) -> Drawing:
    sheet = Sheet(width, height, "#ffffff" if ink < "#800000" else "#101010", ink)
    said = fill(random.Random(seed), style, px, width - 2 * px)
    sheet.line((px, height / 2), said, px, style, anchor="lm")
    return sheet.done()


def _scroll(seed: int, width: int, height: int, px: int, step: float) -> Drawing:
    """A tall picture, as a captured chat or web page is."""
    source = random.Random(seed)
    sheet = Sheet(width, height)
    y = step
    while y < height - px:
        sheet.line((px, y), fill(source, "sans", px, (width - 2 * px) * source.uniform(0.4, 1)), px)
        y += step
    return sheet.done()


def _log(seed: int, width: int, height: int, px: int, style: str, dark: bool) -> Drawing:
    source = random.Random(seed)
    sheet = Sheet(width, height, *(("#0e1116", "#d6dae0") if dark else ("#ffffff", "#101010")))
    for row in range(int(height / (px * 1.4)) - 1):
        level = source.choice(("INFO", "WARNING", "ERROR", "DEBUG"))
        head = f"2026-03-{row % 28 + 1:02d} 12:{row % 60:02d}:07 {level} request {4000 + row} "
        rest = fill(source, style, px, width - 4 * px - face(style, px).getlength(head))
        sheet.line((px, px * 1.4 * (row + 1)), head + rest, px, style)
    return sheet.done()


def _columns(
    seed: int, width: int, height: int, px: float, columns: int, style: str, pitch: float = 1.5
) -> Drawing:
    """A page full of prose in columns."""
    source = random.Random(seed)
    sheet = Sheet(width, height)
    step, rows = width / columns, int((height - 4 * px) / (px * pitch))
    for column in range(columns):
        for row in range(rows):
            at = column * step + 2 * px, 3 * px + row * px * pitch
            sheet.line(at, fill(source, style, px, step - 4 * px), px, style)
    return sheet.done()


def _sheet_of_cells(seed: int, width: int, height: int, px: int) -> Drawing:
    """A spreadsheet that fills a screen."""
    source = random.Random(seed)
    cell = px * 8.0, px * 1.8
    columns, rows = int(width / cell[0]), int(height / cell[1])
    cells = [[title(source, 1), *(amount(source) for _ in range(columns - 1))] for _ in range(rows)]
    sheet = Sheet(width, height, "#ffffff", "#202020")
    sheet.grid((0, 0), cell, cells, px)
    return sheet.done()


RECIPES = [
    Recipe("wide-strip", "8000x60", partial(_strip, 1, 8000, 60, 30, "sans", "#000000")),
    Recipe("wide-strip", "20000x48", partial(_strip, 2, 20_000, 48, 24, "serif", "#000000")),
    Recipe("wide-strip", "12000x140", partial(_strip, 3, 12_000, 140, 80, "sans-bold", "#000000")),
    Recipe("wide-strip", "4000x24-dark", partial(_strip, 4, 4000, 24, 14, "wide", "#f0f0f0")),
    Recipe("wide-strip", "3000x32-mono", partial(_strip, 5, 3000, 32, 18, "mono", "#101010")),
    Recipe("tall-scroll", "600x20000", partial(_scroll, 6, 600, 20_000, 24, 60)),
    Recipe("tall-scroll", "400x9000", partial(_scroll, 7, 400, 9000, 16, 90)),
    Recipe("tall-scroll", "1080x12000", partial(_scroll, 8, 1080, 12_000, 36, 70)),
    Recipe("long-line", "log-3840-16px", partial(_log, 9, 3840, 1080, 16, "screen-mono", True)),
    Recipe("long-line", "log-3840-20px", partial(_log, 10, 3840, 700, 20, "mono", False)),
    Recipe("long-line", "log-2560-13px", partial(_log, 11, 2560, 600, 13, "sans", False)),
    Recipe("big-page", "4k-columns-13px", partial(_columns, 12, 3840, 2160, 13, 5, "sans")),
    Recipe("big-page", "4k-columns-20px", partial(_columns, 13, 3840, 2160, 20, 3, "wide")),
    Recipe("big-page", "4k-one-column-18px", partial(_columns, 14, 3840, 2160, 18, 1, "sans")),
    Recipe("big-page", "wqhd-columns-11px", partial(_columns, 15, 2560, 1440, 11, 4, "sans")),
    Recipe("big-page", "wqhd-one-column-14px", partial(_columns, 16, 2560, 1440, 14, 1, "serif")),
    Recipe("small-print", "a3-300dpi-6pt", partial(_columns, 17, 3508, 4961, 25, 4, "serif", 1.3)),
    Recipe("small-print", "a4-300dpi-7pt", partial(
        _columns, 18, 2480, 3508, 29.17, 2, "sans", 1.3)),
    Recipe("screen-cells", "hd-13px", partial(_sheet_of_cells, 19, 1920, 1080, 13)),
    Recipe("screen-cells", "4k-15px", partial(_sheet_of_cells, 20, 3840, 2160, 15)),
]  # fmt: skip
