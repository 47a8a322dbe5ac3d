"""Both services, and Datasette, as real processes on one database of `make scale`.

The reader is the real ocr_service; only its worker pretends, so that no model is loaded while
something else is measured. web_service runs under Gunicorn as in production.
"""

import contextlib
import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ocr_contract.control import ControlClient, ControlError
from ocr_contract.data_folder import DATABASE_NAME, SOCKET_PATH
from process_memory import peak_mb
from project import ROOT, VENVS
from running_service import ServiceError
from service_folders import GUNICORN, ServiceFolders, end, free_port, web_environ
from time_to_return import processor_s

DATASETTE = "bench-datasette"
_SOAK = ROOT / "benchmarks" / "soak"
_READER = (str(_SOAK / "stub_service.py"), "-S", "-E", str(_SOAK / "fake_worker.py"), "ok")
_QUIETLY = {"OCR_LOG_LEVEL": "error", "OCR_SCAN_INTERVAL_S": "86400", "OCR_BACKUP_EVERY": "0"}
"""Nothing happens by the clock while something else is measured."""
_POLL_S = 0.01
_START_S = 900.0
_QUIET_SHARE = 0.05


class Reader:
    """ocr_service on a folder of files and its database."""

    QUIET_S = 2.0
    """How long it must have nothing to do until it counts as quiet."""

    def __init__(self, folders: ServiceFolders, **settings: str) -> None:
        self._environ = folders.reader_environ(
            **{**_QUIETLY, "HOME": str(folders.data), **settings}
        )
        self.client = ControlClient(folders.data / SOCKET_PATH)
        self.process: subprocess.Popen[bytes]

    def launch(self) -> None:
        """Start it and wait for nothing."""
        self.process = subprocess.Popen([sys.executable, *_READER], env=self._environ)

    def start(self) -> float:
        """Start it; returns the seconds until the socket answered."""
        started = time.monotonic()
        self.launch()
        while True:
            with contextlib.suppress(ControlError):
                self.client.status()
                return time.monotonic() - started
            _check(self.process, "ocr_service", started)
            time.sleep(_POLL_S)

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """In good order."""
        end(self.process, 60.0)

    def check(self) -> None:
        """Raise ServiceError when it has ended."""
        if self.process.poll() is not None:
            raise ServiceError(f"ocr_service ended with exit code {self.process.returncode}")

    def peak_mb(self) -> float:
        """The largest resident size of the main process so far."""
        return peak_mb(self.process.pid)

    def wait_until_quiet(self, limit_s: float) -> bool:
        """Until it has nothing to do for a while: its look and its checks are over."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            before = processor_s(self.process.pid)
            time.sleep(self.QUIET_S)
            if processor_s(self.process.pid) - before < _QUIET_SHARE * self.QUIET_S:
                return True
        return False

    @contextlib.contextmanager
    def running(self) -> Iterator["Reader"]:
        """Started, and ended afterwards."""
        self.start()
        try:
            yield self
        finally:
            self.stop()


class Website:
    """A server on loopback that answers GET."""

    def __init__(self, command: list[str], port: int, environ: dict[str, str] | None) -> None:
        self.port = port
        started = time.monotonic()
        self.process = subprocess.Popen(
            command, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.get("/")
                break
            _check(self.process, command[0], started)
            time.sleep(_POLL_S)
        self.start_s = time.monotonic() - started
        """Until its first page was there."""

    def get(self, path: str) -> tuple[int, bytes]:
        """One visitor's request on a connection of its own: status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read()

    def visit(self, path: str) -> tuple[int, bytes]:
        """As `get`, with status 0 when no answer came."""
        try:
            return self.get(path)
        except (OSError, http.client.HTTPException):
            return 0, b""

    def __enter__(self) -> "Website":
        return self

    def __exit__(self, *_: object) -> None:
        end(self.process)


def web_service(data: Path) -> Website:
    """As `make run` starts it."""
    port = free_port()
    environ = web_environ(data, port, WEB_LOG_LEVEL="error")
    return Website([sys.executable, *GUNICORN], port, environ)


def datasette(data: Path) -> Website:
    """Datasette with its own defaults on the same file."""
    port = free_port()
    python = VENVS / DATASETTE / "bin" / "python"
    command = [str(python), "-m", "datasette", "serve", str(data / DATABASE_NAME)]
    return Website([*command, "--host=127.0.0.1", f"--port={port}"], port, None)


def _check(process: "subprocess.Popen[bytes]", name: str, started: float) -> None:
    if process.poll() is not None:
        raise ServiceError(f"{name} ended with exit code {process.returncode}")
    if time.monotonic() - started > _START_S:
        end(process)
        raise ServiceError(f"{name} did not answer within {_START_S:.0f} s")
