"""Fetching languages: out of Debian's packages, verified, and only what is missing."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import fetch_languages
import language_choice
from language_choice import Choice, Pin
from project import EXIT_BAD_ARGUMENTS, EXIT_MISSING_DEPENDENCY, ToolError

CONTENT = {"rus": b"Russian", "ell": b"Greek"}


class Apt:
    """Stands for apt-get and dpkg-deb: what they would leave in their working folder."""

    def __init__(self) -> None:
        self.content = dict(CONTENT)
        self.fetched: list[str] = []
        self.failures = 0

    def __call__(self, command: Sequence[str], failure: str, **more: Any) -> str:
        if command[:2] == ["apt-get", "download"]:
            if self.failures:
                self.failures -= 1
                raise ToolError(failure, EXIT_MISSING_DEPENDENCY)
            for package in command[command.index("APT::Sandbox::User=root") + 1 :]:
                self.fetched.append(package)
                (more["cwd"] / f"{package}_1_all.deb").touch()
        if command[0] == "dpkg-deb":
            _, _, package, folder = command
            code = Path(package).name.partition("_")[0].removeprefix("tesseract-ocr-")
            data = Path(folder, "usr/share/tesseract-ocr/5/tessdata", f"{code}.traineddata")
            data.parent.mkdir(parents=True, exist_ok=True)
            data.write_bytes(self.content[code])
        return ""


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> Apt:
    pins = {
        code: Pin(code, len(content), hashlib.sha256(content).hexdigest())
        for code, content in CONTENT.items()
    }
    monkeypatch.setattr(language_choice, "pins", lambda: pins)
    found = Apt()
    monkeypatch.setattr(fetch_languages.debian, "run", found)
    monkeypatch.setattr(fetch_languages.shutil, "which", lambda name: f"/usr/bin/{name}")
    return found


def test_what_is_missing_is_fetched_once(apt: Apt, tmp_path: Path) -> None:
    folder = tmp_path / "languages"
    assert fetch_languages.ensure(folder, ["rus", "ell"]) == ["rus", "ell"]
    assert (folder / "rus.traineddata").read_bytes() == b"Russian"
    assert fetch_languages.ensure(folder, ["rus", "ell"]) == []
    assert apt.fetched == ["tesseract-ocr-rus", "tesseract-ocr-ell"]
    assert sorted(path.name for path in folder.iterdir()) == [
        ".lock", "ell.traineddata", "rus.traineddata",
    ]  # fmt: skip


def test_a_damaged_file_is_fetched_again(apt: Apt, tmp_path: Path) -> None:
    fetch_languages.ensure(tmp_path, ["rus", "ell"])
    (tmp_path / "rus.traineddata").write_bytes(b"damaged")
    assert fetch_languages.ensure(tmp_path, ["rus", "ell"]) == ["rus"]
    assert (tmp_path / "rus.traineddata").read_bytes() == b"Russian"


def test_another_file_than_the_pinned_one_is_refused(apt: Apt, tmp_path: Path) -> None:
    apt.content["rus"] = b"Rossian"
    with pytest.raises(ToolError, match="fetched something else") as error:
        fetch_languages.ensure(tmp_path, ["rus"])
    assert error.value.exit_code == EXIT_MISSING_DEPENDENCY
    assert not (tmp_path / "rus.traineddata").exists()


def test_root_looks_for_packages_once_more(
    apt: Apt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new machine's apt knows none before its first update."""
    apt.failures = 1
    monkeypatch.setattr(fetch_languages, "is_root", lambda: True)
    assert fetch_languages.ensure(tmp_path, ["rus"]) == ["rus"]
    apt.failures = 1
    monkeypatch.setattr(fetch_languages, "is_root", lambda: False)
    with pytest.raises(ToolError, match="could not fetch tesseract-ocr-ell"):
        fetch_languages.ensure(tmp_path, ["ell"])


def test_without_apt_the_packages_are_named(
    apt: Apt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_languages.shutil, "which", lambda _: None)
    with pytest.raises(ToolError, match="packages tesseract-ocr-rus, for which apt-get"):
        fetch_languages.ensure(tmp_path, ["rus"])


def test_the_setting_stands_for_what_is_not_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file = tmp_path / ".env"
    monkeypatch.delenv("OCR_LANGUAGES", raising=False)
    assert fetch_languages.wanted("", env_file) == ()
    env_file.write_text("WEB_PORT=5080\nOCR_LANGUAGES='ell+rus=model'\n")
    assert fetch_languages.wanted("", env_file) == (Choice("ell"), Choice("rus", "model"))
    monkeypatch.setenv("OCR_LANGUAGES", "kor")
    assert fetch_languages.wanted("", env_file) == (Choice("kor"),)
    assert fetch_languages.wanted("rus heb", env_file) == (Choice("heb"), Choice("rus"))
    with pytest.raises(ToolError, match="LANGS is 'xxx'") as error:
        fetch_languages.wanted("xxx", env_file)
    assert error.value.exit_code == EXIT_BAD_ARGUMENTS
