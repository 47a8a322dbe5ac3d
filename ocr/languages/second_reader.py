"""Which language a line is in is found by reading it: the surest reading is the one.

A page is seldom in more than one of the languages that are set up. So its first lines are read in
all of them, and from then on the language that has been the best so far is asked first; the others
are asked only where it is not sure.
"""

import collections
import functools
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import NamedTuple

import page_progress
from decoding.pixels import Pixels

_SURE = 0.85
"""With this confidence of the page's usual language no other one is asked …"""
_USUAL = 3
"""… once it has read so many lines best."""
_TOGETHER = 8
"""Lines of one round; more than threads, so that few of these wait at its end."""
_FAMILIAR = 0.15
"""So much surer another language must be than a usual one of the page."""
_LEAST_SHARE = 0.4
"""A reading whose words all mix scripts and digits is so much less likely than it says: a wrong
language, Thai above all, spells every line somehow, and is sure of it."""


_MARKS = re.compile("[\u200e\u200f]")
_PARTED_AM = re.compile(
    "\u0e4d(?P<between>[\u0e48-\u0e4b]?)\u0e32"
    "|(?P<before>[\u0e48-\u0e4b])(?:\u0e4d|(?P=before))\u0e32"
)
"""Thai's sara am in two parts, with a tone mark between or before them; its ring is also read as a
second mark, which no letter has."""


class Words(NamedTuple):
    """A line as one recogniser read it."""

    text: str
    """In the order in which it is spoken, whatever its direction."""
    confidence: float
    """0 to 1."""
    places: tuple[float, ...] | None = None
    """Where each word begins and ends, in shares of the line's width; None: not known."""


class LineLostError(Exception):
    """A reader failed on a line; the message says how."""


class OtherReading(NamedTuple):
    """The surest reading of a line."""

    text: str
    confidence: float
    model: str
    """What read it."""
    places: tuple[float, ...] | None = None
    """As of `Words`."""
    is_lost: bool = False
    """A reader failed on it, and no other one is sure of it."""


class Reader(NamedTuple):
    """One language, or several that one model reads."""

    model: str
    """Its name, with the language: what is kept with each line that it reads."""
    read: Callable[[Pixels], Words]
    """Called from several threads; raises LineLostError."""


class SecondReader:
    """Reads lines in the languages that are set up. Safe to use from several threads."""

    def __init__(
        self, readers: Sequence[Reader], threads: int, languages: Collection[str] = ()
    ) -> None:
        """Lines are read in so many threads, whoever asks; `languages` are the codes of what is
        read."""
        self.readers = tuple(readers)
        self.languages = frozenset(languages)
        self._hands: Executor = ThreadPoolExecutor(threads, thread_name_prefix="second")

    def read(self, lines: Sequence[Pixels]) -> list[OtherReading]:
        """The surest reading of each cut-out line of a page; without text where there is none.

        What was best in one round counts from the next one on: were it to count at once, the text
        would depend on which thread comes first.
        """
        wins: collections.Counter[str] = collections.Counter()
        found: list[OtherReading] = []
        for some in _rounds(lines):
            order = sorted(self.readers, key=lambda reader: -wins[reader.model])
            usual = {reader.model for reader in order if wins[reader.model] >= _USUAL}
            found += self._side_by_side(functools.partial(_surest, order, usual), some)
            wins.update(reading.model for reading in found[-len(some) :] if reading.text)
        return found

    def _side_by_side(
        self, read: Callable[[Pixels], OtherReading], lines: Sequence[Pixels]
    ) -> list[OtherReading]:
        under_way = [self._hands.submit(read, line) for line in lines]
        found = []
        try:
            for reading in under_way:
                found.append(reading.result())
                page_progress.step()
        finally:
            for reading in under_way:
                reading.cancel()
        return found


def _rounds(lines: Sequence[Pixels]) -> Iterator[Sequence[Pixels]]:
    """The first one shows which languages are usual on the page."""
    yield from filter(len, [lines[:_USUAL]])
    for start in range(_USUAL, len(lines), _TOGETHER):
        yield lines[start : start + _TOGETHER]


def _surest(readers: Sequence[Reader], usual: set[str], line: Pixels) -> OtherReading:
    """The reading of the reader that is surest; `usual` ones of the page come first."""
    best, best_score, is_lost = OtherReading("", 0.0, ""), 0.0, False
    for reader in readers:
        try:
            text, confidence, places = reader.read(line)
        except LineLostError:
            is_lost = True
            continue
        text = plain(text)
        confidence *= _LEAST_SHARE + (1 - _LEAST_SHARE) * coherence(text)
        score = confidence + _FAMILIAR * (reader.model in usual)
        if text and score > best_score:
            best, best_score = OtherReading(text, confidence, reader.model, places), score
        if confidence >= _SURE and reader.model in usual:
            break
    if is_lost and best.confidence < _SURE:  # the one that failed may have been the right one
        return OtherReading("", 0.0, "", is_lost=True)
    return best


def plain(text: str) -> str:
    """As people write it: letters with their marks as one character, no marks of direction, in
    Greek no micro sign, and Thai's sara am in one part: Unicode does not compose it."""
    composed = unicodedata.normalize("NFC", _MARKS.sub("", text))
    composed = _PARTED_AM.sub(
        lambda found: f"{found['between'] or found['before'] or ''}\u0e33", composed
    )
    is_greek = any("\u0370" <= character < "\u0400" for character in composed)
    return composed.replace("\u00b5", "\u03bc") if is_greek else composed


def coherence(text: str) -> float:
    """The share of a text's characters that are in words of one script, or in numbers; 0 to 1."""
    words = text.split()
    total = sum(map(len, words))
    return sum(len(word) for word in words if _is_coherent(word)) / total if total else 0.0


def _is_coherent(word: str) -> bool:
    """Whether letters of two scripts, or letters and digits, do not meet in it."""
    kinds = {_kind(character) for character in word}
    return len(kinds - {""}) == 1


@functools.lru_cache(maxsize=4096)
def _kind(character: str) -> str:
    """The script of a letter or its mark, "DIGIT", or "" for punctuation."""
    category = unicodedata.category(character)[0]
    if category == "N":
        return "DIGIT"
    if category not in "LM":
        return ""
    script = unicodedata.name(character, "").partition(" ")[0]
    return "" if script == "COMBINING" else script
