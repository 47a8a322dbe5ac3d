"""Creates the virtual environments: one for each service, one for the tests.

    $ python3 tools/setup_env.py ocr web test

Each environment is `.venv/<name>`, filled from its own hash-pinned requirements.txt and
from wheels only, less what `prune` knows as unused. A stamp records what it was made from; while
that stays the same, nothing is done and no network is used. An interrupted installation has no
stamp and starts afresh. pip is in none of them: it runs out of the wheel that Python brings along.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import prune
from project import (
    EXIT_BAD_ARGUMENTS,
    EXIT_MISSING_DEPENDENCY,
    ROOT,
    VENVS,
    ToolError,
    exclusive,
    explain,
    is_root,
    main_guard,
    step,
)

REQUIREMENTS = {
    "ocr": ROOT / "ocr" / "requirements.txt",
    "web": ROOT / "flask" / "requirements.txt",
    "test": ROOT / "tests" / "requirements.txt",
}
STAMP_NAME = "made-from.txt"
OWN_ENGINES = frozenset({"", "auto", "openvino"})
"""OCR_ENGINE's values that requirements.txt suffices for."""
ALL_ENGINES = ROOT / "ocr" / "requirements-paddleocr.txt"
LANGUAGES = ROOT / "ocr" / "requirements-languages.txt"
_PIP_OPTIONS = ("--disable-pip-version-check", "--no-input")
_TAIL_LINES = 12


def ensure(name: str, requirements: Path, venvs: Path = VENVS, more: Sequence[Path] = ()) -> Path:
    """The environment `name`, made when it is missing or out of date; returns its folder. `more`
    are further files like `requirements`.

    Raises:
        ToolError: with the remedy; the old stamp is gone then, so the next call tries again.
    """
    folder = venvs / name
    every = (requirements, *more)
    if _is_current(folder, every):
        return folder
    with exclusive(venvs / ".lock"):
        if not _is_current(folder, every):  # another set-up may just have made it
            try:
                _make(name, folder, every)
            except OSError as error:
                raise explain(error) from error
    return folder


def ocr_requirements(engine: str) -> Path:
    """What `ocr` is filled from for this OCR_ENGINE: all engines only when it asks for them."""
    return REQUIREMENTS["ocr"] if engine.strip() in OWN_ENGINES else ALL_ENGINES


def pip_command(python: str = sys.executable) -> list[str]:
    """How `python` runs pip without having it: out of the wheel that belongs to `ensurepip`.

    Raises:
        ToolError: this Python brings none along.
    """
    _need_ensurepip()
    import ensurepip

    folders = [
        sysconfig.get_config_var("WHEEL_PKG_DIR"),
        Path(ensurepip.__file__).parent / "_bundled",
    ]
    for folder in filter(None, folders):
        for wheel in sorted(Path(folder).glob("pip-*.whl")):
            return [python, f"{wheel}/pip", *_PIP_OPTIONS]
    raise ToolError(
        "This Python brings no pip along. Choose another one: make PYTHON=python3.12",
        EXIT_MISSING_DEPENDENCY,
    )


def language_requirements(languages: str) -> list[Path]:
    """What `ocr` needs besides for this OCR_LANGUAGES: tesseract, unless models read them all."""
    parts = languages.replace("+", " ").replace(",", " ").split()
    return [LANGUAGES] if any("=" not in part for part in parts) else []


def stamp_text(folder: Path, requirements: Path, *more: Path) -> str:
    """What the environment depends on. Its scripts hold its own path, so a moved one is remade."""
    *digests, unused = (
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (requirements, *more, Path(prune.__file__))
    )
    digest = " ".join(digests)
    version = ".".join(map(str, sys.version_info[:3]))
    return (
        f"requirements {digest}\npython {version} {sys.base_prefix}\nfolder {folder}\n"
        f"without {unused}\n"
    )


def _is_current(folder: Path, every: Sequence[Path]) -> bool:
    for requirements in every:
        if not requirements.is_file():
            raise ToolError(f"{requirements} is missing: the checkout is incomplete.")
    try:
        stamp = (folder / STAMP_NAME).read_text(encoding="utf-8")
    except OSError:
        return False
    return stamp == stamp_text(folder, *every) and (folder / "bin" / "python").exists()


