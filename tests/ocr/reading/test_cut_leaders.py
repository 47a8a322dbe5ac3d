"""Contents and price lists whose dots stand close together, read with the real models."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import ImageFont
from real_pages import load_models

from decoding.pixels import Pixels
from drawing import cases
from drawing.sheet import Drawing, Sheet
from engines.text_models import Recognised
from reading.cut_leaders import LinesAsRead, read_cleaned
from reading.engine import PageEngine
from reading.line_crops import crop_line

TITLES = {
    "Yellow window silver": "4.33",
    "River pepper": "24.28",
    "Candle music": "4.49",
    "Station paper yellow": "29.51",
    "The": "22.09",
    "Council of the village": "9.17",
}


@pytest.fixture(scope="module")
def engine() -> PageEngine:
    return PageEngine(load_models(), detection_side=1120, orientation=True)


def contents() -> Drawing:
    """As printed without a blank before or behind the dots."""
    sheet, font = Sheet(900, 300), ImageFont.truetype("FreeSans.ttf", 20)
    for number, (title, page) in enumerate(TITLES.items()):
        dots = int((780 - font.getlength(title + page)) / font.getlength("."))
        sheet.draw.text((60, 60 + 38 * number), title + "." * dots + page, "#000000", font, "ls")
    return sheet.done()


def test_slanting_lines_keep_their_crops_and_upright_ones_do_not() -> None:
    """To straighten one again takes as long as to judge it; to copy a rectangle does not."""
    page = np.full((200, 400, 3), 255, dtype=np.uint8)
    upright = [[10, 10], [210, 10], [210, 40], [10, 40]]
    slanting = [[10, 100], [210, 120], [207, 150], [7, 130]]
    polygons = np.array([upright, slanting], dtype=np.float32)

    def recognise(crops: Sequence[Pixels]) -> list[Recognised]:
        return [Recognised("text", 1.0) for _ in crops]

    readings = read_cleaned(page, polygons, recognise, {})
    assert readings[0].crop is None
    lines = LinesAsRead(page, polygons, readings)
    assert lines[1] is readings[1].crop
    assert np.array_equal(lines[1], crop_line(page, polygons[1]))


def test_titles_and_numbers_are_read_without_the_dots(engine: PageEngine) -> None:
    """Of "yellow....4.33" was made "yelow...4.333", and lines were marked as in another script."""
    found = engine.read(cases.pixels(contents().image))
    words = " ".join(line.text for line in found.lines).replace("…", " ").split()
    assert words == " ".join(f"{title} {page}" for title, page in TITLES.items()).split()
    assert found.warnings == ()
