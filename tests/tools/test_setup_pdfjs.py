"""PDF.js comes by the hash that is pinned, or not at all."""

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

import npm_packages
import setup_pdfjs
from project import ToolError


def test_it_is_fetched_once_and_nothing_else_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, calls = b"the package", []

    def run(command: list[str], cwd: Path, **_: Any) -> "subprocess.CompletedProcess[bytes]":
        calls.append(command[1:3])
        (cwd / f"pdfjs-dist-{setup_pdfjs.VERSION}.tgz").write_bytes(content)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(npm_packages.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(npm_packages.subprocess, "run", run)
    monkeypatch.setattr(setup_pdfjs, "SHA256", hashlib.sha256(b"the package").hexdigest())
    assert setup_pdfjs.main(tmp_path) == 0
    assert setup_pdfjs.main(tmp_path) == 0
    assert calls == [["pack", f"pdfjs-dist@{setup_pdfjs.VERSION}"]], "once"
    assert setup_pdfjs.find(tmp_path) is not None
    content = b"another"
    (tmp_path / f"pdfjs-dist-{setup_pdfjs.VERSION}.tgz").unlink()
    with pytest.raises(ToolError, match="SHA-256"):
        setup_pdfjs.main(tmp_path)
    assert setup_pdfjs.find(tmp_path) is None


def test_where_npm_is_missing_debian_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(setup_pdfjs.shutil, "which", lambda _: None)
    monkeypatch.setattr(setup_pdfjs.debian, "install", lambda names, why: asked.append(names))
    with pytest.raises(ToolError, match="npm could not fetch"):
        setup_pdfjs.main(tmp_path)
    assert asked == [["npm"]]
