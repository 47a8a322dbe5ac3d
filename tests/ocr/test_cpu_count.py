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
    if quota is not None:
        (tmp_path / "cpu.max").write_text(quota + "\n")
    assert usable_cpus(tmp_path) == cpus


@pytest.mark.parametrize(
    ("quota", "cpus"), [("-1", 8), ("200000", 2), ("150000", 2), ("1600000", 8), ("x", 8)]
)
def test_the_quota_of_cgroups_version_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, cpus: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota + "\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cpus(tmp_path) == cpus


def test_here_it_is_at_least_one() -> None:
    assert 1 <= usable_cpus() <= len(os.sched_getaffinity(0))
