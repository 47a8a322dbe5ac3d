"""What a doubtful word may be because its page has such a word elsewhere.

Of a doubtful word's readings those come first that stand elsewhere on the page.

A bill says "Total", "Invoice" and the firm's name more than once: a word that is one character
away from one that stands in surer lines of its page is likely that word, whatever language it is;
and one that is two of them side by side may have lost a blank.
"""

import dataclasses
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ocr_contract.alternatives import MAX_PLACES, MAX_READINGS, Alternative
from ocr_contract.doubt_bands import LOOK_AT
from page_records import Line

_WORD = re.compile(r"[^\W\d_]{1,40}")
_SHORT = 3
"""Words of so many letters are a character away from others by nature; but not in capitals."""
_COMMON = 4
"""And words of so many letters or fewer in lines that are not doubtful."""
_PART = 3
"""The least length of two words without a blank between them."""
_FROM = 0.01
"""The least doubt of a line whose words are compared."""
_DOUBTFUL = 0.05
"""From here on a word may have lost a letter, too; surer ones have endings of their own."""
_WHOLE = re.compile(r"\d{3,6}")
_AMOUNT = re.compile(r"(?<![\d.,])\d+([.,])\d\d$")
_ENOUGH_AMOUNTS = 2
"""So many lines of a page are amounts before one without a point has lost it."""
_SURE = 0.2
"""Words of lines with less doubt count as read."""
_MOST_WORDS = 2000
"""Different ones on a page; with more of them every word has a neighbour."""


_PIECE = 2
"""Letters of what a blank parts from a word."""


class _Known(NamedTuple):
    """A word of the page, in small letters in the index."""

    spelling: str
    doubt: float
    """Of the surest line that it stands in."""
    times: int


class _PageWords:
    """The words of a page by themselves, and by what is left without one of their letters."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.words: dict[str, _Known] = {}
        for line in lines:
            doubt = 1.0 if line.doubt is None or line.is_unspelled else line.doubt
            for spelling in _WORD.findall(line.text):
                word = spelling.casefold()
                known = self.words.get(word)
                if known is None:
                    self.words[word] = _Known(spelling, doubt, 1)
                else:
                    surest = min(known.doubt, doubt)
                    self.words[word] = _Known(known.spelling, surest, known.times + 1)
        self._shorter: dict[str, list[str]] = {}
        for word in self.words:
            for less in _less(word):
                self._shorter.setdefault(less, []).append(word)

    def has_new(self, reading: str, shown: str) -> bool:
        """Whether a reading has words that `shown` has not, and all of these are the page's."""
        before = set(_WORD.findall(shown.casefold()))
        new = [word for word in _WORD.findall(reading.casefold()) if word not in before]
        return bool(new) and all(len(word) >= _SHORT and word in self.words for word in new)

    def near(self, word: str) -> Iterator[str]:
        """Those that are one letter away."""
        yield from self._shorter.get(word, ())
        for less in _less(word):
            if less in self.words:
                yield less
            yield from (
                other
                for other in self._shorter.get(less, ())
                if len(other) == len(word) and _differing(word, other) == 1
            )


