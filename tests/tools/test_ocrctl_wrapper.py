"""`./ocrctl` finds its checkout from any folder and says when that is not set up."""

import shutil
import subprocess
from pathlib import Path

import pytest

from project import EXIT_MISSING_DEPENDENCY, ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    shutil.copy2(ROOT / "ocrctl", folder)
    return folder


def call(command: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(command), *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_before_the_set_up_it_says_what_to_do(checkout: Path) -> None:
    result = call(checkout / "ocrctl", "status", cwd=checkout)
    assert result.returncode == EXIT_MISSING_DEPENDENCY
    assert "make run" in result.stderr


def test_it_works_from_any_folder_and_through_a_link(checkout: Path, tmp_path: Path) -> None:
    python = checkout / ".venv" / "ocr" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$PYTHONPATH" "$@"\nexit 7\n')
    python.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(checkout / "ocrctl")
    for command in (checkout / "ocrctl", link):
        result = call(command, "process", "two words", cwd=Path("/"))
        assert result.returncode == 7
        assert result.stdout.splitlines() == [
            str(checkout / "contract"),
            str(checkout / "ocr" / "ocrctl.py"),
            "process",
            "two words",
        ]
