"""A database that is too large to be read at a look, and damage where only reading finds it."""

from pathlib import Path

import apsw

from records.database import Database

LINES = 20_000


def large_database(path: Path) -> Path:
    """One page of very many lines; the service that wrote it was killed."""
    database = Database(path)
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO images (path, name, size_bytes, mtime_ns, ctime_ns, inode, sha256, status,"
            " found_at, updated_at) VALUES (x'61', 'a', 1, 1, 1, 1, 'aa', 'done', '', '')"
        )
        connection.execute(
            "INSERT INTO pages (image_id, number, width, height, text, line_count) "
            "VALUES (1, 1, 100, 100, 'a long page', ?)",
            (LINES,),
        )
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO lines (page_id, number, text, confidence, polygon) "
            "SELECT 1, i, 'the words of line ' || i, 0.9, '[[1, 1], [9, 1], [9, 2], [1, 2]]' "
            "FROM n",
            (LINES,),
        )
    database.close(clean=False)
    return path


def pages_of(path: Path, tree: str) -> list[int]:
    """The numbers of a table's or an index's leaves, in its order."""
    plain = apsw.Connection(
        f"{path.as_uri()}?immutable=1", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    )
    rows = plain.execute(
        "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path", (tree,)
    ).fetchall()
    plain.close()
    return [int(str(number)) for (number,) in rows]


def overwrite(path: Path, *pages: int) -> None:
    """As a dying disk does."""
    with path.open("r+b") as stream:
        for page in pages:
            stream.seek((page - 1) * 4096)
            stream.write(b"\xff" * 4096)


def damage_deeply(path: Path, tree: str = "lines") -> None:
    """One leaf, between the places that a quick look sees."""
    leaves = pages_of(path, tree)
    overwrite(path, leaves[len(leaves) * 23 // 32])
