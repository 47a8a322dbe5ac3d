"""The processors and the memory that a container really has."""

import os
from pathlib import Path

import pytest

from machine_limits import free_memory, idle_seconds, usable_cpus, usable_memory

MEMINFO = "MemTotal:        8000000 kB\nMemFree:          100000 kB\n"
ALL = 8_000_000 * 1024


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    file = tmp_path / "meminfo"
    file.write_text(MEMINFO)
    return file


@pytest.mark.parametrize("file", ["memory.max", "memory/memory.limit_in_bytes"])
@pytest.mark.parametrize(
    ("limit", "size"),
    [
        ("4294967296", 4 << 30),
        ("9223372036854771712", ALL),
        ("max", ALL),
        ("0", ALL),
        ("-1", ALL),
        ("", ALL),
        ("many", ALL),
        (None, ALL),
    ],
)
def test_the_smaller_of_machine_and_container(
    tmp_path: Path, meminfo: Path, file: str, limit: str | None, size: int
) -> None:
    if limit is not None:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(limit + "\n")
    assert usable_memory(tmp_path, meminfo) == size


@pytest.mark.parametrize("text", [None, "", "MemTotal:", "MemTotal: much kB\n", "MemFree: 5 kB\n"])
def test_a_machine_that_does_not_say(tmp_path: Path, meminfo: Path, text: str | None) -> None:
    meminfo.unlink()
    if text is not None:
        meminfo.write_text(text)
    assert usable_memory(tmp_path, meminfo) == 0
    (tmp_path / "memory.max").write_text("1000\n")
    assert usable_memory(tmp_path, meminfo) == 1000


def test_here_there_is_some_memory() -> None:
    assert usable_memory() > 1 << 20


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


def test_here_is_at_least_one_processor() -> None:
    assert 1 <= usable_cpus() <= len(os.sched_getaffinity(0))


def test_how_long_the_processors_had_nothing_to_do(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  10 20 30 4000 500 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n")
    assert idle_seconds(stat) == 4500 / os.sysconf("SC_CLK_TCK")
    assert idle_seconds() > 0
    for text in ("", "cpu", "cpu a b c d e f\n"):
        stat.write_text(text)
        assert idle_seconds(stat) == 0
    stat.unlink()
    assert idle_seconds(stat) == 0


def test_what_is_free_is_the_least_of_machine_and_container(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9000 kB\nMemAvailable: 5000 kB\n")
    assert free_memory(tmp_path, meminfo) == 5000 * 1024
    (tmp_path / "memory.max").write_text("4000000\n")
    (tmp_path / "memory.current").write_text("3000000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 500000\n")
    assert free_memory(tmp_path, meminfo) == 1_500_000
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory(tmp_path, meminfo) == 5000 * 1024
    assert free_memory(tmp_path / "none", tmp_path / "none") is None
