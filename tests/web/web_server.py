"""The real web service as a child process, for tests that need a socket, a signal or a browser."""

import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from polling import wait_until

import reader_door
from project import ROOT
from service_folders import GUNICORN, end, free_port, stop, web_environ


def _with_this_folder(environment: dict[str, str]) -> dict[str, str]:
    folders = f"{environment['PYTHONPATH']}:{Path(__file__).parent}"
    return environment | {"PYTHONPATH": folders}


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:  # it has just ended
        return ""


class WebServer:
    """Gunicorn with our configuration; ready inside the `with`, gone after it."""

    def __init__(
        self,
        data_folder: Path,
        *,
        working_folder: Path = ROOT,
        app: str = "app:create_app()",
        **environment: str,
    ) -> None:
        """`app` as Gunicorn takes it; modules beside this one are found."""
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed in stop()
        self.process = subprocess.Popen(
            [sys.executable, *GUNICORN[:-1], app],
            cwd=working_folder,
            env=_with_this_folder(web_environ(data_folder, self.port, **environment)),
            stderr=self._log,
        )

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
        return stop(self.process, number, deadline_s)[1]

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        return [pid for pid in self._children() if pid not in self.doors()]

    def doors(self) -> list[int]:
        """Process ids of what connects to the reader for the others: one."""
        return [pid for pid in self._children() if _name(pid) == reader_door.PROCESS_NAME]

    def _children(self) -> list[int]:
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
        end(self.process)
        self._log.close()
