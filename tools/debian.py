"""What the tools know of Debian: the machine's own mirror, its architecture, running apt.

No host name is written down anywhere in this project: the mirror is the one that this
machine's apt already uses, with the suite exchanged. `DEBIAN_MIRROR` (and, for security
updates, `DEBIAN_SECURITY_MIRROR`) name another one, for machines whose apt has none of Debian.
"""

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from project import EXIT_MISSING_DEPENDENCY, ToolError, is_root, step

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_TAIL_CHARS = 2000


@dataclasses.dataclass(frozen=True, slots=True)
class Mirror:
    """Where Debian's packages come from."""

    main: str
    security: str | None

    def sources(self, suite: str) -> list[str]:
        """Lines of a sources.list for `suite`, signed by Debian's own keys."""
        lines = [f"deb [signed-by={KEYRING}] {self.main} {name} main"
                 for name in (suite, f"{suite}-updates")]  # fmt: skip
        if self.security:
            lines.append(f"deb [signed-by={KEYRING}] {self.security} {suite}-security main")
        return lines


def run(
    command: Sequence[str],
    failure: str,
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a command and return its output; a failure shows the end of it.

    Raises:
        ToolError: `failure`, below the command's last words.
    """
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, **(environment or {}), "DEBIAN_FRONTEND": "noninteractive"},
        cwd=cwd,
        check=False,
    )
    if result.returncode:
        raise ToolError(f"{result.stdout[-_TAIL_CHARS:]}\n{failure}", EXIT_MISSING_DEPENDENCY)
    return result.stdout


def install(packages: Sequence[str], why: str) -> None:
    """Install Debian packages as root; anybody else gets the command.

    Raises:
        ToolError: not root, no apt, or apt failed.
    """
    names = " ".join(packages)
    if not (is_root() and shutil.which("apt-get")):
        raise ToolError(f"{why} Run: sudo apt install {names}", EXIT_MISSING_DEPENDENCY)
    with step(f"apt packages {names}"):
        run(["apt-get", "update", "-q"], "apt-get update failed: see above.")
        run(
            ["apt-get", "install", "-qy", "--no-install-recommends", *packages],
            f"apt-get install {names} failed: see above.",
        )


def architecture() -> str:
    """Debian's name for this machine's processor: amd64, arm64."""
    return run(["dpkg", "--print-architecture"], "dpkg cannot name the architecture.").strip()


def mirror() -> Mirror:
    """The mirror that this machine's apt uses for Debian.

    Raises:
        ToolError: apt knows none; with the remedy.
    """
    chosen = os.environ.get("DEBIAN_MIRROR", "")
    if chosen:
        return Mirror(chosen, os.environ.get("DEBIAN_SECURITY_MIRROR") or None)
    found = parse_targets(_targets())
    if found is None and is_root():
        run(["apt-get", "update", "-q"], "apt-get update failed: see above.")
        found = parse_targets(_targets())
    if found is None:
        raise ToolError(
            "This machine's apt knows no mirror of Debian. Name one: DEBIAN_MIRROR=… make vendor",
            EXIT_MISSING_DEPENDENCY,
        )
    return found


def _targets() -> str:
    if shutil.which("apt-get") is None:
        return ""
    return run(
        ["apt-get", "indextargets", "--format", "$(LABEL)|$(COMPONENT)|$(REPO_URI)",
         "Created-By: Packages"],
        "apt-get cannot list its sources.",
    )  # fmt: skip


def parse_targets(text: str) -> Mirror | None:
    """The mirror in the `label|component|address` lines of `apt-get indextargets`."""
    first: dict[str, str] = {}
    for line in text.splitlines():
        label, _, rest = line.partition("|")
        component, _, address = rest.partition("|")
        if component == "main" and address:
            first.setdefault(label, address)
    if "Debian" not in first:
        return None
    return Mirror(first["Debian"], first.get("Debian-Security"))
