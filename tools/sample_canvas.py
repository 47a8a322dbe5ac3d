"""A page to draw a sample on, which remembers each line of text in the order it was drawn.

Positions are pixels from the left and top edge; a text's `y` is its baseline.
"""

import functools
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from project import EXIT_MISSING_DEPENDENCY, ToolError

_NOTO = Path("/usr/share/fonts/opentype/noto")
_DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
_CHINESE, _JAPANESE = 2, 0
"""Which face of a Noto CJK collection: the scripts share code points but not shapes."""
FONTS: dict[str, tuple[Path, int]] = {
    "sans": (_NOTO / "NotoSansCJK-Regular.ttc", _CHINESE),
    "sans-bold": (_NOTO / "NotoSansCJK-Bold.ttc", _CHINESE),
    "sans-japanese": (_NOTO / "NotoSansCJK-Bold.ttc", _JAPANESE),
    "serif": (_NOTO / "NotoSerifCJK-Regular.ttc", _CHINESE),
    "serif-bold": (_NOTO / "NotoSerifCJK-Bold.ttc", _CHINESE),
    "book": (_DEJAVU / "DejaVuSerif.ttf", 0),
    "book-bold": (_DEJAVU / "DejaVuSerif-Bold.ttf", 0),
    "mono": (_DEJAVU / "DejaVuSansMono.ttf", 0),
    "mono-bold": (_DEJAVU / "DejaVuSansMono-Bold.ttf", 0),
}
Side = Literal["left", "middle", "right"]
_ANCHORS: dict[Side, str] = {"left": "ls", "middle": "ms", "right": "rs"}


@functools.cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """The font `name` at `size` pixels; raises ToolError with the package that has it."""
    path, index = FONTS[name]
    if not path.is_file():
        package = "fonts-noto-cjk" if path.is_relative_to(_NOTO) else "fonts-dejavu-core"
        raise ToolError(f"{path} is missing. Run: apt install {package}", EXIT_MISSING_DEPENDENCY)
    return ImageFont.truetype(str(path), size, index=index)


class Canvas:
    """A picture in the making and its lines."""

    def __init__(self, width: int, height: int, paper: str = "#ffffff", mode: str = "RGB") -> None:
        self.image = Image.new(mode, (width, height), paper)
        self.draw = ImageDraw.Draw(self.image)
        self.lines: list[str] = []

    def text(
        self,
        x: float,
        y: float,
        words: str,
        style: str = "sans",
        size: int = 24,
        ink: str = "#1d1f23",
        side: Side = "left",
    ) -> None:
        """One line; `x` is its left end, middle or right end, as `side` says."""
        self.draw.text((x, y), words, ink, font(style, size), _ANCHORS[side])
        self.lines.append(words)

    def paragraph(
        self, x: float, y: float, text: str, step: int, style: str = "sans", size: int = 24
    ) -> float:
        """Lines as they are broken in `text`, `step` pixels apart; returns the next baseline."""
        for words in text.strip().splitlines():
            self.text(x, y, words.strip(), style, size)
            y += step
        return y

    def rule(self, x: float, y: float, width: float, ink: str = "#9aa1ab", thick: int = 2) -> None:
        """A horizontal line."""
        self.draw.rectangle((x, y, x + width, y + thick - 1), ink)

    def panel(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """A filled rectangle with round corners."""
        self.draw.rounded_rectangle((x, y, x + width, y + height), 14, fill)
