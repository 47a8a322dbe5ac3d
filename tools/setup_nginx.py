"""Provides the proxy of the containers' tests: Debian's `nginx`, and `openssl` for its certificate.

    $ python3 tools/setup_nginx.py

What is installed is used. What is not is unpacked from Debian's package into .cache/nginx and never
installed: an installed nginx would start by itself and take port 80 of this machine.
"""

import shutil
import sys
from pathlib import Path

import debian
from project import CACHE, EXIT_MISSING_DEPENDENCY, ToolError, is_root, main_guard, step

PROGRAMS = ("nginx", "openssl")
"""Each the name of a program and of the package that has it."""
UNPACKED = CACHE / "nginx"
_FOLDERS = ("usr/sbin", "usr/bin")


def find(program: str) -> Path | None:
    """The path of an installed or unpacked `program`."""
    installed = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if installed:
        return Path(installed)
    unpacked = (UNPACKED / folder / program for folder in _FOLDERS)
    return next((path for path in unpacked if path.is_file()), None)


def main() -> int:
    missing = [program for program in PROGRAMS if find(program) is None]
    if missing:
        names = " ".join(missing)
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            raise ToolError(
                f"The tests put a real proxy in front of the page and lack {names}. "
                f"Install {names}, then again: make test-docker",
                EXIT_MISSING_DEPENDENCY,
            )
        with step(f"Debian packages {names}, unpacked only"):
            unpack(missing)
    return 0


def unpack(packages: list[str]) -> None:
    """Download `packages` and unpack them below .cache/nginx.

    Raises:
        ToolError: apt failed, or a package has no such program.
    """
    downloads = UNPACKED / "packages"
    downloads.mkdir(parents=True, exist_ok=True)
    if is_root():  # without lists of packages apt-get knows none
        debian.run(["apt-get", "update", "-q"], "apt-get update failed: see above.")
    for package in packages:
        for old in downloads.glob(f"{package}_*.deb"):
            old.unlink()
        debian.run(
            ["apt-get", "download", "-q", package],
            f"apt-get download {package} failed: see above. Run: sudo apt-get update   "
            "then again: make test-docker",
            cwd=downloads,
        )
        (file,) = downloads.glob(f"{package}_*.deb")
        debian.run(["dpkg-deb", "-x", str(file), str(UNPACKED)], f"{file.name} is damaged.")
        if find(package) is None:
            raise ToolError(
                f"This system's package {package} has no program of that name. "
                f"Run: sudo apt install {package}   then again: make test-docker",
                EXIT_MISSING_DEPENDENCY,
            )


if __name__ == "__main__":
    sys.exit(main_guard(main))
