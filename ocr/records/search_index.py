"""The search index, kept in step with what each image shows: its name and the text of its pages.

`images_fts`, `grams_fts` and `words` hold folded texts (`text_folding`), which SQL alone cannot
make. Whoever changes a name, a page or `duplicate_of` says so before (`will_change`); at the end of
the transaction the old text is taken out and the new one put in. `schema.sql` refuses what is done
without it. What another program inserted, and what a version before 3 stored, is folded
behind the work by `index_some`, the newest first.

A text that is new waits until WAITING of them go in together, or nothing else is to be done for a
while: FTS5 writes a piece of the index each time, and all pieces are joined again and again. Until
then each search compares it itself (`search.plan`).
"""

import dataclasses
import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import heartbeat
from ocr_contract import text_folding
from records.known_words import KnownWords

if TYPE_CHECKING:  # which calls `settle`
    from records.database import Connection

NAMED, ABSENT, PLAIN, FOLDED, CHANGING = range(-1, 4)
"""The values of images.search_form. NAMED: the name is held as FOLDED holds it, the text waits."""

WAITING = 128
"""Texts that go in together. More are joined less often, and each search has more to compare."""

_LONGEST_WORD = 32
_SHORTEST_WORD = 3
_LATEST_PAGES = 500
_FOLLOWERS_AT_ONCE = 200
_MERGED_PAGES = 300
_CHANGES_OF_NOTHING = 3
"""Fewer than two rows for each index: it found nothing to merge."""


_WordRow = tuple[str, str, int]
"""Of `words`."""
Step = Callable[["Connection"], int]
"""Does a part of something long in its caller's transaction; returns how much, 0 at the end."""


class _Held(NamedTuple):
    """An image as the index holds it."""

    form: int
    name: str
    text: str


@dataclasses.dataclass(slots=True)
class _Changes:
    """Of one connection; what is undone in the database is undone here."""

    before: dict[int, _Held] = dataclasses.field(default_factory=dict)
    """How the images that this transaction changes were held."""
    known_words: KnownWords = dataclasses.field(default_factory=KnownWords)
    waiting: int = 0
    """Texts that wait; after a rollback it may be too many, which does no harm."""

    def forget(self) -> None:
        self.before.clear()
        self.known_words.clear()


_changes: "weakref.WeakKeyDictionary[Connection, _Changes]" = weakref.WeakKeyDictionary()


def will_change(connection: "Connection", image_id: int, *, followers: bool = False) -> None:
    """What the image shows (with `followers` what its duplicates show) may change from here on.

    Part of the caller's transaction, which ends with `settle`. What shows the same then costs the
    index nothing; said twice it means the same. Of very many duplicates the index holds most no
    more until `index_some` comes to them: one transaction that put them all in would take minutes.
    """
    changes = _changes_of(connection)
    image_ids = [image_id]
    if followers and has_followers(connection, image_id):
        rows = connection.execute(
            "SELECT id FROM images WHERE duplicate_of = ? ORDER BY id DESC", (image_id,)
        ).fetchall()
        image_ids += [row[0] for row in rows[:_FOLLOWERS_AT_ONCE]]
        _leave_for_later(connection, [row[0] for row in rows[_FOLLOWERS_AT_ONCE:]])
    for found in image_ids:
        if found not in changes.before:
            changes.before[found] = _begin(connection, found)


def has_followers(connection: "Connection", image_id: int) -> bool:
    """Whether another image repeats this one; most have none, and it costs little to see that."""
    return bool(
        connection.execute(
            "SELECT 1 FROM images WHERE duplicate_of = ? LIMIT 1", (image_id,)
        ).fetchall()
    )


def _leave_for_later(connection: "Connection", image_ids: list[int]) -> None:
    """Take these out of the index; the backlog puts them in again, a hundred at a time."""
    before = _changes_of(connection).before
    for image_id in image_ids:
        heartbeat.beat()
        if image_id in before:  # this transaction changes it anyhow
            continue
        ((form,),) = connection.execute(
            "SELECT search_form FROM images WHERE id = ?", (image_id,)
        ).fetchall()
        if form != ABSENT:
            _take_out(connection, image_id, _begin(connection, image_id))
            _set_form(connection, image_id, ABSENT)


