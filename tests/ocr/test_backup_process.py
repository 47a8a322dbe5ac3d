"""How the process that makes a backup gives way to reading, and when it does not."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import backup_process
from ocr_errors import StoreError
from safekeeping.backup_child import Order


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


def test_it_hurries_when_the_log_has_grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_process, "Throttle", Asked)
    log = tmp_path / "ocr_data.db-wal"
    with log.open("wb") as stream:
        stream.truncate(50 << 20)
    backup_process._between(order(tmp_path))()
    in_haste = told[-1].in_haste
    assert not in_haste()
    for size, expected in ((150 << 20, False), (200 << 20, True)):
        with log.open("r+b") as stream:
            stream.truncate(size)
        assert in_haste() is expected
    log.unlink()
    assert not in_haste()


def test_without_its_service_or_without_room_it_ends(tmp_path: Path) -> None:
    for changes, code in (({"parent": 1}, "stopping"), ({"min_free_mb": 1e9}, "disk_low")):
        with pytest.raises(StoreError) as caught:
            backup_process._between(order(tmp_path, **changes))()
        assert caught.value.code == code
