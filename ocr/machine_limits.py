"""What this process may really use of the machine, and what the kernel says of other processes.

Standard library only.
"""

import contextlib
import math
import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_MEMINFO = Path("/proc/meminfo")
_STAT = Path("/proc/stat")
NVIDIA_CONTROL_DEVICE = Path("/dev/nvidiactl")
"""What NVIDIA's driver shows, on a machine and in a container that was given a GPU."""
_CPUINFO = Path("/proc/cpuinfo")
_NATIVE_WORDS = ("bad_alloc", "insufficient memory", "allocate memory", "out of memory")
"""Of OpenCV, ONNX Runtime, OpenVINO, CUDA."""


def usable_cpus(cgroups: Path = _CGROUPS) -> int:
    """The smaller of the scheduler's affinity and the container's quota, at least 1.

    Libraries size their threads from the host, and then fight over a container's quota. It
    stands below `cgroups` in `cpu.max` (version 2: "<microseconds or max> <period>") or in two
    files of `cpu/` (version 1; a quota of -1 is none).
    """
    cpus = len(os.sched_getaffinity(0))
    for quota_and_period in (_version_2, _version_1):
        # No such file, or no number in it ("max"): there is no quota of this kind.
        with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = quota_and_period(cgroups)
            if quota >= 0:
                cpus = min(cpus, math.ceil(quota / period))
    return max(1, cpus)


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


def free_memory(cgroups: Path = _CGROUPS, meminfo: Path = _MEMINFO) -> int | None:
    """Bytes that may still be taken: of the machine's memory, or of the container's limit where
    that is less; None when unknown. What files left in the cache counts as free."""
    sizes = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        sizes.append(_machine(meminfo, "MemAvailable:"))
    for limit, used, cached in (
        ("memory.max", "memory.current", "memory.stat"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    ):
        with contextlib.suppress(OSError, ValueError):  # no limit of this kind
            most = int((cgroups / limit).read_text())
            stat = dict(line.split() for line in (cgroups / cached).read_text().splitlines())
            files = int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))
            sizes.append(most - int((cgroups / used).read_text()) + files)
    return max(min(sizes), 0) if sizes else None


def idle_seconds(stat: Path = _STAT) -> float:
    """So long the machine's processors together had nothing to do since its start; 0: unknown."""
    try:
        fields = stat.read_text().split("\n", 1)[0].split()
        return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def has_amx(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether the processors have a unit for matrix products in bf16."""
    try:
        return "amx_bf16" in cpuinfo.read_text(errors="replace").split()
    except OSError:
        return False


def is_lack_of_memory(error: Exception) -> bool:
    """Whether it is a MemoryError or what native code says instead."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(words in said for words in _NATIVE_WORDS)


def is_running(pid: int) -> bool:
    """Whether the process is there and has not ended; one that nobody reaped yet has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] not in ("Z", "X")


def resident_bytes(pid: int) -> int | None:
    """Resident memory; None when there is no such process."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _version_2(cgroups: Path) -> tuple[int, int]:
    quota, period = (cgroups / "cpu.max").read_text().split()
    return int(quota), int(period)


def _version_1(cgroups: Path) -> tuple[int, int]:
    folder = cgroups / "cpu"
    return (
        int((folder / "cpu.cfs_quota_us").read_text()),
        int((folder / "cpu.cfs_period_us").read_text()),
    )


def _machine(meminfo: Path, name: str = "MemTotal:") -> int:
    (line,) = (line for line in meminfo.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024
