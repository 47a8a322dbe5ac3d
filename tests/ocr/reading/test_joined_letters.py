"""Lines of joined letters and of Hangul, told by their shape."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from decoding.pixels import Pixels
from drawing import sample_languages
from drawing.script_lines import face
from reading.joined_letters import features, stand
from reading.joined_letters_model import WEIGHTS
from setup_fonts import FOLDERS, FONTS

NOTO, DEJAVU = (FONTS / FOLDERS[package] for package in ("fonts-noto-core", "fonts-dejavu-core"))
NASKH, DEVANAGARI = "Naskh", "Devanagari"
SHORT = ["مستشفى الأطفال", "محمد أحمد علي", "خوش آمدید", "دانشکده پزشکی", "پاکستان ریلوے"]


def line(words: str, font: tuple[Path, int], direction: str) -> Pixels:
    """Cut out as the search does."""
    drawn = face(font, 30)
    left, top, right, bottom = drawn.getbbox(words, anchor="ls", direction=direction)
    image = Image.new("L", (int(right - left) + 8, int(bottom - top) + 6), 255)
    place = 4 - left, 3 - top
    ImageDraw.Draw(image).text(place, words, 0, drawn, anchor="ls", direction=direction)
    return np.repeat(np.asarray(image)[:, :, None], 3, axis=2)


def lines(code: str, typeface: str) -> list[Pixels]:
    (language,) = (each for each in sample_languages.EVERY if each.code == code)
    font = next(place for place in language.faces if typeface in place[0].name)
    direction = "rtl" if language.right_to_left else "ltr"
    return [line(words, font, direction) for words in language.lines]


def on_their_head(crops: list[Pixels]) -> list[Pixels]:
    return [np.ascontiguousarray(np.rot90(crop, 2)) for crop in crops]


def test_arabic_is_seen_upright_and_on_its_head() -> None:
    arabic = lines("ara", NASKH)
    assert stand(arabic) is True
    assert stand(on_their_head(arabic)) is False
    assert stand([255 - crop for crop in on_their_head(arabic)]) is False


@pytest.mark.parametrize(
    "font", [NOTO / "NotoSansArabic-Regular.ttf", DEJAVU / "DejaVuSans.ttf"], ids=lambda f: f.stem
)
@pytest.mark.parametrize("words", SHORT)
def test_one_short_line_is_enough(words: str, font: Path) -> None:
    crop = line(words, (font, 0), "rtl")
    assert stand([crop]) is not False
    assert stand(on_their_head([crop])) is False


@pytest.mark.parametrize("typeface", ["SansCJK", "SerifCJK"])
def test_hangul_is_seen_upright_and_on_its_head(typeface: str) -> None:
    korean = lines("kor", typeface)
    assert stand(korean) is True
    assert stand(on_their_head(korean)) is False
    short = [korean[0][:, : 5 * korean[0].shape[0]]]
    assert stand(short) is None, "short words of other scripts look so on their head"


@pytest.mark.parametrize(
    ("code", "typeface"),
    [
        ("chi", "SansCJK"),
        ("jpn", "SerifCJK"),
        ("heb", "Hebrew"),
        ("hin", DEVANAGARI),
        ("ell", "LiberationSans"),
        ("tha", "Thai"),
    ],
)
def test_other_scripts_never_look_so(code: str, typeface: str) -> None:
    """Letters that hang from a bar have their ink as high; Hebrew's stand apart."""
    crops = lines(code, typeface)
    assert stand(crops) is None
    assert stand(on_their_head(crops)) is None


@pytest.mark.parametrize("words", ["བཀྲ་ཤིས་བདེ་ལེགས།", "སྒོ་བརྒྱབ།", "དཔེ་ཆ་དང་སློབ་གྲྭ།"])
def test_upright_tibetan_is_not_arabic_on_its_head(words: str) -> None:
    """Of all scripts it looks most like that: it hangs from a line, and its bowls hang below."""
    assert stand([line(words, (NOTO / "NotoSerifTibetan-Regular.ttf", 0), "ltr")]) is None


def test_nothing_to_see() -> None:
    assert stand([]) is None
    assert stand([np.full((40, 200, 3), 255, dtype=np.uint8)]) is None
    assert stand([np.zeros((3, 20, 3), dtype=np.uint8)]) is None


def test_the_model_weighs_each_feature() -> None:
    found = features(line("نور", (DEJAVU / "DejaVuSans.ttf", 0), "rtl"))
    assert found is not None
    assert found.shape == (len(WEIGHTS),)
