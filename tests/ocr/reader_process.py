"""ocr_service as a child process on folders of a test's own, with a worker that needs no engine."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from service_folders import ServiceFolders

_PROGRAM = str(Path(__file__).with_name("service_runner.py"))


class ServiceProcess:
    """A folder of images, a data folder, and the service that stands between them."""

    def __init__(self, folder: Path) -> None:
        self.folders = ServiceFolders.below(folder)
        self.images, self.data = self.folders.images, self.folders.data
        self.environment = self.folders.reader_environ(
            OCR_SCAN_INTERVAL_S="0.2", OCR_SETTLE_S="0.05"
        )
        self.process: subprocess.Popen[str] | None = None

    def add(self, *names: str) -> None:
        """Images as far as the service looks; each with content of its own."""
        for name in names:
            self.folders.add_image(name)

    def start(
        self, *arguments: str, worker: str = "ok", fault: str = "none", **environment: str
    ) -> "subprocess.Popen[str]":
        """Start the service; stop what was started with `stop` or `kill`."""
        self.process = subprocess.Popen(
            [sys.executable, _PROGRAM, worker, fault, *arguments],
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self.process

    def run(self, *arguments: str, **how: str) -> "subprocess.CompletedProcess[str]":
        """Start the service and wait for its end."""
        process = self.start(*arguments, **how)
        out, err = process.communicate(timeout=30)
        return subprocess.CompletedProcess([], process.returncode, out, err)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float, str]:
        """Signal it; returns (exit code, seconds until the end, what it said on stderr)."""
        assert self.process is not None
        started = time.monotonic()
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, time.monotonic() - started, said

    def kill(self) -> None:
        """End it, if it still runs."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.communicate(timeout=30)


@contextlib.contextmanager
def service_in(folder: Path) -> Iterator[ServiceProcess]:
    """A service that is gone afterwards, whatever happens."""
    service = ServiceProcess(folder)
    try:
        yield service
    finally:
        service.kill()
