"""Which processors the images are made for, and how this machine runs another's programs.

Debian's names are used everywhere (amd64, arm64); wheels carry the kernel's (x86_64, aarch64).
Images for another processor than this machine's are built with its own Python, which the kernel
hands to qemu-user: `need_emulation` has that set up.
"""

import os
import shutil
from pathlib import Path

import debian
from project import EXIT_BAD_ARGUMENTS, EXIT_MISSING_DEPENDENCY, ToolError, is_root

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Debian's name to the kernel's: every processor that there are wheels for."""
_HANDLERS = Path("/proc/sys/fs/binfmt_misc")
_PACKAGES = ("qemu-user-static", "binfmt-support")


def native() -> str:
    """This machine's own.

    Raises:
        ToolError: there are no wheels for it.
    """
    machine = os.uname().machine
    for name, kernels in MACHINES.items():
        if kernels == machine:
            return name
    raise ToolError(f"There are no wheels for this machine's processor ({machine}).")


def chosen(name: str) -> str:
    """What ARCH=`name` means; empty is this machine's own.

    Raises:
        ToolError: it is none that there are wheels for.
    """
    if not name:
        return native()
    if name not in MACHINES:
        raise ToolError(f"ARCH is {name!r}; use {' or '.join(MACHINES)}.", EXIT_BAD_ARGUMENTS)
    return name


def need_emulation(architecture: str) -> None:
    """Have the kernel run programs of `architecture`, in containers too.

    Raises:
        ToolError: it cannot, and this user or this machine cannot change that.
    """
    if architecture == native() or _is_emulated(architecture):
        return
    handler = f"qemu-{MACHINES[architecture]}"
    if not shutil.which("update-binfmts"):
        debian.install(_PACKAGES, f"This machine cannot run programs for {architecture}.")
    if is_root() and not _is_emulated(architecture):  # where no systemd has done it
        debian.run(
            ["update-binfmts", "--enable", handler],
            f"This machine cannot run programs for {architecture}.",
        )
    if not _is_emulated(architecture):
        raise ToolError(
            f"This machine cannot run programs for {architecture}. Run: sudo apt install "
            f"{' '.join(_PACKAGES)} && sudo update-binfmts --enable {handler}",
            EXIT_MISSING_DEPENDENCY,
        )


def _is_emulated(architecture: str) -> bool:
    """Whether the kernel has a handler that is open already (F), as containers need it."""
    try:
        text = (_HANDLERS / f"qemu-{MACHINES[architecture]}").read_text(encoding="utf-8")
    except OSError:
        return False
    lines = dict(line.partition(" ")[::2] for line in text.splitlines())
    return "enabled" in lines and "F" in lines.get("flags:", "")
