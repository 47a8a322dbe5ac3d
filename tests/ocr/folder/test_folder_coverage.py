"""Every file of the folder is counted, with the reason for each that is not read."""

import os
import threading
from pathlib import Path

import pytest
from polling import wait_until
from watcher_scene import Scene

from folder import folder_coverage
from folder.folder_coverage import NAMES_LISTED, FolderCoverage
from ocr_contract.schema import Status
from ocr_errors import RequestError
from records import search_index
from records.catalogue import Catalogue, path_exists


def coverage(scene: Scene) -> FolderCoverage:
    catalogue = Catalogue(scene.database, exists=path_exists(scene.root))
    return FolderCoverage(scene.root, catalogue, found_by=lambda: scene.watcher.found_by)


def set_status(scene: Scene, name: str, status: Status) -> None:
    with scene.database.transaction() as connection:
        connection.execute(
            "UPDATE images SET status = ?, error_code = 'worker_died', error = 'x' WHERE name = ?",
            (status, name),
        )


def test_files_on_disk_are_the_sum_of_all_states(scene: Scene) -> None:
    for name in ("a.png", "b.png", "sub/c.png", "bad.png", "gone.png"):
        scene.write(name)
    scene.look(2)
    scene.read_all()
    set_status(scene, "bad.png", Status.QUARANTINED)
    scene.write("waits.png")
    (scene.root / "empty.png").touch()
    (scene.root / "notes.txt").write_text("notes")
    os.mkfifo(scene.root / "pipe")
    (scene.root / "gone.png").unlink()
    scene.look(3)
    scene.write("new.png")
    for name in (".hidden.png", "Thumbs.db", "copy.png.part", ".folder/x.png"):
        scene.write(name)
    counted = coverage(scene).answer()
    assert counted.counts == {
        "done": 3, "pending": 1, "processing": 0, "failed": 1, "quarantined": 1, "ignored": 6,
        "unfinished": 1,
    }  # fmt: skip
    assert counted.files == sum(counted.counts.values()) == 13
    assert (counted.missing, counted.vanished) == (1, 0)
    ignored = counted.reasons.pop("ignored")
    assert counted.reasons == {
        "failed": {"empty_file": {"count": 1, "names": ["empty.png"]}},
        "quarantined": {"worker_died": {"count": 1, "names": ["bad.png"]}},
    }
    listed = {code: (reason["count"], sorted(reason["names"])) for code, reason in ignored.items()}
    assert listed == {
        "hidden": (2, [".folder", ".hidden.png"]),
        "not_a_regular_file": (1, ["pipe"]),
        "system_file": (1, ["Thumbs.db"]),
        "unfinished_copy": (1, ["copy.png.part"]),
        "unsupported_format": (1, ["notes.txt"]),
    }
    assert counted.complete


def test_files_with_a_warning_stand_among_the_done_ones(scene: Scene) -> None:
    for name in ("a.png", "b.png", "c.png", "bad.png"):
        scene.write(name)
    scene.look(2)
    scene.read_all()
    with scene.database.transaction() as connection:
        connection.execute(
            "UPDATE images SET warning_code = 'no_text_found', warning = 'x' WHERE name <> 'a.png'"
        )
    set_status(scene, "bad.png", Status.QUARANTINED)
    counted = coverage(scene).count()
    assert (counted.counts["done"], counted.files) == (3, 4)
    (warned,) = counted.warnings.items()
    assert (warned[0], warned[1]["count"], sorted(warned[1]["names"])) == (
        "no_text_found", 2, ["b.png", "c.png"],
    )  # fmt: skip
    assert list(counted.reasons["quarantined"]) == ["worker_died"]


def test_what_has_just_vanished_or_come_back_stands_apart(scene: Scene) -> None:
    scene.write("a.png")
    scene.write("b.png")
    scene.look(2)
    scene.read_all()
    (scene.root / "a.png").unlink()
    counted = coverage(scene).count()
    assert (counted.files, counted.vanished, counted.missing) == (1, 1, 0)
    scene.look(2)
    assert coverage(scene).count().missing == 1
    scene.write("a.png")
    counted = coverage(scene).count()
    assert (counted.missing, counted.counts["unfinished"]) == (0, 1)


def test_names_are_listed_up_to_a_cap(scene: Scene) -> None:
    for number in range(NAMES_LISTED + 5):
        scene.write(f".{number}")
    hidden = coverage(scene).count().reasons["ignored"]["hidden"]
    assert hidden["count"] == NAMES_LISTED + 5
    assert len(hidden["names"]) == NAMES_LISTED


def test_recycle_bins_are_named(scene: Scene) -> None:
    """What an earlier version took in from there is missing, as if it were gone."""
    scene.write("a.png")
    scene.write("bin/1/b.png")
    scene.look(2)
    scene.read_all()
    for number, name in enumerate(["#recycle", "$RECYCLE.BIN", ".Trash-1000"]):
        scene.write(f"sub {number}/{name}/deep/c.png")
    os.rename(scene.root / "bin", scene.root / "@Recycle")
    with scene.database.transaction() as connection:
        ((image_id,),) = connection.execute(
            "SELECT id FROM images WHERE name LIKE 'bin/%'"
        ).fetchall()
        search_index.will_change(connection, image_id)
        connection.execute(
            "UPDATE images SET path = ?, name = '@Recycle/1/b.png' WHERE name LIKE 'bin/%'",
            (b"@Recycle/1/b.png",),
        )
    scene.look(3)
    assert scene.statuses() == {"a.png": "done", "@Recycle/1/b.png": "missing"}
    counted = coverage(scene).count()
    assert (counted.files, counted.counts["ignored"], counted.missing) == (5, 4, 1)
    assert counted.reasons["ignored"] == {
        "hidden": {"count": 1, "names": ["sub 2/.Trash-1000"]},
        "system_file": {"count": 3, "names": ["@Recycle", "sub 0/#recycle", "sub 1/$RECYCLE.BIN"]},
    }


def test_an_unreadable_folder_is_said_to_be_incomplete(scene: Scene) -> None:
    scene.root.rmdir()
    counted = coverage(scene).count()
    assert not counted.complete
    assert "cannot be read" in counted.problem


def test_a_long_count_goes_on_without_the_client(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_coverage, "_WAIT_S", 0.05)
    gate = threading.Event()
    counting = coverage(scene)
    count = counting.count
    calls: list[int] = []

    def slow() -> dict[str, object]:
        calls.append(1)
        gate.wait(10)
        return count()

    monkeypatch.setattr(counting, "count", slow)
    for _ in range(3):
        with pytest.raises(RequestError) as caught:
            counting.answer()
        assert (caught.value.code, caught.value.http_status) == ("counting", 503)
    gate.set()
    wait_until(lambda: counting._counting is None or counting._counting.done())
    assert counting.answer().files == 0
    assert len(calls) == 1


def test_found_by_an_event_or_by_looking(scene: Scene) -> None:
    class Event:
        dest_path = ""

        def __init__(self, path: Path) -> None:
            self.src_path = str(path)

    scene.watcher._events.note(Event(scene.write("sub/told.png")))  # type: ignore[arg-type]
    scene.write("untold.png")
    scene.look(3)
    assert scene.watcher.found_by == {"event": 1, "rescan": 1}
    scene.write("told.png").rename(scene.root / "untold.png")
    scene.look(2)
    assert scene.watcher.found_by == {"event": 1, "rescan": 2}, "a change is found, too"
    assert coverage(scene).count().found_by == {"event": 1, "rescan": 2}
