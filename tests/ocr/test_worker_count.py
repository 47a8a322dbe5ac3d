"""As many workers as the processors could feed and the memory holds."""

import logging
import sys
import threading
from pathlib import Path

import pytest

import machine_limits
import worker_count as worker_count_module
from ocr_settings import Settings, load
from worker_count import worker_count
from worker_link import reading_pools
from worker_link.reading_pools import launched


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """32 processors without AMX, 64 GB, no GPU."""
    monkeypatch.setattr(machine_limits, "usable_cpus", lambda: 32)
    monkeypatch.setattr(machine_limits, "usable_memory", lambda: 64_000_000_000)
    monkeypatch.setattr(machine_limits, "NVIDIA_CONTROL_DEVICE", tmp_path / "none")
    monkeypatch.setattr(machine_limits, "has_amx", lambda: False)
    return monkeypatch


@pytest.mark.parametrize(
    ("processors", "count"), [(1, 1), (2, 1), (8, 1), (15, 1), (16, 2), (32, 4), (64, 8)]
)
def test_one_for_each_eight_processors(
    machine: pytest.MonkeyPatch, processors: int, count: int
) -> None:
    machine.setattr(machine_limits, "usable_cpus", lambda: processors)
    assert worker_count(load({})) == count


@pytest.mark.parametrize(("processors", "count"), [(2, 1), (7, 1), (8, 2), (32, 8)])
def test_one_for_each_four_with_amx(
    machine: pytest.MonkeyPatch, processors: int, count: int
) -> None:
    machine.setattr(machine_limits, "has_amx", lambda: True)
    machine.setattr(machine_limits, "usable_cpus", lambda: processors)
    assert worker_count(Settings()) == count


def test_amx_is_told_by_the_kernel(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    assert not machine_limits.has_amx(cpuinfo)
    cpuinfo.write_text("flags\t\t: fpu avx512_bf16 amx_tile\n")
    assert not machine_limits.has_amx(cpuinfo)
    cpuinfo.write_text("flags\t\t: fpu amx_bf16 amx_tile amx_int8\n")
    assert machine_limits.has_amx(cpuinfo)


@pytest.mark.parametrize(("gigabytes", "count"), [(0, 1), (1, 1), (4, 2), (7, 3), (8, 4), (64, 4)])
def test_as_far_as_the_memory_lasts(
    machine: pytest.MonkeyPatch, gigabytes: int, count: int
) -> None:
    """0 is: not known."""
    machine.setattr(machine_limits, "usable_memory", lambda: gigabytes * 1_000_000_000)
    assert worker_count(Settings()) == count


@pytest.mark.usefixtures("machine")
def test_what_is_asked_for_counts() -> None:
    assert worker_count(Settings(workers=7)) == 7
    assert worker_count(Settings(workers=1)) == 1
    assert worker_count(Settings(threads=16)) == 2


def test_a_gpu_is_used_by_one(machine: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert worker_count(Settings(device="gpu:1")) == 1
    machine.setattr(machine_limits, "NVIDIA_CONTROL_DEVICE", tmp_path)
    assert worker_count(Settings()) == 1
    assert worker_count(Settings(device="cpu")) == 4
    assert worker_count(Settings(workers=2)) == 2


@pytest.mark.parametrize(
    ("gigabytes", "level", "said"),
    [
        (64, logging.INFO, "4 worker processes read"),
        (4, logging.WARNING, "2 worker processes read, where the processors could feed 4"),
    ],
)
def test_the_log_says_how_many_and_what_more_would_take(
    machine: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    gigabytes: int,
    level: int,
    said: str,
) -> None:
    memory = gigabytes * 1_000_000_000
    machine.setattr(machine_limits, "usable_memory", lambda: memory)
    machine.setattr(reading_pools, "usable_memory", lambda: memory)
    with caplog.at_level(logging.INFO, "pool"):
        pools = launched(Settings(), (sys.executable, "-c", ""), threading.Event())
    pools.stop()
    assert len(pools.all) == int(said[0])
    assert [record.levelno for record in caplog.records if said in record.message] == [level]
    share = worker_count_module.MEMORY_SHARE
    assert reading_pools._most_memory(Settings(), len(pools.all)) == int(memory * share) // len(
        pools.all
    )
