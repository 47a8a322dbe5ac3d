"""The worker process as the service sees it: started, watched, asked, replaced.

One worker today. The service stays up whatever happens in there: a worker that dies, hangs or
talks nonsense is killed, and its batch ends with WorkerError.
"""

import contextlib
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import worker_protocol as protocol
from ocr_errors import WorkerError
from worker_protocol import BatchResult, Provenance, Task

START_TIMEOUT_S = 180.0
_POLL_S = 0.1
_KILL_TIMEOUT_S = 5.0
WORKER_COMMAND = (sys.executable, str(Path(__file__).with_name("worker.py")))

log = logging.getLogger("pool")


class Stopped(Exception):  # noqa: N818  not an error: the service is stopping
    """The service stops; the batch was not finished."""


class Pool:
    """Starts the worker when it is needed and keeps at most one alive."""

    def __init__(
        self,
        *,
        timeout_s: float,
        stop: threading.Event,
        command: Sequence[str] = WORKER_COMMAND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`timeout_s` is the longest silence allowed per image; `stop` ends every wait."""
        self._timeout_s = timeout_s
        self._stop = stop
        self._command = tuple(command)
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self.provenance: Provenance | None = None
        """Of the worker now ready; None while there is none."""
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The worker's process id, when there is one."""
        return self._process.pid if self._process else None

    def start(self) -> Provenance:
        """Make sure that a worker is ready; returns what it reads with.

        Raises:
            WorkerError: it failed to start; with the worker's own code and sentence if it had one.
            Stopped: the service stops.
        """
        if self.provenance is not None and self._process and self._process.poll() is None:
            return self.provenance
        self.stop()
        ours, theirs = socket.socketpair()
        self.starts += 1
        try:
            self._process = subprocess.Popen(
                [*self._command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno(),
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._connection = Connection(ours.detach())
        try:
            message = self._receive(START_TIMEOUT_S)
            if message.get("type") == "failed":
                raise WorkerError(str(message.get("code")), str(message.get("message")))
            self.provenance = protocol.parse_ready(message)
        except BaseException:
            self.stop()
            raise
        log.info(
            "worker %d is ready: %s on %s", self.pid, self.provenance.engine, self.provenance.device
        )
        return self.provenance

    def read(self, batch_id: int, tasks: list[Task]) -> BatchResult:
        """Have a batch read.

        Raises:
            WorkerError: worker_died, worker_timeout, worker_nonsense; the worker is gone then.
            Stopped: the service stops; the worker is gone then.
        """
        assert self._connection is not None, "start() first"
        images = [
            {"id": task.image_id, "path": os.fsdecode(task.path), "sha256": task.sha256}
            for task in tasks
        ]
        try:
            try:
                protocol.send(self._connection, {"batch": batch_id, "images": images})
            except OSError as error:
                raise self._died() from error
            while True:
                message = self._receive(self._timeout_s * len(tasks))
                if message.get("type") == "batch":
                    result = protocol.parse_batch(message, tasks)
                    if result.batch_id == batch_id:
                        return result
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the worker, at once: it holds nothing that could be lost."""
        self.provenance = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the kernel: leave it
                self._process.wait(_KILL_TIMEOUT_S)
            self._process = None

    def _receive(self, timeout_s: float) -> dict[str, Any]:
        assert self._connection is not None
        deadline = self._clock() + timeout_s
        try:
            while not self._connection.poll(_POLL_S):
                if self._stop.is_set():
                    raise Stopped
                if self._clock() > deadline:
                    raise WorkerError(
                        "worker_timeout", f"The worker said nothing for {timeout_s:g} s."
                    )
            return protocol.receive(self._connection)
        except (EOFError, OSError) as error:
            raise self._died() from error

    def _died(self) -> WorkerError:
        code = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(1.0)
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return WorkerError("worker_died", f"The worker process ended by itself ({how}).")
