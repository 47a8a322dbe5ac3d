"""Images with the same content: one is the original, the others show its text.

An original has `duplicate_of` NULL, and alone may be read by the engine and own pages. These
rules hold after every transaction, so that no image waits for one that will never be read:

- An original is never itself a duplicate.
- The pages of an original belong to its `sha256`; a duplicate has none.
- A warning belongs to the pages: an original without them has none, and a duplicate has that of
  its original, also when it is missing, because it shows that text.
- A duplicate that is in the folder stands where its original stands, and that one can be read:
  when it cannot (it is missing, or unreadable at this moment), the duplicate takes its place.
"""

from collections.abc import Iterator

import heartbeat
from ocr_contract.schema import Status
from records import search_index
from records.database import Connection, utc_now

OF_THE_MOMENT = (
    "unreadable",
    "changed_while_read",
    "file_vanished",
    "symlink",
    "not_a_regular_file",
)
"""Errors that say something of the path at this moment and nothing of the content."""
_MOMENT = ", ".join(f"'{code}'" for code in OF_THE_MOMENT)
_TOGETHER = 2_000
"""Duplicates that one statement changes."""
_FINISHED = (
    "(EXISTS (SELECT 1 FROM pages WHERE image_id = images.id) AND "
    "NOT EXISTS (SELECT 1 FROM pages WHERE image_id = images.id AND stage > 0))"
)
"""It has pages, and is no document that is still being read."""
_AWAY = f"(status = 'missing' OR coalesce(error_code, '') IN ({_MOMENT}))"


_WARN_AS = (
    "UPDATE images SET (warning_code, warning) = "
    "(SELECT warning_code, warning FROM images WHERE id = ?1)"
)
_STAND_WHERE = (
    "UPDATE images SET (status, error_code, error, finished_at, updated_at) = (SELECT "
    "CASE status WHEN 'processing' THEN 'pending' ELSE status END, error_code, error, "
    "finished_at, updated_at FROM images WHERE id = ?1)"
)


def find_original(
    connection: Connection, sha256: str, other_than: int = -1
) -> tuple[int, bytes] | None:
    """The original (id, path) that has this content, rather one that can be read."""
    rows = connection.execute(
        "SELECT id, path FROM images WHERE sha256 = ?1 AND duplicate_of IS NULL "  # noqa: S608
        f"AND id <> ?2 ORDER BY {_AWAY}, id LIMIT 1",  # a constant of ours
        (sha256, other_than),
    ).fetchall()
    return rows[0] if rows else None


def settle(connection: Connection, image_id: int) -> None:
    """Give an image that is in the folder, with known content, the state that it deserves.

    It has its text already, or follows the original with that content, or takes over from
    one that is away, or else waits to be read.
    """
    ((sha256, has_pages, is_finished),) = connection.execute(
        f"SELECT sha256, EXISTS (SELECT 1 FROM pages WHERE image_id = images.id), {_FINISHED} "  # noqa: S608
        "FROM images WHERE id = ?",
        (image_id,),
    ).fetchall()
    if has_pages:  # an original, which shows what it showed, or goes on where it stood
        _stand_alone(connection, image_id, Status.DONE if is_finished else Status.PENDING)
    else:
        search_index.will_change(connection, image_id, followers=True)
        _stand_alone(connection, image_id, Status.PENDING)
        _join(connection, image_id, sha256)
    spread(connection, image_id)


def _stand_alone(connection: Connection, image_id: int, status: Status) -> None:
    connection.execute(
        "UPDATE images SET status = ?, error_code = NULL, error = NULL, attempts = 0, "
        "duplicate_of = NULL, updated_at = ? WHERE id = ?",
        (status, utc_now(), image_id),
    )


def _join(connection: Connection, image_id: int, sha256: str) -> None:
    """Follow the original with this content, or take over from one that is away."""
    original = find_original(connection, sha256, other_than=image_id)
    if original is None:
        return
    if not _is_away(connection, original[0]):
        _follow(connection, image_id, original[0])
        return
    _promote(connection, image_id, original[0])
    if not _is_missing(connection, original[0]):
        _detach(connection, original[0])
    connection.execute(
        f"UPDATE images SET status = ? WHERE id = ? AND {_FINISHED}",  # noqa: S608  ours
        (Status.DONE, image_id),
    )


def spread(connection: Connection, original_id: int) -> None:
    """Let the duplicates that are in the folder stand where their original stands."""
    followers = "SELECT 1 FROM images WHERE duplicate_of = ? LIMIT 1"
    if not connection.execute(followers, (original_id,)).fetchall():
        return  # most have none
    for first, last in _slices(connection, original_id):
        connection.execute(
            f"{_STAND_WHERE} WHERE duplicate_of = ?1 AND id BETWEEN ?3 AND ?4 AND status <> ?2",
            (original_id, Status.MISSING, first, last),
        )
        connection.execute(
            f"{_WARN_AS} WHERE duplicate_of = ?1 AND id BETWEEN ?2 AND ?3",
            (original_id, first, last),
        )


