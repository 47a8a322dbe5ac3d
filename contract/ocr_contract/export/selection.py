"""Which images an export holds: some by their ids, those of a search, those of a state, or all.

Images come in blocks, each a short read of its own. Those without a page are passed over: there is
nothing to export of them.
"""

import dataclasses
import sqlite3
from collections.abc import Callable, Iterator, Sequence

from ocr_contract.export.records import Source, sources
from ocr_contract.search import evaluator
from ocr_contract.search.tree import Node

BLOCK_IMAGES = 2000
MAX_IDS = 1000
"""That can be named one by one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Selection:
    """Everything, unless something narrows it."""

    ids: tuple[int, ...] | None = None
    tree: Node | None = None
    """The query, states included; newest first then."""
    statuses: tuple[str, ...] | None = None
    only_warned: bool = False

    def blocks(
        self, connect: Callable[[], sqlite3.Connection], *, limit_s: float
    ) -> Iterator[list[Source]]:
        """The images, a block at a time; a search may take `limit_s` for each, and goes on where
        it was cut."""
        for ids in self._ids(connect, limit_s):
            found = [source for source in sources(connect(), ids) if source.page_count]
            if found:
                yield found

    def count(self, connection: sqlite3.Connection, *, limit_s: float) -> int | None:
        """How many images they are about, for a progress bar; None: nobody knows."""
        if self.ids is not None:
            return len(self.ids)
        if self.tree is None:
            ((count,),) = connection.execute("SELECT coalesce(sum(images), 0) FROM image_counts")
            return int(count)
        found = evaluator.find(connection, self.tree, limit=1, limit_s=limit_s)
        return found.count if found.count_is_exact else None

    def _ids(
        self, connect: Callable[[], sqlite3.Connection], limit_s: float
    ) -> Iterator[Sequence[int]]:
        if self.ids is not None:
            for start in range(0, len(self.ids), BLOCK_IMAGES):
                yield self.ids[start : start + BLOCK_IMAGES]
        elif self.tree is not None:
            yield from self._hits(self.tree, connect, limit_s)
        else:
            yield from self._all(connect)

    def _hits(
        self, tree: Node, connect: Callable[[], sqlite3.Connection], limit_s: float
    ) -> Iterator[Sequence[int]]:
        below: int | None = None
        while True:
            page = evaluator.find(
                connect(), tree, limit=BLOCK_IMAGES, below=below, counts=False, limit_s=limit_s
            )
            yield page.ids
            if page.next_below is None or page.next_below == below:
                return
            below = page.next_below

    def _all(self, connect: Callable[[], sqlite3.Connection]) -> Iterator[Sequence[int]]:
        after = 0
        while rows := connect().execute(
            "SELECT id, status, warning_code IS NOT NULL FROM images WHERE id > ? "
            "ORDER BY id LIMIT ?",
            (after, BLOCK_IMAGES),
        ).fetchall():  # fmt: skip
            yield [
                image_id
                for image_id, status, is_warned in rows
                if (self.statuses is None or status in self.statuses)
                and (is_warned or not self.only_warned)
            ]
            after = rows[-1][0]
