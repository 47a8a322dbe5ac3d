"""What a look at the folder means for the rows: new, renamed, duplicate, changed, gone, back."""

import itertools
from pathlib import Path

import pytest
from database_fixtures import World, failure, sha, text_of

import heartbeat
from ocr_contract.replies import ReprocessReply
from ocr_errors import ImageError
from records import catalogue
from records.catalogue import Catalogue, Outcome, path_exists


def test_a_new_file_waits_and_is_read_once(world: World) -> None:
    assert world.put(b"a.png", "rose") == Outcome.NEW
    assert world.status(b"a.png") == "pending"
    world.read_all()
    assert (world.status(b"a.png"), world.text(b"a.png")) == ("done", text_of("rose"))
    assert world.register(b"a.png") == Outcome.UNCHANGED
    assert world.put(b"a.png", "rose") == Outcome.UNCHANGED  # touched: other stat, same content
    assert world.row(b"a.png")["mtime_ns"] == 2
    assert world.read_all() == 0


def test_a_renamed_file_keeps_its_row_and_text(world: World) -> None:
    world.put(b"a.png", "rose")
    world.read_all()
    before = world.row(b"a.png")["id"]
    del world.files[b"a.png"]
    assert world.put(b"sub/b.png", "rose") == Outcome.RENAMED
    row = world.row(b"sub/b.png")
    assert (row["id"], row["status"]) == (before, "done")
    assert world.rows("SELECT name FROM images") == [("sub/b.png",)]
    assert world.catalogue.mark_missing(world.ids(b"a.png")) == 0
    assert world.read_all() == 0


def test_a_file_renamed_after_it_was_missing_is_done_without_reading(world: World) -> None:
    world.put(b"a.png", "rose")
    world.read_all()
    world.remove(b"a.png")
    assert world.put(b"b.png", "rose") == Outcome.RENAMED
    assert world.status(b"b.png") == "done"
    assert world.read_all() == 0


def test_a_file_renamed_while_it_waits_is_read_under_its_new_name(world: World) -> None:
    world.put(b"a.png", "rose")
    del world.files[b"a.png"]
    assert world.put(b"b.png", "rose") == Outcome.RENAMED
    world.read_all()
    assert world.text(b"b.png") == text_of("rose")


@pytest.mark.parametrize("at_the_old_path", [None, "torn tulip", "broken"])
def test_a_file_renamed_while_it_is_read_is_read_again(
    world: World, at_the_old_path: str | None
) -> None:
    """The worker looks for the old name and finds nothing there, or another file."""
    world.put(b"a.png", "rose")
    batch_id, tasks, _ = world.store.claim(2) or (0, [], False)
    del world.files[b"a.png"]
    world.put(b"b.png", "rose")
    if at_the_old_path is not None:
        world.write(b"a.png", at_the_old_path)
    world.finish(batch_id, world.read(tasks[0]))
    assert (world.status(b"b.png"), world.text(b"b.png")) == ("pending", None)
    world.read_all()
    assert world.text(b"b.png") == text_of("rose")


def test_a_duplicate_shows_the_originals_text_and_is_never_read(world: World) -> None:
    world.put(b"a.png", "rose")
    assert world.put(b"b.png", "rose") == Outcome.DUPLICATE
    assert world.read_all() == 1
    assert world.put(b"c.png", "rose") == Outcome.DUPLICATE
    assert world.read_all() == 0
    for path in (b"b.png", b"c.png"):
        assert world.row(path)["duplicate_of"] == world.row(b"a.png")["id"]
        assert (world.status(path), world.text(path)) == ("done", text_of("rose"))


def test_a_changed_file_is_read_again_and_loses_the_text_at_once(world: World) -> None:
    world.put(b"a.png", "rose")
    world.read_all()
    assert world.put(b"a.png", "tulip") == Outcome.CHANGED
    assert (world.status(b"a.png"), world.text(b"a.png")) == ("pending", None)
    world.read_all()
    assert world.text(b"a.png") == text_of("tulip")
    assert (world.hits("rose"), world.hits("tulip")) == (0, 1)


