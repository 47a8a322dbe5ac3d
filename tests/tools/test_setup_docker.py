"""A Docker engine for the tests: used when it is there, else started, or a sentence."""

import subprocess
from pathlib import Path

import pytest

import setup_docker
from project import EXIT_MISSING_DEPENDENCY, ToolError


def refused(monkeypatch: pytest.MonkeyPatch, problem: str, *, root: bool = False) -> str:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(setup_docker, "engine_problem", lambda: problem)
    monkeypatch.setattr(setup_docker, "is_root", lambda: root)
    with pytest.raises(ToolError) as caught:
        setup_docker.need_engine()
    assert caught.value.exit_code == EXIT_MISSING_DEPENDENCY
    return str(caught.value)


def test_an_engine_that_answers_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_docker, "engine_problem", lambda: None)
    monkeypatch.setattr(setup_docker, "has_plugin", lambda name: True)
    monkeypatch.setattr(setup_docker, "start_engine", lambda: pytest.fail("started a second one"))
    assert setup_docker.main() == 0


def test_a_user_without_rights_is_told_of_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "usermod -aG docker" in refused(monkeypatch, "permission denied while trying to connect")


def test_a_user_without_an_engine_is_told_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "sudo apt install docker.io" in refused(monkeypatch, "cannot connect")


def test_an_engine_elsewhere_is_not_started_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setattr(setup_docker, "engine_problem", lambda: "cannot connect")
    with pytest.raises(ToolError, match="DOCKER_HOST"):
        setup_docker.need_engine()


def test_an_engine_that_ends_at_once_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup_docker, "ENGINE_LOG", tmp_path / "log")
    monkeypatch.setattr(setup_docker, "_SYSTEMD", tmp_path / "none")
    monkeypatch.setattr(setup_docker, "engine_problem", lambda: "cannot connect")
    real = subprocess.Popen

    def start(_: list[str], **how: object) -> "subprocess.Popen[bytes]":
        return real(
            ["sh", "-c", "echo level=info; echo level=fatal no iptables >&2; exit 1"], **how
        )  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(setup_docker.subprocess, "Popen", start)
    with pytest.raises(
        ToolError, match=r"^level=fatal no iptables\nThe Docker engine ended at once"
    ):
        setup_docker.start_engine()


@pytest.mark.parametrize(
    ("code", "said", "known"),
    [
        (0, "Docker Compose version 2.26.1-4", True),
        (0, "Docker Compose version v2.30.0", True),
        (0, "docker-compose version 1.29.2", False),
        (1, "", False),
    ],
)
def test_compose_must_be_version_2(
    monkeypatch: pytest.MonkeyPatch, code: int, said: str, known: bool
) -> None:
    answer = subprocess.CompletedProcess([], code, said, "")
    monkeypatch.setattr(setup_docker.subprocess, "run", lambda *_, **__: answer)
    assert setup_docker.has_plugin("compose") is known


def test_another_distribution_is_told_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_docker, "is_root", lambda: True)
    monkeypatch.setattr(setup_docker, "_os_release", lambda name: "ubuntu")
    with pytest.raises(ToolError, match="docker-compose-v2"):
        setup_docker.install_plugins(["docker-compose"])