def is_new(connection: "Connection", image_id: int) -> None:
    """A row was inserted with the form CHANGING; it is held when the transaction ends."""
    _changes_of(connection).before[image_id] = _Held(ABSENT, "", "")


def settle(connection: "Connection") -> None:
    """Hold what the changed images show now: the last that a transaction does.

    Not earlier: FTS5 writes out what it has gathered whenever another statement of the same
    transaction could be undone alone, which took as long as all else of a page together.
    """
    changes = _changes.get(connection)
    if changes is None:
        return
    for image_id, held in sorted(changes.before.items()):
        texts = _texts(connection, image_id)
        if held.form != ABSENT and texts == (held.name, held.text):
            _set_form(connection, image_id, held.form)
        elif _is_covered(held, *texts):
            _set_form(connection, image_id, NAMED)
            changes.waiting += 1
        else:
            _take_out(connection, image_id, held)
            _put_in(connection, image_id, *_folded(*texts))
    changes.before.clear()
    if changes.waiting >= WAITING:
        index_some(connection, changes.waiting)


def _is_covered(held: _Held, name: str, text: str) -> bool:
    """Whether all that the index holds of an image is put in once more: a name that gets its text.

    What is put in last counts, for each term of an image, so nothing needs to be taken out before.
    """
    return held.form == FOLDED and held.text == "" and held.name == name and text != ""


def _put_in(connection: "Connection", image_id: int, name: str, text: str) -> None:
    """Hold an image folded, with all that belongs to that."""
    _put_in_texts(connection, image_id, name, text)
    _store_words(connection, _new_words(connection, image_id, text))
    _set_form(connection, image_id, FOLDED)


def _put_in_texts(connection: "Connection", image_id: int, name: str, text: str) -> None:
    connection.execute(
        "INSERT INTO images_fts (rowid, text, name) VALUES (?, ?, ?)", (image_id, text, name)
    )
    _put_in_grams(connection, image_id, name, text)


def _put_in_grams(connection: "Connection", image_id: int, name: str, text: str) -> None:
    connection.execute(
        "INSERT INTO grams_fts (rowid, grams) VALUES (?, ?)", (image_id, _gram_tokens(name, text))
    )


def prepare(connection: "Connection") -> None:
    """Learn the words of the newest pages, unless that was done: what comes next is stored faster.

    It takes as long as some hundred pages do, so it is done while the worker reads its first batch.
    """
    known = _changes_of(connection).known_words
    if not known:
        known.new_of(_latest_words(connection))


def _new_words(connection: "Connection", image_id: int, text: str) -> list[_WordRow]:
    """The rows of those words of a folded text that may not stand in `words` yet."""
    prepare(connection)
    words = text_folding.all_words(text)
    new = [
        word
        for word in _changes_of(connection).known_words.new_of(words)
        if _SHORTEST_WORD <= len(word) <= _LONGEST_WORD
    ]
    return list(zip(text_folding.skeletons(new), new, itertools.repeat(image_id), strict=False))


def _store_words(connection: "Connection", rows: list[_WordRow]) -> None:
    """In the order of their table, or each is written somewhere else."""
    connection.executemany(
        "INSERT OR IGNORE INTO words (skeleton, word, image_id) VALUES (?, ?, ?)", sorted(rows)
    )


def _latest_words(connection: "Connection") -> set[str]:
    """Those of the newest pages, which stand in the table: most words of the next page are among
    them, and to look each of them up there is what a page of a large archive costs most."""
    rows = connection.execute(
        "SELECT CAST(text AS BLOB) FROM search_texts WHERE search_form = ? "
        "AND id IN (SELECT image_id FROM pages ORDER BY id DESC LIMIT ?)",
        (FOLDED, _LATEST_PAGES),
    )
    found: set[str] = set()
    for (text,) in rows:
        heartbeat.beat()
        folded = text_folding.fold_page(_readable(text))
        found |= text_folding.all_words(folded)
    return {word for word in found if _SHORTEST_WORD <= len(word) <= _LONGEST_WORD}


