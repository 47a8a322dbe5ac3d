"""What stands in rows beside lines: signs that the search leaves out, columns that are cells."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from real_pages import load_models

from decoding.pixels import Pixels
from engines.arrays import Polygons
from engines.text_models import Recognised
from reading.engine import PageEngine
from reading.line_reading import UPRIGHT, Reading
from reading.row_contents import with_all_in_rows

_FONT = "DejaVuSans.ttf"
_NAMES = ["NASI LEMAK AYAM", "TEH TARIK AIS", "ROTI CANAI", "MEE GORENG", "KOPI O PANAS"]
Box = tuple[float, float, float, float]


def receipt(signs: Sequence[str], *, size: int, pitch: float, left: int = 330) -> Pixels:
    """Rows of a sign, a name and a price."""
    image = Image.new("RGB", (900, 700), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(_FONT, size)
    for row, sign in enumerate(signs):
        y = 100 + round(row * pitch * size)
        draw.text((left, y), sign, font=font, fill=(30, 30, 30))
        draw.text((left + 90, y), _NAMES[row % 5], font=font, fill=(30, 30, 30))
        draw.text((left + 350, y), f"{2 + 3 * row % 17}.{7 * row % 10}0", font=font, fill=(30,) * 3)
    return np.array(image)


@pytest.fixture(scope="module")
def engine() -> PageEngine:
    return PageEngine(load_models(), detection_side=1120, orientation=True)


@pytest.mark.parametrize(
    ("sign", "size", "pitch"),
    [("1", 14, 1.15), ("1", 14, 1.6), ("7", 18, 1.15), ("kg", 14, 1.15), ("25", 18, 1.15),
     ("A", 18, 1.15), ("%", 14, 1.15), ("L", 20, 1.6)],
)  # fmt: skip
def test_each_row_keeps_its_own_sign(
    engine: PageEngine, sign: str, size: int, pitch: float
) -> None:
    """They were lost, or read as one line that runs down: "kgkgkgkg"."""
    page = engine.read(receipt([sign] * 12, size=size, pitch=pitch))
    texts = [line.text for line in page.lines]
    assert sum(text == sign or text.startswith(f"{sign} ") for text in texts) == 12
    assert page.rotation == 0


class Drawn:
    """A page with two lines that were found, and what else is drawn on it."""

    def __init__(self) -> None:
        self.page: Pixels = np.full((300, 600, 3), 255, dtype=np.uint8)
        self.polygons: list[Box] = []
        self.readings: list[Reading] = []
        self.says = Recognised("1", 0.99, ())
        self.asked: list[tuple[int, ...]] = []
        for top in (100, 130):
            self.add((200, top, 400, top + 26), "Total amount", 0.95)
            self.ink(206, top + 6, 394, top + 20)

    def add(self, box: Box, text: str, confidence: float) -> None:
        self.polygons.append(box)
        self.readings.append(Reading(text, confidence, UPRIGHT))

    def ink(self, left: int, top: int, right: int, bottom: int) -> None:
        self.page[top:bottom, left:right] = 0

    def texts(self) -> list[str]:
        def recognise(crops: Sequence[Pixels]) -> list[Recognised]:
            self.asked += [crop.shape[:2] for crop in crops]
            return [self.says] * len(crops)

        corners = [[(a, b), (c, b), (c, d), (a, d)] for a, b, c, d in self.polygons]
        polygons: Polygons = np.array(corners, dtype=np.float32)
        lines, readings = with_all_in_rows(self.page, polygons, self.readings, recognise)
        assert len(lines) == len(readings)
        return [reading.text for reading in readings]


def test_a_sign_in_a_row_is_read() -> None:
    drawn = Drawn()
    drawn.ink(100, 107, 106, 120)
    assert drawn.texts() == ["Total amount", "Total amount", "1"]


@pytest.mark.parametrize(
    ("left", "top", "right", "bottom"),
    [
        pytest.param(100, 60, 106, 220, id="a rule along the rows"),
        pytest.param(100, 107, 102, 120, id="a bar"),
        pytest.param(100, 110, 104, 114, id="a bullet"),
        pytest.param(100, 112, 130, 125, id="between two rows"),
        pytest.param(100, 107, 140, 120, id="wider than a sign"),
        pytest.param(100, 200, 106, 213, id="in no row"),
        pytest.param(403, 107, 409, 120, id="at the line's end"),
        pytest.param(0, 107, 6, 120, id="cut by the page's edge"),
    ],
)
def test_what_is_no_sign_is_not_asked_about(left: int, top: int, right: int, bottom: int) -> None:
    drawn = Drawn()
    drawn.ink(left, top, right, bottom)
    assert drawn.texts() == ["Total amount", "Total amount"]
    assert drawn.asked == []


@pytest.mark.parametrize(
    ("text", "confidence", "right", "is_taken"),
    [
        ("1", 0.99, 106, True), ("12", 0.99, 112, True), ("A", 0.99, 110, True),
        ("1", 0.85, 106, False), ("a", 0.99, 110, False), ("V", 0.99, 110, False),
        ("口", 0.99, 113, False), ("-", 0.99, 110, False), ("0", 0.99, 114, False),
        ("0", 0.99, 109, True), ("", 0.0, 106, False), ("１", 0.99, 106, False),
        ("1", 0.99, 103, False),
    ],
)  # fmt: skip
def test_only_what_can_be_nothing_else_is_taken(
    text: str, confidence: float, right: int, *, is_taken: bool
) -> None:
    """A box, a button, a tick and a bullet are in rows, too."""
    drawn = Drawn()
    drawn.ink(100, 107, right, 120)
    drawn.says = Recognised(text, confidence, ())
    assert drawn.texts() == ["Total amount"] * 2 + [text] * is_taken


def test_where_much_cannot_be_read_a_sign_may_be_of_that_script() -> None:
    """An Arabic 5 reads as 0, surely."""
    drawn = Drawn()
    drawn.ink(100, 107, 106, 120)
    drawn.add((200, 160, 400, 186), "q1~ ~g", 0.4)
    assert drawn.texts() == ["Total amount", "Total amount", "q1~ ~g"]


def test_a_texture_is_no_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces are compared with each row: too many would take gigabytes."""
    monkeypatch.setattr("reading.signs_in_rows._MOST_PIECES", 2)
    drawn = Drawn()
    for left in (20, 60, 100):
        drawn.ink(left, 107, left + 6, 120)
    assert drawn.texts() == ["Total amount", "Total amount"]
    assert drawn.asked == []


