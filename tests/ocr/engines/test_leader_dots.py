"""Rows of dots taken out of a line's picture, and nothing else."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from decoding.pixels import Pixels
from drawing.fonts import face
from engines.leader_dots import without_leader_dots


def line(words: str, style: str = "sans", paper: int = 255) -> Pixels:
    font = face(style, 24)
    image = Image.new("L", (int(font.getlength(words)) + 16, 36), paper)
    ImageDraw.Draw(image).text((8, 26), words, 255 - paper, font, "ls")
    return np.ascontiguousarray(np.repeat(np.asarray(image)[:, :, None], 3, axis=2))


def columns_of_ink(pixels: Pixels) -> set[int]:
    ground = int(pixels[0, 0, 0])
    apart = np.abs(pixels[:, :, 0].astype(int) - ground)
    return set(np.flatnonzero((apart > 100).any(axis=0)).tolist())


@pytest.mark.parametrize("style", ["sans", "serif", "mono", "wide"])
@pytest.mark.parametrize("leader", ["......", "." * 20, " . . . . . . . "])
@pytest.mark.parametrize("paper", [255, 0])
def test_the_dots_between_a_title_and_its_number_go(style: str, leader: str, paper: int) -> None:
    whole = line(f"yellow pepper{leader}4.33", style, paper)
    found = without_leader_dots(whole)
    before = columns_of_ink(line("yellow pepper", style, paper))
    number = columns_of_ink(line("4.33", style, paper))
    kept = columns_of_ink(found)
    assert before <= kept
    assert len(kept - before) == pytest.approx(len(number), abs=3)
    assert found.shape == whole.shape


@pytest.mark.parametrize(
    "words",
    ["wait... and see", "7.06", "i.e. a.m. p.m.", "llllliiiii", "_______", "- - - - - -", ""],
)
def test_other_dots_stay(words: str) -> None:
    whole = line(words)
    assert without_leader_dots(whole) is whole


def test_a_picture_of_one_shade_and_a_narrow_one_stay() -> None:
    for shape in ((40, 200, 3), (3, 3, 3), (1, 1, 3)):
        plain = np.full(shape, 200, dtype=np.uint8)
        assert without_leader_dots(plain) is plain
