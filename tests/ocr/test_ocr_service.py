"""ocr_service as a process: how it starts, works, and ends. Its worker is a fake."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import threading
import time

import pytest
from polling import wait_until
from reader_process import ServiceProcess

import ocr_service
import remembered_settings
from machine_limits import is_running
from ocr_contract.control import ControlClient, ControlError, ServiceUnreachable
from ocr_contract.data_folder import SOCKET_PATH, WEIGHTS_FOLDER
from ocr_contract.replies import PauseReply
from ocr_contract.setting_fields import table
from ocr_errors import (
    EXIT_BAD_CONFIGURATION,
    EXIT_INTERRUPTED,
    EXIT_MISSING_DEPENDENCY,
    EXIT_NO_ACCESS,
    EXIT_OTHER,
)
from ocr_settings import Settings
from process_memory import tree
from worker_link import reading_pools

WORKERS = pytest.mark.parametrize("workers", ["1", "2"])


def counts(client: ControlClient) -> dict[str, int]:
    """All zeros while nobody answers."""
    try:
        return client.status().counts
    except ServiceUnreachable:
        return dict.fromkeys(("done", "pending", "quarantined", "total"), 0)


def test_it_reads_what_is_there_and_what_appears(
    service: ServiceProcess, client: ControlClient
) -> None:
    service.add("a.jpg", "b.jpg")
    service.start()
    wait_until(lambda: counts(client)["done"] == 2)
    service.add("c.jpg")
    wait_until(lambda: counts(client)["done"] == 3)
    status = client.status()
    assert (status.engine, status.models) == ("fake 1", {"fake_det": "0" * 64})
    code, seconds, said = service.stop()
    assert code == 0, said
    assert seconds < 2
    assert "stopped" in said


def test_what_it_imports(service: ServiceProcess, client: ControlClient) -> None:
    """Nothing native that reads images: only the worker does. The runner prints what it found."""
    service.add("a.jpg")
    process = service.start()
    wait_until(lambda: counts(client)["done"] == 1)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    assert out.strip() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("deed", ["slow-start", "hang.jpg", "half.jpg"])
def test_it_ends_at_once_whatever_it_does(
    service: ServiceProcess, client: ControlClient, number: int, deed: str
) -> None:
    starting = deed == "slow-start"
    if not starting:
        service.add(deed)
    process = service.start(worker="hang" if starting else "ok")
    state = "starting" if starting else "working"
    wait_until(lambda: state_of(client) == state)
    wait_until(lambda: tree(process.pid)[1:])
    workers = tree(process.pid)[1:]
    code, seconds, said = service.stop(number)
    assert code == 0, said
    assert seconds < 10  # beside other tests and on a slow disk; it waits for no image (120 s)
    assert "Traceback" not in said
    wait_until(lambda: not any(map(is_running, workers)))
    assert not (service.data / SOCKET_PATH).exists()


def state_of(client: ControlClient) -> str:
    try:
        return client.status().state
    except ServiceUnreachable:
        return "unreachable"


def test_stopping_gives_back_the_attempt(service: ServiceProcess, client: ControlClient) -> None:
    service.add("hang.jpg")
    service.start()
    wait_until(lambda: state_of(client) == "working")
    assert service.stop()[0] == 0
    with contextlib.closing(sqlite3.connect(service.data / "ocr_data.db")) as database:
        rows = database.execute("SELECT status, attempts FROM images").fetchall()
    assert rows == [("pending", 0)]


@WORKERS
def test_killed_it_leaves_no_worker_and_goes_on_after(
    service: ServiceProcess, client: ControlClient, workers: str
) -> None:
    service.environment["OCR_WORKERS"] = workers
    service.add("slow-1.jpg", "b.jpg", "c.jpg")
    process = service.start()
    wait_until(lambda: state_of(client) == "working")
    workers = tree(process.pid)[1:]
    service.kill()
    wait_until(lambda: not any(map(is_running, workers)), "the worker's end")
    service.start()
    wait_until(lambda: counts(client)["done"] == 3)


@WORKERS
def test_a_poison_image_is_quarantined_and_the_service_stays(
    service: ServiceProcess, client: ControlClient, workers: str
) -> None:
    service.environment["OCR_WORKERS"] = workers
    service.add("a.jpg", "segv-1.jpg", "b.jpg", "leave-1.jpg", "c.jpg")
    process = service.start()
    wait_until(lambda: counts(client)["quarantined"] == 2)
    wait_until(lambda: counts(client)["done"] == 3)
    assert process.poll() is None
    status = client.status()
    assert status.worker_restarts >= 2
    assert status.counts["total"] == 5


@WORKERS
def test_an_image_that_ends_the_service_each_time_is_quarantined(
    service: ServiceProcess, client: ControlClient, workers: str
) -> None:
    """Its supervisor starts the service again each time; the others are read meanwhile."""
    service.environment["OCR_WORKERS"] = workers
    service.add("a.jpg", "endall-1.jpg", "b.jpg", "c.jpg")
    starts = 0

    def supervise() -> bool:
        nonlocal starts
        if service.process is None or service.process.poll() is not None:
            service.kill()  # close its pipes
            service.start(OCR_MAX_ATTEMPTS="1")
            starts += 1
        return counts(client)["quarantined"] == 1

    wait_until(supervise, deadline_s=60)
    wait_until(lambda: counts(client)["done"] == 3)
    assert starts == 4, "twice with another, once alone"
    assert "3 images" not in service.stop()[2]
    with contextlib.closing(sqlite3.connect(service.data / "ocr_data.db")) as database:
        rows = database.execute("SELECT name, error_code FROM images WHERE error IS NOT NULL")
        assert rows.fetchall() == [("endall-1.jpg", "service_ended")]


@WORKERS
def test_killed_while_it_reads_it_puts_nothing_into_quarantine(
    service: ServiceProcess, client: ControlClient, workers: str
) -> None:
    """Four times at its work on the same image, as the lowest number goes first."""
    service.environment["OCR_WORKERS"] = workers
    service.add("slow-1.jpg", "slow-2.jpg", "b.jpg", "c.jpg")
    for _ in range(4):
        service.start()
        wait_until(lambda: state_of(client) == "working")
        service.kill()
    service.start()
    wait_until(lambda: counts(client)["done"] == 4, deadline_s=60)
    assert counts(client)["quarantined"] == 0
    assert "0 are quarantined" in service.stop()[2]


@WORKERS
def test_a_worn_worker_is_replaced_and_nothing_is_lost(
    service: ServiceProcess, client: ControlClient, workers: str
) -> None:
    service.environment["OCR_WORKERS"] = workers
    service.add("0.jpg")
    service.start(worker="two", OCR_WORKER_MAX_IMAGES="2")
    added = 1

    def was_replaced() -> bool:
        """One more than workers is only started when one has taken the place of a worn one."""
        nonlocal added
        service.add(f"{added}.jpg")
        added += 1
        return client.status().worker_restarts > int(workers)

    wait_until(lambda: counts(client)["done"] == 1)
    wait_until(was_replaced)
    wait_until(lambda: counts(client)["done"] == added)
    with contextlib.closing(sqlite3.connect(service.data / "ocr_data.db")) as database:
        assert database.execute("SELECT max(attempts) FROM images").fetchall() == [(0,)]
    said = service.stop()[2]
    assert "a fresh one takes its place" in said
    assert "WARNING" not in said


def test_pause_outlives_a_restart(service: ServiceProcess, client: ControlClient) -> None:
    service.start()
    wait_until(lambda: state_of(client) == "idle")
    client.pause(request_id="p")
    service.stop()
    service.add("a.jpg")
    service.start()
    wait_until(lambda: counts(client)["pending"] == 1)
    assert client.status().state == "paused"
    client.resume()
    wait_until(lambda: counts(client)["done"] == 1)
    assert client.pause(request_id="p") == PauseReply(True)
    assert client.status().state != "paused"


def test_signal_mode(service: ServiceProcess, client: ControlClient) -> None:
    service.add("a.jpg", "b.jpg")
    service.start(OCR_TRIGGER="signal")
    wait_until(lambda: counts(client)["pending"] == 2)
    wait_until(lambda: state_of(client) == "waiting")
    reply = client.process(limit=1, request_id="one")
    wait_until(lambda: counts(client)["done"] == 1)
    wait_until(lambda: state_of(client) == "waiting")
    assert client.process(limit=1, request_id="one") == reply  # the same reply, no effect
    assert state_of(client) == "waiting"
    service.add("c.jpg")
    client.process()
    wait_until(lambda: counts(client)["done"] == 3)
    wait_until(lambda: state_of(client) == "waiting")


def test_hostile_folder_names_do_not_break_the_status(
    service: ServiceProcess, client: ControlClient
) -> None:
    odd = service.images.parent / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    service.start(OCR_IMAGE_FOLDER=str(odd))
    wait_until(lambda: state_of(client) == "idle")
    assert client.status().image_folder.endswith("caf\\udce9")


@pytest.mark.parametrize("fault", ["watcher", "pipeline", "control"])
def test_a_part_that_fails_ends_the_service(
    service: ServiceProcess, client: ControlClient, fault: str
) -> None:
    process = service.start(fault=fault)
    wait_until(lambda: state_of(client) == "idle")
    (service.data.parent / "fault").touch()
    service.add("a.jpg")
    _, said = process.communicate(timeout=20)
    assert process.returncode == EXIT_OTHER
    assert "the service cannot go on" in said
    assert ("control server ended" if fault == "control" else f"{fault} fails") in said


@pytest.mark.parametrize(
    ("start", "code", "words"),
    [
        ("gpu", EXIT_MISSING_DEPENDENCY, "There is no model."),
        ("failed", EXIT_MISSING_DEPENDENCY, "There is no model."),
        ("device", EXIT_BAD_CONFIGURATION, "There is no model."),
        ("engine", EXIT_OTHER, r"Exception from core.cpp:84:\nModel can't be parsed\n"),
    ],
)
def test_a_worker_that_cannot_start_ends_the_service(
    service: ServiceProcess, start: str, code: int, words: str
) -> None:
    ended = service.run(worker=start)
    assert ended.returncode == code
    assert ended.stderr.splitlines()[-1] == f"ocr_service: {words}"


class TestWhatIsWrongIsSaidInOneSentence:
    """Exit code and one line on stderr; nothing on stdout but the runner's own line."""

    def refused(self, service: ServiceProcess, code: int, **environment: str) -> str:
        ended = service.run(**environment)
        assert ended.returncode == code, ended.stderr
        assert ended.stdout.strip() == ""
        (line,) = ended.stderr.splitlines()
        assert line.startswith("ocr_service: ")
        assert line.endswith(".") or "make models" in line
        return line

    def test_no_image_folder(self, service: ServiceProcess) -> None:
        line = self.refused(service, EXIT_NO_ACCESS, OCR_IMAGE_FOLDER="/nowhere/at/all")
        assert "/nowhere/at/all does not exist" in line

    def test_an_image_folder_that_is_a_file(self, service: ServiceProcess) -> None:
        service.add("a.jpg")
        self.refused(service, EXIT_NO_ACCESS, OCR_IMAGE_FOLDER=str(service.images / "a.jpg"))

    def test_a_data_folder_that_cannot_be(self, service: ServiceProcess) -> None:
        service.add("a.jpg")
        self.refused(service, EXIT_NO_ACCESS, OCR_DATA_FOLDER=str(service.images / "a.jpg" / "d"))

    @pytest.mark.parametrize(("images", "data"), [("data", "data"), ("data/i", "data")])
    def test_an_image_folder_that_is_data(
        self, service: ServiceProcess, images: str, data: str
    ) -> None:
        for name in (images, data):
            (service.data.parent / name).mkdir(exist_ok=True)
        line = self.refused(
            service,
            EXIT_NO_ACCESS,
            OCR_IMAGE_FOLDER=str(service.data.parent / images),
            OCR_DATA_FOLDER=str(service.data.parent / data),
        )
        assert "is the data folder or lies within it" in line

    def test_an_image_folder_that_is_the_data_of_another(self, service: ServiceProcess) -> None:
        for name in ("ocr_data.db", "ocr_data.db.lock"):
            (service.images / name).touch()
        assert "is the data folder" in self.refused(service, EXIT_NO_ACCESS)

    def test_a_wrong_setting(self, service: ServiceProcess) -> None:
        line = self.refused(service, EXIT_BAD_CONFIGURATION, OCR_BATCH_SIZE="many")
        assert "OCR_BATCH_SIZE is 'many'" in line

    def test_an_unknown_setting(self, service: ServiceProcess) -> None:
        assert "OCR_TYPO" in self.refused(service, EXIT_BAD_CONFIGURATION, OCR_TYPO="1")

    def test_no_models(self, service: ServiceProcess) -> None:
        (service.data / WEIGHTS_FOLDER).unlink()
        line = self.refused(service, EXIT_MISSING_DEPENDENCY)
        assert "is missing" in line
        assert "make models" in line

    def test_an_unknown_model(self, service: ServiceProcess) -> None:
        self.refused(service, EXIT_MISSING_DEPENDENCY, OCR_MODEL="enormous")
        self.refused(service, EXIT_MISSING_DEPENDENCY, OCR_MODEL="enormous" * 500)

    def test_a_file_in_place_of_the_socket(self, service: ServiceProcess) -> None:
        (service.data / SOCKET_PATH).parent.mkdir()
        (service.data / SOCKET_PATH).write_text("precious")
        assert "is no socket" in self.refused(service, EXIT_NO_ACCESS)

    def test_a_long_path(self, service: ServiceProcess) -> None:
        long = service.data.parent / ("d" * 90)
        shutil.copytree(service.data, long, symlinks=True)
        line = self.refused(service, EXIT_NO_ACCESS, OCR_DATA_FOLDER=str(long))
        assert "too long" in line

    def test_no_database(self, service: ServiceProcess) -> None:
        (service.data / "ocr_data.db").write_text("This is no database, but a text. " * 100)
        assert "not an SQLite database" in self.refused(service, EXIT_NO_ACCESS)

    def test_a_second_service(self, service: ServiceProcess, client: ControlClient) -> None:
        first = service.start()
        wait_until(lambda: state_of(client) == "idle")
        service.process = None
        try:
            assert "already uses" in self.refused(service, EXIT_NO_ACCESS)
            assert client.status().state == "idle"  # its socket is still there
        finally:
            service.kill()
            service.process = first


