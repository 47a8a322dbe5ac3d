"""The check behind the work: what it finds, how it gives way, and what it remembers."""

import datetime
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deep_damage import damage_deeply, large_database
from test_database import add, states

from ocr_errors import StoreError
from records import quick_look, thorough_check
from records.database import Database
from records.thorough_check import ThoroughCheck


@pytest.fixture(autouse=True)
def only_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a database that is much larger."""
    monkeypatch.setattr(quick_look, "READING_S", 0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return large_database(tmp_path / "ocr_data.db")


@pytest.fixture
def large(path: Path) -> Iterator[Database]:
    opened = Database(path)
    yield opened
    opened.close()


@pytest.fixture
def at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """It rests whenever it can."""
    monkeypatch.setattr(thorough_check, "TURN_S", 0.0)


def new(database: Database, **how: object) -> ThoroughCheck:
    return ThoroughCheck(database, stop=threading.Event(), **how)  # type: ignore[arg-type]


def once(action: Callable[[], object]) -> Callable[[float], None]:
    """A sleep in which something happens, the first time; in another thread, as in the service."""
    left = [action]

    def sleep(_: float) -> None:
        if left:
            thread = threading.Thread(target=left.pop())
            thread.start()
            thread.join(10)
            assert not thread.is_alive(), "it waits for the check"

    return sleep


def checked(database: Database) -> dict[str, list[object]]:
    """The tables in the record."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT value FROM service_state WHERE key = 'thorough_check'"
        ).fetchall()
    return dict(json.loads(rows[0][0])["tables"])


def test_a_sound_database(large: Database) -> None:
    check = new(large)
    with large.reading() as connection:
        tables = set(quick_look.tables(connection))  # type: ignore[arg-type]
    assert check.state == {"state": "running", "tables_left": len(tables), "checked_at": None}
    check.check_what_is_due()
    assert check.state["state"] == "sound"
    assert check.state["checked_at"] is not None
    assert set(checked(large)) == tables


@pytest.mark.parametrize("tree", ["lines", "sqlite_autoindex_lines_1"])
def test_damage_that_lies_deep_stops_all_writing(path: Path, tree: str) -> None:
    """And as before it is told which backup is good, and the file is left as it is."""
    sound = Database(path)
    sound.copy_to(path.parent / "backups" / "good.db", between=lambda: None)
    sound.close(clean=False)
    damage_deeply(path, tree)
    database = Database(path)
    check = new(database)
    with pytest.raises(StoreError) as caught:
        check.check_what_is_due()
    assert caught.value.code == "database_damaged"
    with pytest.raises(StoreError) as caught:
        add(database, "more")
    assert caught.value.code == "database_damaged"
    assert database.damage is not None
    assert database.damage.message.endswith("ocrctl restore good.db")
    before = path.read_bytes()
    database.close()
    assert path.read_bytes() == before
    for _ in range(2):
        with pytest.raises(StoreError, match=r"ocrctl restore good\.db") as caught:
            Database(path)
        assert caught.value.code == "database_damaged"
    assert path.read_bytes() == before


@pytest.mark.usefixtures("at_every_step")
def test_a_writer_does_not_wait_for_it(large: Database) -> None:
    check = new(large, sleep=once(lambda: add(large, "in the middle")))
    check.check_what_is_due()
    assert "in the middle" in states(large)
    assert check.state["state"] == "sound"


def rests(database: Database, busy: bool, grown_bytes: int = 0) -> list[float]:
    """How long it rests after each second of work."""
    found: list[float] = []
    time_s = [0.0]

    def clock() -> float:
        time_s[0] += 1.0
        return time_s[0]

    sizes = iter([0])
    database.wal_bytes = lambda: next(sizes, grown_bytes)  # type: ignore[method-assign]
    check = new(database, is_busy=lambda: busy, clock=clock, sleep=found.append)
    check._check("lines")
    return found


def test_it_rests_longer_than_it_works_while_images_are_read(large: Database) -> None:
    while_reading = rests(large, busy=True)
    assert len(while_reading) > 50, "the steps are small"
    assert set(while_reading) == {thorough_check.REST_TURNS}
    assert max(rests(large, busy=False)) < 0.01