def with_page_words(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page with the readings that are kept of each place; where a word of the page
    is likely, it is the first of them."""
    if not any(_is_looked_at(line) for line in lines):
        return [_kept(line) for line in lines]
    words = _PageWords(lines)
    if len(words.words) > _MOST_WORDS:
        return [_kept(line) for line in lines]
    point = _point(lines)
    return [
        _with_words(_kept(line, words), words, point) if _is_looked_at(line) else _kept(line)
        for line in lines
    ]


def _kept(line: Line, words: _PageWords | None = None) -> Line:
    """With as many readings as are stored; first those that are words of the page."""
    if not line.alternatives:
        return line
    kept = []
    for place in line.alternatives:
        readings: Sequence[str] = place.readings
        if words is not None:
            shown = line.text[place.start : place.end]
            readings = sorted(readings, key=lambda each: not words.has_new(each, shown))
        kept.append(dataclasses.replace(place, readings=tuple(readings[:MAX_READINGS])))
    return dataclasses.replace(line, alternatives=tuple(kept))


def _point(lines: Sequence[Line]) -> str | None:
    """The sign before the hundredths in the amounts at the ends of lines, if there are some."""
    signs = [found[1] for line in lines if (found := _AMOUNT.search(line.text))]
    return max(set(signs), key=signs.count) if len(signs) >= _ENOUGH_AMOUNTS else None


def _is_looked_at(line: Line) -> bool:
    return line.doubt is not None and line.doubt >= _FROM and not line.is_unspelled


def _with_words(line: Line, words: _PageWords, point: str | None) -> Line:
    found = list(line.alternatives)
    if point is not None and (whole := _WHOLE.fullmatch(line.text)):
        _put_first(found, line.text, 0, len(line.text), f"{whole[0][:-2]}{point}{whole[0][-2:]}")
    for blank in _blanks_within_words(line.text, words):
        _put_first(found, line.text, blank, blank + 1, "")
    for match in _WORD.finditer(line.text):
        reading = _likely(match[0], line.doubt or 0.0, words)
        if reading is not None:
            _put_first(found, line.text, match.start(), match.end(), reading)
    return dataclasses.replace(line, alternatives=tuple(found[:MAX_PLACES]))


def _blanks_within_words(text: str, words: _PageWords) -> Iterator[int]:
    """Places of blanks beside a piece of few letters that is no word of the page elsewhere."""
    both = [(match.start(), match[0]) for match in re.finditer(r"\S+", text)]
    for (_, one), (start, other) in itertools.pairwise(both):
        piece = min(one, other, key=len)
        if (
            len(piece) <= _PIECE < max(len(one), len(other))
            and one.isalpha()
            and other.isalpha()
            and words.words[piece.casefold()].times == 1
            and (one.isupper() == other.isupper() or other.islower())
        ):
            yield start - 1


def _likely(spelling: str, doubt: float, words: _PageWords) -> str | None:
    """The page's word that a word of a line with this doubt may be."""
    word = spelling.casefold()
    if words.words[word].times > 1 or len(word) < _SHORT:
        return None
    if len(word) == _SHORT and not spelling.isupper():
        return None
    surer = max(doubt, _SURE)
    near = [
        (known.times, -known.doubt, other)
        for other in set(words.near(word))
        if (known := words.words[other]).doubt < surer
        and (doubt >= LOOK_AT or len(word) > _COMMON)
        and (len(other) == len(word) or (len(other) > len(word) and doubt >= _DOUBTFUL))
    ]
    if near:
        return _cased(words.words[max(near)[2]].spelling, spelling)
    for cut in range(_PART, len(word) - _PART + 1):
        parts = [words.words.get(part) for part in (word[:cut], word[cut:])]
        if len(spelling) == len(word) and all(part and part.doubt < surer for part in parts):
            return f"{spelling[:cut]} {spelling[cut:]}"
    return None


def _cased(word: str, like: str) -> str:
    """A word in capitals and small letters as another one has them."""
    if like.isupper():
        return word.upper()
    if like.islower():
        return word.lower()
    return word.capitalize() if like.istitle() else word


def _put_first(found: list[Alternative], text: str, start: int, end: int, reading: str) -> None:
    """A reading of `text[start:end]`, before those that its place has already."""
    for number, place in enumerate(found):
        if place.start <= start and end <= place.end:
            whole = text[place.start : start] + reading + text[end : place.end]
            others = [each for each in place.readings if each != whole]
            kept = (whole, *others)[:MAX_READINGS]
            found[number] = Alternative(place.start, place.end, kept)
            return
        if place.start < end and start < place.end:
            return  # a part of it reads otherwise
        if end <= place.start:
            found.insert(number, Alternative(start, end, (reading,)))
            return
    found.append(Alternative(start, end, (reading,)))


def _less(word: str) -> Iterator[str]:
    """The word without one of its letters."""
    return (word[:place] + word[place + 1 :] for place in range(len(word)))


def _differing(one: str, other: str) -> int:
    return sum(mine != theirs for mine, theirs in zip(one, other, strict=True))
