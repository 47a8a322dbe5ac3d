"""What the tests take from npm's registry: single packages, fetched as files, none of them run."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from project import ToolError

_TIMEOUT_S = 120


def packed(name: str, version: str, folder: Path) -> Path | None:
    """The package as npm fetches it into the folder; None where there is no npm or it fails."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", f"{name}@{version}", "--silent", "--ignore-scripts"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    file = folder / f"{name}-{version}.tgz"
    return file if done.returncode == 0 and file.is_file() else None


def kept(file: Path, sha256: str) -> Path | None:
    """The file, if it is there and has that SHA-256."""
    try:
        return file if _is_pinned(file.read_bytes(), sha256) else None
    except OSError:
        return None


def check(content: bytes, sha256: str, name: str) -> None:
    """Raises ToolError: it is not what was pinned."""
    if not _is_pinned(content, sha256):
        raise ToolError(f"{name} is not what was pinned (its SHA-256 differs).")


def _is_pinned(content: bytes, sha256: str) -> bool:
    return hashlib.sha256(content).hexdigest() == sha256
