"""The process that makes a backup: whatever becomes of it, the service goes on and says why."""

import os
import sys
import time
from pathlib import Path

import pytest
from backup_fixtures import PLENTY, grow, pieces, timed
from polling import wait_until

from machine_limits import is_running
from ocr_errors import StoreError
from records.database_copy import verify
from safekeeping.backup_child import Order, run
from safekeeping.backup_work import Made


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A stopped service's folder with one image."""
    grow(tmp_path, "a.png")
    return tmp_path


def order(data: Path, **changes: object) -> Order:
    target = data / "backups" / timed(1)
    target.parent.mkdir(exist_ok=True)
    usual = Order(str(data / "ocr_data.db"), str(target), 7, PLENTY, 0.0, os.getpid())
    return usual._replace(**changes)  # type: ignore[arg-type]


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_it_makes_one(data: Path) -> None:
    waited = 0

    def wait() -> None:
        nonlocal waited
        waited += 1

    made = run(order(data), wait)
    assert isinstance(made, Made)
    assert (made.images, made.kept) == (1, 1)
    assert waited
    verify(data / "backups" / timed(1))


def test_without_room_it_says_so_and_leaves_nothing(data: Path) -> None:
    with pytest.raises(StoreError) as caught:
        run(order(data, min_free_mb=1e9), lambda: None)
    assert caught.value.code == "disk_low"
    assert "no room for a backup" in caught.value.message
    assert pieces(data) == set()


def test_its_own_reason_is_passed_on(data: Path) -> None:
    (data / "ocr_data.db").write_bytes(b"words " * 1000)
    with pytest.raises(StoreError) as caught:
        run(order(data), lambda: None)
    assert caught.value.code == "database_damaged"


def test_a_folder_that_cannot_be_used_is_named(data: Path) -> None:
    (data / "backups").mkdir()
    (data / "backups" / "chunks").touch()
    with pytest.raises(StoreError) as caught:
        run(order(data), lambda: None)
    assert caught.value.code == "backup_failed"
    assert str(data / "backups") in caught.value.message


@pytest.mark.parametrize(
    "code",
    ["import os; os.kill(os.getpid(), 9)", "print('{}')", "print('nonsense')", "print(5)", ""],
)
def test_one_that_dies_or_talks_nonsense_is_an_error(data: Path, code: str) -> None:
    with pytest.raises(StoreError) as caught:
        run(order(data), lambda: None, python(code))
    assert caught.value.code == "backup_failed"


def test_one_that_cannot_be_started(data: Path) -> None:
    with pytest.raises(StoreError) as caught:
        run(order(data), lambda: None, (str(data / "nothing"),))
    assert caught.value.code == "backup_failed"
    assert "cannot be started" in caught.value.message


def test_when_the_service_stops_it_is_killed(data: Path) -> None:
    told = data / "pid"
    code = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    started = time.monotonic()

    def stop() -> None:
        if told.exists() and told.read_text():
            raise StoreError("stopping", "It stops.")

    with pytest.raises(StoreError, match="It stops"):
        run(order(data), stop, python(code))
    assert time.monotonic() - started < 30
    assert not is_running(int(told.read_text()))


def test_it_ends_with_the_service_that_started_it(data: Path) -> None:
    """Whoever it was told of is not its parent any more."""
    with pytest.raises(StoreError) as caught:
        run(order(data, parent=1), lambda: None)
    assert caught.value.code == "stopping"
    wait_until(lambda: pieces(data) == set())
