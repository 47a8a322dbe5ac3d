"""What the driver's library tells of a GPU, by one that stands in for it; and without any."""

import ctypes
from collections.abc import Iterator
from typing import Any

import pytest

from engines import nvml
from engines.nvml import Identity

_FAILED = 2


class Library:
    """NVML with one GPU, number 1; each function gives 0 or an error, as in C."""

    answers = True

    def nvmlInit_v2(self) -> int:  # noqa: N802
        return 0 if self.answers else _FAILED

    def nvmlDeviceGetHandleByIndex_v2(self, number: int, found: Any) -> int:  # noqa: N802
        found._obj.value = 4711
        return 0 if number == 1 else _FAILED

    def nvmlDeviceGetName(self, device: Any, name: Any, size: int) -> int:  # noqa: N802
        assert device.value == 4711
        ctypes.memmove(name, b"NVIDIA H100 80GB HBM3\0", 22)
        assert size > 22
        return 0

    def nvmlSystemGetDriverVersion(self, version: Any, _size: int) -> int:  # noqa: N802
        ctypes.memmove(version, b"580.65.06\0", 10)
        return 0

    def nvmlDeviceGetMemoryInfo(self, device: Any, found: Any) -> int:  # noqa: N802
        total, free, used = 80 << 30, 75 << 30, 5 << 30
        ctypes.memmove(found, (ctypes.c_ulonglong * 3)(total, free, used), 24)
        return 0 if device.value == 4711 else _FAILED

    def nvmlDeviceGetUtilizationRates(self, device: Any, found: Any) -> int:  # noqa: N802
        ctypes.memmove(found, (ctypes.c_uint * 2)(93, 40), 8)
        return 0 if device.value == 4711 else _FAILED


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    made = Library()
    nvml._library.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: made)
    yield made
    nvml._library.cache_clear()


def test_name_driver_memory_and_load(library: Library) -> None:
    assert nvml.identity(1) == Identity("NVIDIA H100 80GB HBM3", "580.65.06")
    assert nvml.memory_used_mb(1) == 5 * 1024
    assert nvml.busy_share(1) == 0.93


def test_another_number_is_no_gpu(library: Library) -> None:
    assert nvml.identity(0) is nvml.memory_used_mb(0) is nvml.busy_share(0) is None


def test_a_driver_that_does_not_answer(library: Library) -> None:
    library.answers = False
    assert nvml.identity(1) is None


def test_without_a_driver_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml._library.cache_clear()
    monkeypatch.setattr(nvml, "_LIBRARY", "libnvidia-none.so.1")
    assert nvml.identity(0) is nvml.memory_used_mb(0) is nvml.busy_share(0) is None
    nvml._library.cache_clear()
