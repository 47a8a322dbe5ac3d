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


def face(place: tuple[Path, int], px: int) -> ImageFont.FreeTypeFont:
    """With shaping, without which Arabic, Hindi and Thai are no text."""
    path, index = place
    return ImageFont.truetype(str(path), px, index=index, layout_engine=ImageFont.Layout.RAQM)


def page(
    language: Language, source: random.Random, lines: list[str] | None = None, *, clean: bool
) -> Drawing:
    """All lines of a language in one typeface; `clean` is black on white without a scanner."""
    lines = list(language.lines) if lines is None else lines
    px = source.choice(_SIZES)
    font = face(source.choice(language.faces), px)
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
