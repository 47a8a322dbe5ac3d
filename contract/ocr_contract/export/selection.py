"""Which images an export holds: some by their ids, those of a search, those of a state, or all.

Images come in blocks, each a short read of its own. Those without a page are passed over, for there
is nothing to export of them, and told of (`LeftOut`): who asked for three images and gets two must
know which one is missing, and why.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence

from ocr_contract.export.records import Source, sources
from ocr_contract.schema import Status
from ocr_contract.search import evaluator
from ocr_contract.search.tree import Node

BLOCK_IMAGES = 2000
MAX_IDS = 1000
"""That can be named one by one."""


MOST_TOLD = 1000
"""Of those that are left out are named; the others are counted."""


class LeftOut:
    """Images that were asked for and of which nothing was read."""

    def __init__(self) -> None:
        self.count = 0
        self._told: list[str] = []

    def add(self, connection: sqlite3.Connection, ids: Sequence[int], *, were_named: bool) -> None:
        """Some more of them. What is no image to read counts only where somebody named it."""
        rows = connection.execute(
            "SELECT id, name, status, error FROM images "
            "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
            (json.dumps(list(ids)),),
        ).fetchall()
        for _, name, status, error in rows:
            if were_named or status != Status.IGNORED:
                self._tell(f"{name}: {error or _REASONS.get(status, status)}")
        if were_named:
            for image_id in sorted({*ids}.difference(row[0] for row in rows)):
                self._tell(f"There is no image number {image_id}.")

    def note(self) -> str | None:
        """What a zip says of them, a line each; None where there are none."""
        if not self.count:
            return None
        more = self.count - len(self._told)
        head = f"Nothing was read of {images(self.count)} that this export is about:"
        return "\n".join([head, "", *self._told, *([f"and {more:,} more"] if more else []), ""])

    def _tell(self, sentence: str) -> None:
        self.count += 1
        if len(self._told) < MOST_TOLD:
            self._told.append(" ".join(sentence.split()))


_REASONS = {
    Status.PENDING: "It waits to be read.", Status.PROCESSING: "It is being read.",
    Status.DONE: "It is a copy of an image of which nothing was read.",
    Status.MISSING: "The file was deleted before it was read.",
}  # fmt: skip


def images(count: int) -> str:
    """1204 as "1,204 images"."""
    return f"{count:,} {'image' if count == 1 else 'images'}"


class SearchCutError(Exception):
    """The time was up before the search had made a step: to go on would leave hits out."""


@dataclasses.dataclass(frozen=True, slots=True)
class Selection:
    """Everything, unless something narrows it."""

    ids: tuple[int, ...] | None = None
    tree: Node | None = None
    """The query, states included; newest first then."""
    statuses: tuple[str, ...] | None = None
    only_warned: bool = False

    def blocks(
        self, connect: Callable[[], sqlite3.Connection], *, limit_s: float, left_out: LeftOut
    ) -> Iterator[list[Source]]:
        """The images that have a page, a block at a time (see `id_blocks`); the others go into
        `left_out`."""
        for ids in self.id_blocks(connect, limit_s=limit_s):
            found = [source for source in sources(connect(), ids) if source.page_count]
            if len(found) < len(ids):
                lacking = {*ids}.difference(source.id for source in found)
                left_out.add(connect(), list(lacking), were_named=self.ids is not None)
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

    def id_blocks(
        self, connect: Callable[[], sqlite3.Connection], *, limit_s: float
    ) -> Iterator[Sequence[int]]:
        """All of them, also those without a page; a search may take `limit_s` for each block, and
        goes on where it was cut.

        Raises:
            SearchCutError: it cannot go on.
        """
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
            if not page.is_complete and page.next_below in (None, below):
                raise SearchCutError
            if page.next_below is None:
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
