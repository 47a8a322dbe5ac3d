"""When a file that is no longer seen counts as missing.

One file: at the second look that does not see it. Many at once (more than ten, and more than a
fifth of all that is known) look like a mount that failed or a folder moved by mistake: they count
only when they are still away after a grace period. Time is monotonic.
"""

from collections.abc import Callable

from records.id_set import IdSet

MANY_FILES = 10
MANY_SHARE = 0.2


class Disappearance:
    """Remembers what the look before did not see, by the ids of the rows."""

    def __init__(self, grace_s: float, clock: Callable[[], float]) -> None:
        self._grace_s = grace_s
        self._clock = clock
        self._absent = IdSet()
        self._many_since: float | None = None
        self.held_back = 0
        """How many files are gone but not marked as missing yet."""

    def gone(self, absent: IdSet, known: int) -> IdSet:
        """Which rows count as missing, after a complete look that did not see `absent`.

        `known` is how many files should be there.
        """
        twice, self._absent = absent & self._absent, absent
        if len(twice) <= max(MANY_FILES, MANY_SHARE * known):
            return self._release(twice)
        now = self._clock()
        if self._many_since is None:
            self._many_since = now
        if now - self._many_since >= self._grace_s:
            return self._release(twice)
        self.held_back = len(twice)
        return IdSet()

    def _release(self, gone: IdSet) -> IdSet:
        self._many_since = None
        self.held_back = 0
        return gone
