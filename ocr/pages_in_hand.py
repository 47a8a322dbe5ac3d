"""How many pages are in hand at a time: as many as hide their decoding, fewer where they are large.

A page is held from decoding to preview. Six receipts in hand keep two lanes busy and cost little;
six pages of A4 at 300 dots an inch cost 26 MB each and keep no lane busier than three do, as each
has lines for a second. How large a page is shows only when it is decoded, so until then it counts
as large as the one before: files of a folder are alike.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator

_LEAST = 2
"""So many are begun whatever their size: the next is decoded while one is read."""


class PagesInHand:
    """Lets pages begin. Safe to use from any thread."""

    def __init__(self, most: int, most_pixels: float) -> None:
        """At most `most` pages, and of more than two `most_pixels` together."""
        self._most = most
        self._most_pixels = most_pixels
        self._changed = threading.Condition()
        self._pages = 0
        self._pixels = 0
        self._last_pixels = 0

    @contextlib.contextmanager
    def one(self) -> Iterator[Callable[[int], None]]:
        """For the time of one page; waits for its turn. To be called with the page's pixels, once
        they are known."""
        with self._changed:
            self._changed.wait_for(self._may_begin)
            self._pages += 1
            held = self._last_pixels
            self._pixels += held

        def tell(pixels: int) -> None:
            nonlocal held
            with self._changed:
                self._pixels += pixels - held
                held = self._last_pixels = pixels
                self._changed.notify_all()

        try:
            yield tell
        finally:
            with self._changed:
                self._pages -= 1
                self._pixels -= held
                self._changed.notify_all()

    def _may_begin(self) -> bool:
        together = self._pixels + self._last_pixels
        return self._pages < min(_LEAST, self._most) or (
            self._pages < self._most and together <= self._most_pixels
        )