def test_a_changed_file_that_goes_and_returns_shows_no_text_of_its_past(world: World) -> None:
    world.put(b"a.png", "rose")
    world.read_all()
    world.put(b"a.png", "tulip")
    world.remove(b"a.png")
    assert world.put(b"b.png", "tulip") == Outcome.RENAMED
    assert world.status(b"b.png") == "pending"
    assert world.text(b"b.png") is None


@pytest.mark.parametrize("read_first", [True, False])
def test_the_duplicates_inherit_when_the_original_changes(world: World, read_first: bool) -> None:
    world.put(b"a.png", "rose")
    world.put(b"b.png", "rose")
    world.put(b"c.png", "rose")
    if read_first:
        world.read_all()
    world.put(b"a.png", "tulip")
    world.read_all()
    assert world.reads.count("rose") == 1
    assert world.text(b"a.png") == text_of("tulip")
    assert world.row(b"b.png")["duplicate_of"] is None
    assert world.row(b"c.png")["duplicate_of"] == world.row(b"b.png")["id"]
    assert world.text(b"b.png") == world.text(b"c.png") == text_of("rose")


def test_a_duplicate_that_changes_is_read_itself(world: World) -> None:
    world.put(b"a.png", "rose")
    world.put(b"b.png", "rose")
    world.put(b"b.png", "tulip")
    world.read_all()
    assert world.text(b"a.png") == text_of("rose")
    assert world.text(b"b.png") == text_of("tulip")


def test_a_file_changed_into_a_copy_becomes_a_duplicate(world: World) -> None:
    world.put(b"a.png", "rose")
    world.put(b"b.png", "tulip")
    world.read_all()
    assert world.put(b"b.png", "rose") == Outcome.CHANGED
    assert world.row(b"b.png")["duplicate_of"] == world.row(b"a.png")["id"]
    assert world.read_all() == 0
    assert world.hits("tulip") == 0


def test_a_deleted_file_keeps_its_text_and_returns_without_reading(world: World) -> None:
    world.put(b"a.png", "rose")
    world.read_all()
    assert world.remove(b"a.png") == 1
    assert world.catalogue.mark_missing(world.ids(b"a.png")) == 0
    assert world.known() == {b"a.png": None}
    assert (world.status(b"a.png"), world.text(b"a.png")) == ("missing", text_of("rose"))
    assert world.put(b"a.png", "rose") == Outcome.RETURNED
    assert world.status(b"a.png") == "done"
    assert world.read_all() == 0


@pytest.mark.parametrize("claimed", [True, False])
def test_a_duplicate_of_a_waiting_file_that_goes_is_read_itself(
    world: World, claimed: bool
) -> None:
    world.put(b"a.png", "rose")
    world.put(b"b.png", "rose")
    batch = world.store.claim(1) if claimed else None
    world.remove(b"a.png")
    if batch is not None:
        world.finish(batch[0], failure(batch[1][0].image_id, "file_vanished", None))
    world.read_all()
    assert world.text(b"b.png") == text_of("rose")
    assert world.status(b"a.png") == "missing"


def test_a_duplicate_of_a_deleted_original_can_be_read_again(world: World) -> None:
    world.put(b"a.png", "rose")
    world.put(b"b.png", "rose")
    world.read_all()
    world.remove(b"a.png")
    assert world.text(b"b.png") == text_of("rose")
    assert world.effects.reprocess([world.row(b"b.png")["id"]], None) == ReprocessReply(1)
    assert world.read_all() == 1
    assert world.status(b"b.png") == "done"


def test_all_copies_deleted_in_one_look_and_one_returns(world: World) -> None:
    paths = [b"a.png", b"b.png", b"c.png"]
    for path in paths:
        world.put(path, "rose")
    world.read_all()
    assert world.remove(*paths) == 3
    assert world.put(b"c.png", "rose") == Outcome.RETURNED
    assert (world.status(b"c.png"), world.text(b"c.png")) == ("done", text_of("rose"))
    assert world.read_all() == 0
    assert world.put(b"a.png", "rose") == Outcome.RETURNED
    assert world.status(b"a.png") == "done"