def _make(name: str, folder: Path, every: Sequence[Path]) -> None:
    pip = pip_command(str(folder / "bin" / "python"))
    if folder.exists():
        (folder / STAMP_NAME).unlink(missing_ok=True)
        shutil.rmtree(folder)
    with step(f"new environment {name}"):
        _run(
            [sys.executable, "-m", "venv", "--without-pip", str(folder)],
            f"Creating {folder} failed",
        )
    lines = [line for path in every for line in path.read_text(encoding="utf-8").splitlines()]
    packages = sum("==" in line for line in lines)
    with step(f"{packages} packages into {name}"):
        # Everything is pinned, so nothing is resolved; byte code is made of what is imported.
        options = ["--quiet", "--progress-bar=off", "--require-hashes", "--only-binary=:all:"]
        options += ["--no-deps", "--no-compile"]
        for requirements in every:
            _run(
                [*pip, "install", *options, "--requirement", str(requirements)],
                f"Installing {requirements} failed",
            )
        if name in REQUIREMENTS:  # not those of the benchmark's peers
            prune.drop_unused(folder)
    stamp = folder / f"{STAMP_NAME}.new"
    stamp.write_text(stamp_text(folder, *every), encoding="utf-8")
    stamp.replace(folder / STAMP_NAME)


def _run(command: list[str], failure: str) -> None:
    # A PYTHONPATH of the caller must not leak into the new environment.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        check=False,
    )
    if result.returncode:
        raise ToolError(pip_failure(failure, result.stdout), EXIT_MISSING_DEPENDENCY)


def pip_failure(failure: str, output: str) -> str:
    """What a failed pip means for the person who reads it, with pip's own last lines."""
    if "No space left on device" in output:
        reason = "the disk is full. Make room (about 2 GB), then try again"
    elif "DO NOT MATCH THE HASHES" in output:
        reason = "a downloaded file is not the pinned one. Check the package index that pip uses"
    elif any(
        sign in output for sign in ("Connection", "connection", "Name or service", "timed out")
    ):
        reason = (
            "the package index cannot be reached. The first set-up needs the network "
            "(or a mirror in pip's configuration); later starts do not"
        )
    elif "No matching distribution" in output:
        reason = (
            "the package index has no wheel for this Python "
            f"({sys.version_info.major}.{sys.version_info.minor}). Try PYTHON=python3.12"
        )
    else:
        reason = "see above"
    tail = "\n".join(output.strip().splitlines()[-_TAIL_LINES:])
    return f"{tail}\n{failure}: {reason}."


def _need_ensurepip() -> None:
    """Debian splits `ensurepip` off: install it as root, else say the command."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = f"python3.{sys.version_info.minor}-venv"
    if Path("/usr/bin/python3").resolve() == Path(sys.executable).resolve():
        package = "python3-venv"
    if is_root() and shutil.which("apt-get"):
        with step(f"apt package {package}"):
            _run(["apt-get", "update", "-q"], "apt-get update failed")
            _run(["apt-get", "install", "-qy", package], f"apt-get install {package} failed")
        importlib.invalidate_caches()
    else:
        raise ToolError(
            f"This Python cannot make virtual environments. Run: sudo apt install {package}",
            EXIT_MISSING_DEPENDENCY,
        )


def main() -> int:
    requirements = REQUIREMENTS | {"ocr": ocr_requirements(os.environ.get("OCR_ENGINE", ""))}
    names = sys.argv[1:] or list(REQUIREMENTS)
    for name in names:
        if name not in REQUIREMENTS:
            raise ToolError(
                f"There is no environment {name!r}; there are {', '.join(REQUIREMENTS)}.",
                EXIT_BAD_ARGUMENTS,
            )
        more = language_requirements(os.environ.get("OCR_LANGUAGES", "")) if name == "ocr" else []
        ensure(name, requirements[name], more=more)
    return 0


if __name__ == "__main__":
    sys.exit(main_guard(main))
