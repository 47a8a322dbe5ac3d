"""The folder's files and the database's rows, both in the order of their paths, in step.

Neither is ever held as a whole. Each pair that comes out covers the same part of the order: what
stands in one of its lists only is new there, or gone.
"""

import bisect
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any, TypeVar

from folder.folder_walk import Seen
from records.folder_rows import ROWS_TOGETHER

Row = TypeVar("Row", bound=tuple[Any, ...])


def side_by_side(
    blocks: Iterable[list[Seen]], rows_between: Callable[[bytes, bytes | None], list[Row]]
) -> Iterator[tuple[list[Seen], list[Row]]]:
    """Files and rows of each part.

    `rows_between(after, up_to)` gives the first ROWS_TOGETHER rows there, whose first column is
    the path. It is asked as each part is reached, so that rows may be changed in between.
    """
    after = b""
    for block in blocks:
        files = block
        while files:
            rows = rows_between(after, files[-1][0])
            if len(rows) < ROWS_TOGETHER:
                after = files[-1][0]
                yield files, rows
                break
            after = rows[-1][0]
            cut = bisect.bisect_right(files, after, key=itemgetter(0))
            yield files[:cut], rows
            files = files[cut:]
    while rows := rows_between(after, None):
        yield [], rows
        after = rows[-1][0]
