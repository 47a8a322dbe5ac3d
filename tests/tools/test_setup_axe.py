"""axe comes by the hash that is pinned, or not at all; without npm the tests have the other one."""

import hashlib
import io
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

import npm_packages
import setup_axe
from project import ToolError

SCRIPT = b"/* axe */"


def packed(content: bytes) -> bytes:
    """A package as npm writes it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as package:
        member = tarfile.TarInfo("package/axe.min.js")
        member.size = len(content)
        package.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What npm fetches; nothing: it fails."""
    content: list[bytes] = []

    def run(command: list[str], cwd: Path, **_: Any) -> "subprocess.CompletedProcess[bytes]":
        assert command[1:3] == ["pack", f"axe-core@{setup_axe.VERSION}"]
        for each in content:
            (cwd / f"axe-core-{setup_axe.VERSION}.tgz").write_bytes(packed(each))
        return subprocess.CompletedProcess(command, 0 if content else 1)

    monkeypatch.setattr(npm_packages.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(npm_packages.subprocess, "run", run)
    monkeypatch.setattr(setup_axe, "SHA256", hashlib.sha256(SCRIPT).hexdigest())
    return content


def test_it_is_fetched_once_and_kept(tmp_path: Path, fetched: list[bytes]) -> None:
    folder = tmp_path / "axe"
    fetched.append(SCRIPT)
    assert setup_axe.main(folder) == 0
    assert setup_axe.find(folder) == folder / "axe.min.js"
    assert [path.name for path in folder.iterdir()] == ["axe.min.js"]
    fetched.clear()
    assert setup_axe.main(folder) == 0
    (folder / "axe.min.js").write_bytes(b"another")
    assert setup_axe.find(folder) is None


def test_another_content_is_refused(tmp_path: Path, fetched: list[bytes]) -> None:
    fetched.append(b"something else")
    with pytest.raises(ToolError, match="SHA-256"):
        setup_axe.main(tmp_path)
    assert setup_axe.find(tmp_path) is None


@pytest.mark.parametrize("has_npm", [True, False])
def test_without_it_the_other_one_is_named(
    tmp_path: Path,
    fetched: list[bytes],
    has_npm: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if not has_npm:
        monkeypatch.setattr(npm_packages.shutil, "which", lambda _: None)
    assert setup_axe.main(tmp_path) == 0
    assert "axe-playwright-python" in capsys.readouterr().err
    assert setup_axe.find(tmp_path) is None
