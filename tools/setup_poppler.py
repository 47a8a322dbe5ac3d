"""Provides the tools with which tests make and look into documents: Debian's, through apt.

pdftotext is poppler's, tiffcp libtiff's, heif-enc libheif's; ghostscript prints, qpdf checks what
was written. Together they are some ten megabytes.

$ python3 tools/setup_poppler.py
"""

import shutil
import sys

import debian
from project import main_guard

_PACKAGES = {
    "pdftotext": "poppler-utils",
    "tiffcp": "libtiff-tools",
    "qpdf": "qpdf",
    "heif-enc": "libheif-examples",
    "gs": "ghostscript",
}


def main() -> int:
    missing = [package for tool, package in _PACKAGES.items() if shutil.which(tool) is None]
    if missing:
        debian.install(missing, "The tests make and look into documents with tools of Debian's.")
    return 0


if __name__ == "__main__":
    sys.exit(main_guard(main))
