"""The real web service as a child process, for tests that need a socket, a signal or a browser."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from polling import wait_until

from project import ROOT


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class WebServer:
    """Gunicorn with our configuration; ready inside the `with`, gone after it."""

    def __init__(
        self, data_folder: Path, *, working_folder: Path = ROOT, **environment: str
    ) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed in stop()
        program = "from gunicorn.app.wsgiapp import run; run()"
        arguments = ["-c", str(ROOT / "flask" / "gunicorn.conf.py"), "app:create_app()"]
        # -P and -c start as the `gunicorn` command does: with no folder of ours on the path.
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", program, *arguments],
            cwd=working_folder,
            env={
                "PATH": os.environ["PATH"], "HOME": str(data_folder), "WEB_PORT": str(self.port),
                "PYTHONPATH": f"{ROOT / 'contract'}:{ROOT / 'flask'}",
                "WEB_DATA_FOLDER": str(data_folder), **environment,
            },
            stderr=self._log,
        )  # fmt: skip

    @property
    def log(self) -> str:
        """What it has said so far."""
        self._log.seek(0)
        return self._log.read()

    def is_alive(self) -> bool:
        """Whether /livez answers; fails when the process has ended."""
        assert self.process.poll() is None, self.log
        try:
            with urllib.request.urlopen(f"{self.address}/livez", timeout=5) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False

    def stop(self, number: int = signal.SIGINT, deadline_s: float = 10.0) -> float:
        """Send a signal, wait for the end, return the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(deadline_s)
        return time.monotonic() - started

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(number) for number in task.read_text().split()]

    def __enter__(self) -> "WebServer":
        try:
            wait_until(self.is_alive)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()
        self._log.close()
