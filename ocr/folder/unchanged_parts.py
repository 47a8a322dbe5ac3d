"""Parts of the folder that equal their rows: the next look need not read these rows again.

Every file is looked at all the same. A part that shows the same stats as at the last look differs
from its rows only if these were changed meanwhile, and only this process changes them
(`Database.commits`): in an archive that rests a look reads no rows at all. For each part there is a
number made of all that its files show, some 200 KB for a million files.
"""

from collections.abc import Callable

from folder.folder_walk import Seen


class UnchangedParts:
    """What the last look found equal, and what this one does. For one thread."""

    def __init__(self, commits: Callable[[], int]) -> None:
        """`commits` counts whatever may have changed a row."""
        self._commits = commits
        self._as_of = commits()
        self._last: dict[bytes, tuple[int, int]] = {}
        self._this: dict[bytes, tuple[int, int]] = {}
        """For the path after which a part begins: what its files show, and `rows`."""

    def begin(self) -> None:
        """A look begins."""
        now = self._commits()
        self._last = self._this if now == self._as_of else {}
        self._this = {}
        self._as_of = now

    def rows(self, after: bytes, files: list[Seen]) -> int | None:
        """How many rows that are not missing this part has; None when they are to be read."""
        known = self._last.get(after)
        if known is None or self._commits() != self._as_of or known[0] != hash(tuple(files)):
            return None
        self._this[after] = known
        return known[1]

    def add(self, after: bytes, files: list[Seen], rows: int) -> None:
        """These files equal their rows, of which so many are not missing."""
        if self._commits() == self._as_of:
            self._this[after] = hash(tuple(files)), rows
