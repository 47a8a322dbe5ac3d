"""Lines of any script as a scanner sees them: shaped, blurred, with grain."""

import io
import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from drawing.sample_languages import Language
from drawing.sheet import Drawing

_SIZES = (22, 26, 32, 40)
_SPACING = 1.9
_NO_CHARACTER = "\U0010fffe"


def face(place: tuple[Path, int], px: int) -> ImageFont.FreeTypeFont:
    """With shaping, without which Arabic, Hindi and Thai are no text."""
    path, index = place
    return ImageFont.truetype(str(path), px, index=index, layout_engine=ImageFont.Layout.RAQM)


class MissingLettersError(ValueError):
    """A typeface has no shape for some characters: its boxes are no text that can be read."""


def missing_letters(place: tuple[Path, int], text: str) -> set[str]:
    """The characters that a typeface draws as it draws one that no typeface has."""
    path, index = place
    font = ImageFont.truetype(str(path), 40, index=index, layout_engine=ImageFont.Layout.BASIC)

    def drawn(character: str) -> tuple[tuple[int, int], bytes]:
        mask = font.getmask(character)
        return mask.size, bytes(mask)

    nothing = drawn(_NO_CHARACTER)
    return {character for character in set(text) - {" "} if drawn(character) == nothing}


def page(
    language: Language, source: random.Random, lines: list[str] | None = None, *, clean: bool
) -> Drawing:
    """All lines of a language in one typeface; `clean` is black on white without a scanner.

    Raises:
        MissingLettersError: the typeface cannot write them.
    """
    lines = list(language.lines) if lines is None else lines
    px = source.choice(_SIZES)
    place = source.choice(language.faces)
    if missing := missing_letters(place, "".join(lines)):
        raise MissingLettersError(f"{place[0].name} has no {' '.join(sorted(missing))}")
    font = face(place, px)
    direction = "rtl" if language.right_to_left else "ltr"
    width = int(max(font.getlength(line, direction=direction) for line in lines)) + 4 * px
    height = int(px * (_SPACING * len(lines) + 2))
    paper, ink = (255, 0) if clean else (source.randint(222, 255), source.randint(0, 80))
    image = Image.new("L", (width, height), paper)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        side, anchor = (width - 2 * px, "rs") if language.right_to_left else (2 * px, "ls")
        base = px * (1.5 + _SPACING * number)
        draw.text((side, base), line, ink, font, anchor=anchor, direction=direction)
    return Drawing(image if clean else scanned(image, source), tuple(lines))


def scanned(image: Image.Image, source: random.Random) -> Image.Image:
    """A little askew, soft, with grain, and saved as JPEG."""
    ground = image.getpixel((0, 0))
    askew = image.rotate(
        source.uniform(-0.4, 0.4),
        Image.Resampling.BICUBIC,
        fillcolor=ground,
    )
    soft = askew.filter(ImageFilter.GaussianBlur(source.choice((0.4, 0.6, 0.8))))
    grain = np.random.default_rng(source.randrange(2**32))
    pixels = np.asarray(soft, dtype=np.float64)
    grainy = pixels + grain.normal(0, source.choice((2.0, 4.0, 6.0)), pixels.shape)
    noisy = Image.fromarray(np.clip(grainy, 0, 255).astype(np.uint8))
    stored = io.BytesIO()
    noisy.save(stored, "JPEG", quality=source.choice((55, 70, 85)))
    return Image.open(io.BytesIO(stored.getvalue())).convert("L")
