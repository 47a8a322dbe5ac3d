"""The search index holds what the images show, after every change and every kill."""

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any

import apsw
import pytest
from database_fixtures import World
from search_index_check import check_search_index

from ocr_contract.search import evaluator
from ocr_contract.search.language import parse
from records import search_backlog, search_index
from records.database import Database
from records.search_backlog import SearchBacklog
from records.search_index import ABSENT, FOLDED, NAMED, PLAIN


def insert_foreign(world: World, image_id: int, name: str, text: str | None) -> None:
    """As another program does it, which knows nothing of the index."""
    with world.database.transaction() as connection:
        connection.execute(
            "INSERT INTO images (id, path, name, size_bytes, mtime_ns, ctime_ns, inode, status, "
            "found_at, updated_at) VALUES (?, ?, ?, 1, 1, 1, 1, ?, '2026-01-01', '')",
            (image_id, name.encode(), name, "missing" if text is None else "done"),
        )
        if text is not None:
            connection.execute(
                "INSERT INTO pages (image_id, number, width, height, text, line_count) "
                "VALUES (?, 1, 1, 1, ?, 1)",
                (image_id, text),
            )


def found(world: World, query: str) -> list[int]:
    """What a search finds, in a copy: one process must not open the same file by two libraries."""
    copy = world.database.path.with_name("copy.db")
    copy.unlink(missing_ok=True)
    world.rows("VACUUM INTO ?", str(copy))
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        connection.isolation_level = None
        return evaluator.find(connection, parse(query).tree, limit=50).ids


def form(world: World, image_id: int) -> int:
    return int(world.rows("SELECT search_form FROM images WHERE id = ?", image_id)[0][0])


def backlog(database: Database, *, busy: bool = False) -> SearchBacklog:
    return SearchBacklog(database, stop=threading.Event(), is_busy=lambda: busy)


def held(world: World, words: str) -> int:
    """How many images the index holds with these words now, whatever waits."""
    sql = "SELECT count(*) FROM images_fts WHERE images_fts MATCH ?"
    return int(world.rows(sql, f'"{words}"')[0][0])


def gram_hits(world: World, gram: str) -> int:
    token = search_index.text_folding.gram_token(gram)
    return len(world.rows("SELECT rowid FROM grams_fts WHERE grams_fts MATCH ?", f'"{token}"'))


def test_a_name_is_found_before_and_after_the_text(world: World) -> None:
    world.put(b"Caf\xc3\xa9/r\xc3\xa9sum\xc3\xa9.png", "x")
    assert world.hits("/cafe/resume.png") == 1
    world.read_all()
    assert world.hits("/cafe/resume.png") == 1
    assert gram_hits(world, "/r") == 1


def test_a_name_that_got_its_text_leaves_the_index_as_a_whole(world: World) -> None:
    """The name was held alone, then once more with the text, of which it is a part."""
    world.put(b"box/needle.png", "a needle and more")
    world.read_all()
    (count,) = world.rows("SELECT count(*) FROM images_fts WHERE images_fts MATCH 'needle'")[0]
    assert (count, world.hits("/box/needle"), world.hits("needle and")) == (1, 1, 1)
    (image_id,) = world.rows("SELECT id FROM images")[0]
    with world.database.transaction() as connection:
        search_index.will_change(connection, image_id)
        connection.execute("UPDATE images SET name = 'other.tif' WHERE id = ?", (image_id,))
        connection.execute("UPDATE pages SET text = 'nothing'")
    with world.database.transaction() as connection:
        connection.execute("INSERT INTO images_fts (images_fts) VALUES ('optimize')")
        connection.execute("INSERT INTO grams_fts (grams_fts) VALUES ('optimize')")
    assert (world.hits("needle"), world.hits("box"), gram_hits(world, "ee")) == (0, 0, 0)
    assert (world.hits("/other.tif"), world.hits("nothing"), gram_hits(world, "th")) == (1, 1, 1)
    check_search_index(world.database._connection)


