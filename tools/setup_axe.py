"""Provides axe-core, with which the tests look for what shuts people out of a page.

    $ python3 tools/setup_axe.py

`npm`, where there is one, fetches its package; the one script is kept in .cache/axe when it has
the pinned SHA-256. Without npm or network the tests look with the older axe of the Python package
axe-playwright-python, which is locked with the other test tools. Licence of both: MPL-2.0.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from project import CACHE, ToolError, main_guard, say, step

VERSION = "4.14.1"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
FOLDER = CACHE / "axe"
_SCRIPT = "axe.min.js"
_TIMEOUT_S = 120


def find(folder: Path = FOLDER) -> Path | None:
    """The pinned script, if it lies there."""
    script = folder / _SCRIPT
    try:
        is_right = hashlib.sha256(script.read_bytes()).hexdigest() == SHA256
    except OSError:
        return None
    return script if is_right else None


def main(folder: Path = FOLDER) -> int:
    if find(folder) is not None:
        return 0
    npm = shutil.which("npm")
    if npm is None:
        say("set-up: no npm, so the tests look with the axe of axe-playwright-python")
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    with step(f"axe-core {VERSION}"):
        packed = _pack(npm, folder)
        if packed is not None:
            _unpack(packed, folder)
    if packed is None:
        say("set-up: npm could not fetch it, so the tests look with that of axe-playwright-python")
    return 0


def _pack(npm: str, folder: Path) -> Path | None:
    """The package as npm fetches it, which runs nothing of it; None where that fails."""
    command = [npm, "pack", f"axe-core@{VERSION}", "--silent", "--ignore-scripts"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    packed = folder / f"axe-core-{VERSION}.tgz"
    return packed if done.returncode == 0 and packed.is_file() else None


def _unpack(packed: Path, folder: Path) -> None:
    with tarfile.open(packed) as package:
        member = package.extractfile(f"package/{_SCRIPT}")
        content = member.read() if member is not None else b""
    packed.unlink()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ToolError(f"axe-core {VERSION} is not what was pinned (its SHA-256 differs).")
    (folder / _SCRIPT).write_bytes(content)


if __name__ == "__main__":
    sys.exit(main_guard(main))
