"""The proxy of the containers' tests: used when it is there, else unpacked and never installed."""

import shutil
from pathlib import Path

import pytest

import setup_nginx
from project import EXIT_MISSING_DEPENDENCY, ToolError


class FakeDebian:
    """A machine without nginx, whose apt can download it."""

    def __init__(self, unpacked: Path, *, program: str = "usr/sbin/nginx") -> None:
        self.calls: list[str] = []
        self.unpacked = unpacked
        self.program = program

    def which(self, name: str, path: str | None = None) -> str | None:
        return None if name == "nginx" else f"{path or '/usr/bin'}/{name}"

    def run(self, command: list[str], failure: str, *, cwd: Path | None = None) -> str:
        assert failure.endswith((".", "make test-docker"))
        self.calls.append(" ".join(command[:2]))
        if command[1] == "download":
            assert cwd is not None
            (cwd / "nginx_2_amd64.deb").touch()
        if command[0] == "dpkg-deb":
            made = self.unpacked / self.program
            made.parent.mkdir(parents=True)
            made.touch()
        return ""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDebian:
    fake = FakeDebian(tmp_path)
    monkeypatch.setattr(setup_nginx, "UNPACKED", tmp_path)
    monkeypatch.setattr(shutil, "which", fake.which)
    monkeypatch.setattr(setup_nginx.debian, "run", fake.run)
    monkeypatch.setattr(setup_nginx, "is_root", lambda: True)
    return fake


def test_what_is_installed_is_used(machine: FakeDebian, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/sbin/{name}")
    assert setup_nginx.main() == 0
    assert machine.calls == []
    assert setup_nginx.find("nginx") == Path("/usr/sbin/nginx")


def test_it_is_unpacked_once_and_never_installed(machine: FakeDebian) -> None:
    stale = machine.unpacked / "packages" / "nginx_1_amd64.deb"
    stale.parent.mkdir()
    stale.touch()
    assert setup_nginx.main() == 0
    assert machine.calls == ["apt-get update", "apt-get download", "dpkg-deb -x"]
    assert setup_nginx.find("nginx") == machine.unpacked / "usr/sbin/nginx"
    assert setup_nginx.main() == 0
    assert len(machine.calls) == 3


def test_another_user_needs_no_root(machine: FakeDebian, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_nginx, "is_root", lambda: False)
    assert setup_nginx.main() == 0
    assert machine.calls == ["apt-get download", "dpkg-deb -x"]


def test_a_package_without_the_program(machine: FakeDebian) -> None:
    machine.program = "usr/share/doc/nginx"
    with pytest.raises(ToolError, match="sudo apt install nginx") as caught:
        setup_nginx.main()
    assert caught.value.exit_code == EXIT_MISSING_DEPENDENCY


def test_without_apt(machine: FakeDebian, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    with pytest.raises(ToolError, match="Install nginx openssl") as caught:
        setup_nginx.main()
    assert caught.value.exit_code == EXIT_MISSING_DEPENDENCY
    assert machine.calls == []
