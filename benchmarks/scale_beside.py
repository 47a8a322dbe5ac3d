"""The step `beside` of `make scale`: what reading loses while a backup of the archive is made.

A service of its own reads one receipt again and again: alone, alone once more (which says how much
the figures differ by themselves), and beside the process that backs up the archive, in turn. That
process is stopped (SIGSTOP) while reading is alone. Between two rounds it has the machine to
itself, so that in the end each of its parts was met: check, copy, check of what was stored.
"""

import contextlib
import json
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import ocr_contract
from ocr_contract.data_folder import DATABASE_NAME
from process_memory import tree
from project import ROOT
from running_service import RunningService
from safekeeping.backup_child import COMMAND, Order
from scale_figures import Row
from scale_place import Place
from time_to_return import processor_s

ROUNDS = 6
IMAGES = 40
"""Read in one measurement, some twenty seconds on two cores."""
ALONE_S = 30.0
"""So long a backup may go on unmeasured after each round."""
AT_LEAST = 0.9
_SAMPLE = ROOT / "samples" / "receipt-photo.jpg"
_KINDS = ("alone", "alone again", "beside")


def beside_step(place: Place) -> list[Row]:
    """Images a second without a backup and beside one, in turn."""
    speeds: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    backup_s = beside_s = 0.0
    with place.own_folder("beside") as folder, RunningService({"OCR_BACKUP_EVERY": "0"}) as service:
        service.wait_until_ready()
        _read(service, "warm")  # shapes are prepared as they are met first
        with _Backup(place.folders.data / DATABASE_NAME, folder) as backup:
            for number in range(ROUNDS):
                for kind in _KINDS if number % 2 else reversed(_KINDS):
                    with backup.going_on() if kind == "beside" else contextlib.nullcontext():
                        worked_s, begun = backup.worked_s(), time.monotonic()
                        speeds[kind].append(_read(service, f"{number}-{kind}"))
                        if kind == "beside":
                            backup_s += backup.worked_s() - worked_s
                            beside_s += time.monotonic() - begun
                with backup.going_on():
                    time.sleep(ALONE_S)
    return _rows(speeds, backup_s / beside_s)


def _rows(speeds: dict[str, list[float]], backup_cores: float) -> list[Row]:
    """Medians, and medians of what each round has to itself."""

    def of_alone(kind: str) -> float:
        pairs = zip(speeds[kind], speeds["alone"], strict=True)
        return statistics.median(speed / alone for speed, alone in pairs)

    return [
        *(
            Row(f"reading {kind}", statistics.median(speeds[kind]), "images/s", grows=False)
            for kind in _KINDS
        ),
        Row("the second time alone, of the first", of_alone("alone again"), "×", grows=False),
        Row("beside a backup, of alone", of_alone("beside"), "×", at_least=AT_LEAST, grows=False),
        Row("what the backup took beside it", backup_cores, "cores", grows=False),
    ]


def _read(service: RunningService, name: str) -> float:
    """Images a second."""
    content = _SAMPLE.read_bytes()
    before = service.read_so_far()
    files = [(f"{name}-{at}.jpg", content + f"{name}-{at}".encode()) for at in range(IMAGES)]
    started = time.monotonic()
    service.drop_all(files)
    service.wait_until_read(before + IMAGES, 0.05)
    return IMAGES / (time.monotonic() - started)


class _Backup:
    """One backup after the other, each as the service has it made first; stopped until wanted."""

    def __init__(self, database: Path, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._made = 0
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> "_Backup":
        self._start()
        self._send(signal.SIGSTOP)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    @contextlib.contextmanager
    def going_on(self) -> Iterator[None]:
        """It runs meanwhile; a small database's may have ended, then there is another one."""
        if self._process.poll() is not None:
            self._start()
        self._send(signal.SIGCONT)
        yield
        self._send(signal.SIGSTOP)

    def worked_s(self) -> float:
        """Processor seconds of the one that runs."""
        return sum(map(processor_s, tree(self._process.pid)))

    def _send(self, number: int) -> None:
        if self._process.poll() is None:
            os.kill(self._process.pid, number)

    def _start(self) -> None:
        self._made += 1
        order = Order(
            database=str(self._database),
            target=str(self._folder / f"{self._made}.backup"),
            keep=1,
            limit_bytes=1 << 50,
            min_free_mb=0.0,
            parent=os.getpid(),
        )
        self._process = subprocess.Popen(
            [*COMMAND, json.dumps(order._asdict())],
            env={**os.environ, "PYTHONPATH": str(Path(ocr_contract.__file__).parents[1])},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
