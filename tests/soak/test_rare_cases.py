"""Cases that need the whole service and something unusual around it."""

import contextlib
import http.client
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from polling import wait_until
from small_log_service import JOURNAL_SIZE_LIMIT_BYTES, MAX_WAL_BYTES

from ocr_contract.control import ControlClient, ControlError
from ocr_contract.data_folder import SOCKET_PATH
from project import ROOT
from service_folders import ServiceFolders, end, stop
from soak_report import check_integrity

HERE = Path(__file__).parent
FAKE = str(ROOT / "benchmarks" / "soak" / "fake_worker.py")
STUB = (str(ROOT / "benchmarks" / "soak" / "stub_service.py"), "-S", "-E", FAKE, "ok")


class Place:
    """A folder of images, a data folder, and what runs on them."""

    def __init__(self, folder: Path) -> None:
        self.folders = ServiceFolders.below(folder)
        self.images, self.data = self.folders.images, self.folders.data
        self.log = folder / "log"
        self.client = ControlClient(self.data / SOCKET_PATH)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *program: str, files: int | None = None) -> None:
        def limit() -> None:
            if files is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *(program or STUB)],
                env=self.folders.reader_environ(OCR_SCAN_INTERVAL_S="0.2", OCR_SETTLE_S="0.05"),
                stdout=log,
                stderr=log,
                preexec_fn=limit,
            )

    def add(self, count: int, first: int = 0) -> None:
        for number in range(first, first + count):
            self.folders.add_image(f"{number:06}.jpg")

    def counts(self) -> dict[str, int]:
        try:
            return self.client.status().counts
        except ControlError:
            return {}

    def wait_for(self, count: int, status: str = "done", seconds: float = 60.0) -> None:
        def arrived() -> bool:
            assert self.process is not None and self.process.poll() is None, self.log.read_text()
            return self.counts().get(status) == count

        def told() -> object:
            return self.counts(), self.log.read_text()[-20000:]

        wait_until(arrived, told, seconds, every_s=0.05)

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        return stop(self.process, number, deadline_s=20)[0]


@pytest.fixture
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="rare") as folder:
        made = Place(Path(folder))
        yield made
        if made.process is not None:
            end(made.process)


def test_sigterm_while_a_reader_is_in_the_middle_of_reading(place: Place) -> None:
    place.add(6)
    place.start()
    place.wait_for(6)
    database = place.data / "ocr_data.db"
    reader = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM pages").fetchone() == (6,)
    began = time.monotonic()
    assert place.end() == 0
    assert time.monotonic() - began < 5
    assert reader.execute("SELECT count(*) FROM page_texts").fetchone() == (6,)
    reader.close()
    check_integrity(database)


def test_out_of_file_descriptors_it_lives_and_recovers(place: Place) -> None:
    """Clients take every descriptor and come back as soon as they are sent away.

    Who was there before is served, the log says what is wrong and is not flooded by it; with
    asyncio's own `accept` it had a thousand lines after these seconds.
    """
    place.add(2)
    place.start(files=32)
    place.wait_for(2)
    assert place.process is not None
    limit = Path(f"/proc/{place.process.pid}/fd")
    path = place.data / SOCKET_PATH
    ends_at = time.monotonic() + 5
    most = served = 0
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(connect(path))
        while time.monotonic() < ends_at:
            if most == 0:
                place.add(2, first=2)
            for _ in range(40):
                visitor = stack.enter_context(socket.socket(socket.AF_UNIX))
                visitor.setblocking(False)
                with contextlib.suppress(OSError):
                    visitor.connect(str(path))
            most = max(most, len(list(limit.iterdir())))
            if served < 8:
                old.sendall(b"GET /livez HTTP/1.1\r\nHost: ocr\r\n\r\n")
                served += b"200 OK" in old.recv(4096)
            time.sleep(0.1)
    assert most >= 31, "not all were taken"
    assert served == 8
    place.wait_for(4, seconds=15)
    assert place.end() == 0
    said = place.log.read_text()
    assert "no file descriptor is left" in said
    assert len(said.splitlines()) < 50


def connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    connection.connect(str(path))
    return connection


@pytest.mark.parametrize("days", ["-365", "365"])
def test_a_clock_that_is_wrong_by_a_year(place: Place, days: str) -> None:
    """It jumps while the service runs, stays wrong over a restart, and jumps back."""
    wrong = place.data.parent / "wrong"
    service = (str(HERE / "clock_service.py"), days, str(wrong))
    place.add(3)
    place.start(*service)
    place.wait_for(3)
    wrong.touch()
    place.add(3, first=3)
    place.wait_for(6)
    assert place.client.pause(request_id="one") == place.client.pause(request_id="one")
    place.client.resume()
    assert place.end() == 0
    place.start(*service)
    place.add(3, first=6)
    place.wait_for(9)
    wrong.unlink()
    place.add(3, first=9)
    place.wait_for(12)
    assert place.client.status().warning is None
    assert place.end() == 0
    with contextlib.closing(reader_of(place)) as connection:
        years = [
            row[0] for row in connection.execute("SELECT substr(finished_at, 1, 4) FROM images")
        ]
        assert len(set(years)) == 2, "the clock did not move"
        assert connection.execute("SELECT sum(images) FROM batches").fetchone() == (12,), "once"
    check_integrity(place.data / "ocr_data.db")