def test_print_config(service: ServiceProcess) -> None:
    ended = service.run("--print-config", OCR_BATCH_SIZE="7")
    assert ended.returncode == 0
    assert ended.stderr == ""
    lines = ended.stdout.split()
    assert "OCR_BATCH_SIZE=7" in lines
    assert {line.partition("=")[0] for line in lines} == {row.env for row in table(Settings)}
    assert not (service.data / "ocr_data.db").exists()


def test_help_and_wrong_arguments(service: ServiceProcess) -> None:
    assert service.run("--help").returncode == 0
    ended = service.run("--nonsense")
    assert ended.returncode != 0
    assert "usage" in ended.stderr


def test_the_group_may_read_and_nobody_else(service: ServiceProcess, client: ControlClient) -> None:
    service.start()
    wait_until(lambda: state_of(client) == "idle")
    for name in ("ocr_data.db", "ocr_data.db-wal", "ocr_data.db-shm"):
        assert (service.data / name).stat().st_mode & 0o777 == 0o640, name


def test_it_is_there_soon(service: ServiceProcess, client: ControlClient) -> None:
    """The socket answers while the worker still loads; readyz tells the difference."""
    started = time.monotonic()
    service.start(worker="hang")
    wait_until(lambda: state_of(client) == "starting")
    assert time.monotonic() - started < 8
    with pytest.raises(ControlError) as caught:
        client._request("GET", "/readyz")
    assert caught.value.code == "not_ready"
    assert client._request("GET", "/livez") == {"status": "ok"}


