"""How the service ended, as the next start reads it."""

import os
import shutil
from pathlib import Path

import pytest
from deep_damage import damage_deeply, large_database
from test_database import Child
from test_database_files import host_sqlite

from ocr_errors import StoreError
from records import quick_look
from records.database import Database
from records.stop_mark import Ending


def ending(path: Path) -> Ending:
    """What the next start finds; it ends by itself without a word."""
    database = Database(path)
    found = database.last_end
    database.close(clean=False)
    return found


def test_a_clean_stop_holds_until_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    assert ending(path) is Ending.UNCLEAN, "there was nothing"
    assert ending(path) is Ending.UNCLEAN
    Database(path).close()
    assert ending(path) is Ending.CLEAN
    assert ending(path) is Ending.UNCLEAN


def test_a_kill_is_no_clean_stop(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    Database(path).close()
    with Child("hold", path) as killed:
        assert killed.output.readline() == "ready\n"
    assert ending(path) is Ending.UNCLEAN


@pytest.mark.parametrize("how", ["written", "exchanged", "touched", "log removed"])
def test_a_clean_stop_is_that_of_these_files(tmp_path: Path, how: str) -> None:
    path = tmp_path / "ocr_data.db"
    Database(path).close()
    if how == "written":
        host_sqlite(path, "INSERT INTO service_state VALUES ('by hand', '1')")
    elif how == "exchanged":
        shutil.copy2(path, tmp_path / "other")
        (tmp_path / "other").replace(path)
    elif how == "touched":
        os.utime(path)
    else:
        path.with_name("ocr_data.db-wal").unlink()
    assert ending(path) is Ending.UNCLEAN


@pytest.mark.parametrize("mark", [b"", b"\x00" * 90, b'{"end": "clean"', b"[]", b'{"end": "new"}'])
def test_a_mark_that_is_torn_is_none(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "ocr_data.db"
    Database(path).close()
    (tmp_path / "ocr_data.db.lock").write_bytes(mark)
    assert ending(path) is Ending.UNCLEAN


def met_damage(folder: Path) -> Path:
    """A database in which the service met damage that a look does not see."""
    path = large_database(folder / "ocr_data.db")
    database = Database(path)
    database.copy_to(folder / "backups" / "good.db", between=lambda: None)
    database.stop_writing("something is wrong")
    database.close()
    damage_deeply(path)
    return path


def test_where_damage_was_met_everything_is_read_before_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_look, "READING_S", 0.0)
    path = met_damage(tmp_path)
    before = path.read_bytes()
    for _ in range(2):  # however often it is tried
        with pytest.raises(StoreError) as caught:
            Database(path)
        assert caught.value.code == "database_damaged"
        assert caught.value.message.endswith("ocrctl restore good.db")
        assert path.read_bytes() == before


def test_what_a_look_has_found_is_not_passed_by_a_shorter_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = large_database(tmp_path / "ocr_data.db")
    damage_deeply(path)
    for reading_s in (3600.0, 0.0):
        monkeypatch.setattr(quick_look, "READING_S", reading_s)
        with pytest.raises(StoreError, match="is damaged"):
            Database(path)


def test_another_file_in_its_place_is_not_suspected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_look, "READING_S", 0.0)
    path = met_damage(tmp_path)
    shutil.copy(tmp_path / "backups" / "good.db", tmp_path / "other")
    (tmp_path / "other").replace(path)
    assert ending(path) is Ending.UNCLEAN


def test_a_false_alarm_ends_with_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    database = Database(path)
    database.stop_writing("the memory was wrong, not the disk")
    database.close()
    assert ending(path) is Ending.SUSPECT
    assert ending(path) is Ending.UNCLEAN


def test_what_a_transaction_stumbles_over_stops_all_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = large_database(tmp_path / "ocr_data.db")
    damage_deeply(path)
    monkeypatch.setattr(quick_look, "READING_S", 0.0)
    database = Database(path)
    with pytest.raises(StoreError) as caught, database.transaction() as connection:
        connection.execute("UPDATE lines SET confidence = 0.5")
    assert caught.value.code == "database_damaged"
    after = path.read_bytes()
    with pytest.raises(StoreError) as caught, database.transaction() as connection:
        connection.execute("INSERT INTO service_state VALUES ('more', '1')")
    assert caught.value.code == "database_damaged"
    with pytest.raises(StoreError):
        database.look_after()
    database.close()
    assert path.read_bytes() == after, "nor does the log go into it"
    with pytest.raises(StoreError, match="is damaged"):
        Database(path)
