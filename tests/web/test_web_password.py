"""The password's file: what it may hold, what is refused, what the command writes."""

import io
import os
import sys
from pathlib import Path

import pytest

import web_password
from ocr_contract.setting_fields import SettingError

PASSWORD = "correct horse é"
CHEAP = web_password.StoredPassword(2, 1, 1, b"\0" * 8, b"\0" * 32, b"").line()


def file_with(folder: Path, content: bytes) -> Path:
    file = folder / "password"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_plain_password(tmp_path: Path, end: str) -> None:
    stored = web_password.read(file_with(tmp_path, (PASSWORD + end).encode()))
    assert stored.matches(PASSWORD)
    assert stored.matches("correct horse e\u0301")  # the same, as a Mac types it
    for wrong in ("", PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper(), "\ud800", "x" * 10_000):
        assert not stored.matches(wrong)


def test_a_scrypt_line_holds_the_password_and_does_not_tell_it(tmp_path: Path) -> None:
    line = web_password.of(PASSWORD).line()
    assert PASSWORD not in line and line != web_password.of(PASSWORD).line()
    stored = web_password.read(file_with(tmp_path, line.encode() + b"\n"))
    assert stored.matches(PASSWORD) and not stored.matches(line)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "10 to 200 characters"),
        (b"\n", "10 to 200 characters"),
        (b"too short", "10 to 200 characters"),
        (b"x" * 201, "10 to 200 characters"),
        (b"x" * 5000, "far too long"),
        (b"\xff" * 20, "not UTF-8"),
        (b"long enough\nsecond line", "several lines"),
        (b"long enough \x1b[0m", "control characters"),
        (b"scrypt:1:2:3", "incomplete"),
        (CHEAP[:-1].encode(), "incomplete"),
        (CHEAP.replace(":2:", ":3:").encode(), "out of bounds"),
        (CHEAP.replace(":2:", ":4194304:").encode(), "out of bounds"),
        (CHEAP.replace(":2:1:1:", ":2:1:99:").encode(), "out of bounds"),
        (CHEAP.replace(":2:1:1:", ":2:0:1:").encode(), "out of bounds"),
    ],
)
def test_what_is_no_password_is_named_but_not_shown(
    tmp_path: Path, content: bytes, words: str
) -> None:
    file = file_with(tmp_path, content)
    with pytest.raises(SettingError) as caught:
        web_password.read(file)
    said = str(caught.value)
    assert words in said and "WEB_PASSWORD_FILE" in said and str(file) in said
    assert "long enough" not in said and "\n" not in said


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(SettingError, match="cannot be read"):
            web_password.read(path)


def test_the_command_writes_a_file_for_the_group_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "made"
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))
    assert web_password.main([str(file)]) == 0
    assert file.stat().st_mode & 0o777 == 0o640
    assert file.read_text().startswith("scrypt:")
    assert web_password.read(file).matches(PASSWORD)
    assert os.listdir(tmp_path) == ["made"]
    said = capsys.readouterr()
    assert PASSWORD not in said.out + said.err + file.read_text()


def test_the_command_prints_without_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD))
    assert web_password.main([]) == 0
    assert capsys.readouterr().out.startswith("scrypt:")
    monkeypatch.setattr(sys, "stdin", io.StringIO("short"))
    assert web_password.main([]) == 9
    assert "10 to 200 characters" in capsys.readouterr().err
