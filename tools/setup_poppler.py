"""Provides pdftotext, poppler's, with which tests look into exported PDFs: Debian's, through apt.

$ python3 tools/setup_poppler.py
"""

import shutil
import sys

import debian
from project import main_guard


def main() -> int:
    if shutil.which("pdftotext") is None:
        debian.install(
            ["poppler-utils"], "The tests look into PDFs with pdftotext, which is missing."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main_guard(main))
