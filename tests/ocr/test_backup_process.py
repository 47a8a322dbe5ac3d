"""How the process that makes a backup gives way to reading, and when it does not."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backup_fixtures import PLENTY, grow, pieces, timed
from polling import Clock

import backup_process
from ocr_errors import StoreError
from records.database_copy import verify
from safekeeping.backup_child import Order, run
from safekeeping.backup_work import TooSlowError


@pytest.fixture(autouse=True)
def _these_tests_do_not_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process could not come back, and those that it starts would begin there."""
    monkeypatch.setattr(os, "sched_setscheduler", lambda *_: None)


class Asked:
    """What the throttle was told; it never rests."""

    def __init__(self, share: float, **how: Callable[[], Any]) -> None:
        self.share = share
        self.in_haste = how["in_haste"]
        self.idle = how["idle"]
        told.append(self)

    def __call__(self) -> None:
        pass


told: list[Asked] = []


def order(data: Path, **changes: object) -> Order:
    usual = Order(str(data / "ocr_data.db"), "unused", 7, 1, 0.0, os.getppid())
    return usual._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("cpus", "share"), [(1, 0.08), (2, 0.16), (64, 0.5)])
def test_the_share_is_of_what_the_service_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpus: int, share: float
) -> None:
    monkeypatch.setattr(backup_process, "Throttle", Asked)
    monkeypatch.setattr(backup_process, "usable_cpus", lambda: cpus)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    backup_process._between(order(tmp_path))()
    assert told[-1].share == pytest.approx(share)
    knows_of_all = cpus == 64
    assert (told[-1].idle() > 0) == knows_of_all, "an idle processor of another container's"


def let_it_have(log: Path, megabytes: int) -> None:
    with log.open("ab") as stream:
        stream.truncate(megabytes << 20)


@pytest.mark.parametrize(
    ("gives_way", "unhurried", "hurried"), [(True, 113, 115), (False, 177, 179)]
)
def test_it_hurries_when_the_log_has_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gives_way: bool, unhurried: int, hurried: int
) -> None:
    monkeypatch.setattr(backup_process, "Throttle", Asked)
    log = tmp_path / "ocr_data.db-wal"
    let_it_have(log, 50)
    backup_process._between(order(tmp_path, gives_way=gives_way))()
    in_haste = told[-1].in_haste
    assert not in_haste()
    for megabytes, expected in ((unhurried, False), (hurried, True)):
        let_it_have(log, megabytes)
        assert in_haste() is expected
    log.unlink()
    assert not in_haste()


@pytest.mark.parametrize("what", ["log", "time"])
def test_it_gives_way_for_so_long_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    clock = Clock()
    monkeypatch.setattr(backup_process, "Throttle", Asked)
    monkeypatch.setattr(backup_process.time, "monotonic", clock)
    giving_way, asking = (
        backup_process._between(order(tmp_path, gives_way=gives_way)) for gives_way in (True, False)
    )
    giving_way()
    if what == "log":
        let_it_have(tmp_path / "ocr_data.db-wal", 129)
    else:
        clock.now += 2 * 3600 + 1
    asking()
    with pytest.raises(TooSlowError):
        giving_way()


def scheduled(data: Path, at_once_s: float, **changes: object) -> int:
    """Under which policy of the kernel's a real one makes a backup."""
    told = data / "policy"
    code = (
        f"import os, sys; sys.path[:0] = {sys.path!r}; import backup_process\n"
        f"backup_process._AT_ONCE_S = {at_once_s}\n"
        "def make(*_, between, **__):\n"
        "    between()\n"
        f"    open({str(told)!r}, 'w').write(str(os.sched_getscheduler(0)))\n"
        "    sys.exit(0)\n"
        "backup_process.make = make\n"
        "backup_process.main(sys.argv)\n"
    )
    asked = json.dumps(order(data, parent=os.getpid(), **changes)._asdict())
    subprocess.run([sys.executable, "-c", code, asked], check=True)
    return int(told.read_text())


def test_a_long_one_runs_only_where_nobody_else_wants_to(tmp_path: Path) -> None:
    assert scheduled(tmp_path, 0.0) == os.SCHED_IDLE
    assert scheduled(tmp_path, 0.0, gives_way=False) == os.SCHED_OTHER
    assert scheduled(tmp_path, 100.0) == os.SCHED_OTHER, "somebody may wait for a small one"


def test_where_that_is_forbidden_it_keeps_to_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    backup_process._run_where_nobody_else_wants_to()


def test_one_that_was_too_slow_is_made_with_a_share_from_the_pieces_that_are_there(
    tmp_path: Path,
) -> None:
    grow(tmp_path, "a.png", rows=120)
    (tmp_path / "backups").mkdir()
    tries = tmp_path / "tries"
    code = (
        f"import json, os, sys; sys.path[:0] = {sys.path!r}; import backup_process\n"
        "gives_way = json.loads(sys.argv[1])['gives_way']\n"
        f"chunks = {str(tmp_path / 'backups' / 'chunks')!r}\n"
        "found = sum(len(files) for _, _, files in os.walk(chunks))\n"
        f"open({str(tries)!r}, 'a').write(f'{{gives_way}} {{found > 0}}\\n')\n"
        "from records import chunked_copy\n"
        "chunked_copy._STEP_PAGES = 64\n"
        "usual = backup_process._between\n"
        "def between(order):\n"
        "    def give_up():\n"
        "        if gives_way and os.path.isdir(chunks) and os.listdir(chunks):\n"
        "            raise backup_process.TooSlowError\n"
        "    return give_up\n"
        "backup_process._between = between\n"
        "sys.exit(backup_process.main(sys.argv))\n"
    )
    target = tmp_path / "backups" / timed(1)
    asked = order(tmp_path, target=str(target), limit_bytes=PLENTY, parent=os.getpid())
    made = run(asked, lambda: None, (sys.executable, "-c", code))
    assert tries.read_text().split("\n")[:-1] == ["True False", "False True"]
    assert (made.images, made.kept) == (1, 1)
    verify(target)
    assert not any(name.startswith(".") for name in pieces(tmp_path))


@pytest.mark.parametrize("cut", [True, False])
def test_the_second_try_lets_the_log_be_emptied_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: bool
) -> None:
    log = tmp_path / "ocr_data.db-wal"
    let_it_have(log, 192)
    clock = Clock()
    began = clock.now

    def sleep(seconds: float) -> None:
        clock.now += seconds
        if cut and clock.now - began > 5:
            let_it_have(log, 64)

    monkeypatch.setattr(backup_process.time, "monotonic", clock)
    monkeypatch.setattr(backup_process.time, "sleep", sleep)
    backup_process._wait_for_the_log(order(tmp_path))
    assert clock.now - began == (5.5 if cut else 60)


def test_without_its_service_or_without_room_it_ends(tmp_path: Path) -> None:
    for changes, code in (({"parent": 1}, "stopping"), ({"min_free_mb": 1e9}, "disk_low")):
        with pytest.raises(StoreError) as caught:
            backup_process._between(order(tmp_path, **changes))()
        assert caught.value.code == code
