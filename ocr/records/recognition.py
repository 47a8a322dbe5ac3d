"""Which row a file under a name without a row may continue: the file of another name, moved.

By the stat alone, when inode, size and both times are those of a row whose content was hashed: the
kernel changes ctime with whatever is done to a file, and a folder above that is renamed does
nothing to it (decision 25). Else by content, rather the row that was last seen as this very file:
of several with the same content each must find its own, or one is left over.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

from records import duplicates
from records.database import Connection
from records.folder_rows import TRY_AGAIN
from records.id_set import IdSet
from source_files import FileStat

_MOST_TRIED = 50
"""Copies of one content that are asked whether they are gone."""
_FEW_ABSENT = 1_000
_NO_VERDICT = ", ".join(f"'{code}'" for code in TRY_AGAIN)


class Candidate(NamedTuple):
    """A row that may be the file."""

    image_id: int
    path: bytes
    sha256: str | None
    status: str


def by_stat(connection: Connection, stat: FileStat) -> list[Candidate]:
    """Rows of files that were this very file, unchanged since their verdict."""
    rows = connection.execute(
        "SELECT id, path, sha256, status FROM images WHERE inode = ? AND size_bytes = ? "  # noqa: S608
        f"AND mtime_ns = ? AND ctime_ns = ? AND (coalesce(error_code, '') NOT IN ({_NO_VERDICT}) "
        "OR (sha256 IS NULL AND error_code IN ('symlink', 'not_a_regular_file'))) "
        f"LIMIT {_MOST_TRIED}",  # constants of ours
        (stat.inode, stat.size_bytes, stat.mtime_ns, stat.ctime_ns),
    )
    return [Candidate(*row) for row in rows]


def by_content(
    connection: Connection, stat: FileStat, sha256: str, neighbour: bytes | None, absent: IdSet
) -> Iterator[tuple[int, bytes]]:
    """Rows (id, path) with this content, the likeliest first.

    `neighbour` is the path that it had if it moved as the file before it did. Of many copies the
    few that the last look did not see (`absent`) are asked for by themselves; where those are many,
    a folder has moved, and the neighbour tells.
    """
    original = duplicates.find_original(connection, sha256)
    if original is None:
        return
    yield from connection.execute(
        "SELECT id, path FROM images WHERE inode = ? AND +sha256 = ? LIMIT ?",
        (stat.inode, sha256, _MOST_TRIED),  # by the index on inode: there may be many copies
    ).fetchall()
    if neighbour is not None:
        yield from connection.execute(
            "SELECT id, path FROM images WHERE path = ? AND +sha256 = ?", (neighbour, sha256)
        ).fetchall()
    if 0 < len(absent) <= _FEW_ABSENT:
        yield from connection.execute(
            "SELECT id, path FROM images WHERE id IN (SELECT value FROM json_each(?)) "
            "AND +sha256 = ? ORDER BY id LIMIT ?",
            (json.dumps(list(absent)), sha256, _MOST_TRIED),
        ).fetchall()
    yield original
    yield from connection.execute(
        "SELECT id, path FROM images WHERE duplicate_of = ? ORDER BY id LIMIT ?",
        (original[0], _MOST_TRIED),
    ).fetchall()


class FolderMove(NamedTuple):
    """What one file's move says of its neighbours."""

    old: bytes
    new: bytes
    """Beginnings of paths, with their slash."""

    @classmethod
    def of(cls, old: bytes, new: bytes) -> "FolderMove | None":
        """The folder that moved with the file; None when the file has another name, too."""
        before, after = old.split(b"/"), new.split(b"/")
        count = 0
        while before and after and before[-1] == after[-1]:
            before.pop()
            after.pop()
            count += 1
        return cls(_beginning(before), _beginning(after)) if count else None

    def back(self, path: bytes) -> bytes | None:
        """Where `path` lay if it moved likewise."""
        return self.old + path[len(self.new) :] if path.startswith(self.new) else None


def _beginning(folders: list[bytes]) -> bytes:
    return b"".join(folder + b"/" for folder in folders)
