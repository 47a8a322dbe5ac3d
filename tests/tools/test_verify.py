"""bundle/verify.sh with a docker that only writes down what it is asked.

What it makes of a real engine is tested by `make test-docker`.
"""

import subprocess
from pathlib import Path

import pytest

from project import ROOT

DOCKER = """#!/bin/sh
printf '%s\\n' "$*" >>"{log}"
case "$*" in
    "compose ps"*) echo {container} ;;
    *Health.Status*) cat "{state}"; [ ! -e "{next}" ] || mv "{next}" "{state}" ;;
    *Config.User*) echo 10001:10001 ;;
    *Config.Env*) printf 'WEB_PUBLISHED_ADDRESS=127.0.0.1\\nWEB_TRUSTED_PROXIES=10.0.0.0/8\\n' ;;
    *Networks*) echo ocr_docker_page 172.30.0.2 ;;
    *--detach*) echo reader ;;
esac
"""


class Installation:
    """A folder as install.sh leaves it, and what verify.sh did with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.state = folder / "state"
        self.next_state = folder / "next"
        (folder / "data").mkdir()
        known = folder / "releases" / "1" / "verify"
        known.mkdir(parents=True)
        (known / "check.py").touch()
        (known / "expected.txt").write_text("words")
        (folder / "VERSION").write_text("1\n")
        (folder / "docker-compose.yml").touch()
        self.state.write_text("healthy\n")
        (folder / "bin").mkdir()

    def verify(self, container: str = "abc") -> "subprocess.CompletedProcess[str]":
        docker = self.folder / "bin" / "docker"
        docker.write_text(
            DOCKER.format(log=self.log, container=container, state=self.state, next=self.next_state)
        )
        docker.chmod(0o755)
        return subprocess.run(
            ["sh", str(ROOT / "bundle" / "verify.sh"), "--to", str(self.folder)],
            env={"PATH": f"{docker.parent}:/usr/bin:/bin"},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def asked(self, words: str) -> list[str]:
        """What docker was asked with these words in it."""
        return [line for line in self.log.read_text().splitlines() if words in line]


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_all_is_checked(installation: Installation) -> None:
    done = installation.verify()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "PASSED"
    assert sum(line.startswith("pass ") for line in done.stdout.splitlines()) == 8


def test_it_waits_for_a_service_that_starts(installation: Installation) -> None:
    installation.state.write_text("starting\n")
    installation.next_state.write_text("healthy\n")
    assert "pass  ocr_service is ready" in installation.verify().stdout


def test_it_does_not_wait_for_one_that_is_ill(installation: Installation) -> None:
    installation.state.write_text("unhealthy\n")
    done = installation.verify()
    assert done.returncode == 15
    assert "FAIL  ocr_service is ready: it is unhealthy after 0 s; see: cd " in done.stdout


def test_the_user_is_the_one_inside_also_where_the_engine_remaps_it(
    installation: Installation,
) -> None:
    """data/ has another owner then than the service's own number."""
    assert installation.verify().returncode == 0
    (run,) = installation.asked("/image_folder:ro")
    assert "--user 10001:10001 " in run
    assert "--tmpfs /data:mode=0750,uid=10001,gid=10001 " in run


def test_the_page_is_tried_from_its_own_network_and_another(installation: Installation) -> None:
    assert installation.verify().returncode == 0
    tries = installation.asked("python - neighbour")
    assert [" --network ocr_docker_page " in tries[0], " --network bridge " in tries[1]] == [
        True
    ] * 2
    assert all(one.endswith("neighbour 172.30.0.2 127.0.0.1 10.0.0.0/8") for one in tries)


def test_nothing_runs(installation: Installation) -> None:
    done = installation.verify(container="")
    assert done.returncode == 15
    assert done.stdout.count("docker compose up -d") == done.stdout.count("FAIL ") == 8
