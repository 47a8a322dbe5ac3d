"""Streams of the few images that an index on their rows knows, and of which ids a day has."""

import json
from collections.abc import Callable, Sequence

from ocr_contract.schema import Status
from ocr_contract.search.columns import Condition
from ocr_contract.search.joins import AnyOf
from ocr_contract.search.source import Source
from ocr_contract.search.streams import ROW_SEEK_COST, ListStream, SqlStream, Stream
from ocr_contract.search.tree import And, Confidence, Found, Node, Or, State

RARE_SHARE = 0.2
"""Of all images: a state that fewer have is looked up in its index."""
RARE_ROWS = 5_000
"""As many are sorted at once."""


def rare_stream(source: Source, node: Node) -> Callable[[], Stream] | None:
    """What makes a stream of at least what fulfils `node`, where that is little; None otherwise."""
    if isinstance(node, State):
        return _of_state(source, node)
    return _of_confidence(source, node) if isinstance(node, Confidence) else None


def id_range(source: Source, node: Node) -> tuple[int, int]:
    """Between which ids every hit of `node` lies."""
    everything = source.first_id, source.last_id
    if isinstance(node, Found):
        comparison = "<" if node.is_before else ">="
        ((first, last),) = source.connection.execute(
            f"SELECT min(first_id), max(last_id) FROM found_days WHERE day {comparison} ?",  # noqa: S608
            (node.day,),
        ).fetchall()
        return (0, -1) if first is None else (first, last)
    if isinstance(node, And | Or):
        ranges = [id_range(source, part) for part in node.parts]
        firsts, lasts = [first for first, _ in ranges], [last for _, last in ranges]
        if isinstance(node, And):
            return max(firsts), min(lasts)
        return min(firsts), max(lasts)
    return everything


def _of_state(source: Source, node: State) -> Callable[[], Stream] | None:
    counts = source.connection.execute(
        "SELECT status, has_warning, images FROM image_counts"
    ).fetchall()
    total = sum(images for _, _, images in counts)
    some = sum(
        images
        for status, has_warning, images in counts
        if status in node.statuses and (has_warning or not node.only_warned)
    )
    if some > RARE_SHARE * total:
        return None
    if node.only_warned:
        return _of_warnings(source, node.statuses) if some <= RARE_ROWS else None
    return lambda: of_statuses(source, node.statuses, ("1", []))


def of_statuses(source: Source, statuses: Sequence[Status], further: Condition) -> Stream:
    """Of the images in these states those that fulfil a condition on their rows; the index has
    what most conditions need."""
    condition, values = further
    sql = (
        "SELECT i.id FROM images i INDEXED BY images_status "  # noqa: S608  # fixed pieces
        f"WHERE {condition} AND i.status = ?"
    )

    def of_status(status: Status) -> Stream:
        return SqlStream(source, "i.id", sql, [*values, status], seek_cost=ROW_SEEK_COST)

    return AnyOf(list(map(of_status, statuses)))


def _of_warnings(source: Source, statuses: tuple[Status, ...]) -> Callable[[], Stream]:
    rows = source.connection.execute(
        "SELECT id FROM images INDEXED BY images_warned "
        "WHERE status IN (SELECT value FROM json_each(?)) AND warning_code IS NOT NULL",
        (json.dumps(statuses),),
    )
    keys = [source.sign * row[0] for row in rows]
    return lambda: ListStream(keys)


def _of_confidence(source: Source, node: Confidence) -> Callable[[], Stream] | None:
    """A mean below a bound has at least one page below it, and one above a page above."""
    if node.comparison in (">", ">="):
        least = node.percent + (node.comparison == ">")
        bound, comparison = (least - 0.001) / 100, ">="
    else:
        most = node.percent + (node.comparison != "<")
        bound, comparison = most / 100, "<"
    some = (
        "FROM pages INDEXED BY pages_confidence "
        f"WHERE confidence {comparison} ? LIMIT {RARE_ROWS + 1}"
    )
    ((count,),) = source.connection.execute(
        f"SELECT count(*) FROM (SELECT 1 {some})",  # noqa: S608  # one of two signs
        (bound,),
    ).fetchall()
    if count > RARE_ROWS:
        return None
    rows = source.connection.execute(f"SELECT image_id {some}", (bound,))  # as above
    originals = sorted({row[0] for row in rows})
    duplicates = source.connection.execute(
        "SELECT id FROM images WHERE duplicate_of IN (SELECT value FROM json_each(?))",
        (json.dumps(originals),),
    )
    ids = {*originals, *(row[0] for row in duplicates)}
    keys = [source.sign * image_id for image_id in ids]
    return lambda: ListStream(keys)
