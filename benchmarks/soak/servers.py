"""Both services as real processes on one data folder, for runs that visit them."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ocr_contract.control import ControlClient, ControlError
from ocr_contract.data_folder import SOCKET_PATH
from project import ROOT
from running_service import query
from service_folders import GUNICORN, ServiceFolders, end, free_port, web_environ
from soak_report import require

_HERE = Path(__file__).parent
_PRETEND = (str(_HERE / "stub_service.py"), "-S", "-E",
            str(ROOT / "benchmarks" / "soak" / "fake_worker.py"), "ok")  # fmt: skip
REAL = (str(ROOT / "ocr" / "ocr_service.py"),)
_START_S = 60.0


class Servers:
    """ocr_service (whose worker pretends, unless it is REAL) and web_service."""

    def __init__(self, folder: Path, program: tuple[str, ...] = _PRETEND, **settings: str) -> None:
        self._folders = ServiceFolders.below(folder)
        self.images, self.data = self._folders.images, self._folders.data
        self.port = free_port()
        self._log_path = folder / "log"
        self._log = self._log_path.open("ab")
        self._program = program
        self._settings = settings
        self._added = 0
        self.ocr: subprocess.Popen[bytes]
        self.web: subprocess.Popen[bytes]

    def __enter__(self) -> "Servers":
        reader = self._folders.reader_environ(
            HOME=str(self.data), OCR_LOG_LEVEL="warning", OCR_SCAN_INTERVAL_S="0.5"
        )
        self.ocr = self._start(self._program, reader | self._settings)
        web = web_environ(self.data, self.port, WEB_LOG_LEVEL="warning")
        self.web = self._start(GUNICORN, web)
        try:
            self._wait(self._answers, "the services start", _START_S)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.web, self.ocr):
            end(process)
        self._log.close()

    def add_images(self, count: int) -> int:
        """For a worker that pretends; returns how many there are now."""
        for _ in range(count):
            self._added += 1
            self._folders.add_image(f"{self._added:07}.jpg")
        return self._added

    def done(self) -> int:
        """How many images were read so far."""
        rows = query(self.data, "SELECT count(*) FROM images WHERE finished_at IS NOT NULL")
        return int(rows[0][0]) if rows else 0

    def wait_until_done(self, count: int) -> None:
        """Until so many were read; raises Violation when that does not happen."""
        self._wait(lambda: self.done() >= count, f"{count} images are read", _START_S)

    def check(self) -> None:
        """Both live, and neither log shows a defect."""
        for name, process in (("ocr_service", self.ocr), ("web_service", self.web)):
            require(process.poll() is None, f"{name} ended: {self._said()}")
        require("Traceback (most" not in self._said(), f"a traceback: {self._said()}")

    def _start(
        self, arguments: Iterable[str], environ: Mapping[str, str]
    ) -> "subprocess.Popen[bytes]":
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, env=environ, stdout=self._log, stderr=self._log)

    def _answers(self) -> bool:
        try:
            ready = ControlClient(self.data / SOCKET_PATH).status().engine is not None
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=5) as reply:
                return ready and bool(reply.status == 200)
        except (OSError, ControlError):
            return False

    def _said(self) -> str:
        return self._log_path.read_text(errors="replace")[-4000:]

    def _wait(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not condition():
            self.check()
            require(time.monotonic() < until, f"after {seconds:g} s not so: {what}; {self._said()}")
            time.sleep(0.05)
