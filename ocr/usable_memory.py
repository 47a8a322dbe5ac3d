"""How much memory this process may really use, and whether an error means its lack."""

import contextlib
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_MEMINFO = Path("/proc/meminfo")
_NATIVE_WORDS = ("bad_alloc", "insufficient memory", "allocate memory", "out of memory")
"""Of OpenCV, ONNX Runtime, OpenVINO, CUDA."""


def usable_memory(cgroups: Path = _CGROUPS, meminfo: Path = _MEMINFO) -> int:
    """Bytes: the smaller of the machine's memory and the container's limit; 0 when unknown.

    The limit stands below `cgroups` in `memory.max` (version 2: bytes, or "max") or in a file of
    `memory/` (version 1, where no limit is a number beyond all memory).
    """
    sizes = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        sizes.append(_machine(meminfo))
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        # No such file, or no number in it ("max"): there is no limit of this kind.
        with contextlib.suppress(OSError, ValueError):
            sizes.append(int((cgroups / name).read_text()))
    return min((size for size in sizes if size > 0), default=0)


def is_lack_of_memory(error: Exception) -> bool:
    """Whether it is a MemoryError or what native code says instead."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(words in said for words in _NATIVE_WORDS)


def _machine(meminfo: Path) -> int:
    (line,) = (line for line in meminfo.read_text().splitlines() if line.startswith("MemTotal:"))
    return int(line.split()[1]) * 1024
