"""The short form of each long run under benchmarks/soak: the same programs, the same checks."""

import os
import subprocess
import sys

import pytest

from project import ROOT

PATHS = ("contract", "ocr", "tools", "benchmarks", "benchmarks/soak")


def short(program: str, *arguments: str) -> str:
    """Run it to its end; returns what it printed."""
    ended = subprocess.run(
        [sys.executable, f"benchmarks/soak/{program}.py", "--dry", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(str(ROOT / p) for p in PATHS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.timeout(300)
def test_killed_at_random_moments_nothing_is_lost_or_doubled() -> None:
    assert "lost: 0" in short("kills", "--random", "5", "--named", "0")


@pytest.mark.timeout(300)
def test_killed_at_every_named_point_nothing_is_lost_or_doubled() -> None:
    assert "lost: 0" in short("kills", "--random", "0", "--named", "6")


@pytest.mark.timeout(300)
def test_after_a_power_loss_everything_acknowledged_is_there() -> None:
    assert "'shim': 30" in short("powerloss", "--losses", "30", "--way", "shim")


@pytest.mark.timeout(300)
def test_damaged_images_of_every_format_each_get_a_status() -> None:
    assert "service_deaths: 0" in short("images", "--count", "150", "--models", "0")


@pytest.mark.timeout(300)
def test_hostile_requests_to_both_servers_are_all_handled() -> None:
    assert "unhandled_errors: 0" in short("fuzz", "--count", "4000")


@pytest.mark.timeout(300)
def test_under_load_no_request_fails_and_no_file_stays_open() -> None:
    assert "requests_failed: 0" in short("load", "--seconds", "12")
