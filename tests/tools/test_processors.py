"""Another processor's programs: found, set up, or one sentence."""

from pathlib import Path

import pytest

import processors
from project import EXIT_BAD_ARGUMENTS, ToolError

REGISTERED = "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: PF\noffset 0\n"


@pytest.fixture
def handlers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kernel's list of foreign programs, on an amd64 machine where nobody is root."""
    monkeypatch.setattr(processors, "_HANDLERS", tmp_path)
    monkeypatch.setattr(processors, "native", lambda: "amd64")
    monkeypatch.setattr(processors, "is_root", lambda: False)
    monkeypatch.setattr(processors.shutil, "which", lambda name: f"/usr/sbin/{name}")
    return tmp_path


def test_names() -> None:
    assert processors.chosen("") == processors.native()
    assert processors.chosen("arm64") == "arm64"
    with pytest.raises(ToolError, match="ARCH is 'aarch64'; use amd64 or arm64") as caught:
        processors.chosen("aarch64")
    assert caught.value.exit_code == EXIT_BAD_ARGUMENTS


def test_this_machines_own_needs_nothing(handlers: Path) -> None:
    processors.need_emulation("amd64")


def test_a_handler_that_is_there_is_enough(handlers: Path) -> None:
    (handlers / "qemu-aarch64").write_text(REGISTERED)
    processors.need_emulation("arm64")


@pytest.mark.parametrize("text", ["", REGISTERED.replace("enabled", "disabled"),
                                  REGISTERED.replace("PF", "P")])  # fmt: skip
def test_one_that_containers_cannot_use_is_none(handlers: Path, text: str) -> None:
    """Without F the kernel looks for qemu inside the container."""
    (handlers / "qemu-aarch64").write_text(text)
    with pytest.raises(ToolError, match="sudo apt install qemu-user-static binfmt-support"):
        processors.need_emulation("arm64")


def test_root_has_it_set_up(handlers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], failure: str) -> str:
        ran.append(command)
        (handlers / "qemu-aarch64").write_text(REGISTERED)
        return ""

    monkeypatch.setattr(processors, "is_root", lambda: True)
    monkeypatch.setattr(processors.debian, "run", run)
    processors.need_emulation("arm64")
    assert ran == [["update-binfmts", "--enable", "qemu-aarch64"]]
