"""The engine, the images and one stack that most tests share.

Without an engine these tests fail: `make test-docker` provides one where it can.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import ROOT, SAMPLES, TAG, Stack, docker, wait_until


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """An engine that answers, asked by root: the tests kill processes of containers."""
    answer = docker("version", "--format", "{{.Server.Version}}")
    assert answer.returncode == 0, f"No Docker engine answers. Run: make docker\n{answer.stderr}"
    assert os.geteuid() == 0, "These tests kill processes of containers: run them as root."


@pytest.fixture(scope="session", autouse=True)
def images(engine: None) -> None:
    """Both images, built with BuildKit and no network."""
    started = time.monotonic()
    subprocess.run(
        ["docker", "compose", "build"],
        cwd=ROOT,
        env={**os.environ, "OCR_DOCKER_TAG": TAG, "COMPOSE_FILE": "docker-compose.yml"},
        capture_output=True,
        check=True,
        timeout=900,
    )
    print(f"built in {time.monotonic() - started:.1f} s", file=sys.stderr)


@pytest.fixture(scope="session")
def running(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Both services over a copy of the samples, started as README says and all read."""
    stack = Stack(short_folder(tmp_path_factory), "main")
    for sample in sorted(SAMPLES.iterdir()):
        stack.add(sample.name, sample.name)
    try:
        stack.run("docker compose up --build -d")
        stack.wait_until_read(len(list(SAMPLES.iterdir())))
        yield stack
    finally:
        stack.remove()


@pytest.fixture
def stack(running: Stack) -> Stack:
    """The shared stack, with both services up and ready whatever a test before did to it."""
    running.run("docker compose up -d")
    running.wait_until_ready()
    wait_until(running.reader_answers, "the page reaches the reader")
    return running


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return short_folder(tmp_path_factory)


def short_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder that other users may enter, as pytest's own are not."""
    made = factory.mktemp("stack")
    for path in (made, *made.parents):
        if path == Path("/tmp"):
            break
        path.chmod(0o755)
    return made