def test_new_texts_wait_and_go_in_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each search looks through what waits; the index is written once for all of it."""
    monkeypatch.setattr(search_index, "WAITING", 4)
    for number in range(1, 4):
        world.put(b"%d.png" % number, f"needle {number}")
        world.read_all()
        assert (form(world, number), held(world, "needle")) == (NAMED, 0)
        assert found(world, "needle") == [*range(number, 0, -1)]
        assert found(world, "-needle") == []
        world.check()
    world.put(b"4.png", "needle 4")
    world.read_all()
    assert [form(world, number) for number in range(1, 5)] == [FOLDED] * 4
    assert held(world, "needle") == 4
    assert found(world, "needle") == [4, 3, 2, 1]
    world.put(b"5.png", "needle 5")
    world.read_all()
    assert form(world, 5) == NAMED, "as many as before may wait again"
    assert backlog(world.database).work_off() == 1
    assert held(world, "needle") == 5
    world.check()


def test_a_name_that_changes_while_its_text_waits_leaves_the_index(world: World) -> None:
    world.put(b"box/one.png", "needle")
    world.read_all()
    with world.database.transaction() as connection:
        search_index.will_change(connection, 1)
        connection.execute("UPDATE images SET name = 'two.tif'")
    assert (held(world, "one.png"), held(world, "two.tif"), held(world, "needle")) == (0, 1, 1)
    assert form(world, 1) == FOLDED
    world.check()


def test_a_text_that_goes_while_it_waits_was_never_there(world: World) -> None:
    world.put(b"one.png", "needle")
    world.read_all()
    with world.database.transaction() as connection:
        search_index.will_change(connection, 1)
        connection.execute("UPDATE images SET status = 'pending'")
        connection.execute("DELETE FROM pages")
    assert (form(world, 1), held(world, "one.png"), held(world, "needle")) == (FOLDED, 1, 0)
    with world.database.reading() as connection:
        check_search_index(connection)


def test_what_waits_when_the_service_ends_is_indexed_after_the_next_start(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.put(b"one.png", "needle")
    world.read_all()
    world.close()
    world = World(tmp_path)
    assert form(world, 1) == NAMED
    assert backlog(world.database, busy=True).work_off() == 1
    assert (form(world, 1), held(world, "needle")) == (FOLDED, 1)
    world.check()
    world.close()


def test_what_another_program_inserts_is_found_as_it_stands(world: World) -> None:
    insert_foreign(world, 1, "Box/one.png", "Grüße aus Köln")
    assert form(world, 1) == PLAIN
    assert (held(world, "grüße aus"), held(world, "grusse aus"), gram_hits(world, "ol")) == (
        1,
        0,
        0,
    )
    check_search_index(world.database._connection)


def test_it_is_folded_behind_the_work(world: World) -> None:
    insert_foreign(world, 1, "Box/one.png", "Grüße aus Köln")
    insert_foreign(world, 2, "box/two.png", "plain ascii text")
    insert_foreign(world, 3, "box/three.png", None)
    assert backlog(world.database).work_off() == 3
    assert (world.hits("grusse aus"), world.hits("ascii"), gram_hits(world, "ol")) == (1, 1, 1)
    assert [form(world, image_id) for image_id in (1, 2, 3)] == [FOLDED] * 3
    assert backlog(world.database).work_off() == 0


def test_the_newest_are_folded_first(world: World) -> None:
    for number in range(1, 6):
        insert_foreign(world, number, f"{number}.png", f"text {number}")
    with world.database.transaction() as connection:
        assert search_index.index_some(connection, 2) == 2
        assert search_index.count_left(connection) == 3
    assert [form(world, number) for number in range(1, 6)] == [PLAIN] * 3 + [FOLDED] * 2


def test_a_stop_ends_it_between_two_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_backlog, "_IMAGES_A_STEP", 1)
    for number in range(1, 4):
        insert_foreign(world, number, f"{number}.png", "text")
    work = backlog(world.database)
    stop = work._stop
    steps = search_index.index_some

    def step(connection: Any, most: int) -> int:
        stop.set()
        return steps(connection, most)

    monkeypatch.setattr(search_index, "index_some", step)
    assert work.work_off() == 1


def test_pieces_are_joined_after_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_backlog, "_IMAGES_A_STEP", 1)
    monkeypatch.setattr(search_backlog, "_WORTH_MERGING", 8)
    for number in range(1, 13):
        insert_foreign(world, number, f"{number}.png", f"Grüße {number}")
    assert backlog(world.database).work_off() == 12
    assert world.hits("grusse") == 12


def test_a_change_that_it_was_not_told_of_is_refused(world: World) -> None:
    world.put(b"a.png", "x")
    world.read_all()
    world.index_waiting()
    for statement in (
        "UPDATE images SET name = 'other.png'",
        "UPDATE pages SET text = 'other'",
        "DELETE FROM pages",
        "DELETE FROM images",
        "INSERT INTO pages (image_id, number, width, height, text, line_count) "
        "SELECT id, 9, 1, 1, 'more', 1 FROM images",
    ):
        with (
            pytest.raises(apsw.ConstraintError, match="search index"),
            world.database.transaction() as connection,
        ):
            connection.execute(statement)


def test_a_change_of_nothing_costs_the_index_nothing(world: World) -> None:
    world.put(b"a.png", "x")
    world.read_all()
    world.index_waiting()

    def entries() -> list[tuple[Any, ...]]:
        return world.rows("SELECT id, length(block) FROM images_fts_data ORDER BY 1")

    before = entries()
    with world.database.transaction() as connection:
        search_index.will_change(connection, 1, followers=True)
        connection.execute("UPDATE images SET status = 'done'")
    assert entries() == before
    assert form(world, 1) == FOLDED


def test_it_may_be_said_twice(world: World) -> None:
    world.put(b"a.png", "x")
    world.read_all()
    with world.database.transaction() as connection:
        search_index.will_change(connection, 1)
        connection.execute("UPDATE images SET name = 'b.png'")
        search_index.will_change(connection, 1)
        connection.execute("UPDATE images SET name = 'c.png'")
    assert (world.hits("b.png"), world.hits("c.png")) == (0, 1)


def test_all_that_repeats_an_image_is_found_by_its_text(world: World) -> None:
    world.put(b"a.png", "x")
    world.put(b"b.png", "x")
    world.read_all()
    words = world.text(b"a.png") or ""
    assert world.hits(words) == 2
    line_id = world.rows("SELECT id FROM lines LIMIT 1")[0][0]
    world.effects.correct(line_id, "Mended by hand", None)
    assert world.hits("mended by hand") == 2
    world.effects.correct(line_id, None, None)
    assert world.hits("mended by hand") == 0


def test_an_undone_change_leaves_the_index_as_it_was(world: World) -> None:
    world.put(b"a.png", "x")
    world.read_all()
    with (
        contextlib.suppress(ZeroDivisionError),
        world.database.transaction() as connection,
    ):
        search_index.will_change(connection, 1)
        connection.execute("UPDATE images SET name = 'b.png'")
        raise ZeroDivisionError
    assert world.hits("a.png") == 1
    assert form(world, 1) == FOLDED


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_was_undone_must_come_again(world: World, when: str) -> None:
    """Undone before or after the index was settled: neither the change nor its words are known."""
    world.put(b"a.png", "x")
    world.read_all()

    def change(connection: Any) -> None:
        search_index.will_change(connection, 1)
        connection.execute("UPDATE pages SET text = 'zebra crossing'")

    with (
        contextlib.suppress(ZeroDivisionError),
        world.database.transaction() as connection,
    ):
        change(connection)
        if when == "after":
            search_index.settle(connection)
        raise ZeroDivisionError
    with world.database.transaction() as connection:
        change(connection)
    assert world.hits("zebra crossing") == 1
    assert world.rows("SELECT word FROM words WHERE word = 'zebra'") == [("zebra",)]


def test_an_image_of_an_older_version_is_absent_until_it_is_folded(tmp_path: Path) -> None:
    from test_migration import old_database

    path = old_database(tmp_path, 2)
    database = Database(path)
    with database.reading() as connection:
        rows = connection.execute("SELECT DISTINCT search_form FROM images").fetchall()
        assert rows == [(ABSENT,)]
    assert backlog(database, busy=True).work_off() == 3
    with database.reading() as connection:
        check_search_index(connection)
        hits = connection.execute(
            "SELECT rowid FROM images_fts WHERE images_fts MATCH 'words'"
        ).fetchall()
        assert hits == [(1,), (2,)]
    database.close()


def test_counts_and_days_follow_every_row(world: World) -> None:
    for name in (b"a.png", b"b.png", b"c.png"):
        world.put(name, name.decode())
    world.read_all()
    world.remove(b"b.png")
    rows = world.rows("SELECT status, sum(images) FROM image_counts GROUP BY 1 HAVING sum(images)")
    assert dict(rows) == {"done": 2, "missing": 1}
    assert world.rows("SELECT first_id, last_id, images FROM found_days") == [(1, 3, 3)]


def test_what_much_reading_leaves_in_pieces_is_joined_when_nothing_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):  # a piece for each commit
        world.put(b"%d.png" % number, f"words {number}")
        world.read_all()

    def pieces() -> int:
        ((count,),) = world.rows("SELECT count(DISTINCT segid) FROM images_fts_idx")
        return int(count)

    busy = True
    thread = SearchBacklog(world.database, stop=threading.Event(), is_busy=lambda: busy)
    before = pieces()
    assert thread.merge_when_idle() == 0
    monkeypatch.setattr(search_backlog, "_WORTH_MERGING_CHANGES", 100)
    assert thread.merge_when_idle() == 0 and pieces() == before, "images are being read"
    busy = False
    assert thread.merge_when_idle() > 0
    assert pieces() < before
    assert thread.merge_when_idle() == 0, "there is nothing new to join"
    assert world.hits("words 7") == 1


def test_pieces_that_were_left_before_a_start_are_joined_after_it(world: World) -> None:
    for number in range(40):
        world.put(b"%d.png" % number, f"words {number}")
        world.read_all()

    def pieces() -> int:
        ((count,),) = world.rows("SELECT count(DISTINCT segid) FROM images_fts_idx")
        return int(count)

    before = pieces()
    thread = backlog(world.database, busy=False)
    assert thread.merge_when_idle() > 0
    assert pieces() < before
    world.put(b"new.png", "one more")
    world.read_all()
    assert thread.merge_when_idle() == 0, "one text is not worth it"
    assert world.hits("words 7") == 1


def test_words_of_the_newest_pages_are_not_looked_up_again(world: World) -> None:
    """After a start nothing is remembered; no word may be taken for known that is not."""
    world.put(b"a.png", "alpha beta")
    world.read_all()
    world.index_waiting()
    insert_foreign(world, 9, "b.png", "gamma")  # as it stands: its words are nowhere
    with world.database.transaction() as connection:
        known = search_index._latest_words(connection)
        words = {row[0] for row in connection.execute("SELECT word FROM words")}
        assert known == words
        assert "alpha" in known and "gamma" not in known
    world.put(b"c.png", "gamma alpha")
    world.read_all()
    with world.database.reading() as connection:
        check_search_index(connection)


def test_they_are_learnt_as_a_batch_is_claimed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not while its results are stored, for which the worker would wait."""
    world.put(b"a.png", "alpha beta")
    world.read_all()
    with world.database.reading() as connection:
        search_index._changes_of(connection).known_words.clear()
    world.put(b"b.png", "alpha")
    batch = world.store.claim(2)
    assert batch is not None
    monkeypatch.setattr(search_index, "_latest_words", lambda _: pytest.fail("learnt too late"))
    assert world.finish(batch.batch_id, *(world.read(task) for task in batch.tasks)) == 1