def test_a_duplicate_that_returns_stands_where_its_failed_original_stands(world: World) -> None:
    world.put(b"a.png", "broken")
    world.put(b"b.png", "broken")
    world.remove(b"b.png")
    batch_id, tasks, _ = world.store.claim(2) or (0, [], False)
    world.finish(batch_id, failure(tasks[0].image_id, "damaged_image", tasks[0].sha256))
    assert world.put(b"b.png", "broken") == Outcome.RETURNED
    assert (world.status(b"b.png"), world.row(b"b.png")["error_code"]) == (
        "failed",
        "damaged_image",
    )
    assert world.put(b"c.png", "broken") == Outcome.DUPLICATE
    assert world.status(b"c.png") == "failed"


def test_a_refused_file_has_a_reason_and_is_read_once_it_is_an_image(world: World) -> None:
    world.write(b"a.png", "no image")
    assert world.refuse(b"a.png", "not_an_image") == Outcome.REFUSED
    row = world.row(b"a.png")
    assert (row["status"], row["error_code"]) == ("failed", "not_an_image")
    assert row["error"] == "A sentence about not_an_image."
    assert world.refuse(b"a.png", "not_an_image") == Outcome.UNCHANGED
    world.put(b"a.png", "rose")
    world.read_all()
    assert world.text(b"a.png") == text_of("rose")


def test_an_original_that_is_overwritten_with_rubbish_leaves_its_text_to_its_copy(
    world: World,
) -> None:
    world.put(b"a.png", "rose")
    world.put(b"b.png", "rose")
    world.read_all()
    world.write(b"a.png", "no image")
    world.refuse(b"a.png", "unsupported_format", ignored=True)
    assert world.status(b"a.png") == "ignored"
    assert (world.status(b"b.png"), world.text(b"b.png")) == ("done", text_of("rose"))
    assert world.text(b"a.png") is None


def test_a_file_unreadable_for_a_while_keeps_its_text(world: World) -> None:
    world.put(b"a.png", "rose")
    world.read_all()
    world.refuse(b"a.png", "unreadable")
    assert (world.status(b"a.png"), world.text(b"a.png")) == ("failed", text_of("rose"))
    assert world.to_try_again() == {b"a.png"}
    assert world.register(b"a.png") == Outcome.RETURNED
    assert world.status(b"a.png") == "done"
    assert world.read_all() == 0
    assert world.to_try_again() == set()


def test_an_unreadable_original_leaves_the_text_to_a_readable_copy(world: World) -> None:
    world.put(b"a.png", "rose")
    world.put(b"b.png", "rose")
    world.read_all()
    world.refuse(b"a.png", "unreadable")
    assert (world.status(b"b.png"), world.text(b"b.png")) == ("done", text_of("rose"))
    world.register(b"a.png")
    assert (world.status(b"a.png"), world.text(b"a.png")) == ("done", text_of("rose"))
    assert world.read_all() == 0


def test_what_was_too_large_is_tried_again_after_a_start(world: World) -> None:
    """The message says to raise the limit; doing so must help."""
    world.write(b"a.png", "rose")
    world.refuse(b"a.png", "too_many_bytes")
    assert world.to_try_again() == set()
    assert world.to_try_again(limits_changed=True) == {b"a.png"}
    world.put(b"b.png", "tulip")
    batch_id, tasks, _ = world.store.claim(2) or (0, [], False)
    world.finish(batch_id, failure(tasks[0].image_id, "too_many_pixels", sha("tulip")))
    assert world.register(b"b.png") == Outcome.RETURNED
    world.read_all()
    assert world.text(b"b.png") == text_of("tulip")


def test_names_of_any_bytes(world: World) -> None:
    path = b"sub/\xff\n\xe2\x80\xae<script>.png"
    world.put(path, "rose")
    world.read_all()
    assert world.rows("SELECT name FROM images") == [("sub/\\xff\\n\\u202e<script>.png",)]
    assert world.known() == {path: world.files[path][1]}


