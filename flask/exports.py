"""The table of all texts, and how many of such may be made at once; `export_files` does the rest.

The table is streamed, each image a short read of its own, so that an export of 100,000 images
neither fills the memory nor keeps the writer's log from being checkpointed.
"""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, AnyStr, Generic

from ocr_contract.export.cells import harmless
from ocr_contract.export.light import BYTE_ORDER_MARK, csv_rows

CSV_COLUMNS = (
    "id", "name", "status", "pages", "lines", "confidence", "doubtful_lines", "finished_at",
    "duplicate_of", "error_code", "error", "warning_code", "warning", "text",
)  # fmt: skip
_PIECE_CHARS = 64 * 1024
MAX_TABLES = 4
"""Made at the same moment; each keeps a processor busy."""


def csv_pieces(
    blocks: Iterable[Sequence[int]], fetch: Callable[[int], dict[str, Any] | None]
) -> Iterator[str]:
    """The whole table in pieces: of each of these images the row that `fetch` gives."""
    held = [BYTE_ORDER_MARK, csv_rows([CSV_COLUMNS])]
    size = 0
    for image_id in itertools.chain.from_iterable(blocks):
        row = fetch(image_id)
        if row is not None:
            held.append(csv_rows([[_cell(row[column]) for column in CSV_COLUMNS]]))
            size += len(held[-1])
        if size >= _PIECE_CHARS:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)


class TableSlots:
    """How many tables and zips may be made at once. Safe to share between threads."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(MAX_TABLES)

    def stream(self, blocks: Iterator[AnyStr]) -> "TableStream[AnyStr] | None":
        """`blocks` as the body of a response, or None when there are enough already."""
        return TableStream(blocks, self._free) if self._free.acquire(blocking=False) else None


class TableStream(Generic[AnyStr]):
    """Gives its slot back when closed, once, also when it was never read from."""

    def __init__(self, blocks: Iterator[AnyStr], slot: threading.BoundedSemaphore) -> None:
        self._blocks: Iterator[AnyStr] = blocks
        self._slot: threading.BoundedSemaphore | None = slot

    def __iter__(self) -> Iterator[AnyStr]:
        return self._blocks

    def close(self) -> None:
        """Called by Flask at the end of the response, however it ends."""
        slot, self._slot = self._slot, None
        if slot is not None:
            slot.release()
            close = getattr(self._blocks, "close", None)
            if close is not None:  # its connection, and who makes it elsewhere
                close()


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.4f}"
    return harmless(value.replace("\0", "\ufffd")) if isinstance(value, str) else value