def test_the_log_is_json_line_by_line(service: ServiceProcess, client: ControlClient) -> None:
    """Also with a hostile name in it, and with what the service says before it gives up."""
    service.add("a.jpg", "segv-\n\x1b[31m.jpg")
    service.start(OCR_LOG_FORMAT="json", OCR_LOG_LEVEL="debug")
    wait_until(lambda: counts(client)["quarantined"] == 1)
    _, _, said = service.stop()
    told = [json.loads(line) for line in said.splitlines()]
    assert {"time", "level", "logger", "message"} <= told[0].keys()
    assert any("batch_id" in line for line in told)
    assert told[-1]["message"] == "stopped"
    shutil.rmtree(service.images)
    for sentence, wrong in (("does not exist", {}), ("it must be one of", {"OCR_PROFILE": "x"})):
        ended = service.run(OCR_LOG_FORMAT="json", **wrong)
        (line,) = ended.stderr.splitlines()
        assert sentence in json.loads(line)["message"]


def test_the_text_log_is_one_line_a_message(service: ServiceProcess, client: ControlClient) -> None:
    service.add("segv-\n\x1b[31m.jpg")
    service.start(OCR_LOG_LEVEL="debug")
    wait_until(lambda: counts(client)["quarantined"] == 1)
    _, _, said = service.stop()
    assert "\x1b" not in said
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]+ \w+: ", line)
               for line in said.splitlines())  # fmt: skip


