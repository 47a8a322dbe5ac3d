"""A worker's process and our end of its connection: launched, asked whether it is ready, ended."""

import os
import time
from collections.abc import Callable, Sequence

import child_process
import machine_limits
from ocr_contract.error_codes import ErrorCode
from ocr_errors import WorkerError
from worker_link.worker_channel import Channel

START_TIMEOUT_S = 180.0
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy's products are small and each page has a thread: more threads wait for each other."""
_MOST_MEMORY = 0.6
"""The share of the memory there is that all workers may hold together for a while."""


class WorkerProcess:
    """One process. For one thread, but `end` is for all."""

    def __init__(self, command: Sequence[str], wait: Callable[[], None]) -> None:
        """Launch it; `wait` as of `Channel`.

        Raises:
            WorkerError: worker_not_started.
        """
        self.launched_at = time.monotonic()
        try:
            self.process, ours = child_process.launch(command, _ENVIRONMENT)
        except OSError as error:  # no descriptor, process or memory is left: not for ever
            raise WorkerError(
                ErrorCode.WORKER_NOT_STARTED,
                f"No worker can be started ({os.strerror(error.errno or 0)}).",
            ) from error
        self.channel = Channel(ours, wait)

    @property
    def has_told(self) -> bool:
        """Whether it said that it is ready or failed, has ended, or took too long."""
        late = time.monotonic() - self.launched_at > START_TIMEOUT_S
        return late or self.process.poll() is not None or self.channel.has_input(0.0)

    def end(self) -> None:
        """At once: it holds nothing that could be lost."""
        self.channel.close()
        child_process.end_at_once(self.process)


def has_room_for_more(pid: int, workers: int = 1) -> bool:
    """Whether one more worker as large as this one fits into the memory beside so many."""
    most = _MOST_MEMORY * machine_limits.usable_memory()
    return (workers + 1) * (machine_limits.resident_bytes(pid) or 0) <= most
