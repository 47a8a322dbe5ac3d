"""Hits that differ from a query by what OCR confuses, for a search that finds little.

Each word of the query is replaced by each spelling that it may have been read as, the likeliest
first; all else of the query must hold as it stands. A spelling counts where it stands alone.
"""

import dataclasses
import itertools
import re
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TypeVar

from ocr_contract.search import documents, evaluator, other_readings
from ocr_contract.search.matching import Document, matches
from ocr_contract.search.tree import And, Node, Or, Word, wanted_words
from ocr_contract.similar_words import first_images, similar_phrases, similar_words, stands_alone

_T = TypeVar("_T")

FEW_HITS = 5
"""With fewer hits a search looks for similar ones."""
MOST_HITS = 10
LIMIT_S, LIMIT_BESIDE_HITS_S = 0.03, 0.012
"""Where nothing was found it is what the visitor waits for."""
_LOOKED_AT = 10
"""So many images that hold a spelling are looked at: in some it is a part of another word."""
_MOST_OF_A_READING = 3
"""What stands in many images is seldom misread, and others should be seen as well."""
_PART = re.compile(r"[^\W_]+")


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """One way in which a word of the query may have been read."""

    typed: str
    read: str
    tree: Node
    """The query with this reading in the place of the word."""
    is_known: bool
    """It occurs in the archive; otherwise that is to be seen."""

    @property
    def query(self) -> str:
        """What finds it when it is typed."""
        return f'"{self.read}"'


@dataclasses.dataclass(frozen=True, slots=True)
class SimilarHits:
    """What was found in the time that there was."""

    readings: list[Reading]
    """Those that occur in the archive, the likeliest first."""
    hits: list[tuple[int, Reading]]
    """Ids of images and what is read there."""
    is_complete: bool
    """False: not every reading was looked up to its end."""


def find(
    connection: sqlite3.Connection, tree: Node, *, known: Collection[int] = (),
    most: int = MOST_HITS, limit_s: float = LIMIT_S, each_s: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
) -> SimilarHits:  # fmt: skip
    """Up to `most` images beside those `known` that a reading of the query's words is in.

    Where each was met first is known; for more the index is asked as long as there is time.
    `each_s` is what that takes, as far as one knows: no question is begun in less, for FTS5 is not
    interrupted in the middle of one.
    """
    until = clock() + limit_s
    candidates: list[Reading] = []
    found: dict[int, Reading] = {}
    occurring: set[Reading] = set()
    is_complete = True
    try:
        doubtful = _doubtful_hits(connection, tree)
        candidates = [*dict.fromkeys(doubtful.values())]
        candidates += readings(connection, tree, is_over=lambda: clock() >= until)
        is_complete = clock() < until
        occurring.update(reading for reading in candidates if reading.is_known)
        found |= _first_hits(connection, candidates) | doubtful
        for reading in candidates:
            if clock() + each_s >= until or len(found.keys() - set(known)) >= most:
                is_complete = False
                break
            ids, is_whole = _all_hits(connection, reading, until - clock(), clock)
            is_complete = is_complete and is_whole
            occurring |= {reading} if ids else set()
            found = dict.fromkeys(ids[:_MOST_OF_A_READING], reading) | found
    except sqlite3.OperationalError as error:  # the time of the whole request is up
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        is_complete = False
    shown = [reading for reading in candidates if reading in occurring]
    hits = _by_turns(
        [(image_id, reading) for image_id, whose in found.items() if whose is reading]
        for reading in shown
    )
    return SimilarHits(shown, [hit for hit in hits if hit[0] not in known][:most], is_complete)


def readings(
    connection: sqlite3.Connection, tree: Node, *, is_over: Callable[[], bool] = lambda: False
) -> list[Reading]:
    """Of each word of the query in turn; in words that must be exact nothing is similar.

    When `is_over` no further part of a word or phrase is looked up.
    """
    words = _tolerant_words(tree)
    return _by_turns(list(_of_word(connection, tree, word, is_over)) for word in words)


def _by_turns(lists: Iterable[list[_T]]) -> list[_T]:
    """The first of each, the second of each, and so on."""
    turns = itertools.chain.from_iterable(itertools.zip_longest(*lists, fillvalue=None))
    return [each for each in turns if each is not None]


def _of_word(
    connection: sqlite3.Connection, tree: Node, word: Word, is_over: Callable[[], bool]
) -> Iterator[Reading]:
    """Its readings; of a phrase also those with one of its words read otherwise."""
    whole = (0, len(word.folded))
    parts = [match.span() for match in _PART.finditer(word.folded)]

    def reading(place: tuple[int, int], read: str, *, is_known: bool) -> Reading:
        spelling = word.folded[: place[0]] + read + word.folded[place[1] :]
        return Reading(word.typed, spelling, _with(tree, word, Word(spelling, spelling)), is_known)

    for start, end in dict.fromkeys([whole, *parts]):
        if (start, end) != whole and is_over():
            return
        for read in similar_words(connection, word.folded[start:end], is_over=is_over):
            yield reading((start, end), read, is_known=(start, end) == whole)
    for start, end in parts:
        if is_over():
            return
        for read in similar_phrases(connection, word.folded[start:end]):
            yield reading((start, end), read, is_known=False)


def _with(node: Node, word: Word, other: Word) -> Node:
    """The tree with one word in another's place, but for what must not be there."""
    if node == word:
        return other
    if isinstance(node, And | Or):
        return type(node)(tuple(_with(part, word, other) for part in node.parts))
    return node


def _doubtful_hits(connection: sqlite3.Connection, tree: Node) -> dict[int, Reading]:
    """Images in which a word of the query is another reading of what stands there."""
    found: dict[int, Reading] = {}
    for word in _tolerant_words(tree):
        for image_id, read in other_readings.places(connection, word.folded):
            reading = Reading(word.typed, read, _with(tree, word, Word(read, read)), is_known=True)
            document = next(iter(documents.load(connection, [image_id])), None)
            if document is not None and matches(document, reading.tree):
                found.setdefault(image_id, reading)
    return found


def _tolerant_words(tree: Node) -> list[Word]:
    words = [word for word in wanted_words(tree) if word.exact is None and not word.only_name]
    return [*dict.fromkeys(words)]


def _first_hits(
    connection: sqlite3.Connection, candidates: Sequence[Reading]
) -> dict[int, Reading]:
    """Of each reading that occurs the image in which it was met first, if it is there yet."""
    known = [reading for reading in candidates if reading.is_known]
    images = first_images(connection, [reading.read for reading in known])
    loaded = documents.load(connection, sorted(set(images.values())))
    by_id = {document.id: document for document in loaded}
    found: dict[int, Reading] = {}
    for reading in known:
        document = by_id.get(images.get(reading.read, 0))
        if document is not None and _is_hit(document, reading):
            found.setdefault(document.id, reading)
    return found


def _all_hits(
    connection: sqlite3.Connection, reading: Reading, limit_s: float, clock: Callable[[], float]
) -> tuple[list[int], bool]:
    """Where the reading stands alone, and whether no more can be there."""
    hits = evaluator.find(
        connection, reading.tree, limit=_LOOKED_AT, counts=False, limit_s=limit_s, clock=clock
    )
    ids = [one.id for one in documents.load(connection, hits.ids) if _is_hit(one, reading)]
    return ids, hits.is_complete and hits.next_below is None


def _is_hit(document: Document, reading: Reading) -> bool:
    return stands_alone(reading.read, document.folded_text) and matches(document, reading.tree)