def test_a_dead_worker_is_not_ready_but_the_service_lives(
    service: ServiceProcess, client: ControlClient
) -> None:
    process = service.start()
    wait_until(lambda: state_of(client) == "idle")
    assert health(service) == (200, 200)
    process.send_signal(signal.SIGSTOP)  # else it would start another one at once
    (worker,) = tree(process.pid)[1:]
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not is_running(worker))
    process.send_signal(signal.SIGCONT)
    assert health(service) == (200, 503)
    wait_until(lambda: health(service) == (200, 200))  # asking made it notice
    assert client.status().worker_restarts == 1


def health(service: ServiceProcess) -> tuple[int, int]:
    """(status of /livez, of /readyz)."""
    answers = []
    for path in ("/livez", "/readyz"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(service.data / SOCKET_PATH))
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: ocr\r\n\r\n".encode())
            answers.append(int(connection.recv(4096).split(b" ")[1]))
    return answers[0], answers[1]


def test_ctrl_c_while_it_starts_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ocr_service, "_run", interrupted)
    monkeypatch.setattr(ocr_service, "_configure_logging", lambda *_: None)
    monkeypatch.setattr(os, "umask", lambda _: 0)
    assert ocr_service.main([]) == EXIT_INTERRUPTED


def test_a_signal_amid_a_wait_of_the_main_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its handler runs in the thread that may hold the event's lock then, and must not want it."""
    events: list[threading.Event] = []
    monkeypatch.setattr(ocr_service, "check_folders", lambda _: None)
    monkeypatch.setattr(reading_pools, "launched", lambda _, __, stop: events.append(stop))
    monkeypatch.setattr(ocr_service, "_parts", lambda *_: None)
    monkeypatch.setattr(remembered_settings, "remember", lambda _: None)
    service = ocr_service.Service(Settings())
    handler = threading.Thread(target=service.stop, daemon=True)
    with events[0]._cond:
        handler.start()
        handler.join(5)
        assert not handler.is_alive()
