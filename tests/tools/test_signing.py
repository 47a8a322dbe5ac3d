"""Signatures: what cannot sign ends the tool with one sentence."""

import shutil
import subprocess
from pathlib import Path

import pytest

import signing
from project import EXIT_MISSING_DEPENDENCY, ToolError


def test_a_public_key_cannot_sign(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    public = key.with_suffix(".pub")
    key.unlink()  # with the private one beside it, ssh-keygen would find it
    (tmp_path / "file").write_text("text")
    signing.need(public)
    with pytest.raises(ToolError, match="cannot sign: give the private key"):
        signing.sign(tmp_path / "file", public)
    assert not (tmp_path / "file.sig").exists()


def test_an_old_signature_is_replaced(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    (tmp_path / "file").write_text("text")
    (tmp_path / "file.sig").write_text("old")
    assert "BEGIN SSH SIGNATURE" in signing.sign(tmp_path / "file", key).read_text()


def test_what_is_missing_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolError, match="ssh-keygen -t ed25519 -f"):
        signing.need(tmp_path / "key")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ToolError, match="apt install openssh-client") as caught:
        signing.need(tmp_path / "key")
    assert caught.value.exit_code == EXIT_MISSING_DEPENDENCY
