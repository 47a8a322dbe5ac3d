"""Lines of joined letters on their head, told by their shape."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from decoding.pixels import Pixels
from drawing import sample_languages
from drawing.script_lines import face
from reading.baselines import stand_on_their_head

NASKH, DEVANAGARI = "Naskh", "Devanagari"


def lines(code: str, typeface: str) -> list[Pixels]:
    """The language's lines, each cut out as the search does."""
    (language,) = (each for each in sample_languages.EVERY if each.code == code)
    font = face(next(place for place in language.faces if typeface in place[0].name), 30)
    direction = "rtl" if language.right_to_left else "ltr"
    found = []
    for line in language.lines:
        left, top, right, bottom = font.getbbox(line, anchor="ls", direction=direction)
        image = Image.new("L", (int(right - left) + 8, int(bottom - top) + 6), 255)
        place = 4 - left, 3 - top
        ImageDraw.Draw(image).text(place, line, 0, font, anchor="ls", direction=direction)
        found.append(np.repeat(np.asarray(image)[:, :, None], 3, axis=2))
    return found


def on_their_head(crops: list[Pixels]) -> list[Pixels]:
    return [np.ascontiguousarray(np.rot90(crop, 2)) for crop in crops]


def test_arabic_on_its_head_is_seen() -> None:
    arabic = lines("ara", NASKH)
    assert not stand_on_their_head(arabic)
    assert stand_on_their_head(on_their_head(arabic))
    assert stand_on_their_head([255 - crop for crop in on_their_head(arabic)])


@pytest.mark.parametrize(
    ("code", "typeface"),
    [("heb", "Hebrew"), ("hin", DEVANAGARI), ("ell", "LiberationSans"), ("tha", "Thai")],
)
def test_other_scripts_never_look_so(code: str, typeface: str) -> None:
    """Letters that hang from a bar have their ink as high; Hebrew's stand apart."""
    crops = lines(code, typeface)
    assert not stand_on_their_head(crops)
    assert not stand_on_their_head(on_their_head(crops))


def test_nothing_to_see() -> None:
    assert not stand_on_their_head([])
    assert not stand_on_their_head([np.full((40, 200, 3), 255, dtype=np.uint8)])
    assert not stand_on_their_head([np.zeros((3, 20, 3), dtype=np.uint8)])
