"""What a person gets wrong: one clear sentence each, where that person looks."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import ROOT, TAG, Stack, docker, wait_until

import vendor


@pytest.fixture
def made(folder: Path) -> Iterator[Stack]:
    """A stack that was not started yet."""
    stack = Stack(folder, "wrong")
    try:
        yield stack
    finally:
        stack.remove()


def sentence(stack: Stack, words: str) -> str:
    """The line of `docker compose logs ocr_service` that has these words."""

    def look() -> str | None:
        lines = stack.logs("ocr_service").splitlines()
        return next((line for line in lines if words in line), None)

    return str(wait_until(look, f"{words!r} in the log"))


def test_an_image_folder_that_is_not_there(made: Stack) -> None:
    missing = made.images / "no" / "such" / "folder"
    started = made.command("docker compose up -d ocr_service", IMAGE_FOLDER=str(missing))
    assert started.returncode != 0
    (line,) = [line for line in started.stderr.splitlines() if "bind" in line]
    assert "does not exist" in line
    assert str(missing) in line
    assert not missing.exists()


def test_a_port_that_is_taken(made: Stack) -> None:
    with socket.create_server(("127.0.0.1", made.port)):
        started = made.command("docker compose up -d web_service")
    assert started.returncode != 0
    assert f"127.0.0.1:{made.port}" in started.stderr
    assert "in use" in started.stderr


def test_a_model_that_is_missing(folder: Path) -> None:
    stack = Stack(folder, "wrong", models=False)
    try:
        stack.run("docker compose up -d ocr_service")
        line = sentence(stack, "is missing")
        assert "ocr_service: " in line
        assert "make " in line
        assert "Traceback" not in stack.logs("ocr_service")
    finally:
        stack.remove()


def test_a_data_folder_of_somebody_else(made: Stack) -> None:
    os.chown(made.data, 0, 0)
    made.run("docker compose up -d ocr_service")
    line = sentence(made, "The data folder")
    assert "/data cannot be written" in line
    assert "Traceback" not in made.logs("ocr_service")


def test_it_starts_by_itself_once_the_folder_is_given(made: Stack) -> None:
    os.chown(made.data, 0, 0)
    made.run("docker compose up -d")
    sentence(made, "cannot be written")
    os.chown(made.data, 10001, 10001)
    made.wait_until_ready()


def test_a_database_of_somebody_else(made: Stack) -> None:
    """As after `sudo make run`: the folder is right, the file is root's."""
    (made.data / "ocr_data.db").touch(mode=0o600)
    made.run("docker compose up -d ocr_service")
    sentence(made, "ocr_service: ")
    assert "Traceback" not in made.logs("ocr_service")


def test_a_setting_that_cannot_be(made: Stack) -> None:
    made.run("docker compose up -d ocr_service", OCR_BATCH_SIZE="many")
    assert "OCR_BATCH_SIZE is 'many'" in sentence(made, "ocr_service: ")


@pytest.mark.parametrize("buildkit", ["1", "0"])
def test_the_first_command_right_after_a_clone(folder: Path, buildkit: str) -> None:
    """Without `make vendor` the build ends with the one line that mends it, on either builder."""
    for name in ("contract", "ocr", "flask", "tools", "docker-compose.yml", ".dockerignore"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        else:
            shutil.copyfile(ROOT / name, folder / name)
    tag = f"{TAG}-clone{buildkit}"
    built = subprocess.run(
        ["docker", "compose", "up", "--build", "-d"],
        cwd=folder,
        env={
            **os.environ,
            "COMPOSE_PROJECT_NAME": f"ocr-test-{os.getpid()}-clone",
            "COMPOSE_FILE": "docker-compose.yml",
            "OCR_DOCKER_TAG": tag,
            "DOCKER_BUILDKIT": buildkit,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert built.returncode != 0
    assert vendor.REMEDY in (built.stdout + built.stderr).rstrip().splitlines()[-1]
    assert docker("image", "inspect", f"ocr_docker/ocr_service:{tag}").returncode != 0
