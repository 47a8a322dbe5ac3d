"""Reads lines in processes of their own: native code that crashes or hangs there costs one line.

Each thread that reads has a process, started when it is first needed. One that ends, or is silent
for too long over a line, is replaced by another for the next line. A reader that loses several
lines in a row rests for a while, or a page of such lines would spend minutes on starting processes.
"""

import contextlib
import json
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

import child_process
from decoding.pixels import Pixels
from engines.inference import Inference
from language_choice import Language
from languages.line_process import HEADER
from languages.second_reader import LineLostError, Reader, Words
from ocr_contract.error_codes import ErrorCode
from ocr_errors import WorkerError

COMMAND = (sys.executable, "-P", "-m", "languages.line_process")
_ROOM = Path(__file__).parents[1]
START_TIMEOUT_S = 120.0
LINE_TIMEOUT_S = 30.0
"""A line of 12,000 pixels takes a second; the service waits for longer than this for a step."""
MOST_IN_A_ROW = 3
"""So many lines may one reader lose in a row …"""
REST_S = 60.0
"""… before it is not asked for so long."""
_MOST_BYTES = 1 << 20
"""Of an answer."""

log = logging.getLogger("languages")


class LineProcess:
    """One process. For one thread at a time."""

    def __init__(
        self, languages: Sequence[Language], inference: Inference, command: Sequence[str] = COMMAND
    ) -> None:
        """Launch it and wait until it is ready.

        Raises:
            WorkerError: what it says, or worker_not_started.
        """
        room = {"PYTHONPATH": os.pathsep.join([str(_ROOM), *filter(None, sys.path)])}
        try:
            self.process, ours = child_process.launch(command, room)
        except OSError as error:
            raise _not_started(os.strerror(error.errno or 0)) from error
        self._connection = Connection(ours.detach())
        try:
            self._connection.send((tuple(languages), inference))
            told = self._answer(START_TIMEOUT_S)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            self.end()
            raise _not_started(f"it ended with {self.process.returncode}") from error
        if "models" not in told:
            self.end()
            raise WorkerError(str(told["code"]), str(told["message"]))
        self.models = tuple(map(str, told["models"]))

    def read(self, number: int, line: Pixels) -> Words:
        """One line by that reader.

        Raises:
            LineLostError: this line failed; the process goes on.
            OSError, EOFError, TimeoutError, ValueError: the process is of no use any more.
        """
        height, width = line.shape[:2]
        self._connection.send_bytes(
            HEADER.pack(number, height, width) + np.ascontiguousarray(line).tobytes()
        )
        told = self._answer(LINE_TIMEOUT_S)
        if isinstance(told, dict):
            raise LineLostError(str(told.get("failed")))
        text, confidence, places = told
        kept = None if places is None else tuple(map(float, places))
        return Words(str(text), min(max(float(confidence), 0.0), 1.0), kept)

    def end(self) -> None:
        """At once."""
        self._connection.close()
        child_process.end_at_once(self.process)

    def _answer(self, timeout_s: float) -> Any:
        if not self._connection.poll(timeout_s):
            raise TimeoutError
        return json.loads(self._connection.recv_bytes(_MOST_BYTES))


class LineProcesses:
    """At most so many of them. Safe to use from several threads."""

    def __init__(
        self,
        languages: Sequence[Language],
        inference: Inference,
        most: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """The first one is started at once.

        Raises:
            WorkerError: as of `LineProcess`.
        """
        self._languages, self._inference = tuple(languages), inference
        self._clock = clock
        self._lock = threading.Lock()
        self._lost: dict[int, int] = {}
        """In a row, by reader."""
        self._rests_until: dict[int, float] = {}
        first = self._start()
        self._models = first.models
        self._idle: queue.SimpleQueue[LineProcess | None] = queue.SimpleQueue()
        self._idle.put(first)
        for _ in range(most - 1):
            self._idle.put(None)  # started when they are needed

    @property
    def readers(self) -> list[Reader]:
        """What reads in them."""
        return [Reader(model, self._reader(number)) for number, model in enumerate(self._models)]

    def close(self) -> None:
        """End those that are idle; the others end with the worker."""
        with contextlib.suppress(queue.Empty):
            while True:
                if (process := self._idle.get_nowait()) is not None:
                    process.end()

    def _start(self) -> LineProcess:
        return LineProcess(self._languages, self._inference)

    def _reader(self, number: int) -> Callable[[Pixels], Words]:
        return lambda line: self._read(number, line)

    def _read(self, number: int, line: Pixels) -> Words:
        """Raises LineLostError."""
        with self._lock:
            if self._clock() < self._rests_until.get(number, 0.0):
                raise LineLostError("it rests after several failures")
        try:
            with self._borrowed() as read:
                words = read(number, line)
        except LineLostError as error:
            self._count_lost(number, str(error))
            raise
        with self._lock:
            self._lost[number] = 0
        return words

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[Callable[[int, Pixels], Words]]:
        """A process, or after its end the place for another one."""
        process = self._idle.get()
        try:
            try:
                process = process or self._start()
                yield process.read
            except (OSError, EOFError, ValueError, TypeError, WorkerError) as error:
                reason = "it was silent for too long" if isinstance(error, TimeoutError) else ""
                if process is not None:
                    process.end()
                    reason = reason or f"its process ended with {process.process.returncode}"
                    process = None
                raise LineLostError(reason or str(error)) from error
        finally:
            self._idle.put(process)

    def _count_lost(self, number: int, reason: str) -> None:
        with self._lock:
            lost = self._lost[number] = self._lost.get(number, 0) + 1
            if is_too_much := lost >= MOST_IN_A_ROW:
                self._lost[number] = 0
                self._rests_until[number] = self._clock() + REST_S
        more = f"; it is not asked for {REST_S:g} s" if is_too_much else ""
        log.warning("%s lost a line: %s%s", self._models[number], reason, more)


def _not_started(reason: str) -> WorkerError:
    return WorkerError(
        ErrorCode.WORKER_NOT_STARTED,
        f"The process that reads other scripts did not start: {reason}.",
    )
