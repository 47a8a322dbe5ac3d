"""The typefaces that pictures are drawn in; `make test` and the benchmarks install them."""

import functools
from pathlib import Path

from PIL import ImageFont

from setup_fonts import FOLDERS, FONTS

_DEJAVU, _LIBERATION, _NOTO = (
    FONTS / FOLDERS[package]
    for package in ("fonts-dejavu-core", "fonts-liberation", "fonts-noto-cjk")
)
_JAPANESE, _KOREAN, _CHINESE = 0, 1, 2
"""Which face of a Noto CJK collection: the scripts share code points but not shapes."""
FACES: dict[str, tuple[Path, int]] = {
    "sans": (_LIBERATION / "LiberationSans-Regular.ttf", 0),
    "sans-bold": (_LIBERATION / "LiberationSans-Bold.ttf", 0),
    "sans-italic": (_LIBERATION / "LiberationSans-Italic.ttf", 0),
    "serif": (_LIBERATION / "LiberationSerif-Regular.ttf", 0),
    "serif-bold": (_LIBERATION / "LiberationSerif-Bold.ttf", 0),
    "serif-italic": (_LIBERATION / "LiberationSerif-Italic.ttf", 0),
    "mono": (_LIBERATION / "LiberationMono-Regular.ttf", 0),
    "mono-bold": (_LIBERATION / "LiberationMono-Bold.ttf", 0),
    "wide": (_DEJAVU / "DejaVuSans.ttf", 0),
    "wide-bold": (_DEJAVU / "DejaVuSans-Bold.ttf", 0),
    "book": (_DEJAVU / "DejaVuSerif.ttf", 0),
    "screen-mono": (_DEJAVU / "DejaVuSansMono.ttf", 0),
    "japanese": (_NOTO / "NotoSansCJK-Regular.ttc", _JAPANESE),
    "japanese-serif": (_NOTO / "NotoSerifCJK-Regular.ttc", _JAPANESE),
    "korean": (_NOTO / "NotoSansCJK-Regular.ttc", _KOREAN),
    "chinese": (_NOTO / "NotoSansCJK-Regular.ttc", _CHINESE),
    "chinese-serif": (_NOTO / "NotoSerifCJK-Regular.ttc", _CHINESE),
    "chinese-bold": (_NOTO / "NotoSansCJK-Bold.ttc", _CHINESE),
}


@functools.lru_cache(maxsize=256)
def face(name: str, px: float) -> ImageFont.FreeTypeFont:
    """The typeface at an em of `px` pixels.

    Letters are set one by one (no shaping), which is the same in every build of Pillow.
    """
    path, index = FACES[name]
    return ImageFont.truetype(str(path), px, index=index, layout_engine=ImageFont.Layout.BASIC)


def cap_height(name: str, px: float) -> int:
    """Pixels from the baseline to the top of an H."""
    box = face(name, px).getbbox("H", anchor="ls")
    return int(box[3] - box[1])
