"""Where the words of a query stand in a text: what the page marks and a snippet is cut around.

Texts are compared folded, so what is marked may be spelled otherwise than what was typed: `cafe`
marks `Café`, `information` marks both parts of a word that a line's end divides.
"""

import bisect
import dataclasses
import itertools
import operator
import re
import unicodedata
from collections.abc import Iterator, Sequence

from ocr_contract import text_folding
from ocr_contract.search.tree import Node, Word, wanted_words

Span = tuple[int, int]

SNIPPET_BEFORE_CHARS = 40
SNIPPET_AFTER_CHARS = 100
MAX_SNIPPET_CHARS = 300
MAX_SNIPPETS = 2
MAX_SNIPPET_MARKS = 100
MAX_LINE_CHARS = 10_000
"""In a longer line nothing is marked: to find the places in it takes too long."""

_LINE_FEED = re.compile("\n")
_DIVISION = r"(?:- ?\n ?)?"
"""Between any two letters a line may end."""


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and what of it is marked."""

    text: str
    spans: list[Span]


@dataclasses.dataclass(frozen=True, slots=True)
class Snippet:
    """The surroundings of the first hits."""

    pieces: list[Piece]
    is_cut_before: bool
    is_cut_after: bool

    def __str__(self) -> str:
        middle = " … ".join(piece.text for piece in self.pieces)
        return f"{'… ' * self.is_cut_before}{middle}{' …' * self.is_cut_after}"


class Marker:
    """Finds the words of one query."""

    def __init__(self, tree: Node) -> None:
        words = list(dict.fromkeys(wanted_words(tree)))
        self._patterns = [(re.compile(_pattern(word.folded)), word) for word in words]

    def spans(self, text: str, *, is_name: bool = False, most: int | None = None) -> list[Span]:
        """Start and end of every hit, none over another; `most`: the first so many."""
        return list(itertools.islice(self._spans(text, is_name=is_name), most))

    def _spans(self, text: str, *, is_name: bool = False) -> Iterator[Span]:
        """In their order, each worked out when it is asked for."""
        folded = text_folding.fold(text)
        places: _Places | None = None
        if not (text.isascii() and len(folded) == len(text)):
            places = _Places(text, folded)
        hits = [
            (match.span(), word)
            for pattern, word in self._patterns
            if is_name or not word.only_name
            for match in pattern.finditer(folded)
        ]
        hits.sort(key=operator.itemgetter(0))
        start = end = 0
        for where, word in hits:
            span = places.of(*where) if places else where
            if span is None or span[0] == span[1] or not _is_exact(text, span, word):
                continue
            if span[0] >= end:
                if start < end:
                    yield start, end
                start = span[0]
            end = max(end, span[1])
        if start < end:
            yield start, end

    def snippet(self, text: str) -> Snippet | None:
        """The surroundings of the first hits, or None without a hit."""
        spans: list[Span] = []
        windows: list[Span] = []
        hits = itertools.islice(self._spans(text), MAX_SNIPPET_MARKS)
        for hit_start, hit_end in hits:
            spans.append((hit_start, hit_end))
            start, end = _window(text, hit_start, hit_end)
            if windows and start <= windows[-1][1]:
                windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
            elif len(windows) == MAX_SNIPPETS:
                break
            else:
                windows.append((start, end))
            if windows[-1][1] - windows[-1][0] > MAX_SNIPPET_CHARS:
                break
        if not windows:
            return None
        spans += itertools.takewhile(lambda hit: hit[0] < windows[-1][1], hits)
        pieces = [
            Piece(text[start:end].replace("\n", " "), _within(spans, start, end))
            for start, end in windows
        ]
        return Snippet(pieces, windows[0][0] > 0, windows[-1][1] < len(text))


class _Places:
    """Where the characters of a folded text come from, worked out for the lines that matter."""

    def __init__(self, text: str, folded: str) -> None:
        self._text = text
        self._starts = _line_starts(text)
        self._folded_starts = _line_starts(folded)
        self._lines: dict[int, Sequence[int] | None] = {}

    def of(self, start: int, end: int) -> Span | None:
        """The place in the text of a place in the folded text."""
        first, begin = self._of(start, is_end=False)
        last, finish = self._of(end, is_end=True)
        return None if first is None or last is None else (begin, max(finish, begin))

    def _of(self, place: int, *, is_end: bool) -> tuple[int | None, int]:
        line = bisect.bisect_right(self._folded_starts, place - is_end) - 1
        places = self._line(line)
        if places is None:
            return None, 0
        offset = min(place - self._folded_starts[line], len(places) - 1)
        return line, self._starts[line] + places[offset]

    def _line(self, number: int) -> Sequence[int] | None:
        if number not in self._lines:
            ends = [*self._starts[1:], len(self._text)]
            line = self._text[self._starts[number] : ends[number]]
            is_long = len(line) > MAX_LINE_CHARS
            self._lines[number] = None if is_long else _places(line)
        return self._lines[number]


def _places(line: str) -> Sequence[int]:
    """As of `fold_with_places`; in most lines each character stays where it is."""
    if line.isascii() and len(text_folding.fold(line)) == len(line):
        return range(len(line) + 1)
    return text_folding.fold_with_places(line)[1]


def _line_starts(text: str) -> list[int]:
    return [0, *(feed.end() for feed in _LINE_FEED.finditer(text))]


def _pattern(folded: str) -> str:
    parts = [re.escape(folded[0])]
    for before, character in itertools.pairwise(folded):
        between = _DIVISION if before.isalpha() and character.isalpha() else ""
        parts.append(between + re.escape(character))
    return "".join(parts)


def _is_exact(text: str, span: Span, word: Word) -> bool:
    if word.exact is None:
        return True
    return word.exact in unicodedata.normalize("NFC", text[slice(*span)])


def _within(spans: list[Span], start: int, end: int) -> list[Span]:
    """The spans between two places, counted from the first."""
    inside = ((max(first, start), min(last, end)) for first, last in spans)
    return [(first - start, last - start) for first, last in inside if first < last]


def _window(text: str, hit_start: int, hit_end: int) -> Span:
    """A range around a hit that begins and ends between words where it can."""
    start = max(0, hit_start - SNIPPET_BEFORE_CHARS)
    end = min(len(text), hit_end + SNIPPET_AFTER_CHARS)
    if start > 0:
        space = max(text.find(" ", start, hit_start), text.find("\n", start, hit_start))
        start = space + 1 if space >= 0 else start
    if end < len(text):
        space = max(text.rfind(" ", hit_end, end), text.rfind("\n", hit_end, end))
        end = space if space >= 0 else end
    return start, end
