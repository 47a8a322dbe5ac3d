"""Starts both services as `make run` does, on folders of a test's own, and asks them."""

import http.client
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from polling import wait_until

from process_memory import tree
from project import ROOT
from service_folders import ServiceFolders, free_port, stop


class Appliance:
    """Both services over an image folder and a data folder below `folder`."""

    def __init__(self, folder: Path, **environ: str) -> None:
        folders = ServiceFolders.below(folder)
        self.images, self.data = folders.images, folders.data
        self.port = free_port()
        self.log = folder / "log.txt"
        self._environ = {**os.environ, **environ}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Start, and wait until the page answers."""
        command = [sys.executable, "tools/run.py", "--images", self.images, "--data", self.data]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*map(str, command), "--port", str(self.port)],
                cwd=ROOT, stdout=log, stderr=log, env=self._environ,
            )  # fmt: skip
        wait_until(lambda: self.get("/livez")[0] == 200, deadline_s=30, what=self.log.read_text())

    def interrupt(self) -> tuple[int, float]:
        """Ctrl-C: (exit code, seconds until everything ended)."""
        assert self._process is not None
        ended = stop(self._process, signal.SIGINT)
        self._process = None
        return ended

    def stop(self) -> None:
        """End it if it still runs."""
        if self._process is not None:
            self.interrupt()

    def get(self, path: str) -> tuple[int, str]:
        """(HTTP status, body) of a page; (0, "") when nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (OSError, http.client.IncompleteRead):  # killed in the middle of its answer
            return 0, ""

    def status(self) -> dict[str, Any]:
        """The page's view of the counts and of the reader."""
        code, body = self.get("/api/v1/status")
        return dict(json.loads(body)) if code == 200 else {}

    def images_by_name(self) -> dict[str, dict[str, Any]]:
        """All rows of /api/v1/images, by name."""
        found: dict[str, dict[str, Any]] = {}
        token = ""
        while True:
            _, body = self.get(f"/api/v1/images?state=all&next={token}")
            value = json.loads(body)
            found |= {image["name"]: image for image in value["images"]}
            token = value.get("next") or ""
            if not token:
                return found

    def wait_until_read(self, total: int, deadline_s: float = 120) -> None:
        """Until `total` files have rows and none is waiting."""

        def settled() -> bool:
            counts = self.status().get("counts", {})
            waiting = counts.get("pending", 1) + counts.get("processing", 1)
            return bool(counts.get("total", 0) >= total and waiting == 0)

        wait_until(settled, deadline_s=deadline_s, what=f"{total} images read; {self.status()}")

    def ocrctl(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run ocrctl against this service."""
        return subprocess.run(
            [str(ROOT / "ocrctl"), "--data", str(self.data), *arguments],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def process_ids(self, script: str) -> list[int]:
        """The ids of this appliance's processes that run `script`."""
        assert self._process is not None
        return [pid for pid in tree(self._process.pid)[1:] if script in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
