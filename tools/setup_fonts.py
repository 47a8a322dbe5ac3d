"""Provides the typefaces that tests and benchmarks draw pictures with: Debian's, through apt.

    $ python3 tools/setup_fonts.py

Nothing is done when all are there. Without root, the one command that installs them is printed.
"""

import sys
from pathlib import Path

import debian
from project import main_guard

FONTS = Path("/usr/share/fonts")
FOLDERS = {
    "fonts-dejavu-core": "truetype/dejavu",
    "fonts-liberation": "truetype/liberation",
    "fonts-noto-cjk": "opentype/noto",
    "fonts-noto-core": "truetype/noto",
    "fonts-freefont-ttf": "truetype/freefont",
}
"""Each package and where its fonts lie below FONTS."""
_PROOFS = {
    "fonts-dejavu-core": "DejaVuSans.ttf",
    "fonts-liberation": "LiberationSans-Regular.ttf",
    "fonts-noto-cjk": "NotoSansCJK-Regular.ttc",
    "fonts-noto-core": "NotoSansArabic-Regular.ttf",
    "fonts-freefont-ttf": "FreeSerif.ttf",
}


def missing(root: Path = FONTS) -> list[str]:
    """Packages whose fonts are not below `root`."""
    return [
        package
        for package, folder in FOLDERS.items()
        if not (root / folder / _PROOFS[package]).is_file()
    ]


def main() -> int:
    if packages := missing():
        debian.install(packages, "The fonts that test pictures are drawn with are missing.")
    return 0


if __name__ == "__main__":
    sys.exit(main_guard(main))
