"""A real ocr_service on folders of a benchmark's own: start it, feed it, ask it, end it.

The models are those that `make models` provided; everything else is temporary. Settings come from
the caller's environment (`OCR_…`), so that a benchmark can be run with any of them.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ocr_contract.control import ControlClient, ControlError
from ocr_contract.data_folder import SOCKET_PATH
from project import ROOT
from service_folders import ServiceFolders, end

TIMEOUT_S = 3600.0
_POLL_S = 0.05
_WAITING = "('pending', 'processing')"


class ServiceError(Exception):
    """ocr_service ended, or did not do in time what it should."""


class RunningService:
    """ocr_service while it runs, as a context manager; `with` ends it and removes its folders."""

    program: tuple[str, ...] = (str(ROOT / "ocr" / "ocr_service.py"),)
    """What Python runs, with its arguments."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ocr-bench-")
        folder = Path(self._folder.name)
        self.folders = ServiceFolders.below(folder)
        self.images, self.data = self.folders.images, self.folders.data
        self._staged = folder / "staged"
        self._staged.mkdir()
        self._control = ControlClient(self.data / SOCKET_PATH)
        self._environ = environ or {}
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> "RunningService":
        self.start()
        return self

    def start(self) -> None:
        """Start it, also anew after it was killed; its folders stay."""
        self.process = subprocess.Popen(
            [sys.executable, *self.program],
            env={
                "OCR_LOG_LEVEL": "warning",
                **os.environ,
                **self._environ,
                **self.folders.reader_environ(),
            },
        )

    def __exit__(self, *_: object) -> None:
        end(self.process)
        self._folder.cleanup()

    def wait_until_ready(self) -> str:
        """Until the worker can read; returns what it reads with: engine, precision, device."""
        while (found := self.reads_with()) is None:
            self.check()
            time.sleep(_POLL_S)
        return found

    def reads_with(self) -> str | None:
        """Engine, precision and device; None while there is no worker that can read."""
        try:
            status = self._control.status()
        except ControlError:  # not listening yet
            return None
        if status.engine is None:
            return None
        return f"{status.engine}, {status.precision}, {status.device}"

    def drop(self, name: str, content: bytes) -> None:
        """Let one complete file appear under this name."""
        self.drop_all([(name, content)])

    def drop_all(self, files: Iterable[tuple[str, bytes | Path]]) -> None:
        """Let complete files appear at nearly the same moment: first copied, then renamed."""
        staged = []
        for name, content in files:
            place = self._staged / name
            if isinstance(content, Path):
                shutil.copyfile(content, place)
            else:
                place.write_bytes(content)
            staged.append(place)
        for place in staged:
            place.rename(self.images / place.name)

    def wait_until_read(self, count: int, poll_s: float = 4 * _POLL_S) -> None:
        """Until `count` images are known and none of them waits; failed ones count as read."""
        deadline = time.monotonic() + TIMEOUT_S
        while self.read_so_far() < count:
            self.check()
            if time.monotonic() > deadline:
                raise ServiceError(f"not finished within {TIMEOUT_S:.0f} s")
            time.sleep(poll_s)

    def read_so_far(self) -> int:
        """How many images are done, in whatever way."""
        rows = self.query(f"SELECT count(*) FROM images WHERE status NOT IN {_WAITING}")
        return int(rows[0][0]) if rows else 0

    def restarts(self) -> int:
        """How often the worker was replaced."""
        return self._control.status().worker_restarts

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows from the database; none while it is not there yet."""
        return query(self.data, sql, *values)

    def check(self) -> None:
        """Raise ServiceError when the service has ended."""
        if self.process.poll() is not None:
            raise ServiceError(f"ocr_service ended with exit code {self.process.returncode}")


def query(data: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows from the database below a data folder; none while it is not there yet."""
    uri = (data / "ocr_data.db").as_uri() + "?mode=ro"
    try:
        connection = sqlite3.connect(uri, uri=True)
        try:
            return list(connection.execute(sql, values))
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return []
