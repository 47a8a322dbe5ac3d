"""Provides the browser of the end-to-end tests: Debian's `chromium`, through apt.

    $ python3 tools/setup_chromium.py

Nothing is done when there is one. Without root, the one command that installs it is printed.
"""

import shutil
import subprocess
import sys

from project import EXIT_MISSING_DEPENDENCY, ToolError, is_root, main_guard, step

NAMES = ("chromium", "chromium-browser")


def find() -> str | None:
    """The path of an installed chromium."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> int:
    if find():
        return 0
    if not (is_root() and shutil.which("apt-get")):
        raise ToolError(
            "The tests drive a real browser and there is none. "
            "Run: sudo apt install chromium   then again: make test",
            EXIT_MISSING_DEPENDENCY,
        )
    with step("apt package chromium"):
        for arguments in (
            ["update", "-q"],
            ["install", "-qy", "chromium"],
        ):
            result = subprocess.run(
                ["apt-get", *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
            )
            if result.returncode:
                raise ToolError(
                    f"{result.stdout[-2000:]}\napt-get {' '.join(arguments)} failed: see above.",
                    EXIT_MISSING_DEPENDENCY,
                )
    if find() is None:
        raise ToolError("apt installed chromium, yet it is not on the PATH.")
    return 0


if __name__ == "__main__":
    sys.exit(main_guard(main))
