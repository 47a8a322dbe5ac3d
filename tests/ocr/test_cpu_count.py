"""The processors that a container really has."""

import os
from pathlib import Path

import pytest

from cpu_count import usable_cpus


@pytest.mark.parametrize(
    ("quota", "cpus"),
    [
        ("max 100000", 8),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("1600000 100000", 8),
        ("0 100000", 1),
        ("100000 0", 8),
        ("nonsense", 8),
        ("many 100000", 8),
        ("", 8),
        (None, 8),
    ],
)
def test_the_smaller_of_quota_and_affinity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str | None, cpus: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))
    file = tmp_path / "cpu.max"
    if quota is not None:
        file.write_text(quota + "\n")
    assert usable_cpus(file) == cpus


def test_here_it_is_at_least_one() -> None:
    assert 1 <= usable_cpus() <= len(os.sched_getaffinity(0))
