"""A disk without room: nothing is read, nothing fails or is lost, and it goes on by itself."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from polling import wait_until
from reader_process import service_in
from small_disk import KINDS, SmallDisk, small_disk

from disk_guard import DiskGuard, free_bytes
from ocr_contract.control import ControlClient, ControlError, ServiceUnreachable
from ocr_contract.data_folder import SOCKET_PATH

MANY_MB = "9000000"


def codes(client: ControlClient) -> list[str]:
    try:
        return [warning["code"] for warning in client.status().warnings]
    except ServiceUnreachable:
        return []


def counts(client: ControlClient) -> dict[str, int]:
    try:
        return client.status().counts
    except ServiceUnreachable:
        return dict.fromkeys(("done", "pending", "processing", "failed", "quarantined"), -1)


def test_the_guard_compares_what_is_free_with_what_is_wanted(folder: Path) -> None:
    room = [300_000_000]
    guard = DiskGuard(folder, min_free_mb=200, free=lambda _: room[0])
    assert guard.hold() is None
    assert guard.short_of(99_000_000) is None
    assert guard.short_of(101_000_000) is not None
    room[0] = 199_000_000
    hold = guard.hold()
    assert hold is not None
    assert hold.holds
    assert hold.code == "disk_low"
    assert hold.message.startswith("Only 199 MB are free")
    assert "200 are needed (OCR_MIN_FREE_MB). Make room" in hold.message
    room[0] = 200_000_000
    assert guard.hold() is None


def test_a_disk_that_does_not_answer_is_held(folder: Path) -> None:
    def broken(_: Path) -> int:
        raise OSError(5, "injected")

    hold = DiskGuard(folder, min_free_mb=0, free=broken).hold()
    assert hold is not None
    assert hold.holds
    assert (hold.code, "Check the disk" in hold.message) == ("disk_unknown", True)


def test_a_log_that_cannot_shrink_holds_reading(folder: Path) -> None:
    size = [100]
    guard = DiskGuard(folder, min_free_mb=0, wal_bytes=lambda: size[0], max_wal_bytes=1000)
    assert guard.hold() is None
    size[0] = 1001
    hold = guard.hold()
    assert hold is not None
    assert hold.holds
    assert hold.code == "wal_large"
    size[0] = 1000
    assert guard.hold() is None


def test_free_bytes_are_those_of_the_file_system(folder: Path) -> None:
    result = os.statvfs(folder)
    assert abs(free_bytes(folder) - result.f_bavail * result.f_frsize) < 1 << 30


def test_below_the_limit_nothing_is_claimed_and_the_page_is_told_why(folder: Path) -> None:
    with service_in(folder) as service:
        client = ControlClient(service.data / SOCKET_PATH)
        service.add("a.jpg", "b.jpg")
        service.start(OCR_MIN_FREE_MB=MANY_MB)
        wait_until(lambda: counts(client)["pending"] == 2)
        wait_until(lambda: client.status().device is not None)
        status = client.status()
        assert [warning["code"] for warning in status.warnings] == ["disk_low"]
        assert "Make room there" in (status.warning or ""), "what panel.html shows"
        assert (status.counts["processing"], status.counts["failed"]) == (0, 0)
        with pytest.raises(ControlError) as caught:
            client.backup()
        assert (caught.value.code, caught.value.http_status) == ("disk_low", 503)
        assert not list((service.data / "backups").glob("*"))
        service.stop()
        service.start()
        wait_until(lambda: counts(client)["done"] == 2)
        assert codes(client) == []


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, folder: Path) -> Iterator[SmallDisk]:
    with small_disk(request.param, folder) as made:
        yield made


def test_a_disk_that_fills_up_in_the_middle_of_everything(disk: SmallDisk) -> None:
    """Registering, storing a batch, a request, a backup: all wait or are refused, none is lost."""
    with service_in(disk.folder) as service:
        client = ControlClient(service.data / SOCKET_PATH)
        service.add("a.jpg", "slow-1.jpg")
        process = service.start(fault=disk.fault, OCR_MIN_FREE_MB="0.5")
        wait_until(lambda: counts(client)["processing"] == 2)
        disk.fill()
        wait_until(lambda: "disk_low" in codes(client))
        with contextlib.suppress(OSError):  # a real disk takes no more images either
            service.add("late.jpg")
        with pytest.raises(ControlError) as caught:
            while True:  # until one of them no longer fits into what SQLite had reserved
                client.pause(request_id=os.urandom(16).hex() * 3)
        assert (caught.value.code, caught.value.http_status) == ("disk_full", 503)
        with pytest.raises(ControlError) as caught:
            client.backup()
        assert caught.value.code == "disk_low"
        assert process.poll() is None, "the service lives"
        seen = counts(client)
        assert seen["failed"] == seen["quarantined"] == 0
        disk.free()
        client.resume(request_id="again")
        service.add("late.jpg")
        wait_until(lambda: counts(client)["done"] == 3, deadline_s=30)
        wait_until(lambda: codes(client) == [])
        assert client.backup().images == 3
        assert process.poll() is None
        assert service.stop()[0] == 0
        assert not list((service.data / "backups").glob(".*")), "no half copies"


def test_killed_on_a_full_disk_it_has_everything_that_was_acknowledged(disk: SmallDisk) -> None:
    with service_in(disk.folder) as service:
        client = ControlClient(service.data / SOCKET_PATH)
        service.add("a.jpg")
        service.start(fault=disk.fault, OCR_MIN_FREE_MB="0.5")
        wait_until(lambda: counts(client)["done"] == 1)
        acknowledged = client.pause(request_id="p")
        disk.fill()
        wait_until(lambda: "disk_low" in codes(client))
        service.kill()
        disk.free()
        service.start(fault=disk.fault, OCR_MIN_FREE_MB="0.5")
        wait_until(lambda: counts(client)["done"] == 1)
        assert client.status().state == "paused"
        assert client.pause(request_id="p") == acknowledged
