"""A picture in the making, which remembers the lines of text that a reader should find.

Positions are pixels from the left and top edge. Drawing outside the picture is an error: no
text may be asked for that cannot be seen.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw

from drawing.fonts import face
from drawing.tells_up import tells_up

Box = tuple[int, int, int, int]
_ASKEW = 45
"""Degrees up to which a line still runs along the page."""


class Drawing(NamedTuple):
    """A finished picture and what is known of it."""

    image: Image.Image
    """Mode L or RGB."""
    lines: tuple[str, ...]
    """The text, in reading order."""
    lying: tuple[str, ...] = ()
    """Those of the lines that run up, down or on their head in the upright picture."""

    @property
    def text(self) -> str:
        """The lines, one a row; empty for a picture without text."""
        return "\n".join(self.lines)

    @property
    def tells_up(self) -> bool:
        """Whether its text says which side is up: an axis' title alone says another one."""
        return tells_up("\n".join(line for line in self.lines if line not in self.lying))


class OutsideError(ValueError):
    """Text that does not fit the picture: its truth would promise more than is to be seen."""


class Sheet:
    """Paper to draw on."""

    def __init__(
        self,
        width: int,
        height: int,
        paper: str = "#ffffff",
        ink: str = "#000000",
        *,
        coloured: bool = False,
    ) -> None:
        """`coloured`: something else than paper and ink will bring colours."""
        grey = not coloured and _is_grey(paper) and _is_grey(ink)
        self.image = Image.new("L" if grey else "RGB", (width, height), paper)
        self.ink = ink
        self.lines: list[str] = []
        self.lying: list[str] = []
        self._draw = ImageDraw.Draw(self.image)

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        """For lines, boxes and the like."""
        return self._draw

    def put(
        self,
        at: tuple[float, float],
        words: str,
        px: float,
        style: str = "sans",
        *,
        ink: str | None = None,
        anchor: str = "ls",
    ) -> Box:
        """Draw words without promising that they are read; returns their box."""
        font = face(style, px)
        left, top, right, bottom = self._draw.textbbox(at, words, font, anchor)
        if left < 0 or top < 0 or right > self.image.width or bottom > self.image.height:
            raise OutsideError(f"{words!r} at {at} leaves {self.image.size}")
        self._draw.text(at, words, self._colour(ink), font, anchor)
        return int(left), int(top), int(right), int(bottom)

    def line(
        self,
        at: tuple[float, float],
        words: str,
        px: float,
        style: str = "sans",
        *,
        ink: str | None = None,
        anchor: str = "ls",
    ) -> Box:
        """Draw one line of the text."""
        self.lines.append(words)
        return self.put(at, words, px, style, ink=ink, anchor=anchor)

    def turned(
        self,
        middle: tuple[float, float],
        words: str,
        px: float,
        degrees: float,
        style: str = "sans",
        *,
        ink: str | None = None,
    ) -> None:
        """Draw one line of the text, turned counter-clockwise around its middle."""
        self.lines.append(words)
        if abs(degrees) > _ASKEW:
            self.lying.append(words)
        font = face(style, px)
        left, top, right, bottom = font.getbbox(words, anchor="ls")
        width, height = int(right - left) + 4, int(bottom - top) + 4
        mask = Image.new("L", (width, height))
        ImageDraw.Draw(mask).text((2 - left, 2 - top), words, 255, font, "ls")
        mask = mask.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
        x, y = round(middle[0] - mask.width / 2), round(middle[1] - mask.height / 2)
        right, bottom = x + mask.width, y + mask.height
        if x < 0 or y < 0 or right > self.image.width or bottom > self.image.height:
            raise OutsideError(f"{words!r} turned at {middle} leaves {self.image.size}")
        self.image.paste(self._colour(ink), (x, y), mask)

    def grid(
        self,
        corner: tuple[float, float],
        cell: tuple[float, float],
        rows: Sequence[Sequence[str]],
        px: float,
        style: str = "sans",
        *,
        rule: int = 1,
        ink: str | None = None,
    ) -> None:
        """A table of centred cells; each row's filled cells are one line. `rule` 0: no rules."""
        (x0, y0), (width, height) = corner, cell
        columns = max(map(len, rows))
        if rule:
            for number in range(columns + 1):
                x = x0 + number * width
                self._draw.line((x, y0, x, y0 + len(rows) * height), self._colour(ink), width=rule)
            for number in range(len(rows) + 1):
                y = y0 + number * height
                self._draw.line((x0, y, x0 + columns * width, y), self._colour(ink), width=rule)
        for down, row in enumerate(rows):
            for across, words in enumerate(row):
                if words:
                    middle = x0 + (across + 0.5) * width, y0 + (down + 0.5) * height
                    self.put(middle, words, px, style, ink=ink, anchor="mm")
            if any(row):
                self.lines.append(" ".join(words for words in row if words))

    def rule(self, x: float, y: float, width: float, thick: int = 1) -> None:
        """A horizontal line."""
        self._draw.rectangle((x, y, x + width, y + thick - 1), self._colour(None))

    def done(self) -> Drawing:
        """The picture as it is now."""
        return Drawing(self.image, tuple(self.lines), tuple(self.lying))

    def _colour(self, ink: str | None) -> str:
        return ink or self.ink


def speckled(image: Image.Image, seed: int, amount: float = 6.0) -> Image.Image:
    """The grey picture with a scanner's grain: normal noise of that deviation."""
    grain = Image.frombytes("L", image.size, noise(seed, image.width * image.height, amount))
    grey = image.convert("L")
    return Image.blend(grey, grain, 0.5).point([min(255, max(0, 2 * v - 128)) for v in range(256)])


def noise(seed: int, count: int, deviation: float) -> bytes:
    """`count` grey values around 128; the same for the same seed."""
    source = random.Random(seed)
    tile = bytes(min(255, max(0, round(source.gauss(128, deviation)))) for _ in range(65_521))
    return (tile * (count // len(tile) + 1))[:count]


def _is_grey(colour: str) -> bool:
    return len(colour) == 7 and colour[1:3] == colour[3:5] == colour[5:7]
