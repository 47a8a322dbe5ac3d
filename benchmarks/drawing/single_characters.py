"""Pictures of one character, one word, and crops that leave no margin around the letters."""

from functools import partial

from drawing.fonts import face
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet


def _single(words: str, px: float, style: str, margin: int, paper: str, ink: str) -> Drawing:
    """The words in the middle, `margin` pixels of paper around their ink."""
    left, top, right, bottom = face(style, px).getbbox(words, anchor="ls")
    sheet = Sheet(int(right - left) + 2 * margin, int(bottom - top) + 2 * margin, paper, ink)
    sheet.line((margin - left, margin - top), words, px, style)
    return sheet.done()


def _eye_chart() -> Drawing:
    sheet = Sheet(800, 1000)
    y = 0.0
    for words, px in (("E", 180), ("F P", 130), ("T O Z", 96), ("L P E D", 72), ("P E C F D", 54),
                      ("E D F C Z P", 40), ("F E L O P Z D", 30)):  # fmt: skip
        y += px + 24
        sheet.line((400, y), words, px, "serif-bold", anchor="ms")
    return sheet.done()


def _flash_cards(letters: str, style: str, px: int) -> Drawing:
    """Single characters far from each other, four in a row."""
    rows = [list(letters[at : at + 4]) for at in range(0, len(letters), 4)]
    sheet = Sheet(4 * px * 2, len(rows) * px * 2)
    sheet.grid((0, 0), (px * 2, px * 2), rows, px, style, rule=0)
    return sheet.done()


def _file_name(words: str) -> str:
    """Names for files: signs by their code."""
    return "".join(c if c.isascii() and c.isalnum() else f"u{ord(c):04x}" for c in words)


_WHITE, _BLACK = "#ffffff", "#000000"
_BIG = (
    ("A", 200, "sans"), ("g", 160, "serif"), ("R", 90, "sans-bold"), ("Q", 120, "wide"),
    ("k", 300, "sans"), ("a", 60, "sans"), ("2", 220, "serif"), ("5", 80, "sans"),
    ("4", 140, "wide-bold"), ("7", 100, "sans"), ("0", 120, "sans"), ("8", 96, "serif"),
    ("I", 110, "sans"), ("O", 150, "sans"), ("i", 90, "sans"), ("1", 73, "serif"),
    ("X", 64, "sans"), ("H", 180, "sans-bold"), ("你", 160, "chinese"),
    ("愛", 120, "chinese-serif"), ("あ", 140, "japanese"),
    ("学", 80, "japanese-serif"), ("한", 128, "korean"),
    ("&", 150, "serif"), ("?", 130, "sans"), ("€", 110, "sans"),
)  # fmt: skip
_CROPS = (
    ("OK", 60, "sans", 0), ("Yes", 40, "sans", 0), ("Total", 32, "serif", 0),
    ("12.50", 48, "sans", 0), ("I", 60, "sans", 0), ("l", 50, "sans", 0), ("i", 60, "sans", 0),
    ("!", 60, "sans-bold", 0), ("€", 50, "sans", 0), ("X", 70, "sans", 0), ("No", 18, "sans", 0),
    ("Exit", 90, "sans-bold", 0), ("Page 7", 22, "serif", 0), ("9", 40, "sans", 0),
    ("gypsy", 44, "serif", 0), ("Save as", 16, "wide", 0), ("R2", 36, "sans", 1),
    ("Cancel", 14, "sans", 2), ("£4", 52, "serif", 1), ("100%", 30, "wide", 0),
)  # fmt: skip

RECIPES = [
    *(
        Recipe("single-character", f"{_file_name(words)}-{px}", partial(
            _single, words, px, style, px // 2, *(pair)))
        for (words, px, style), pair in zip(
            _BIG, [(_WHITE, _BLACK)] * 20 + [("#20242c", "#f4f4f4"), ("#f6e9c8", "#7a2010")] * 3,
            strict=True)
    ),
    *(
        Recipe("tight-crop", f"{_file_name(words)}-{px}-margin{margin}", partial(
            _single, words, px, style, margin, _WHITE, _BLACK))
        for words, px, style, margin in _CROPS
    ),
    Recipe("tight-crop", "button-dark", partial(
        _single, "Apply", 20, "sans", 0, "#2456c8", "#ffffff")),
    Recipe("letters-apart", "eye-chart", _eye_chart),
    Recipe("letters-apart", "alphabet-cards", partial(
        _flash_cards, "ABCDEFGHJKLMPRTY", "sans", 90)),
    Recipe("letters-apart", "digit-cards", partial(_flash_cards, "123456789047", "wide", 110)),
    Recipe("letters-apart", "kana-cards", partial(
        _flash_cards, "あいうえおかきくけこさし", "japanese", 80)),
]  # fmt: skip
