"""What make would run: ARGS reach the target that was named, and no other."""

import os
import subprocess

import pytest

from project import ROOT

OF_MAKE = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "ARGS", "DATA", "GPU", "PYTHON"}
"""The tests may themselves run below a make, which hands these down."""


def planned(*arguments: str) -> list[str]:
    """The commands of `make` with these arguments; none is run."""
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *arguments],
        cwd=ROOT, env={name: value for name, value in os.environ.items() if name not in OF_MAKE},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.replace("\\\n", " ").splitlines()


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("vendor", "tools/vendor.py"),
        ("bundle", "tools/bundle.py"),
        ("up", "docker compose up"),
        ("down", "docker compose down"),
        ("test", "pytest --numprocesses"),
        ("test-docker", "pytest tests/e2e/docker"),
        ("accuracy", "accuracy.py"),
        ("latency", "latency.py"),
        ("memory", "memory_slope.py"),
        ("tolerance", "tolerance.py"),
        ("scale", "scale.py"),
        ("soak", "$what.py"),
        ("backup", "./ocrctl"),
    ],
)
def test_arguments_reach_what_was_asked_for(target: str, command: str) -> None:
    given = [line for line in planned(target, "ARGS=--mine") if "--mine" in line]
    assert len(given) == 1
    assert command in given[0]


def test_of_several_targets_the_last_one_gets_them() -> None:
    given = [line for line in planned("vendor", "bundle", "ARGS=--gzip") if "--gzip" in line]
    assert len(given) == 1
    assert "tools/bundle.py" in given[0]


def test_a_backup_needs_no_environment() -> None:
    """Whoever has Docker alone must not be sent to set up a gigabyte."""
    (command,) = planned("backup")
    assert command.startswith("./ocrctl ")
