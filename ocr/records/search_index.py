"""The search index, kept in step with what each image shows: its name and the text of its pages.

`images_fts`, `grams_fts` and `words` hold folded texts (`text_folding`), which SQL alone cannot
make. Whoever changes a name, a page or `duplicate_of` does it within `changing`: before, the old
text is taken out; after, the new one is put in, in the same transaction. `schema.sql` refuses what
is done without it. What another program inserted, and what a version before 3 stored, is folded
behind the work by `index_some`, the newest first.
"""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from ocr_contract import text_folding
from records.database import Connection

ABSENT, PLAIN, FOLDED, CHANGING = range(4)
"""The values of images.search_form."""

_LONGEST_WORD = 32
_SHORTEST_WORD = 3


class _Held(NamedTuple):
    """An image as the index holds it."""

    form: int
    name: str
    text: str


@contextlib.contextmanager
def changing(connection: Connection, image_id: int, *, followers: bool = False) -> Iterator[None]:
    """What the image shows (with `followers` what its duplicates show) may change in this block.

    Part of the caller's transaction. What shows the same afterwards costs the index nothing;
    within another block for the same image this one does nothing.
    """
    image_ids = [image_id]
    if followers:
        rows = connection.execute("SELECT id FROM images WHERE duplicate_of = ?", (image_id,))
        image_ids += [row[0] for row in rows]
    before = {found: _begin(connection, found) for found in image_ids}
    yield
    for found, held in before.items():
        if held is None:
            continue
        if (held.name, held.text) == _texts(connection, found):
            _set_form(connection, found, held.form)
        else:
            _take_out(connection, found, held)
            put_in(connection, found)


def put_in(connection: Connection, image_id: int) -> None:
    """Hold what this image shows now; it was not held, or is new."""
    name, text = _texts(connection, image_id)
    name, text = text_folding.fold(name), text_folding.fold_page(text)
    connection.execute(
        "INSERT INTO images_fts (rowid, name, text) VALUES (?, ?, ?)", (image_id, name, text)
    )
    connection.execute(
        "INSERT INTO grams_fts (rowid, grams) VALUES (?, ?)", (image_id, _gram_tokens(name, text))
    )
    connection.executemany(
        "INSERT OR IGNORE INTO words (word, reversed, skeleton) VALUES (?, ?, ?)",
        [
            (word, word[::-1], text_folding.skeleton(word))
            for word in sorted(text_folding.words(text))
            if _SHORTEST_WORD <= len(word) <= _LONGEST_WORD
        ],
    )
    _set_form(connection, image_id, FOLDED)


def index_some(connection: Connection, most: int) -> int:
    """Fold up to `most` images that are held otherwise or not at all; returns how many."""
    rows = connection.execute(
        "SELECT id FROM images WHERE search_form < 2 ORDER BY id DESC LIMIT ?", (most,)
    ).fetchall()
    for (image_id,) in reversed(rows):  # ascending is what FTS5 likes
        held = _begin(connection, image_id)
        if held is not None:
            _take_out(connection, image_id, held)
            put_in(connection, image_id)
    return len(rows)


def count_left(connection: Connection) -> int:
    """How many images `index_some` has to do yet."""
    rows = connection.execute("SELECT count(*) FROM images WHERE search_form < 2").fetchall()
    return int(rows[0][0])


def _begin(connection: Connection, image_id: int) -> _Held | None:
    """Mark the image as being changed; None when somebody does that already."""
    ((form,),) = connection.execute(
        "SELECT search_form FROM images WHERE id = ?", (image_id,)
    ).fetchall()
    if form == CHANGING:
        return None
    held = _Held(form, *_texts(connection, image_id))
    _set_form(connection, image_id, CHANGING)
    return held


def _take_out(connection: Connection, image_id: int, held: _Held) -> None:
    if held.form == ABSENT:
        return
    name, text = held.name, held.text
    if held.form == FOLDED:
        name, text = text_folding.fold(name), text_folding.fold_page(text)
        connection.execute(
            "INSERT INTO grams_fts (grams_fts, rowid, grams) VALUES ('delete', ?, ?)",
            (image_id, _gram_tokens(name, text)),
        )
    connection.execute(
        "INSERT INTO images_fts (images_fts, rowid, name, text) VALUES ('delete', ?, ?, ?)",
        (image_id, name, text),
    )


def _set_form(connection: Connection, image_id: int, form: int) -> None:
    connection.execute("UPDATE images SET search_form = ? WHERE id = ?", (form, image_id))


def _texts(connection: Connection, image_id: int) -> tuple[str, str]:
    """The name and the text, as they stand."""
    ((name, text),) = connection.execute(
        "SELECT name, text FROM search_texts WHERE id = ?", (image_id,)
    ).fetchall()
    return name, text or ""


def _gram_tokens(name: str, text: str) -> str:
    grams = text_folding.grams(name) | text_folding.grams(text)
    return " ".join(map(text_folding.gram_token, sorted(grams)))
