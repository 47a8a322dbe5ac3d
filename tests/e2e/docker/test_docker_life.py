"""Up, read, stop, kill, restart, down: either is of use alone, and nothing is lost."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest
from containers import OCR_USER, SAMPLES, Stack, wait_until

SERVICES = ("ocr_service", "web_service")
_VERSIONS = "SELECT id, batch_id, finished_at FROM images WHERE status = 'done' ORDER BY id"


def kill(process: int) -> None:
    assert process > 1, "0 would be the tests' own process group"
    os.kill(process, signal.SIGKILL)


def test_the_documented_commands(stack: Stack) -> None:
    """After `up --build -d`: the page, the search, the logs, a restart."""
    total = len(list(SAMPLES.iterdir()))
    assert stack.counts()["done"] == stack.counts()["total"] == total
    code, page = stack.get("/")
    assert code == 200
    assert "invoice.png" in page
    code, found = stack.get("/api/v1/search?q=Harbour%20Light")
    assert code == 200
    assert "invoice.png" in found
    assert "worker" in stack.wait_until_logged("ocr_service", "is ready")
    stack.wait_until_logged("web_service", "Listening at")
    before = stack.rows(_VERSIONS)
    assert len(before) == total
    stack.run("docker compose restart ocr_service")
    stack.wait_until_ready()
    assert stack.rows(_VERSIONS) == before  # nothing is read twice


def test_new_images_are_read(stack: Stack) -> None:
    total = stack.counts()["done"]
    stack.add("arrived.webp", mark="new")
    stack.wait_until_read(total + 1)


def test_the_control_socket_works_from_the_host(stack: Stack) -> None:
    """data/run/ocr.sock lies in the data folder, for whoever may enter it."""
    answer = subprocess.run(
        ["curl", "--silent", "--max-time", "10", "--unix-socket", str(stack.data / "run/ocr.sock"),
         "http://ocr/v1/status"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert '"trigger":"watch"' in answer.stdout
    assert "openvino" in stack.ocrctl("status")


def test_web_shows_everything_while_the_reader_is_stopped(stack: Stack) -> None:
    total = stack.counts()["done"]
    stack.run("docker compose stop ocr_service")
    wait_until(lambda: not stack.reader_answers(), "the page knows that nobody reads")
    assert stack.counts()["done"] == total
    assert "Harbour Light" in stack.get("/api/v1/search?q=Harbour%20Light")[1]
    assert stack.health("web_service") == "healthy"
    stack.run("docker compose start ocr_service")
    wait_until(stack.reader_answers, "the reader is back")


def test_web_shows_everything_while_the_reader_is_killed_and_comes_back(stack: Stack) -> None:
    total = stack.counts()["done"]
    before = stack.rows(_VERSIONS)
    restarts = stack.restarts("ocr_service")
    kill(stack.process("ocr_service"))
    wait_until(lambda: stack.counts().get("done") == total, "the page shows everything")
    stack.wait_until_back(restarts)
    assert stack.counts()["done"] == total
    assert stack.rows(_VERSIONS) == before


def test_a_reader_killed_amid_its_work_loses_nothing(stack: Stack) -> None:
    """The PID that `docker inspect` names, as when the machine kills it; three times."""
    before = stack.rows(_VERSIONS)
    for number in range(3):
        restarts = stack.restarts("ocr_service")
        init = stack.init_process("ocr_service")  # to ask takes as long as reading an image
        for image in range(4):
            stack.add(f"killed-{number}-{image}.png", "timetable.png", mark=f"{number}-{image}")
        wait_until(
            lambda: stack.rows("SELECT 1 FROM images WHERE status = 'processing'"),
            "work",
            every_s=0.02,
        )
        kill(init)
        done = stack.rows(_VERSIONS)
        stack.wait_until_back(restarts)
        assert stack.rows(_VERSIONS)[: len(before)] == before
        assert set(done) <= set(stack.rows(_VERSIONS))  # what was read stays as it was read
    stack.wait_until_read(len(before) + 12)
    assert set(before) <= set(stack.rows(_VERSIONS))
    texts = stack.rows("SELECT text FROM page_texts WHERE name LIKE 'killed-%'")
    assert len(texts) == 12
    assert len(set(texts)) == 1
    assert stack.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_killed_reader_comes_back_with_what_it_compiled(stack: Stack) -> None:
    """From data/engines, which the container's user has to itself."""
    total = stack.counts()["done"]
    folder = stack.data / "engines"
    with contextlib.ExitStack() as files:
        for path in folder.iterdir():  # while it is open no other file gets its inode
            files.enter_context(path.open("rb"))
        before = {path.name: path.stat().st_ino for path in folder.iterdir()}
        assert len(before) == 3
        assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (OCR_USER, 0o700)
        kill(stack.process("ocr_service"))
        stack.add("after-the-kill.webp", mark="after the kill")
        stack.wait_until_read(total + 1)
        assert {path.name: path.stat().st_ino for path in folder.iterdir()} == before


def test_the_reader_goes_on_while_web_is_down(stack: Stack) -> None:
    total = stack.counts()["done"]
    stack.run("docker compose stop web_service")
    assert stack.get("/")[0] == 0
    stack.add("unseen.webp", mark="unseen")
    wait_until(lambda: len(stack.rows(_VERSIONS)) == total + 1, "it is read all the same")
    stack.run("docker compose start web_service")
    stack.wait_until_read(total + 1)


@pytest.mark.parametrize("which", ["its own process", "its worker", "the init process"])
def test_a_killed_web_service_is_back_by_itself(stack: Stack, which: str) -> None:
    main = stack.process("web_service")
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    (worker,) = (
        pid for pid in children if Path(f"/proc/{pid}/comm").read_text().strip() != "reader-door"
    )
    init = stack.init_process("web_service")
    kill({"its own process": main, "its worker": int(worker), "the init process": int(init)}[which])
    wait_until(
        lambda: (
            stack.get("/livez")[0] == 200
            and (which == "its worker" or stack.process("web_service") != main)
        ),
        "the page is back",
    )


def test_down_leaves_the_data_and_up_shows_it_again(stack: Stack) -> None:
    before = stack.rows(_VERSIONS)
    stack.run("docker compose down")
    assert stack.container("ocr_service") == ""
    assert stack.rows(_VERSIONS) == before
    stack.run("docker compose up --build -d")
    stack.wait_until_ready()
    assert stack.counts()["done"] == len(before)
    assert stack.rows(_VERSIONS) == before


@pytest.mark.parametrize("service", SERVICES)
def test_it_ends_in_time(stack: Stack, service: str) -> None:
    """By itself and cleanly, well before Docker would kill it."""
    stack.run(f"docker compose stop {service}")
    assert stack.state(service)["State"]["ExitCode"] == 0
    assert not stack.state(service)["State"]["OOMKilled"]
