"""What one contestant's reading of one suite comes to."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from scoring import score_pairs
from suites import Item
from word_order import WordOrder, together, word_order
from word_recall import invented, recall, unread

GOOD = 0.95
"""A file of which this share of words is read counts as read."""
BY_F1 = ("receipts", "print")
BY_ORDER = ("layout",)
"""Suites that are scored by F1, and by the words in order; the others by recall, file by file."""


class FileFigures(NamedTuple):
    """One file."""

    name: str
    kind: str
    read: bool
    """False when it ended in another way than done, or the peer could not read it."""
    recall: float
    unread: list[str]
    invented: list[str]
    order: WordOrder


class SuiteFigures(NamedTuple):
    """One suite."""

    suite: str
    files: list[FileFigures]
    f1: float
    precision: float
    recall: float
    """F1, precision and recall over all words of the suite, without regard to case."""

    @property
    def headline(self) -> float:
        """The figure that contestants are compared by: F1, the share of the words that are read
        and in order, or the files' mean recall."""
        if self.suite in BY_ORDER:
            return self.order.share
        return self.f1 if self.suite in BY_F1 else self.mean_recall

    @property
    def order(self) -> WordOrder:
        """Over all words of the suite."""
        return together(file.order for file in self.files)

    @property
    def mean_recall(self) -> float:
        """Every file counts the same."""
        return statistics.fmean(file.recall for file in self.files)

    @property
    def good(self) -> int:
        """How many files are read."""
        return sum(file.recall >= GOOD for file in self.files)

    def by_kind(self) -> dict[str, float]:
        """Mean recall of each kind, by its name."""
        kinds: dict[str, list[float]] = {}
        for file in self.files:
            kinds.setdefault(file.kind, []).append(file.recall)
        return {kind: statistics.fmean(kinds[kind]) for kind in sorted(kinds)}


Outcome = SuiteFigures | str
"""Or why there are no figures."""


def figures_of(suite: str, items: Sequence[Item], texts: Mapping[Path, str]) -> SuiteFigures:
    """`texts` lacks what could not be read: that counts as nothing read, and as a fault."""
    score = score_pairs((texts.get(item.path, ""), item.known) for item in items)
    files = []
    for item in items:
        text = texts.get(item.path)
        found = text or ""
        files.append(
            FileFigures(
                name=item.path.name,
                kind=item.kind,
                read=text is not None,
                recall=recall(found, item.known) if text is not None else 0.0,
                unread=unread(found, item.known),
                invented=invented(found, item.known),
                order=word_order(found, item.known),
            )
        )
    return SuiteFigures(suite, files, score.f1, score.precision, score.recall)
