"""Provides the tools with which tests make and look into documents: Debian's, through apt.

pdftotext is poppler's, tiffcp libtiff's, heif-enc libheif's; ghostscript prints, qpdf checks what
was written: together some ten megabytes. LibreOffice, for tables and texts alone and without a
window, is a hundred to fetch and three hundred unpacked.

$ python3 tools/setup_document_tools.py
"""

import shutil
import sys

import debian
from project import main_guard

_PACKAGES = {
    "pdftotext": ("poppler-utils",),
    "tiffcp": ("libtiff-tools",),
    "qpdf": ("qpdf",),
    "heif-enc": ("libheif-examples",),
    "gs": ("ghostscript",),
    "soffice": ("libreoffice-calc-nogui", "libreoffice-writer-nogui"),
}


def main() -> int:
    missing = [
        package
        for tool, packages in _PACKAGES.items()
        if shutil.which(tool) is None
        for package in packages
    ]
    if missing:
        debian.install(missing, "The tests make and look into documents with tools of Debian's.")
    return 0


if __name__ == "__main__":
    sys.exit(main_guard(main))