def test_a_refusal_that_fails_midway_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(b"a.png", "rose")
    world.read_all()
    monkeypatch.setattr("records.catalogue.utc_now", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        world.refuse(b"a.png", "empty_file")
    assert (world.status(b"a.png"), world.text(b"a.png")) == ("done", text_of("rose"))


def test_many_copies_come_and_go_without_squares(world: World) -> None:
    paths = [b"%04d.png" % number for number in range(3000)]
    with world.database.transaction():
        for path in paths:
            world.put(path, "blank")
    assert world.read_all() == 1
    assert world.store.counts()["done"] == 3000
    assert world.remove(*paths) == 3000
    assert world.put(paths[7], "blank") == Outcome.RETURNED
    assert world.status(paths[7]) == "done"


def test_exists_asks_the_folder(tmp_path: Path) -> None:
    exists = path_exists(tmp_path)
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert exists(b"a.png")
    assert exists(b"dangling")
    assert not exists(b"sub/b.png")


def test_an_error_is_an_image_error_with_its_own_status(world: World) -> None:
    world.write(b"pipe", "")
    error = ImageError("not_a_regular_file", "A pipe.", ignored=True)
    catalogue: Catalogue = world.catalogue
    catalogue.refuse(b"pipe", world.files[b"pipe"][1], error)
    assert world.status(b"pipe") == "ignored"
    assert world.to_try_again() == {b"pipe"}, "a look sees whether it is a pipe still"


def test_a_renamed_duplicate_leaves_no_row_behind(world: World) -> None:
    world.put(b"a.png", "same")
    world.put(b"b.png", "same")
    world.read_all()
    content, stat = world.files.pop(b"b.png")
    world.files[b"c.png"] = (content, stat)
    assert world.register(b"c.png") is Outcome.RENAMED
    assert world.catalogue.mark_missing(world.ids(b"b.png")) == 0
    assert [row[0] for row in world.rows("SELECT name FROM images ORDER BY name")] == [
        "a.png", "c.png",
    ]  # fmt: skip
    assert world.row(b"c.png")["duplicate_of"] == world.row(b"a.png")["id"]
    world.files[b"d.png"] = (content, stat)  # a hard link: both names are there
    assert world.register(b"d.png") is Outcome.DUPLICATE
    world.check()


def test_a_whole_archive_that_vanishes_goes_in_short_steps(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one transaction it held up everything until the watchdog ended the service, again and
    again."""
    names = [b"%05d.png" % number for number in range(2600)]
    with world.database.transaction() as connection:
        connection.executemany(
            "INSERT INTO images (path, name, size_bytes, mtime_ns, ctime_ns, inode, sha256, "
            "status, found_at, updated_at) VALUES (?, ?, 1, 1, 1, 1, ?, 'pending', 't', 't')",
            [(name, name.decode(), sha(name.decode())) for name in names],
        )
    left: list[int] = []

    def beat() -> None:
        left.extend(world.rows("SELECT count(*) FROM images WHERE status <> 'missing'")[0])

    monkeypatch.setattr(heartbeat, "beat", beat)
    assert world.catalogue.mark_missing(world.ids(*names)) == len(names)
    left += world.rows("SELECT count(*) FROM images WHERE status <> 'missing'")[0]
    assert left[-1] == 0
    assert max(before - after for before, after in itertools.pairwise(left)) <= 500


def test_of_a_vanishing_group_the_one_that_stays_gets_the_text_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from one that goes to the next, each time with all that follow the original: among a
    hundred thousand blank pages that would have no end."""
    monkeypatch.setattr(catalogue, "ROWS_TOGETHER", 1)
    names = [b"%02d.png" % number for number in range(20)]
    for name in names:
        world.put(name, "rose")
    world.read_all()
    for name in names[:-1]:
        del world.files[name]
    with world.database.transaction() as connection:
        connection.execute("CREATE TEMP TABLE moves (page_id)")
        connection.execute(
            "CREATE TEMP TRIGGER moved AFTER UPDATE OF image_id ON main.pages "
            "BEGIN INSERT INTO moves VALUES (new.id); END"
        )
    assert world.catalogue.mark_missing(world.ids(*names[:-1])) == 19
    assert world.rows("SELECT count(*) FROM moves") == [(1,)]
    assert (world.status(names[-1]), world.text(names[-1])) == ("done", text_of("rose"))
    assert world.row(names[-1])["duplicate_of"] is None
    assert {world.status(name) for name in names[:-1]} == {"missing"}
