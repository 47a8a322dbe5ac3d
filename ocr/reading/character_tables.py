"""What there is to know of each character that a recogniser knows: its kind, its width, its looks.

Looked up by class, so that a line is measured without being spelled out.
"""

import functools
from typing import NamedTuple

import numpy as np

CHARACTERS = (
    *"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    *"abcdefghijklmnopqrstuvwxyz",
    *"013469ĐđưƯ'`-.,",
)
"""Those whose shares tell something: what look-alikes are made of."""
_NARROW = frozenset("iljtfrI1.,:;'!|()[]-/\\\"`íìîïłľţťț·’‘“”°")
_WIDE = frozenset("mwMW@%—–…œæŒÆ")
_VOWELS = frozenset("aeiouyAEIOUYàáâãäåæèéêëìíîïòóôõöøùúûüýāăąēėęěīįıōőœūůűųươ")
_LOOKALIKES = frozenset("ABCEHKMOPTXYaceopxyuTrnkbm")
"""Latin letters that Cyrillic and Greek ones are read as."""
KINDS = " ladgkcps"
"""Blank, Latin letter, accented one, digit, Greek, kana, Chinese, punctuation, sign."""
BLANK_KIND = 0
"""Of these; spaces are of it, too."""
BITS = {kind: 1 << number for number, kind in enumerate(KINDS)}
"""Of each kind, so that several are one number."""


class Tables:
    """Each is (classes,), but for `known`: every character of the model."""

    def __init__(self, characters: list[str]) -> None:
        kinds = [_kind(character) if character else " " for character in characters]
        self.known = frozenset(characters)
        self.widths = np.array([_width(character) for character in characters])
        self.kinds = np.array([KINDS.index(kind) for kind in kinds])
        self.vowels = np.array([character in _VOWELS for character in characters])
        self.alike = np.array([character in _LOOKALIKES for character in characters])
        self.lower = np.array([character.islower() for character in characters])
        self.upper = np.array([character.isupper() for character in characters])
        places = {character: number for number, character in enumerate(CHARACTERS)}
        others = len(CHARACTERS)
        self.places = np.array([places.get(character, others) for character in characters])


class _Shared(NamedTuple):
    """A model's list of characters, compared by what it is and not by what is in it."""

    characters: list[str]

    def __hash__(self) -> int:
        return id(self.characters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shared) and self.characters is other.characters


def tables_of(characters: list[str]) -> Tables:
    """Of a model's list of characters; made once for each model."""
    return _tables_of(_Shared(characters))


@functools.lru_cache(maxsize=8)
def _tables_of(shared: _Shared) -> Tables:
    return Tables(shared.characters)


def _width(character: str) -> float:
    """In ems of a usual typeface."""
    if character in _NARROW:
        return 0.36
    if character in _WIDE:
        return 0.95
    if character >= "\u2e80":
        return 1.15
    return 0.74 if character.isupper() else 0.58


def _kind(character: str) -> str:
    """One of KINDS."""
    if character.isspace():
        return " "
    if character < "\u0250" and character.isalpha():
        return "l" if character.isascii() else "a"
    if character.isascii():
        return "d" if character.isdigit() else "p"
    if "\u0370" <= character < "\u0400":
        return "g"
    if "\u3040" <= character < "\u3100" or "\uff66" <= character < "\uffa0":
        return "k"
    if "\u3400" <= character < "\ua000":
        return "c"
    return "p" if "\u2010" <= character < "\u2040" or "\u3000" <= character < "\u3020" else "s"
