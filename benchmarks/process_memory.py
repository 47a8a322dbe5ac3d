"""Resident memory of a process and of everything below it, read from /proc.

A peak is the largest of two figures: the sum over the whole tree, sampled ten times a second,
and what the kernel has noted as the peak of any single process of it. Pages that processes
share count once for each of them.
"""

import threading
from pathlib import Path

from machine_limits import resident_bytes

_MIB = 2**20
_SAMPLE_S = 0.1


def tree(pid: int) -> list[int]:
    """`pid` and every process below it; those that ended meanwhile are left out."""
    found = [pid]
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return found
    for task in tasks:
        try:
            children = (task / "children").read_text().split()
        except OSError:  # the thread or the whole process has ended
            continue
        for child in children:
            found += tree(int(child))
    return found


def resident_mb(pid: int) -> float:
    """Resident size now, in MiB; 0 when there is no such process."""
    return (resident_bytes(pid) or 0) / _MIB


def peak_mb(pid: int) -> float:
    """The kernel's note of the largest resident size so far, in MiB; 0 without the process."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


class PeakWatch:
    """Follows a process tree in a thread, as a context manager; `peak_mb` is the result, in MiB."""

    def __init__(self, pid: int) -> None:
        self.peak_mb = 0.0
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "PeakWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            pids = tree(self._pid)
            together = sum(map(resident_mb, pids))
            self.peak_mb = max(self.peak_mb, together, *map(peak_mb, pids))
            if self._stop.wait(_SAMPLE_S):
                return