def index_some(connection: "Connection", most: int) -> int:
    """Fold up to `most` images that are held otherwise or not at all; returns how many."""
    rows = connection.execute(
        "SELECT id FROM images WHERE search_form < 2 ORDER BY id DESC LIMIT ?", (most,)
    ).fetchall()
    ids = [row[0] for row in reversed(rows)]  # ascending is what FTS5 likes
    words = [row for image_id in ids for row in _fold(connection, image_id)]
    _store_words(connection, words)
    for image_id in ids:
        _set_form(connection, image_id, FOLDED)
    changes = _changes_of(connection)
    changes.waiting = max(changes.waiting - len(ids), 0)
    return len(ids)


def merge_some(connection: "Connection") -> int:
    """Join pieces of the indexes; each search looks into every piece. Returns 0 when done."""
    before = connection.total_changes()
    for table in ("images_fts", "grams_fts"):
        connection.execute(
            f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)",  # noqa: S608  two names
            (_MERGED_PAGES,),
        )
    changes = connection.total_changes() - before
    return changes if changes > _CHANGES_OF_NOTHING else 0


def count_left(connection: "Connection") -> int:
    """How many images `index_some` has to do yet."""
    rows = connection.execute("SELECT count(*) FROM images WHERE search_form < 2").fetchall()
    return int(rows[0][0])


def _changes_of(connection: "Connection") -> _Changes:
    changes = _changes.get(connection)
    if changes is None:
        changes = _changes[connection] = _Changes()
        connection.set_rollback_hook(changes.forget)
    return changes


def _begin(connection: "Connection", image_id: int) -> _Held:
    """Mark the image as being changed, so that the triggers let it be."""
    ((form,),) = connection.execute(
        "SELECT search_form FROM images WHERE id = ?", (image_id,)
    ).fetchall()
    name, text = _texts(connection, image_id)
    _set_form(connection, image_id, CHANGING)
    return _Held(FOLDED, name, "") if form == NAMED else _Held(form, name, text)


def _fold(connection: "Connection", image_id: int) -> list[_WordRow]:
    """Hold folded in `images_fts` and `grams_fts` what the image shows; returns its new words."""
    ((form, *shown),) = connection.execute(
        "SELECT search_form, CAST(name AS BLOB), CAST(text AS BLOB) FROM search_texts WHERE id = ?",
        (image_id,),
    ).fetchall()
    shown = [_readable(each) for each in shown]
    name, text = _folded(*shown)
    as_tokenized = tuple(each.lower() for each in shown)
    if form == PLAIN and "".join(as_tokenized).isascii() and as_tokenized == (name, text):
        _put_in_grams(connection, image_id, name, text)
    else:
        if form == PLAIN:
            _take_out(connection, image_id, _Held(form, *shown))
        _put_in_texts(connection, image_id, name, text)
    return _new_words(connection, image_id, text)


def _take_out(connection: "Connection", image_id: int, held: _Held) -> None:
    if held.form == ABSENT:
        return
    name, text = held.name, held.text
    if held.form == FOLDED:
        name, text = _folded(name, text)
        connection.execute(
            "INSERT INTO grams_fts (grams_fts, rowid, grams) VALUES ('delete', ?, ?)",
            (image_id, _gram_tokens(name, text)),
        )
    connection.execute(
        "INSERT INTO images_fts (images_fts, rowid, text, name) VALUES ('delete', ?, ?, ?)",
        (image_id, text, name),
    )


def _set_form(connection: "Connection", image_id: int, form: int) -> None:
    connection.execute("UPDATE images SET search_form = ? WHERE id = ?", (form, image_id))


def _texts(connection: "Connection", image_id: int) -> tuple[str, str]:
    """The name and the text, as they stand."""
    ((name, text),) = connection.execute(
        "SELECT CAST(name AS BLOB), CAST(text AS BLOB) FROM search_texts WHERE id = ?", (image_id,)
    ).fetchall()
    return _readable(name), _readable(text)


def _readable(text: bytes | None) -> str:
    """Also where the disk changed it: one such text would end each reading (`damaged_texts`)."""
    return "" if text is None else text.decode(errors="replace")


def _folded(name: str, text: str) -> tuple[str, str]:
    return text_folding.fold(name), text_folding.fold_page(text)


def _gram_tokens(name: str, text: str) -> str:
    return " ".join(text_folding.gram_tokens(f"{name}\n{text}"))
