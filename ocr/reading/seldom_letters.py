"""Letters that the recogniser has a class for and hardly ever reads, and the languages with them.

It was trained on few pages in these languages: ď becomes d, ľ l, þ p, and ŵ nothing at all. No look
at a line tells it, since the character is sure. But the language can be told by its other letters
or its commonest words, and then the page says so; with the language set up, the second recogniser
says where such letters stand. docs/decisions/0048 has how often each letter was read.
"""

import collections
import dataclasses
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from page_records import Line

SELDOM_READ = frozenset("ďĎťŤľĽĺĹŕŔþÞűŰŵŴŷŶĉĈĝĜĥĤĵĴŝŜŭŬĚŇŮŐ")
"""Of ě ň ů ő only the capitals."""
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
    lost: float
    """About so large a share of the letters of usual text is hardly ever read."""
    without: str = ""
    """… and none of these is there, …"""
    beside: str = ""
    """… and one of these, if there are any."""
    is_set_up_by_code: bool = True
    """Whether there is a second recogniser for it."""

    def is_told_by(self, counts: Mapping[str, int]) -> bool:
        """By how often each character occurs on a page, in small letters."""
        letters = sum(count for character, count in counts.items() if character.isalpha())
        telling = sum(counts[each] for each in self.telling)
        return (
            telling >= _LEAST
            and telling >= self.share * letters
            and not any(counts[each] for each in self.without)
            and (not self.beside or any(counts[each] for each in self.beside))
        )

    def doubted(self, line: Line) -> Line:
        """The line, with a doubt that one of such letters was in it, too; not when it was read by
        another recogniser, or has no doubt."""
        return _doubted(line, self.lost)


_LANGUAGES = (
    Language("ces", "Czech", "ď, ť, Ě, Ň and Ů", "ěůř", 0.008, 0.001),
    Language(
        "slk", "Slovak", "ď, ť, ľ, ĺ, ŕ and Ň", "čšž", 0.012, 0.013, without="ěůşėøə", beside="ý"
    ),
    Language("isl", "Icelandic", "þ", "ð", 0.005, 0.014, "ø"),
    Language("hun", "Hungarian", "ű and Ő", "ő", 0.003, 0.003),
    Language("epo", "Esperanto", "ĉ, ĝ, ĥ, ĵ, ŝ and ŭ", "ǔ", 0.002, 0.022, "ǎǐǒ"),
)
"""ǔ is what becomes of ŭ."""


class _Capitals(NamedTuple):
    """A language that is read but for the marks of its capitals."""

    telling: str
    """By these small letters it is known, …"""
    beside: str
    """… with one of these among them."""
    lost: float
    """Of the letters of usual text in capitals."""


_IN_CAPITALS = (
    _Capitals("ąęłńśźż", "łż", 0.023),
    _Capitals("ėųįūąę", "ėų", 0.048),
    _Capitals("āēīūļņķģ", "ļņķģ", 0.043),
    _Capitals("ășțşţ", "ăț", 0.019),
    _Capitals("ğış", "ğ", 0.039),
)
"""Polish, Lithuanian, Latvian, Romanian, Turkish: how often usual text has each letter, times how
often its capital was misread (docs/decisions/0053)."""
_TOLD_BY = 0.01
"""Of a page's letters so many are telling ones."""
_CAPITAL = 0.7
"""Of a line in capitals, so many letters are."""


class _Words(NamedTuple):
    """The commonest words of a language without any letter of its own that is read."""

    language: Language
    alone: frozenset[str]
    """Hardly any other language has these: there must be two of them."""
    others: frozenset[str]

    def tell(self, words: Sequence[str]) -> bool:
        """Whether a page's words, in small letters, are of this language."""
        telling = sum(word in self.alone or word in self.others for word in words)
        return (
            telling >= _LEAST
            and telling >= self.language.share * len(words)
            and len(self.alone.intersection(words)) > 1
        )


_TOLD_BY_WORDS = (
    _Words(
        Language("cym", "Welsh", "ŵ and ŷ", "", 0.15, 0.003),
        frozenset((
            "bydd", "diolch", "dydd", "eich", "gyda", "hefyd", "mae", "oedd", "rhaid", "sydd",
            "wedi", "ydych",
        )),
        frozenset((
            "a'r", "am", "bob", "cael", "chi", "cyn", "dros", "drwy", "ein", "fel", "gan", "ger",
            "gwneud", "heb", "hon", "hwn", "i'r", "mwy", "neu", "ni", "nid", "o'r", "ond", "rhwng",
            "ydd", "ydy", "yn", "yr", "yw",
        )),
    ),
    _Words(
        Language("hau", "Hausa", "ɓ, ɗ, ƙ and ƴ", "", 0.25, 0.02, is_set_up_by_code=False),
        frozenset((
            "akwai", "cikin", "domin", "kowane", "lokacin", "mutane", "saboda", "wadanda",
            "wannan", "yadda", "zuwa",
        )),
        frozenset((
            "a", "amma", "an", "ba", "ce", "da", "daga", "don", "ga", "ko", "kuma", "mai", "mun",
            "na", "ne", "sai", "shi", "suna", "ta", "tare", "wani", "ya", "yana", "yau", "yi", "za",
            "zai",
        )),
    ),
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def language_of(texts: Sequence[str]) -> Language | None:
    """The language of a page's lines, if it is one of which letters are seldom read."""
    text = unicodedata.normalize("NFC", "\n".join(texts)).lower()
    counts = collections.Counter(text)
    for language in _LANGUAGES:
        if language.is_told_by(counts):
            return language
    words = _WORD.findall(text.replace("’", "'"))
    return next((each.language for each in _TOLD_BY_WORDS if each.tell(words)), None)


def with_doubted_capitals(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines of a page; those in capitals are doubted the more if it is in a language whose
    capitals lose their marks."""
    texts = unicodedata.normalize("NFC", "\n".join(line.text for line in lines))
    counts = collections.Counter(texts)
    letters = sum(count for character, count in counts.items() if character.isalpha())
    for language in _IN_CAPITALS:
        telling = sum(counts[each] for each in language.telling)
        if (
            telling >= max(_LEAST, _TOLD_BY * letters)
            and any(counts[each] for each in language.beside)
        ):  # fmt: skip
            return tuple(
                _doubted(line, language.lost) if _is_in_capitals(line.text) else line
                for line in lines
            )
    return tuple(lines)


def _is_in_capitals(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    return letters >= _LEAST and sum(map(str.isupper, text)) >= _CAPITAL * letters


def _doubted(line: Line, lost: float) -> Line:
    """The line, if so large a share of letters is misread and nothing tells it; not when it was
    read by another recogniser, or has no doubt."""
    if line.doubt is None or line.model is not None:
        return line
    letters = sum(map(str.isalpha, line.text))
    doubt = 1 - (1 - line.doubt) * (1 - lost) ** letters
    return dataclasses.replace(line, doubt=doubt)


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
