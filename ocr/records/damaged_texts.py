"""Texts that changed on the disk: a page's text is that of its lines, a name that of its path.

SQLite's own check finds what is no page of a table. A letter that became another one it does not
see, and this would be shown, found and exported as what was read. Each text is stored twice, so a
change of one is told by the other. Which is right nobody knows: the image is read again. A name is
made of its path.

A changed byte may also leave what is no text any more. Such a text is made readable first, or
nobody could read its row, those who are to replace it neither.
"""

import itertools
import json
from collections.abc import Iterable, Sequence

import heartbeat
from ocr_contract.error_codes import ErrorCode
from records import duplicates, request_effects, search_index
from records.database import Connection
from source_files import display_name

MOST = 1000
"""So many images of one check are read again: where there are more, more is wrong than letters."""
TOGETHER = 10
"""Of these in one transaction."""
_SENTENCE = (
    "The stored text of this image was damaged on the disk. It is read again; where its file is "
    "gone, what stands here may be wrong: compare it with a backup."
)

_COLUMNS = {
    "lines": ("text", "polygon", "words", "alternatives", "doubt_reason", "model"),
    "pages": (
        "text",
        "corrected",
        "embedded_text",
        "preview",
        "thumbnail",
        "warning_code",
        "warning",
    ),
}
"""Whose values are text, by table."""
_OF_IMAGE = {
    "lines": "page_id IN (SELECT id FROM pages WHERE image_id = ?)",
    "pages": "image_id = ?",
}


def _joined(table: str, first: int) -> str:
    return " || ".join(f"coalesce({table}.{column}, '')" for column in _COLUMNS[table][first:])


_PAGES = f"""
    SELECT image_id,
           pages.text = coalesce(group_concat(lines.text, char(10) ORDER BY lines.number), ''),
           CAST(pages.text AS BLOB),
           CAST({_joined("pages", 1)} AS BLOB),
           CAST(group_concat({_joined("lines", 1)}, '') AS BLOB)
    FROM pages LEFT JOIN lines ON page_id = pages.id GROUP BY pages.id
"""  # noqa: S608  names of ours


def find(connection: Connection, most: int = MOST) -> list[int]:
    """The ids of images whose pages say something else than their lines, or are no text any more.

    Reads all that was ever read, a page at a time.
    """
    found: dict[int, None] = {}
    for image_id, is_same, *others in connection.execute(_PAGES):
        if not (is_same and all(map(_is_text, others))):
            found[image_id] = None
            if len(found) >= most:
                break
    return list(found)


def find_names(connection: Connection, most: int = MOST) -> list[tuple[str, int]]:
    """Names that are not those of their paths: as they should be, and the ids of their images."""
    rows = connection.execute("SELECT id, path, CAST(name AS BLOB) FROM images")
    wrong = (
        (right, image_id)
        for image_id, path, name in rows
        if (right := display_name(path)).encode() != name
    )
    return list(itertools.islice(wrong, most))


def rename(connection: Connection, names: Iterable[tuple[str, int]]) -> None:
    """Give images their names back, as `find_names` found them."""
    for name, image_id in names:
        search_index.will_change(connection, image_id)
        connection.execute("UPDATE images SET name = ? WHERE id = ?", (name, image_id))


def let_read_again(connection: Connection, image_ids: Sequence[int]) -> list[str]:
    """Let these images wait for another reading, warned of until then; returns their names."""
    for image_id in image_ids:
        heartbeat.beat()
        _make_readable(connection, image_id)
        connection.execute(
            "UPDATE images SET warning_code = ?, warning = ? WHERE id = ?",
            (ErrorCode.TEXT_DAMAGED, _SENTENCE, image_id),
        )
        if not request_effects.queue_again(connection, image_id):
            duplicates.spread(connection, image_id)
    return [
        name
        for (name,) in connection.execute(
            "SELECT name FROM images WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(image_ids)),),
        )
    ]


def _make_readable(connection: Connection, image_id: int) -> None:
    """What is no text is as much of it as can be read, until the image is read again."""
    for table, columns in _COLUMNS.items():
        for column in columns:
            rows = connection.execute(
                f"SELECT id, CAST({column} AS BLOB) FROM {table} "  # noqa: S608  names of ours
                f"WHERE {_OF_IMAGE[table]}",
                (image_id,),
            )
            wrong = [
                (text.decode(errors="replace"), row) for row, text in rows if not _is_text(text)
            ]
            if wrong and table == "pages":
                search_index.will_change(connection, image_id, followers=True)
            connection.executemany(
                f"UPDATE {table} SET {column} = ? WHERE id = ?",  # noqa: S608
                wrong,
            )


def _is_text(text: bytes | None) -> bool:
    try:
        if text is not None:
            text.decode()
    except UnicodeDecodeError:
        return False
    return True