def _slices(connection: Connection, original_id: int) -> Iterator[tuple[int, int]]:
    """The first and the last id of some of an image's duplicates after the other.

    A million blank pages are one group. They change together, or one that is in the folder would
    stand otherwise than its original; but not in one statement, in which no heart beats.
    """
    last = -1
    while True:
        heartbeat.beat()
        ((first, end),) = connection.execute(
            "SELECT min(id), max(id) FROM (SELECT id FROM images INDEXED BY images_duplicate_of "
            "WHERE duplicate_of = ? AND id > ? ORDER BY id LIMIT ?)",
            (original_id, last, _TOGETHER),
        ).fetchall()
        if first is None:
            return
        yield first, end
        last = end


def content_left(connection: Connection, image_id: int) -> None:
    """The file has other content now: the text stays with a duplicate, or goes."""
    search_index.will_change(connection, image_id)
    heir = _heir(connection, image_id)
    if heir is not None:
        _promote(connection, heir, image_id)
    connection.execute("DELETE FROM pages WHERE image_id = ?", (image_id,))
    connection.execute("DELETE FROM stray_corrections WHERE image_id = ?", (image_id,))
    _detach(connection, image_id)


def cannot_be_read_now(connection: Connection, image_id: int) -> None:
    """The path failed, not the content: a duplicate that is in the folder is read instead."""
    went_missing(connection, image_id)
    _detach(connection, image_id)


def went_missing(connection: Connection, image_id: int) -> None:
    """A duplicate that is still in the folder takes its place, text and all."""
    heir = _heir(connection, image_id)
    if heir is not None and not _is_missing(connection, heir):
        _promote(connection, heir, image_id)


def _is_away(connection: Connection, image_id: int) -> bool:
    rows = connection.execute(
        f"SELECT {_AWAY} FROM images WHERE id = ?",  # noqa: S608  a constant of ours
        (image_id,),
    ).fetchall()
    return bool(rows[0][0])


def _is_missing(connection: Connection, image_id: int) -> bool:
    rows = connection.execute("SELECT status FROM images WHERE id = ?", (image_id,)).fetchall()
    return bool(rows[0][0] == Status.MISSING)


def _follow(connection: Connection, image_id: int, original_id: int) -> None:
    """Make `image_id`, and all that followed it, duplicates of `original_id`."""
    connection.execute(f"{_STAND_WHERE} WHERE id = ?2", (original_id, image_id))
    connection.execute(f"{_WARN_AS} WHERE id = ?2", (original_id, image_id))
    spread(connection, image_id)
    _give_to(connection, image_id, original_id)
    connection.execute("UPDATE images SET duplicate_of = ? WHERE id = ?", (original_id, image_id))


def _promote(connection: Connection, heir_id: int, original_id: int) -> None:
    """Make `heir_id` the original, with the pages; `original_id` becomes its duplicate."""
    for table in ("pages", "stray_corrections"):
        connection.execute(
            f"UPDATE {table} SET image_id = ? WHERE image_id = ?",  # noqa: S608  constants of ours
            (heir_id, original_id),
        )
    connection.execute(f"{_WARN_AS} WHERE id = ?2", (original_id, heir_id))
    connection.execute(
        "UPDATE images SET duplicate_of = NULL, (attempts, batch_id, finished_at, page_count) = "
        "(SELECT attempts, batch_id, finished_at, page_count FROM images WHERE id = ?) "
        "WHERE id = ?",
        (original_id, heir_id),
    )
    _give_to(connection, original_id, heir_id)
    connection.execute("UPDATE images SET duplicate_of = ? WHERE id = ?", (heir_id, original_id))


def _give_to(connection: Connection, original_id: int, new_id: int) -> None:
    """All that repeat one repeat another from now on."""
    for first, last in _slices(connection, original_id):
        connection.execute(
            "UPDATE images SET duplicate_of = ? WHERE duplicate_of = ? AND id BETWEEN ? AND ?",
            (new_id, original_id, first, last),
        )


def _heir(connection: Connection, image_id: int) -> int | None:
    """The duplicate that comes next, rather one that is in the folder."""
    rows = connection.execute(
        "SELECT id FROM images WHERE duplicate_of = ? ORDER BY status = ?, id LIMIT 1",
        (image_id, Status.MISSING),
    ).fetchall()
    return rows[0][0] if rows else None


def _detach(connection: Connection, image_id: int) -> None:
    search_index.will_change(connection, image_id)
    connection.execute(
        "UPDATE images SET duplicate_of = NULL, page_count = NULL WHERE id = ?", (image_id,)
    )
    connection.execute(  # it went with the pages, or they were another's
        "UPDATE images SET warning_code = NULL, warning = NULL WHERE id = ? "
        "AND NOT EXISTS (SELECT 1 FROM pages WHERE image_id = images.id)",
        (image_id,),
    )
