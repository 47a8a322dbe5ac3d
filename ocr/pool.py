"""The worker process as the service sees it: started, watched, asked, replaced.

One worker today. The service stays up whatever happens in there: a worker that dies, hangs or
talks nonsense is killed, and the batches that it had end with WorkerError.
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
from pathlib import Path
from typing import Any

import heartbeat
import worker_protocol as protocol
from ocr_errors import WorkerError
from worker_protocol import BatchResult, Provenance, Task

START_TIMEOUT_S = 180.0
_KILL_TIMEOUT_S = 5.0
_LAST_WORDS_S = 0.5
"""From the end of the connection to the exit code."""
_MOST_MESSAGES_PER_IMAGE = 4
"""One step to tell of, and an answer; much more than this is a loop."""
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
        self._channel: protocol.Channel | None = None
        self._timeout_now_s = START_TIMEOUT_S
        self._deadline = 0.0
        self._in_work: dict[int, list[Task]] = {}
        self._messages_left = 0
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
        self._channel = protocol.Channel(ours, self._wait)
        self._allow(START_TIMEOUT_S)
        try:
            message = self._receive()
            if message.get("type") == "failed":
                raise protocol.parse_failed(message)
            self.provenance = protocol.parse_ready(message)
        except BaseException:
            self.stop()
            raise
        log.info(
            "worker %d is ready: %s on %s", self.pid, self.provenance.engine, self.provenance.device
        )
        return self.provenance

    def submit(self, batch_id: int, tasks: list[Task]) -> None:
        """Hand a batch to the worker, which may have several; `next_result` brings the answers.

        Raises:
            WorkerError: worker_died, worker_timeout; the worker and all its batches are gone then.
            Stopped: the service stops; the worker is gone then.
        """
        assert self._channel is not None, "start() first"
        images = [
            {"id": task.image_id, "path": os.fsdecode(task.path), "sha256": task.sha256}
            for task in tasks
        ]
        self._in_work[batch_id] = tasks
        self._messages_left += _MOST_MESSAGES_PER_IMAGE * len(tasks)
        try:
            self._allow_for_work()
            try:
                self._channel.send({"batch": batch_id, "images": images})
            except OSError as error:
                raise self._died() from error
        except BaseException:
            self.stop()
            raise

    def next_result(self) -> BatchResult:
        """Wait for one of the submitted batches, whichever is done first.

        Raises:
            WorkerError: worker_died, worker_timeout, worker_nonsense; the worker and all its
                batches are gone then.
            Stopped: the service stops; the worker is gone then.
        """
        assert self._in_work, "submit() first"
        try:
            self._allow_for_work()
            while self._messages_left:
                self._messages_left -= 1
                message = self._receive()
                if message.get("type") == "batch" and (
                    tasks := self._in_work.get(protocol.batch_of(message))
                ):
                    result = protocol.parse_batch(message, tasks)
                    del self._in_work[result.batch_id]
                    return result
                self._allow_for_work()
            raise WorkerError("worker_nonsense", "The worker talks and talks, but never answers.")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the worker, at once: it holds nothing that could be lost."""
        self.provenance = None
        self._in_work.clear()
        self._messages_left = 0
        channel, self._channel = self._channel, None
        process, self._process = self._process, None
        if channel is not None:
            channel.close()
        if process is not None:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the kernel: leave it
                process.wait(_KILL_TIMEOUT_S)

    def _allow_for_work(self) -> None:
        self._allow(self._timeout_s * sum(len(tasks) for tasks in self._in_work.values()))

    def _allow(self, timeout_s: float) -> None:
        """From now on a silence of `timeout_s` ends the worker."""
        self._timeout_now_s = timeout_s
        self._deadline = self._clock() + timeout_s

    def _wait(self) -> None:
        """Go on waiting, unless there is a reason not to."""
        heartbeat.beat()  # how long the worker may take is this module's own affair
        if self._stop.is_set():
            raise Stopped
        if self._clock() > self._deadline:
            raise WorkerError(
                "worker_timeout", f"The worker said nothing for {self._timeout_now_s:g} s."
            )

    def _receive(self) -> dict[str, Any]:
        assert self._channel is not None
        try:
            return self._channel.receive()
        except (EOFError, OSError) as error:
            raise self._died() from error

    def _died(self) -> WorkerError:
        code, process = None, self._process
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(_LAST_WORDS_S)
        if code is None:
            how = "it hung up"
        else:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return WorkerError("worker_died", f"The worker process ended by itself ({how}).")
