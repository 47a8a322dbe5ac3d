"""What a user or group of this process is called on the machine: in a container of a remapped or
rootless engine these are other numbers, and commands for the machine's terminal need those.

/proc/self/uid_map has a line for each range: its first number here, its first there, its length.
"""

from pathlib import Path

UID_MAP, GID_MAP = Path("/proc/self/uid_map"), Path("/proc/self/gid_map")
_IDENTITY = [(0, 0, 2**32 - 1)]


def user_on_machine(number: int) -> int:
    """The machine's number of a user."""
    return _outside(number, UID_MAP)


def group_on_machine(number: int) -> int:
    """The machine's number of a group."""
    return _outside(number, GID_MAP)


def are_the_machines() -> bool:
    """Whether the numbers are the same here and there."""
    return _ranges(UID_MAP) == _IDENTITY == _ranges(GID_MAP)


def _outside(number: int, path: Path) -> int:
    for inside, outside, length in _ranges(path):
        if inside <= number < inside + length:
            return outside + number - inside
    return number


def _ranges(path: Path) -> list[tuple[int, int, int]]:
    try:
        lines = path.read_text().splitlines()
        return [(int(a), int(b), int(c)) for a, b, c in (line.split() for line in lines)]
    except (OSError, ValueError):
        return _IDENTITY
