"""Provides PDF.js, Firefox's viewer of PDFs, in which the tests look at those that are exported.

    $ python3 tools/setup_pdfjs.py

`npm` fetches the package pdfjs-dist (Apache-2.0, 9 MB), which is kept packed in .cache/pdfjs when
it has the pinned SHA-256. Where there is no npm, it is Debian's.
"""

import shutil
import sys
from pathlib import Path

import debian
import npm_packages
from project import CACHE, EXIT_MISSING_DEPENDENCY, ToolError, main_guard, step

VERSION = "6.5.438"
SHA256 = "7461aefcd27c4ef0dd76f9ca5760f09466eb6b3f934432670c12132e7b3d6faa"
FOLDER = CACHE / "pdfjs"


def find(folder: Path = FOLDER) -> Path | None:
    """The pinned package, if it lies there."""
    return npm_packages.kept(folder / f"pdfjs-dist-{VERSION}.tgz", SHA256)


def main(folder: Path = FOLDER) -> int:
    if find(folder) is not None:
        return 0
    if shutil.which("npm") is None:
        debian.install(["npm"], "The tests look at PDFs in PDF.js, which npm fetches.")
    with step(f"PDF.js {VERSION}"):
        packed = npm_packages.packed("pdfjs-dist", VERSION, folder)
        if packed is None:
            raise ToolError("npm could not fetch pdfjs-dist.", EXIT_MISSING_DEPENDENCY)
        npm_packages.check(packed.read_bytes(), SHA256, f"pdfjs-dist {VERSION}")
    return 0


if __name__ == "__main__":
    sys.exit(main_guard(main))
