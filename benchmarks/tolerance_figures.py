"""How many misread words `similar_words` finds in an archive, at what price and how quickly.

A word is found when a spelling that is named stands where the word does on its page. A spelling
that stands at the place of this word on any page is a right one; each other that occurs is wrong.
"""

import dataclasses
import sqlite3
import statistics
import time
from collections.abc import Iterable, Mapping

from misread_words import Place
from ocr_contract.similar_words import (
    LONGEST,
    SHORTEST,
    similar_phrases,
    similar_words,
    stands_alone,
)
from ocr_contract.text_folding import skeleton

GOAL_FOUND, GOAL_WRONG, GOAL_P95_MS = 0.9, 5.0, 150.0


@dataclasses.dataclass
class Figures:
    """What came of one archive; `lost` are words with what was read instead."""

    archive_words: int
    misread: int
    found: int = 0
    right: int = 0
    wrong: int = 0
    lost: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    p50_ms: float = 0.0
    p95_ms: float = 0.0

    @property
    def found_share(self) -> float:
        return self.found / max(self.misread, 1)

    @property
    def wrong_for_each_right(self) -> float:
        return self.wrong / max(self.right, 1)

    def is_good(self) -> bool:
        """Whether all three goals are met."""
        return (
            self.found_share >= GOAL_FOUND
            and self.wrong_for_each_right <= GOAL_WRONG
            and self.p95_ms < GOAL_P95_MS
        )


def judge(
    known: Iterable[Place],
    missed: Iterable[Place],
    texts: Mapping[str, str],
    archive: set[str],
) -> Figures:
    """Look up each word that was misread on a page, once for the page."""
    everywhere: dict[str, list[Place]] = {}
    for place in known:
        everywhere.setdefault(place.word, []).append(place)
    wanted: dict[tuple[str, str], list[Place]] = {}
    for place in missed:
        if place.was_read:
            wanted.setdefault((place.page, place.word), []).append(place)
    connection = word_table(archive)
    figures = Figures(len(archive), len(wanted))
    for (_, word), here in wanted.items():
        phrases = similar_phrases(connection, word)
        spellings = dict.fromkeys(similar_words(connection, word))
        spellings |= dict.fromkeys(
            phrase for phrase in phrases if any(stands_alone(phrase, t) for t in texts.values())
        )
        right = [name for name in spellings if any(p.shows(name) for p in everywhere[word])]
        figures.right += len(right)
        figures.wrong += len(spellings) - len(right)
        if any(place.shows(name) for name in right for place in here):
            figures.found += 1
        else:
            figures.lost.append((word, here[0].read))
    figures.p50_ms, figures.p95_ms = _timing(connection, sorted(everywhere))
    return figures


def word_table(archive: Iterable[str]) -> sqlite3.Connection:
    """What `similar_words` needs of the schema."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE words (skeleton TEXT NOT NULL, word TEXT NOT NULL,"
        " PRIMARY KEY (skeleton, word)) WITHOUT ROWID"
    )
    rows = (
        (skeleton(word.replace(" ", "")), word)
        for word in archive
        if SHORTEST <= len(word.replace(" ", "")) <= LONGEST
    )
    connection.executemany("INSERT INTO words VALUES (?, ?)", sorted(rows))
    return connection


def _timing(connection: sqlite3.Connection, typed: list[str]) -> tuple[float, float]:
    """Milliseconds of both look-ups for a word, median and the 95th of 100."""
    taken = []
    for word in typed:
        started = time.perf_counter()
        similar_words(connection, word)
        similar_phrases(connection, word)
        taken.append((time.perf_counter() - started) * 1000)
    cuts = statistics.quantiles(taken, n=20)
    return cuts[9], cuts[18]
