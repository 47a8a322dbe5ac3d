"""What NVIDIA's driver tells of a GPU: its name, the driver's version, memory, and how busy it is.

Asked of the management library (NVML) that comes with every driver, by `ctypes`; without it
nothing is known, and nothing depends on that.
"""

import ctypes
import functools
from typing import Any, NamedTuple

_LIBRARY = "libnvidia-ml.so.1"
_NAME_BYTES = 96


class Identity(NamedTuple):
    """What a measurement on a GPU holds for."""

    name: str
    driver: str


class _Memory(ctypes.Structure):
    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class _Utilisation(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


def identity(number: int) -> Identity | None:
    """Name and driver of GPU `number`."""
    device, library = _device(number), _library()
    if device is None:
        return None
    name, driver = (ctypes.create_string_buffer(_NAME_BYTES) for _ in range(2))
    if library.nvmlDeviceGetName(device, name, _NAME_BYTES) or library.nvmlSystemGetDriverVersion(
        driver, _NAME_BYTES
    ):
        return None
    return Identity(name.value.decode("utf-8", "replace"), driver.value.decode("utf-8", "replace"))


def memory_used_mb(number: int) -> float | None:
    """Of GPU `number`, by all processes together."""
    found = _Memory()
    device = _device(number)
    if device is None or _library().nvmlDeviceGetMemoryInfo(device, ctypes.byref(found)):
        return None
    return float(found.used) / 2**20


def busy_share(number: int) -> float | None:
    """Share of its last moments in which GPU `number` computed, 0 to 1."""
    found = _Utilisation()
    device = _device(number)
    if device is None or _library().nvmlDeviceGetUtilizationRates(device, ctypes.byref(found)):
        return None
    return float(found.gpu) / 100


def _device(number: int) -> Any:
    library = _library()
    device = ctypes.c_void_p()
    if library is None or library.nvmlDeviceGetHandleByIndex_v2(number, ctypes.byref(device)):
        return None
    return device


@functools.cache
def _library() -> Any:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return None
    return None if library.nvmlInit_v2() else library
