"""How busy a machine was with other work while something was measured.

Figures from a busy machine are worth little; this says when they are. The kernel counts the
busy time of all processors, and that of this process with the children it has waited for.
"""

import os
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_IDLE = (3, 4)  # idle and waiting for a disk


class OtherLoad:
    """A context manager; afterwards `share` of the processors' time went to others, 0 to 1."""

    share = 0.0
    own_s = 0.0
    """Processor seconds of this process and of the children that it has waited for."""

    def __enter__(self) -> "OtherLoad":
        self._begun = (time.monotonic(), busy_s(), own_s())
        return self

    def __exit__(self, *_: object) -> None:
        wall, busy, own = (
            now - then
            for now, then in zip((time.monotonic(), busy_s(), own_s()), self._begun, strict=True)
        )
        self.own_s = own
        cores = os.cpu_count() or 1
        self.share = min(max((busy - own) / max(wall * cores, 1e-9), 0.0), 1.0)


def busy_s() -> float:
    """Processor seconds of the whole machine since it started, also those taken by its host."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    return sum(int(word) for at, word in enumerate(words) if at not in _IDLE) / _TICKS


def own_s() -> float:
    """Processor seconds of this process and of all children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
