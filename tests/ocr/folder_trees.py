"""Folders deep within each other, and what looking at them takes."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from watcher_scene import PNG


def deep_file(root: Path, *, depth: int, name: bytes, beside: tuple[bytes, ...] = ()) -> bytes:
    """Make a file `depth` folders of this `name` below `root`, with files `beside` each folder."""
    descriptor = os.open(root, os.O_RDONLY)
    try:
        for _ in range(depth):
            for file in beside:
                _write(file, descriptor)
            os.mkdir(name, dir_fd=descriptor)
            inner = os.open(name, os.O_RDONLY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        _write(b"x.png", descriptor)
    finally:
        os.close(descriptor)
    return b"/".join([name] * depth + [b"x.png"])


def _write(name: bytes, folder: int) -> None:
    file = os.open(name, os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=folder)
    os.write(file, PNG + name)
    os.close(file)


class ResourceUse:
    """Of descriptors."""

    most_descriptors = 0
    left_open = 0


_USES: list[tuple[ResourceUse, int]] = []


@contextlib.contextmanager
def resource_use() -> Iterator[ResourceUse]:
    """How many descriptors are open at most, and in the end, beyond those of before."""
    use = ResourceUse()
    before = _open()
    _USES.append((use, before))
    try:
        yield use
    finally:
        _USES.clear()
        use.left_open = _open() - before


def _open() -> int:
    return len(os.listdir("/proc/self/fd"))


def _hook(event: str, _: tuple[object, ...]) -> None:
    if event == "os.scandir" and _USES:
        use, before = _USES.pop()  # the listing of descriptors is no part of it
        use.most_descriptors = max(use.most_descriptors, _open() - before)
        _USES.append((use, before))


sys.addaudithook(_hook)
