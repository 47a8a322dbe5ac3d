"""What the kernel says of a process: whether it still runs, and how much memory it holds."""

import os
from pathlib import Path


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