def reader_of(place: Place) -> sqlite3.Connection:
    database = place.data / "ocr_data.db"
    return sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, isolation_level=None)


@pytest.mark.timeout(300)
def test_a_reader_that_stays_pinned(place: Place) -> None:
    """The log grows to its bound, reading holds and says why; afterwards all is read."""
    place.add(1)
    place.start(str(HERE / "small_log_service.py"))
    place.wait_for(1)
    log = place.data / "ocr_data.db-wal"
    until = time.monotonic() + 60
    with contextlib.closing(reader_of(place)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM pages").fetchone() == (1,)
        place.add(1500, first=1)
        largest = 0
        held = 0.0  # for how long reading held, in seconds
        while held < 10 and time.monotonic() < until:
            largest = max(largest, log.stat().st_size)
            time.sleep(0.2)
            held += 0.2 * bool(place.client.status().warnings)
        assert [warning["code"] for warning in place.client.status().warnings] == ["wal_large"]
        assert MAX_WAL_BYTES < largest < 2 * MAX_WAL_BYTES, "the bound, and what was under way"
        assert place.counts()["pending"] > 0
        assert reader.execute("SELECT count(*) FROM pages").fetchone() == (1,)
    place.wait_for(1501, seconds=120)
    until = time.monotonic() + 20
    while log.stat().st_size > JOURNAL_SIZE_LIMIT_BYTES:
        assert time.monotonic() < until, "the log stays large"
        time.sleep(0.1)
    assert place.client.status().warnings == []
    assert place.end() == 0
    check_integrity(place.data / "ocr_data.db")


def test_a_connection_held_open_across_a_restart(place: Place) -> None:
    place.start()
    place.wait_for(0)
    held = socket.socket(socket.AF_UNIX)
    held.settimeout(10)
    held.connect(str(place.data / SOCKET_PATH))
    held.sendall(b"GET /livez HTTP/1.1\r\nHost: ocr\r\n\r\n")
    first = http.client.HTTPResponse(held)
    first.begin()
    assert first.status == 200 and first.read()
    assert place.end(signal.SIGKILL) == -signal.SIGKILL
    place.start()
    place.wait_for(0)
    with contextlib.suppress(ConnectionResetError):
        assert held.recv(1) == b"", "the old connection is told that it has ended"
    held.close()
    assert place.client.status().state != ""


def test_another_user_cannot_connect(place: Place) -> None:
    """As root with real other users. Nobody else can become one: then what decides is looked at,
    modes and access control lists, of the socket and of its folder, each by itself."""
    place.start()
    place.wait_for(0)
    path = place.data / SOCKET_PATH
    assert path.stat().st_mode & 0o777 == 0o660
    assert path.parent.stat().st_mode & 0o007 == 0
    for guard in (path, path.parent):
        assert not [name for name in os.listxattr(guard) if "acl" in name]
        assert guard.stat().st_uid == os.geteuid()
    if os.geteuid() != 0:
        return
    for folder in (place.data, place.data.parent):
        folder.chmod(0o755)  # so that only the socket's own guard is left
    attempt = (
        "import os, socket, sys; os.setgroups([]); os.setgid(int(sys.argv[2])); "
        "os.setuid(12345); socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    )
    for group, fits in (("12345", False), (str(path.stat().st_gid), True)):
        ended = subprocess.run(
            [sys.executable, "-S", "-c", attempt, str(path), group],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        assert (ended.returncode == 0) is fits, ended.stderr
        assert fits or "PermissionError" in ended.stderr


@pytest.mark.timeout(300)
def test_four_thousand_files_at_once_are_all_read(place: Place) -> None:
    place.start()
    place.wait_for(0)
    place.add(4000)
    place.wait_for(4000, seconds=240)
    assert place.end() == 0


def test_links_that_go_round_in_a_circle_are_no_trap(place: Place) -> None:
    place.add(1)
    (place.images / "a.png").symlink_to("b.png")
    (place.images / "b.png").symlink_to("a.png")
    (place.images / "self.png").symlink_to("self.png")
    (place.images / "round").symlink_to(place.images, target_is_directory=True)
    place.start()
    place.wait_for(1)
    time.sleep(0.5)
    counts = place.counts()
    assert counts["done"] == 1 and counts["ignored"] == 4
    assert counts["total"] == 5, "nothing was seen twice, by another way"
    assert place.end() == 0


def test_an_svg_named_png_is_refused_with_a_reason(place: Place) -> None:
    place.add(1)
    (place.images / "drawing.png").write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"/>')
    place.start()
    place.wait_for(1)
    place.wait_for(1, status="failed")
    assert place.end() == 0
