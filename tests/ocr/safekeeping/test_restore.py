"""A backup comes back whole, what was there is kept, and an interruption costs nothing."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from backup_fixtures import back_up, piece, timed
from database_fixtures import World

from ocr_contract import schema
from ocr_errors import OcrError, StoreError
from records.chunked_copy import read_manifest
from records.database import Database
from records.database_copy import checksum_file
from safekeeping import restore as restore_module
from safekeeping.restore import find, restore


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A stopped service's folder: a backup with one text, a database with two."""
    world = World(tmp_path)
    world.put(b"a.png", "a")
    world.read_all()
    world.database.copy_to(tmp_path / "backups" / "one.db", between=lambda: None)
    world.put(b"b.png", "b")
    world.read_all()
    world.close()
    yield tmp_path


def names(database: Path) -> list[str]:
    reader = apsw.Connection(str(database))
    try:
        return [row[0] for row in reader.execute("SELECT name FROM page_texts ORDER BY name")]
    finally:
        reader.close()


def snapshot(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files if path.suffix != ".lock"}


def test_it_comes_back_and_the_other_is_kept(data: Path) -> None:
    target = data / "ocr_data.db"
    target.chmod(0o640)
    done = restore(data / "backups" / "one.db", target)
    assert (done.images, done.pages) == (1, 1)
    assert names(target) == ["a.png"]
    assert done.kept is not None
    assert done.kept.name.startswith("ocr_data.db.before-restore-")
    assert names(done.kept) == ["a.png", "b.png"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    world = World(data)  # the service works with it
    world.put(b"c.png", "c")
    world.read_all()
    world.check()
    world.close()


def leave_a_row_in_the_log(database: Path) -> None:
    """As a service that was killed does: committed, and not yet in the file itself."""
    killed = apsw.Connection(str(database))
    killed.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    killed.execute("INSERT INTO service_state VALUES ('in the log', '1')")
    killed.close()


def test_texts_that_are_only_in_the_log_are_kept_too(data: Path) -> None:
    target = data / "ocr_data.db"
    leave_a_row_in_the_log(target)
    assert (data / "ocr_data.db-wal").stat().st_size
    done = restore(data / "backups" / "one.db", target)
    assert done.kept is not None
    kept = apsw.Connection(str(done.kept))
    assert kept.execute("SELECT key FROM service_state").fetchall() == [("in the log",)]
    kept.close()
    new = apsw.Connection(str(target))
    assert new.execute("SELECT key FROM service_state").fetchall() == []
    new.close()


def test_a_damaged_database_is_kept_to_the_byte_with_its_log(data: Path) -> None:
    target = data / "ocr_data.db"
    leave_a_row_in_the_log(target)
    with target.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xff" * 8192)
    before = {suffix: (data / f"ocr_data.db{suffix}").read_bytes() for suffix in ("", "-wal")}
    done = restore(data / "backups" / "one.db", target)
    assert done.kept is not None
    for suffix, content in before.items():
        assert done.kept.with_name(done.kept.name + suffix).read_bytes() == content
    assert not (data / "ocr_data.db-wal").exists(), "the old log would spoil the new database"
    assert names(target) == ["a.png"]


def test_without_a_database(data: Path) -> None:
    for path in data.glob("ocr_data.db*"):
        path.unlink()
    done = restore(data / "backups" / "one.db", data / "ocr_data.db")
    assert done.kept is None
    assert stat.S_IMODE((data / "ocr_data.db").stat().st_mode) == 0o640
    Database(data / "ocr_data.db").close()


def test_while_the_service_runs_it_says_how_to_stop_it(data: Path) -> None:
    world = World(data)
    before = snapshot(data)
    with pytest.raises(StoreError) as caught:
        restore(data / "backups" / "one.db", data / "ocr_data.db")
    assert caught.value.code == "already_running"
    assert "docker compose stop ocr_service" in caught.value.message
    assert "make run" in caught.value.message
    assert snapshot(data) == before
    world.close()


def refused(data: Path, code: str) -> str:
    """Nothing has changed."""
    before = snapshot(data)
    with pytest.raises(StoreError) as caught:
        restore(data / "backups" / "one.db", data / "ocr_data.db")
    assert caught.value.code == code
    assert snapshot(data) == before
    return caught.value.message


def test_another_content_than_the_checksum_says(data: Path) -> None:
    backup = data / "backups" / "one.db"
    other = apsw.Connection(str(backup))
    other.execute("INSERT INTO service_state VALUES ('forged', '1')")
    other.close()
    assert "choose another backup" in refused(data, "checksum_differs")
    checksum_file(backup).unlink()
    restore(backup, data / "ocr_data.db")


def test_damaged_foreign_too_new_and_no_backup_at_all(data: Path) -> None:
    backup = data / "backups" / "one.db"
    checksum_file(backup).unlink()
    sound = backup.read_bytes()
    backup.write_bytes(sound[: 4096 * 3] + b"\xff" * 4096 + sound[4096 * 4 :])
    assert str(backup) in refused(data, "database_damaged")
    backup.write_bytes(b"words " * 999)
    refused(data, "database_damaged")
    backup.unlink()
    foreign = apsw.Connection(str(backup))
    foreign.execute("CREATE TABLE recipes (name)")
    foreign.close()
    refused(data, "foreign_database")
    backup.write_bytes(sound)
    newer = apsw.Connection(str(backup))
    newer.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
    newer.close()
    assert "Update the program" in refused(data, "schema_version")
    backup.write_bytes(sound)
    (data / "backups" / "one.db-wal").write_bytes(b"log")
    assert "database in use" in refused(data, "not_a_backup")


@pytest.mark.parametrize("step", ["examine", "_give_to_the_service", "_keep", "sync"])
def test_interrupted_anywhere_everything_is_as_before(
    data: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def power_loss(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restore_module, step, power_loss)
    with pytest.raises(KeyboardInterrupt):
        restore(data / "backups" / "one.db", data / "ocr_data.db")
    monkeypatch.undo()
    assert names(data / "ocr_data.db") == ["a.png", "b.png"]
    restore(data / "backups" / "one.db", data / "ocr_data.db")
    assert names(data / "ocr_data.db") == ["a.png"]


def test_without_hard_links(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    done = restore(data / "backups" / "one.db", data / "ocr_data.db")
    assert done.kept is not None
    assert names(done.kept) == ["a.png", "b.png"]


def test_it_is_given_to_the_user_of_the_old_one(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, int, int]] = []
    monkeypatch.setattr(os, "chown", lambda path, *ids: given.append((Path(path).name, *ids)))
    real = Path.stat

    class Other:
        """The same file, of the user of the container."""

        def __init__(self, result: os.stat_result) -> None:
            self.st_mode, self.st_uid, self.st_gid = result.st_mode, 10001, 10001
            self.st_size = result.st_size

    def pretending(path: Path, **how: bool) -> object:
        result = real(path, **how)
        return Other(result) if path.name == "ocr_data.db" else result

    monkeypatch.setattr(Path, "stat", pretending)
    restore(data / "backups" / "one.db", data / "ocr_data.db")
    assert given[:2] == [
        (".ocr_data.db.restoring", 10001, 10001),
        ("ocr_data.db.lock", 10001, 10001),
    ]

    def forbidden(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", forbidden)
    with pytest.raises(StoreError, match="as root"):
        restore(data / "backups" / "one.db", data / "ocr_data.db")


def test_a_backup_is_found_by_path_or_by_name(data: Path) -> None:
    assert find("one.db", data / "backups") == data / "backups" / "one.db"
    path = data / "backups" / "one.db"
    assert find(str(path), data / "elsewhere") == path
    with pytest.raises(OcrError, match=r"there are: one\.db"):
        find("two.db", data / "backups")
    with pytest.raises(OcrError, match="no backup two"):
        find("two.db", data / "nowhere")


def test_interrupted_before_the_exchange_the_old_one_has_what_was_in_its_log(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = data / "ocr_data.db"
    leave_a_row_in_the_log(target)

    def power_loss(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", power_loss)
    with pytest.raises(KeyboardInterrupt):
        restore(data / "backups" / "one.db", target)
    monkeypatch.undo()
    old = apsw.Connection(str(target))
    assert old.execute("SELECT key FROM service_state").fetchall() == [("in the log",)]
    old.close()


def test_by_pieces_it_comes_back_and_the_other_is_kept(data: Path) -> None:
    back_up(data, 1)
    world = World(data)
    world.put(b"c.png", "c")
    world.read_all()
    world.close()
    done = restore(data / "backups" / timed(1), data / "ocr_data.db")
    assert (done.images, done.pages) == (2, 2)
    assert names(data / "ocr_data.db") == ["a.png", "b.png"]
    assert done.kept is not None
    assert names(done.kept) == ["a.png", "b.png", "c.png"]
    world = World(data)  # the service works with it
    world.put(b"c.png", "c")
    world.read_all()
    world.check()
    world.close()


def test_by_pieces_from_elsewhere(data: Path, tmp_path: Path) -> None:
    """The list may come over standard input; its pieces are in data/backups."""
    back_up(data, 1)
    given = data / "given.db"
    (data / "backups" / timed(1)).rename(given)
    restore(given, data / "ocr_data.db", data / "backups")
    assert names(data / "ocr_data.db") == ["a.png", "b.png"]


def test_a_piece_that_is_missing_changes_nothing(data: Path) -> None:
    back_up(data, 1)
    piece(data, read_manifest(data / "backups" / timed(1)).chunks[0]).unlink()
    before = snapshot(data)
    with pytest.raises(StoreError) as caught:
        restore(data / "backups" / timed(1), data / "ocr_data.db")
    assert caught.value.code == "checksum_differs"
    assert "Choose another backup" in caught.value.message
    assert snapshot(data) == before


def test_both_forms_are_listed(data: Path) -> None:
    back_up(data, 1)
    assert find(timed(1), data / "backups") == data / "backups" / timed(1)
    with pytest.raises(OcrError, match=rf"there are: ocr_data-{timed(1)[9:]}, one\.db"):
        find("two.db", data / "backups")
