"""Provides axe-core, with which the tests look for what shuts people out of a page.

    $ python3 tools/setup_axe.py

`npm`, where there is one, fetches its package; the one script is kept in .cache/axe when it has
the pinned SHA-256. Without npm or network the tests look with the older axe of the Python package
axe-playwright-python, which is locked with the other test tools. Licence of both: MPL-2.0.
"""

import sys
import tarfile
from pathlib import Path

import npm_packages
from project import CACHE, main_guard, say, step

VERSION = "4.14.1"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
FOLDER = CACHE / "axe"
_SCRIPT = "axe.min.js"


def find(folder: Path = FOLDER) -> Path | None:
    """The pinned script, if it lies there."""
    return npm_packages.kept(folder / _SCRIPT, SHA256)


def main(folder: Path = FOLDER) -> int:
    if find(folder) is not None:
        return 0
    with step(f"axe-core {VERSION}"):
        packed = npm_packages.packed("axe-core", VERSION, folder)
        if packed is not None:
            _unpack(packed, folder)
    if packed is None:
        say("set-up: npm could not fetch it, so the tests look with that of axe-playwright-python")
    return 0


def _unpack(packed: Path, folder: Path) -> None:
    with tarfile.open(packed) as package:
        member = package.extractfile(f"package/{_SCRIPT}")
        content = member.read() if member is not None else b""
    packed.unlink()
    npm_packages.check(content, SHA256, f"axe-core {VERSION}")
    (folder / _SCRIPT).write_bytes(content)


if __name__ == "__main__":
    sys.exit(main_guard(main))
