"""How many processors this process may really use. Standard library only."""

import contextlib
import math
import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")


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


def _version_2(cgroups: Path) -> tuple[int, int]:
    quota, period = (cgroups / "cpu.max").read_text().split()
    return int(quota), int(period)


def _version_1(cgroups: Path) -> tuple[int, int]:
    folder = cgroups / "cpu"
    return (
        int((folder / "cpu.cfs_quota_us").read_text()),
        int((folder / "cpu.cfs_period_us").read_text()),
    )
