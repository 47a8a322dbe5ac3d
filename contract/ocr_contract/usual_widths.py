"""How wide words usually are, and in which order they stand on a picture.

For lines of which nothing but the text is known: no font is asked.
"""

import functools
import itertools
import unicodedata
from collections.abc import Sequence

Place = tuple[int, int]
"""Where something begins and ends, in thousandths of a line."""

_BLANK = 0.55
"""All widths are in those of an n."""
_NARROW, _NARROW_WIDTH = frozenset("ijl.,:;'!|()[]`´·-ftrI/\\\"1"), 0.6
_BROAD, _BROAD_WIDTH = frozenset("mwMW@%—…œæŒÆ"), 1.5
_CAPITAL_WIDTH = 1.25
_FULL_WIDTH = 1.8
_FULL = frozenset("WF")
_MARKS = frozenset(("Mn", "Me", "Cf"))
_BACKWARDS = frozenset(("R", "AL"))
_STRONG = _BACKWARDS | {"L"}


def usual_width(text: str) -> float:
    """Of a text, in widths of an n."""
    return sum(map(_width, text))


@functools.lru_cache(maxsize=8192)
def _width(character: str) -> float:
    if character.isspace():
        return _BLANK
    if character in _NARROW:
        return _NARROW_WIDTH
    if character in _BROAD:
        return _BROAD_WIDTH
    if unicodedata.category(character) in _MARKS:
        return 0.0
    if unicodedata.east_asian_width(character) in _FULL:
        return _FULL_WIDTH
    return _CAPITAL_WIDTH if character.isupper() else 1.0


def divided(words: Sequence[str], span: Place, *, in_order: bool = False) -> list[Place]:
    """`span` shared out to words with blanks between them, as they stand on a picture; `in_order`:
    the first word first, whatever its script."""
    order = range(len(words)) if in_order else seen_order(words)
    widths = [usual_width(words[number]) for number in order]
    total = sum(widths) + _BLANK * (len(words) - 1)
    start, end = span
    scale = (end - start) / total if total > 0 else 0.0
    places: dict[int, Place] = {}
    cursor = 0.0
    for number, width in zip(order, widths, strict=True):
        places[number] = round(start + cursor * scale), round(start + (cursor + width) * scale)
        cursor += width + _BLANK
    return [places[number] for number in range(len(words))]


def is_right_to_left(text: str) -> bool:
    """Whether a text begins at its right end: its first letter says so."""
    return _direction(text) in _BACKWARDS


def seen_order(words: Sequence[str]) -> list[int]:
    """Their numbers as they stand on a picture, from the left.

    Words in the other direction than the line's stand in an order of their own among
    themselves: the bidirectional algorithm of Unicode, as far as whole words need it.
    """
    whole = " ".join(words)
    if whole.isascii():  # nothing of it runs from right to left
        return list(range(len(words)))
    base = is_right_to_left(whole)
    backwards: list[bool] = []
    for word in words:
        direction = _direction(word)
        before = backwards[-1] if backwards else base
        backwards.append(before if direction is None else direction in _BACKWARDS)
    order: list[int] = []
    for differs, run in itertools.groupby(range(len(words)), lambda n: backwards[n] != base):
        numbers = list(run)
        order += numbers[::-1] if differs else numbers
    return order[::-1] if base else order


def _direction(text: str) -> str | None:
    """Of its first letter; None without any."""
    kinds = map(unicodedata.bidirectional, text)
    return next((kind for kind in kinds if kind in _STRONG), None)
