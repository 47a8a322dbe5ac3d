"""Runs inside the build stage of both Dockerfiles, which have no shell and no network.

    python3 image_build.py packages VENV      wheels beside this file -> a virtual environment
    python3 image_build.py compile FOLDER     byte code, and rights that any user can read

The environment holds what requirements.txt pins, checked by hash, less what `prune` knows as
unused, and no pip; and what reads further languages, if `make vendor` fetched that.
"""

import compileall
import py_compile
import subprocess
import sys
import venv
from pathlib import Path

from prune import drop_scripts, drop_unused

HERE = Path(__file__).resolve().parent
NOT_INSTALLED = (
    "error: the packages cannot be installed, see above. If vendor/ lacks wheels of this version, "
    "run once, with internet: make vendor (for a GPU: make vendor GPU=1, or GPU=cuda12)"
)


def packages(folder: Path) -> None:
    """Make the virtual environment `folder` from `HERE`: requirements.txt, wheels/."""
    venv.create(folder, with_pip=False, symlinks=True)
    _install(folder, "requirements.txt", HERE / "wheels")
    languages = HERE / "wheels-languages"
    if any(languages.glob("*.whl")):
        _install(folder, "requirements-languages.txt", languages)
    drop_unused(folder)
    drop_scripts(folder)
    byte_compile(folder)


def _install(folder: Path, requirements: str, wheels: Path) -> None:
    (pip,) = (HERE / "wheels").glob("pip-*.whl")
    installed = subprocess.run(
        [str(folder / "bin" / "python"), f"{pip}/pip", "install", "--isolated", "--no-index",
         "--no-cache-dir", "-f", str(wheels), "--require-hashes", "--no-compile", "--no-deps",
         "--quiet", f"--requirement={HERE / requirements}"],
        check=False,
    )  # fmt: skip
    if installed.returncode:
        sys.exit(NOT_INSTALLED)


def byte_compile(folder: Path) -> None:
    """Compile everything; `unchecked`, because nothing in an image changes later."""
    compileall.compile_dir(
        folder,
        quiet=2,  # some wheels carry templates that are no Python
        workers=0,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def open_up(folder: Path) -> None:
    """A checkout with a strict umask must not end in an image that its user cannot read."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def main() -> int:
    command, folder = sys.argv[1], Path(sys.argv[2])
    if command == "packages":
        packages(folder)
    else:
        open_up(folder)
        byte_compile(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
