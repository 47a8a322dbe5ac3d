"""Pages of which the place of every word is known, as a scanner at 200 dots an inch gives them."""

import random
from typing import NamedTuple

from PIL import Image, ImageDraw

from drawing.fonts import face
from drawing.prose import amount, prose

_STYLES = ("sans", "serif", "mono", "sans-bold", "serif-italic", "wide", "book")
_SIZES = (20, 24, 28, 33, 40, 56)
_LINE = 1.6
"""From one line to the next, in sizes of the type."""
_PROSE_SHARE = 0.7
_WIDE_BLANKS = 0.05
_INK = 160
"""What is darker belongs to a letter."""

Box = tuple[int, int, int, int]


class PlacedWord(NamedTuple):
    """A word and its ink: left, top, right, bottom."""

    text: str
    box: Box


def page(seed: int, size: tuple[int, int] = (1654, 2340)) -> tuple[Image.Image, list[PlacedWord]]:
    """A grey page of lines in many typefaces and sizes, prose and columns of figures; by rows."""
    source = random.Random(seed)
    picture = Image.new("L", size, 255)
    words: list[PlacedWord] = []
    margin = size[0] // 16
    y = margin
    while True:
        px = source.choice(_SIZES)
        y += round(_LINE * px)
        if y > size[1] - margin:
            return picture, words
        style = source.choice(_STYLES)
        is_prose = source.random() < _PROSE_SHARE
        said = prose(source, 40) if is_prose else [_figure(source) for _ in range(30)]
        x = float(margin + source.choice((0, 40, 200)))
        for word in said:
            font = face(style, px)
            end = x + font.getlength(word)
            if end > size[0] - margin:
                break
            words.append(PlacedWord(word, _put(picture, (round(x), y), word, style, px)))
            blanks = 2 if source.random() < _WIDE_BLANKS else 1
            x = end + blanks * font.getlength(" ")


def _figure(source: random.Random) -> str:
    return amount(source) if source.random() < 0.5 else prose(source, 1)[0].upper()


def _put(picture: Image.Image, at: tuple[int, int], word: str, style: str, px: float) -> Box:
    """Draws a word; returns where its ink is, which no font tells to the pixel."""
    x, y = at
    reach = int(2 * px)
    alone = Image.new("L", (int(face(style, px).getlength(word)) + 2 * reach, 2 * reach), 255)
    ImageDraw.Draw(alone).text((reach, reach), word, 0, face(style, px), "ls")
    inked = alone.point([255 if value < _INK else 0 for value in range(256)]).getbbox()
    assert inked is not None, "every word has ink"
    ImageDraw.Draw(picture).text(at, word, 0, face(style, px), "ls")
    left, top, right, bottom = inked
    return left + x - reach, top + y - reach, right + x - reach, bottom + y - reach
