"""The words of which the writer knows that they stand in the table `words` already.

Most words of a page were met before: to look each of them up in a large table is what a page would
cost most. What was met lately stays known; what was not met for long is forgotten, in two steps, so
that what every page has never is.
"""

from collections.abc import Iterable

MOST = 50_000
"""Of each half: some 5 MB."""


class KnownWords:
    """A set in two halves: when the younger one is full, it becomes the older one."""

    def __init__(self) -> None:
        self._younger: set[str] = set()
        self._older: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._younger or self._older)

    def new_of(self, words: Iterable[str]) -> set[str]:
        """Those of `words` that are not known; from now on they all are."""
        unmet = set(words) - self._younger
        new = unmet - self._older
        if len(self._younger) + len(unmet) > MOST:
            self._older, self._younger = self._younger, set()
        self._younger |= unmet
        return new

    def clear(self) -> None:
        """Nothing is known: what was stored was undone."""
        self._younger.clear()
        self._older.clear()
