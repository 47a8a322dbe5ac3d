"""Contents and price lists whose dots stand close together, read with the real models."""

import pytest
from PIL import ImageFont
from real_pages import load_models

from drawing import cases
from drawing.sheet import Drawing, Sheet
from reading.engine import PageEngine

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


def test_titles_and_numbers_are_read_without_the_dots(engine: PageEngine) -> None:
    """Of "yellow....4.33" was made "yelow...4.333", and lines were marked as in another script."""
    found = engine.read(cases.pixels(contents().image))
    words = " ".join(line.text for line in found.lines).replace("…", " ").split()
    assert words == " ".join(f"{title} {page}" for title, page in TITLES.items()).split()
    assert found.warnings == ()
