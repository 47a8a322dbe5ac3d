"""Both services as containers, built and started with the documented commands.

A stack has a project name, a port and folders of its own, so that it stands beside one that is
in use. Its data folder replaces `./data` through a second Compose file, which also mounts the
models, read-only, where `make vendor` put them.
"""

import contextlib
import functools
import http.client
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import polling

from project import ROOT

SAMPLES = ROOT / "samples"
MODELS = ROOT / "data" / "paddle_models"
TAG = "test"
OCR_USER, WEB_USER, GROUP = 10001, 10002, 10001
OCR_IMAGE = f"ocr_docker/ocr_service:{TAG}"
WEB_IMAGE = f"ocr_docker/web_service:{TAG}"

_FOLDERS = """\
services:
  ocr_service:
    volumes:
      - {{type: bind, source: "{data}", target: /data, bind: {{create_host_path: false}}}}
{models}  web_service:
    volumes:
      - {{type: bind, source: "{data}", target: /data, read_only: true,
         bind: {{create_host_path: false}}}}
"""
_MODELS = """\
      - {{type: bind, source: "{models}", target: /data/paddle_models, read_only: true,
         bind: {{create_host_path: false}}}}
"""


wait_until = functools.partial(polling.wait_until, deadline_s=120, every_s=0.2)
"""A container takes longer than a function, and each look at it costs a process. On a machine that
has other work, too, a start takes a minute; who waits for less learns of that, not of a fault."""


def docker(*arguments: str, timeout_s: float = 120) -> "subprocess.CompletedProcess[str]":
    """Run docker; the caller looks at the exit code."""
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=timeout_s, check=False
    )


