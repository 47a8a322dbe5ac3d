"""How many processors this process may really use. Standard library only."""

import math
import os
from pathlib import Path

_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cpus(quota_file: Path = _CGROUP_QUOTA) -> int:
    """The smaller of the scheduler's affinity and the container's quota, at least 1.

    Libraries size their threads from the host, and then fight over a container's quota.
    `quota_file` is cgroup v2's `cpu.max`: "<microseconds or max> <period in microseconds>".
    """
    cpus = len(os.sched_getaffinity(0))
    try:
        quota, period = quota_file.read_text().split()
        if quota != "max":
            cpus = min(cpus, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError, ZeroDivisionError):
        pass  # no cgroup v2 here: the affinity is all there is to know
    return max(1, cpus)
