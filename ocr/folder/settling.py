"""When a file is finished: its stat stayed the same over two looks `settle_s` apart.

Time is monotonic: the wall clock may jump. So many files are watched at once and no more: of a
million new ones the others have their turn when the first are taken in.
"""

from collections.abc import Callable, Iterator

from source_files import FileStat

MOST = 50_000
"""Files that are watched at once: some 20 MB."""


class Settling:
    """The files that are not yet finished, and since when each stayed the same."""

    def __init__(self, settle_s: float, clock: Callable[[], float]) -> None:
        self._settle_s = settle_s
        self._clock = clock
        self._since: dict[bytes, tuple[FileStat, float]] = {}
        self.waiting = 0
        """How many further files the last look saw, for which there was no room."""

    def __len__(self) -> int:
        """How many files are watched."""
        return len(self._since)

    def __iter__(self) -> Iterator[bytes]:
        return iter(list(self._since))

    def __contains__(self, path: bytes) -> bool:
        return path in self._since

    @property
    def has_room_again(self) -> bool:
        """Whether those that wait can come in."""
        return self.waiting > 0 and len(self._since) <= MOST // 2

    def due_in_s(self) -> float:
        """Seconds until the first of them could be finished; infinite when there is none."""
        first = min((since for _, since in self._since.values()), default=float("inf"))
        return first + self._settle_s - self._clock()

    def finished(self, path: bytes, stat: FileStat) -> bool:
        """Tell it what was seen now; True when that is what was seen `settle_s` ago, too."""
        seen, since = self._since.get(path, (None, 0.0))
        now = self._clock()
        if seen != stat:
            if seen is None and len(self._since) >= MOST:
                self.waiting += 1
            else:
                self._since[path] = (stat, now)
            return False
        return now - since >= self._settle_s

    def forget(self, path: bytes) -> None:
        """It was taken in, or it is gone."""
        self._since.pop(path, None)
