"""Scripts that set no spaces between words."""

import unicodedata

_FIRST = "\u0e00"
"""No character of theirs comes before it; most are asked for what does."""
_NAMES = ("CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "FULLWIDTH", "THAI")


def runs_on(character: str) -> bool:
    """Whether it is of a script that sets no spaces between words."""
    return character >= _FIRST and unicodedata.name(character, "").startswith(_NAMES)
