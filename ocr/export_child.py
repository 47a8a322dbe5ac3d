"""The process that makes exports, as whoever has it work sees it: started, watched, replaced.

It opens files that nobody vouches for, with libraries that may crash. So it is a process of its
own, with little processor time and bounded memory; where it dies or falls silent over one image,
that image has failed, and another process goes on with the rest. Standard library only.

    order, one line of JSON  ──▶  export_process  ──▶  frames (`ocr_contract.export.frames`)
"""

import collections
import contextlib
import dataclasses
import fcntl
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path

import ocr_contract
from machine_limits import usable_memory
from ocr_contract.error_codes import ErrorCode
from ocr_contract.export.frames import Begun, Ended, Event, Failed, FrameError, decoded
from ocr_settings import Settings

COMMAND = (sys.executable, str(Path(__file__).with_name("export_process.py")))
_CONTRACT = Path(ocr_contract.__file__).parents[1]
_SILENCE_S = 30.0
"""It says every few seconds that it is at work."""
_KILL_S = 5.0
_READ_BYTES = 256 * 1024
"""Also of the pipe, which else holds a quarter: each time that it is emptied costs as much as a
page."""
_ENDED_OVER_IT = "the process that makes it ended over it"
_MEMORY_SHARE = 0.2
LEAST_MEMORY, _MOST_MEMORY = 400_000_000, 1_500_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """What the process needs to know."""

    database: str
    image_folder: str
    format: str
    image_ids: tuple[int, ...]
    machine: bool
    page: int | None
    max_bytes: int
    max_pixels: float
    max_pages: int
    pdf_dpi: float
    timeout_s: float
    memory_bytes: int
    parent: int
    nice: int = 10
    careful: bool = False
    """Each image is named before it is begun."""


def order(
    settings: Settings, name: str, ids: Sequence[int], *, machine: bool, page: int | None = None
) -> Order:
    """For these images in that format."""
    memory = int((usable_memory() or _MOST_MEMORY / _MEMORY_SHARE) * _MEMORY_SHARE)
    return Order(
        database=str(settings.database),
        image_folder=str(settings.image_folder),
        format=name,
        image_ids=tuple(ids),
        machine=machine,
        page=page,
        max_bytes=int(settings.max_file_mb * 1e6),
        max_pixels=settings.max_megapixels * 1e6,
        max_pages=settings.max_pages,
        pdf_dpi=settings.pdf_dpi,
        timeout_s=settings.timeout_s,
        memory_bytes=min(max(memory, LEAST_MEMORY), _MOST_MEMORY),
        parent=os.getpid(),
    )


class _Silent(Exception):  # noqa: N818  a state of affairs, named as such
    """Nothing came for too long."""


class Child:
    """Makes these images' files in their order: a process, and the next one when it ends early."""

    def __init__(self, wanted: Order, command: Sequence[str] = COMMAND) -> None:
        """It is at work from now on; `close` it."""
        self._wanted = wanted
        self._command = command
        self.ahead = collections.deque[Event]()
        """What it made that nobody took yet."""
        self._process = _started(wanted, command)
        self._portions = self._followed()

    def wait(self) -> bool:
        """Until more events are `ahead`, as many as are there by then; False: that was all."""
        found = next(self._portions, None)
        self.ahead.extend(found or ())
        return found is not None

    def hang_up(self) -> None:
        """Nothing more is wanted: it may end. `close` waits for that."""
        self._portions.close()
        _hung_up(self._process)

    def close(self) -> None:
        """It has ended, whatever it was at."""
        self.hang_up()
        _ended(self._process)

    def _followed(self) -> Generator[list[Event], None, None]:
        left = collections.deque(self._wanted.image_ids)
        careful = self._wanted.careful
        while True:
            current: int | None = None
            reason = ""
            held: list[Event] = []
            try:
                read = _Read(self._process)
                for event in decoded(read):
                    if isinstance(event, Begun):
                        current = event.image_id
                        while left and left.popleft() != current:
                            pass  # those before it do not exist, or have nothing to export
                    elif isinstance(event, Ended | Failed):
                        current = None
                    held.append(event)
                    if not read.has_more:
                        yield held
                        held = []
            except FrameError:
                reason = _ENDED_OVER_IT
            except _Silent:
                reason = "it took too long"
            code = _ended(self._process)
            if held:
                yield held
            if current is None and not reason and code == 0:
                return
            if current is None and left:  # before any, between two, or over one not named yet
                if careful:
                    current = left.popleft()
                    yield [Begun(current)]
                careful = True
            if current is not None:
                yield [_unmade(current, reason or _ENDED_OVER_IT)]
            if not left:
                return
            rest = dataclasses.replace(self._wanted, image_ids=tuple(left), careful=careful)
            self._process = _started(rest, self._command)


def _unmade(image_id: int, reason: str) -> Failed:
    message = (
        f"Image number {image_id} could not be exported ({reason}). Its text is safe in the "
        "database; other formats may do."
    )
    return Failed(ErrorCode.EXPORT_FAILED, message)


def _started(wanted: Order, command: Sequence[str]) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        bufsize=0, env={**os.environ, "PYTHONPATH": _with_contract()},
    )  # fmt: skip
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # it has ended: its exit code says so
        process.stdin.write(json.dumps(dataclasses.asdict(wanted)).encode() + b"\n")
        process.stdin.close()
    return process


def _with_contract() -> str:
    """The search path of the process: what is shared by both services comes first."""
    return os.pathsep.join(filter(None, [str(_CONTRACT), os.environ.get("PYTHONPATH")]))


class _Read:
    """Reads what the process says, but does not wait for ever."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        self._descriptor = process.stdout.fileno()
        with contextlib.suppress(OSError):  # a user may only have so many
            fcntl.fcntl(self._descriptor, fcntl.F_SETPIPE_SZ, _READ_BYTES)
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)
        self._held = b""
        self._at = 0

    @property
    def has_more(self) -> bool:
        """Whether something can be read without waiting for it."""
        return self._at < len(self._held)

    def __call__(self, count: int) -> bytes:
        if not self.has_more:
            if not self._poll.poll(_SILENCE_S * 1000):
                raise _Silent
            self._held, self._at = os.read(self._descriptor, _READ_BYTES), 0
        start, self._at = self._at, min(self._at + count, len(self._held))
        return self._held[start : self._at]


def _hung_up(process: "subprocess.Popen[bytes]") -> None:
    """Its next frame ends it."""
    assert process.stdout is not None
    process.stdout.close()


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """Its exit code; whatever it does, it ends now."""
    _hung_up(process)
    ends_at = time.monotonic() + _KILL_S
    try:
        return process.wait(0.2)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(max(ends_at - time.monotonic(), 0.1))
