"""The browser of the end-to-end tests: used when it is there, else apt or one command."""

import subprocess

import pytest

import setup_chromium
from project import EXIT_MISSING_DEPENDENCY, ToolError


class FakeApt:
    """A machine without chromium, until apt-get installs it (or fails to)."""

    def __init__(self, exit_code: int = 0) -> None:
        self.calls: list[list[str]] = []
        self.exit_code = exit_code

    def which(self, name: str) -> str | None:
        installed = name == "apt-get" or any("install" in call for call in self.calls)
        return f"/usr/bin/{name}" if installed else None

    def run(self, command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        self.calls.append(command)
        return subprocess.CompletedProcess(command, self.exit_code, "E: apt's own words", "")


def machine(monkeypatch: pytest.MonkeyPatch, *, root: bool, exit_code: int = 0) -> FakeApt:
    apt = FakeApt(exit_code)
    monkeypatch.setattr(setup_chromium.shutil, "which", apt.which)
    monkeypatch.setattr(setup_chromium.subprocess, "run", apt.run)
    monkeypatch.setattr(setup_chromium, "is_root", lambda: root)
    return apt


def test_an_installed_browser_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    apt = machine(monkeypatch, root=True)
    monkeypatch.setattr(setup_chromium.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert setup_chromium.main() == 0
    assert apt.calls == []


def test_root_gets_it_through_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    apt = machine(monkeypatch, root=True)
    assert setup_chromium.main() == 0
    assert [call[1] for call in apt.calls] == ["update", "install"]
    assert apt.calls[1][-1] == "chromium"


def test_anybody_else_gets_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    apt = machine(monkeypatch, root=False)
    with pytest.raises(ToolError, match="sudo apt install chromium") as caught:
        setup_chromium.main()
    assert caught.value.exit_code == EXIT_MISSING_DEPENDENCY
    assert apt.calls == []


def test_apts_failure_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, root=True, exit_code=100)
    with pytest.raises(ToolError, match=r"(?s)apt's own words.*apt-get update -q failed") as caught:
        setup_chromium.main()
    assert caught.value.exit_code == EXIT_MISSING_DEPENDENCY