def docker_output(*arguments: str) -> str:
    """What docker prints; it must succeed."""
    result = docker(*arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def free_port() -> int:
    """A port that nobody has at this moment, and that the kernel gives to nobody later.

    Those that it gives away lie higher: one of them could be taken while a container restarts.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Stack:
    """A Compose project with folders of its own."""

    def __init__(self, folder: Path, name: str, *, models: bool = True, **variables: str) -> None:
        self.images = folder / "images"
        self.data = folder / "data"
        self.images.mkdir()
        self.data.mkdir()
        if models:
            (self.data / "paddle_models").mkdir()
        for path in (self.data, *self.data.iterdir()):
            os.chown(path, OCR_USER, GROUP)
        self.port = free_port()
        override = folder / "folders.yml"
        mount = _MODELS.format(models=MODELS) if models else ""
        override.write_text(_FOLDERS.format(data=self.data, models=mount), encoding="utf-8")
        self.environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": f"ocr-test-{os.getpid()}-{name}",
            "COMPOSE_FILE": f"{ROOT / 'docker-compose.yml'}{os.pathsep}{override}",
            "COMPOSE_ENV_FILES": os.devnull,  # not the .env of who runs the tests
            "OCR_DOCKER_TAG": TAG,
            "IMAGE_FOLDER": str(self.images),
            "WEB_PORT": str(self.port),
            "OCR_SCAN_INTERVAL_S": "0.5",
            "OCR_SETTLE_S": "0.2",
            **variables,
        }

    # --- Compose --------------------------------------------------------------------------------

    def command(self, line: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as a person types it in the project's folder."""
        return subprocess.run(
            line.split(),
            cwd=ROOT,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def run(self, line: str, **variables: str) -> str:
        """The same; it must succeed. Returns what it printed on stdout."""
        result = self.command(line, **variables)
        assert result.returncode == 0, f"{line}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def remove(self) -> None:
        """End everything; the folders stay."""
        self.command("docker compose down --timeout 5 --remove-orphans")

    def container(self, service: str) -> str:
        """The id of the service's container."""
        return self.run(f"docker compose ps --all --quiet {service}").strip()

    def state(self, service: str) -> dict[str, Any]:
        """What the engine says about the container."""
        (state,) = json.loads(docker_output("inspect", self.container(service)))
        return dict(state)

    def restarts(self, service: str) -> int:
        """How often the engine has started the container again by itself."""
        return int(self.state(service)["RestartCount"])

    def health(self, service: str) -> str:
        """starting, healthy or unhealthy."""
        return str(self.state(service)["State"]["Health"]["Status"])

    def logs(self, service: str) -> str:
        """Everything that the service said."""
        return self.run(f"docker compose logs --no-color {service}")

    def init_process(self, service: str) -> int:
        """The host's number of the container's init process, once it runs.

        Between two starts the engine says 0, and a signal to 0 would end the tests themselves.
        """

        def running() -> bool:
            state = self.state(service)["State"]
            return bool(state["Running"] and state["Pid"] > 1)

        wait_until(running, f"{service} runs")
        return int(self.state(service)["State"]["Pid"])

    def process(self, service: str) -> int:
        """The host's number of the service's own process, below the init process."""

        def below() -> int | None:
            init = self.init_process(service)
            with contextlib.suppress(OSError):  # it ended meanwhile
                children = Path(f"/proc/{init}/task/{init}/children").read_text().split()
                return int(children[0]) if len(children) == 1 else None
            return None

        return int(wait_until(below, f"{service} has one process below init") or 0)

    def wait_until_logged(self, service: str, words: str) -> str:
        """The log, once it has these words: the engine writes it a little after the service."""
        return str(
            wait_until(
                lambda: log if words in (log := self.logs(service)) else "",
                lambda: f"{words!r} in the log\n{self.logs(service)[-2000:]}",
            )
        )

    def python(self, service: str, code: str) -> str:
        """What `code` prints inside the service's container, run as the service's user."""
        return docker_output("exec", self.container(service), "python", "-c", code)

    def ocrctl(self, *arguments: str) -> str:
        """What ocrctl prints inside the container."""
        return docker_output(
            "exec", self.container("ocr_service"), "python", "/opt/app/ocr/ocrctl.py", *arguments
        )

    # --- The page -------------------------------------------------------------------------------

    def get(self, path: str) -> tuple[int, str]:
        """(HTTP status, body); (0, "") when nobody answers, or not to the end."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (OSError, http.client.IncompleteRead):  # killed in the middle of its answer
            return 0, ""

    def counts(self) -> dict[str, int]:
        """Images by state, as the page has them; empty when it does not answer."""
        code, body = self.get("/api/v1/status")
        return dict(json.loads(body)["counts"]) if code == 200 else {}

    def reader_answers(self) -> bool:
        """Whether the page reaches ocr_service."""
        code, body = self.get("/api/v1/status")
        return code == 200 and json.loads(body)["service"] is not None

    def wait_until_back(self, restarts: int) -> None:
        """Until the engine has started the reader again, for the time `restarts` + 1."""
        wait_until(
            lambda: self.restarts("ocr_service") == restarts + 1 and self.reader_answers(),
            "the reader is back by itself",
        )

    def wait_until_read(self, total: int, deadline_s: float = 180) -> None:
        """Until the page shows `total` images as read."""
        wait_until(
            lambda: self.counts().get("done") == total,
            lambda: f"{total} images read; {self.counts()}",
            deadline_s=deadline_s,
        )

    def wait_until_ready(self) -> None:
        """Until both containers are healthy."""
        wait_until(
            lambda: self.health("ocr_service") == self.health("web_service") == "healthy",
            "both services are healthy",
        )

    # --- The folders ----------------------------------------------------------------------------

    def add(self, name: str, sample: str = "label-japanese.webp", *, mark: str = "") -> None:
        """A copy of a sample, with content of its own when `mark` is given."""
        new = self.images / f".{name}"
        shutil.copyfile(SAMPLES / sample, new)
        if mark:
            with new.open("ab") as stream:
                stream.write(mark.encode())
        new.rename(self.images / name)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the database, read as any program may read it."""
        with contextlib.closing(
            sqlite3.connect(f"file:{self.data / 'ocr_data.db'}?mode=ro", uri=True)
        ) as database:
            return database.execute(query).fetchall()
