"""Letters that the recogniser has a class for and hardly ever reads, and the languages with them.

It was trained on few pages in these languages: ď becomes d, ľ l, þ p, and ŵ nothing at all. No look
at a line tells it, since the character is sure. But the language can be told by its other letters,
and then the page says so; with the language set up, the second recogniser says where such letters
stand. docs/decisions/0048 has how often each letter was read.
"""

import collections
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

SELDOM_READ = frozenset("ďĎťŤľĽĺĹŕŔþÞűŰŵŴŷŶĉĈĝĜĥĤĵĴŝŜŭŬ")
_LEAST = 3
"""So many telling letters there must be on a page, …"""


class Language(NamedTuple):
    """One that is read but for some of its letters."""

    code: str
    """As OCR_LANGUAGES names it."""
    name: str
    letters: str
    """Those that are hardly ever read."""
    telling: str
    """By these it is known, …"""
    share: float
    """… when so large a share of all letters is among them …"""
    without: str = ""
    """… and none of these is there, …"""
    beside: str = ""
    """… and one of these, if there are any."""


_LANGUAGES = (
    Language("ces", "Czech", "ď and ť", "ěůř", 0.008),
    Language("slk", "Slovak", "ď, ť, ľ, ĺ and ŕ", "čšž", 0.012, without="ěůşėøə", beside="ý"),
    Language("isl", "Icelandic", "þ", "ð", 0.005, without="ø"),
    Language("hun", "Hungarian", "ű", "ő", 0.003),
    Language("epo", "Esperanto", "ĉ, ĝ, ĥ, ĵ, ŝ and ŭ", "ǔ", 0.002, without="ǎǐǒ"),
)
"""ǔ is what becomes of ŭ. Nothing tells Welsh, of which ŵ and ŷ are lost."""


def language_of(texts: Sequence[str]) -> Language | None:
    """The language of a page's lines, if it is one of which letters are seldom read."""
    counts = collections.Counter(unicodedata.normalize("NFC", "".join(texts)).lower())
    letters = sum(count for character, count in counts.items() if character.isalpha())
    for language in _LANGUAGES:
        telling = sum(counts[each] for each in language.telling)
        if (
            telling >= _LEAST
            and telling >= language.share * letters
            and not any(counts[each] for each in language.without)
            and (not language.beside or any(counts[each] for each in language.beside))
        ):
            return language
    return None


def with_seldom_letters(text: str, second: str) -> str:
    """A line's text, its words taken from a second reading where that has such letters and is the
    same word without them."""
    words, others = text.split(" "), second.split(" ")
    if len(words) != len(others):
        return text
    return " ".join(
        other if _is_same(word, other) else word for word, other in zip(words, others, strict=True)
    )


def _is_same(word: str, other: str) -> bool:
    seldom = sum(character in SELDOM_READ for character in other)
    if not seldom:
        return False
    plain, wanted = _plain(word), _plain(other)
    rest = list(wanted)
    for character in plain:  # in whatever order: the words stand at the same place
        if character in rest:
            rest.remove(character)
    return len(rest) <= seldom and abs(len(plain) - len(wanted)) <= seldom


def _plain(word: str) -> str:
    """Without marks, apostrophes and other signs; a seldom letter that has no mark is left out."""
    apart = unicodedata.normalize("NFD", word)
    return "".join(each for each in apart if each.isalnum() and each not in "þÞ").lower()
