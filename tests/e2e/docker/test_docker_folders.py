"""Folders as people have them: data within the images, images of somebody else, and kills."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import Stack, wait_until

KILLS = 4
IMAGES_A_KILL = 8


@pytest.fixture
def made(folder: Path) -> Iterator[Stack]:
    """A stack that was not started yet."""
    stack = Stack(folder, "folders")
    try:
        yield stack
    finally:
        stack.remove()


def test_an_image_folder_that_holds_the_data_folder_does_not_feed_itself(made: Stack) -> None:
    """Two mounts of one folder: inside, no path tells that /data lies in /image_folder."""
    home = made.images.parent
    made.add("one.webp")
    made.environment["IMAGE_FOLDER"] = str(home)
    made.run("docker compose up -d")
    made.wait_until_read(1)
    wait_until(lambda: list(made.data.glob("previews/*/*")), "its preview")
    assert (made.data / "temp.png").exists()
    for number in range(2):  # whatever was in the way of the first look is not in that of these
        made.add(f"later-{number}.webp", mark=str(number))
        made.wait_until_read(2 + number)
    names = sorted(name for (name,) in made.rows("SELECT name FROM images"))
    later = [f"images/later-{number}.webp" for number in range(2)]
    assert names == ["folders.yml", *later, "images/one.webp"]
    assert "data_folder: 1\n    data\n" in made.ocrctl("coverage")


def test_kills_put_no_healthy_image_into_quarantine(made: Stack) -> None:
    """As when the engine or the host goes: the whole container at once, at its work each time."""
    made.run("docker compose up -d")
    wait_until(made.reader_answers, "the reader is there")
    for kill in range(KILLS):
        init = made.init_process("ocr_service")  # to ask takes as long as reading an image
        for number in range(IMAGES_A_KILL):  # one alone is read between two looks
            made.add(f"{kill}-{number}.png", "invoice.png", mark=f"{kill}-{number}")
        wait_until(
            lambda: made.rows("SELECT 1 FROM images WHERE status = 'processing'"),
            "it reads",
            every_s=0.02,
        )
        os.kill(init, signal.SIGKILL)
        made.wait_until_back(kill)
    made.wait_until_read(KILLS * IMAGES_A_KILL)
    assert made.counts()["quarantined"] == 0


def test_an_image_folder_that_user_10001_may_not_read(made: Stack) -> None:
    """The log names it as the host does, with the command that lets the service in."""
    made.images.chmod(0o700)
    made.run("docker compose up -d ocr_service")

    def said() -> str | None:
        lines = made.logs("ocr_service").splitlines()
        return next((line for line in lines if "cannot be read" in line), None)

    line = str(wait_until(said, "the sentence"))
    assert f"The image folder {made.images} (/image_folder in the container)" in line
    assert "belongs to user 0, group 0, and has mode 0700" in line
    assert f"setfacl -R -m u:10001:rX,d:u:10001:rX {made.images} " in line
    assert "Traceback" not in made.logs("ocr_service")
    made.images.chmod(0o755)  # what the other command of the sentence does
    wait_until(lambda: made.health("ocr_service") == "healthy", "it starts by itself")


def test_the_page_says_whose_the_data_folder_is(made: Stack) -> None:
    os.chown(made.data, 0, 0)
    made.run("docker compose up -d")

    def page() -> str | None:
        code, body = made.get("/")
        return body if code == 503 else None

    body = str(wait_until(page, "the page"))
    assert "belongs to user 0, group 0" in body
    assert "chown -R 10001:10001 data" in body
