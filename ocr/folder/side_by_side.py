"""The folder's files and the database's rows, both in the order of their paths, in step.

Neither is ever held as a whole. Each pair that comes out covers the same part of the order: what
stands in one of its lists only is new there, or gone.
"""

import bisect
import itertools
import operator
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from folder.folder_walk import Seen
from records.folder_rows import ROWS_TOGETHER

Row = TypeVar("Row", bound=tuple[Any, ...])
_STRETCH = 64
"""So many pairs are compared in one step, in C."""


class Part(NamedTuple, Generic[Row]):
    """What stands in one part of the order."""

    after: bytes
    """It begins behind this path."""
    files: list[Seen]
    rows: list[Row]


def side_by_side(
    blocks: Iterable[list[Seen]],
    rows_between: Callable[[bytes, bytes | None], list[Row]],
    *,
    passes_over: Callable[[bytes, list[Seen]], bool] = lambda *_: False,
) -> Iterator[Part[Row]]:
    """Files and rows of each part.

    `rows_between(after, up_to)` gives the first ROWS_TOGETHER rows there, whose first column is
    the path. It is asked as each part is reached, so that rows may be changed in between.
    Where `passes_over(after, files)` says so these files' rows are not asked for.
    """
    after = b""
    for block in blocks:
        files = block
        while files:
            if passes_over(after, files):
                after = files[-1][0]
                break
            rows = rows_between(after, files[-1][0])
            if len(rows) < ROWS_TOGETHER:
                yield Part(after, files, rows)
                after = files[-1][0]
                break
            cut = bisect.bisect_right(files, rows[-1][0], key=itemgetter(0))
            yield Part(after, files[:cut], rows)
            after = rows[-1][0]
            files = files[cut:]
    while rows := rows_between(after, None):
        yield Part(after, [], rows)
        after = rows[-1][0]


def differences(files: list[Row], rows: list[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """What does not stand in both sorted lists just so: a file, its row, or both when they differ.

    A few missing or failed files lie in nearly every part of an archive: the others between them
    are passed over without looking at each.
    """
    at_file = at_row = 0
    while at_file < len(files) and at_row < len(rows):
        some, beside = files[at_file : at_file + _STRETCH], rows[at_row : at_row + _STRETCH]
        differ = map(operator.ne, some, beside)
        same = next(itertools.compress(itertools.count(), differ), min(len(some), len(beside)))
        at_file += same
        at_row += same
        if at_file == len(files) or at_row == len(rows) or same == _STRETCH:
            continue
        file, row = files[at_file], rows[at_row]
        has_file, has_row = file[0] <= row[0], row[0] <= file[0]
        yield (file if has_file else None), (row if has_row else None)
        at_file += has_file
        at_row += has_row
    for file in files[at_file:]:
        yield file, None
    for row in rows[at_row:]:
        yield None, row