def column(drawn: Drawn, *, off: int = 0) -> None:
    """Two cells found as one line, `off` pixels below their rows."""
    drawn.add((95, 103 + off, 118, 154 + off), "2525", 0.99)
    for top in (107, 137):
        drawn.ink(100, top + off, 112, top + 13 + off)


def test_a_column_that_rows_part_is_cells() -> None:
    drawn = Drawn()
    column(drawn)
    drawn.says = Recognised("25", 0.97, ())
    assert drawn.texts() == ["Total amount"] * 2 + ["25"] * 2


def test_a_cell_that_was_found_alone_as_well_is_there_once() -> None:
    drawn = Drawn()
    drawn.add((95, 103, 118, 124), "25", 0.99)
    column(drawn)
    drawn.says = Recognised("25", 0.97, ())
    assert drawn.texts() == ["Total amount"] * 2 + ["25"] * 2


def test_a_line_that_runs_down_stays_one() -> None:
    """What is cut out of it reads badly, is written so, or parts elsewhere than the rows do."""
    drawn = Drawn()
    column(drawn)
    drawn.says = Recognised("25", 0.5, ())
    assert drawn.texts() == ["Total amount"] * 2 + ["2525"]
    drawn = Drawn()
    column(drawn)
    drawn.says = Recognised("時", 0.99, ())
    assert drawn.texts() == ["Total amount"] * 2 + ["2525"]
    drawn = Drawn()
    column(drawn, off=15)
    drawn.says = Recognised("25", 0.97, ())
    assert drawn.texts() == ["Total amount"] * 2 + ["2525"]