def test_the_more_the_log_grows_the_shorter_it_rests(large: Database) -> None:
    half = rests(large, busy=True, grown_bytes=thorough_check.HURRY_BYTES // 2)
    assert set(half) == {thorough_check.REST_TURNS / 2}
    assert max(rests(large, busy=True, grown_bytes=thorough_check.HURRY_BYTES)) < 0.01


def test_a_log_that_grows_too_much_is_let_go(large: Database) -> None:
    assert rests(large, busy=True, grown_bytes=thorough_check.GIVE_UP_BYTES) == []
    assert "lines" not in checked(large)
    large.look_after()


@pytest.mark.usefixtures("at_every_step")
def test_files_deleted_under_it_are_no_damage_and_wait_for_nothing(
    path: Path, large: Database
) -> None:
    add(large, "only in the log")

    def delete() -> None:
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink()
        add(large, "after")

    writer = threading.Thread(target=delete)

    def sleep(_: float) -> None:
        """The check learns of it at its next step, a few milliseconds later."""
        if writer.ident is None:
            writer.start()
            assert large._beside_must_end.wait(10)

    check = new(large, sleep=sleep)
    assert not check._check("lines"), "it was disturbed"
    writer.join(10)
    assert not writer.is_alive(), "it waits for the check"
    check.check_what_is_due()
    assert check.state["state"] == "sound"
    assert {"only in the log", "after"} <= set(states(large))


def test_an_exchanged_file_is_not_blamed(path: Path, large: Database) -> None:
    """What lies there now is somebody else's, and may be anything."""
    other = path.with_name("other")
    other.write_bytes(b"words " * 100_000)
    check = new(large)
    other.replace(path)
    with pytest.raises(StoreError) as caught:
        check.check_what_is_due()
    assert caught.value.code == "database_replaced"
    assert large.damage is None


def stopped_after(database: Database, tables: int) -> list[str]:
    """A check that is ended when it has checked so many; the names that it has not."""
    stop = threading.Event()
    check = ThoroughCheck(database, stop=stop)
    due = check._due()
    for name in due[:tables]:
        assert check._check(name)
    return due[tables:]


def test_after_a_clean_stop_it_resumes_where_it_stood(path: Path) -> None:
    database = Database(path)
    left = stopped_after(database, 4)
    database.close()
    database = Database(path)
    check = new(database)
    assert check._due() == left
    check.check_what_is_due()
    database.close()
    database = Database(path)
    check = new(database)
    assert (check._due(), check.state["state"]) == ([], "sound")
    database.close()


def test_after_a_kill_everything_is_due_and_what_waited_longest_comes_first(path: Path) -> None:
    """Or a service that is killed in every check would never come to the end of one."""
    database = Database(path)
    left = stopped_after(database, 4)
    database.close(clean=False)
    database = Database(path)
    check = new(database)
    due = check._due()
    assert len(due) == len(left) + 4
    assert due[: len(left)] == left
    check.check_what_is_due()
    database.close(clean=False)
    database = Database(path)
    assert sorted(new(database)._due()) == sorted(due)
    database.close()


def test_it_ends_in_the_middle_of_a_table_when_the_service_stops(
    large: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thorough_check, "TURN_S", 0.0)
    stop = threading.Event()
    check = ThoroughCheck(large, stop=stop, sleep=lambda _: stop.set())
    check.run()
    assert check.state["state"] == "running"
    assert check._due(), "the rest is for the next start"


@pytest.mark.parametrize("hours", [25, -25])
def test_after_a_day_it_is_checked_again(large: Database, hours: int) -> None:
    """Or when the clock was set back: then nobody knows how long ago it was."""
    check = new(large)
    check.check_what_is_due()
    assert check._due() == []
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=hours)
    at = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with large.transaction() as connection:
        connection.execute(
            "UPDATE service_state SET value = json_set(value, '$.tables.lines[0]', ?) "
            "WHERE key = 'thorough_check'",
            (at,),
        )
    again = new(large)
    assert "lines" in again._due()


def test_a_table_that_is_gone_is_forgotten(large: Database) -> None:
    with large.transaction() as connection:
        connection.execute("CREATE TABLE extra (a)")
    check = new(large)
    check.check_what_is_due()
    assert "extra" in checked(large)
    with large.transaction() as connection:
        connection.execute("DROP TABLE extra")
    check._due()
    check._save()
    assert "extra" not in checked(large)
