"""A disk on which soon nothing more fits: a real one where that is allowed, else a pretended one.

Root mounts a small tmpfs. Everybody runs the same tests with the service told by `service_runner`
that its disk is full.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

SIZE_MB = 12
KINDS = ["pretended", *(["tmpfs"] if os.geteuid() == 0 else [])]


class SmallDisk:
    """`fill` it, and `free` it again."""

    def __init__(self, folder: Path, fault: str) -> None:
        self.folder = folder
        self.fault = fault
        """For `ServiceProcess.start`."""
        self._ballast = folder / ("fault" if fault == "disk" else "ballast")

    def fill(self) -> None:
        if self.fault == "disk":
            self._ballast.touch()
            return
        with self._ballast.open("ab", buffering=0) as stream, contextlib.suppress(OSError):
            while True:
                stream.write(b"x" * 4096)

    def free(self) -> None:
        self._ballast.unlink()


@contextlib.contextmanager
def small_disk(kind: str, folder: Path) -> Iterator[SmallDisk]:
    """A disk of `kind` at `folder`, gone afterwards."""
    if kind == "pretended":
        yield SmallDisk(folder, "disk")
        return
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "none", str(folder)], check=True
    )
    try:
        yield SmallDisk(folder, "none")
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
