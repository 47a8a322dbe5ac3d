"""Whether a GPU can be used, found out by using it, and if not, why.

That ONNX Runtime was built for CUDA says nothing about the driver or the libraries: a session
that cannot have the GPU takes the CPU without an error. So a tiny model is loaded on it first.
"""

import logging
import os
import re
from collections.abc import Callable

import machine_limits
from machine_limits import is_lack_of_memory

TINY_MODEL = bytes.fromhex(
    "0808"  # the file format's version: 8
    "3a2b"  # the graph:
    "0a10" "0a0178" "120179" "22084964656e74697479"  # y = Identity(x)
    "120167"  # its name: g
    "5a09" "0a0178" "12040a020801"  # x: float
    "6209" "0a0179" "12040a020801"  # y: float
    "42040a00100d"  # operators of version 13
)  # fmt: skip
"""The smallest ONNX model: one Identity."""
_CUDA = "CUDAExecutionProvider"
_NOT_INSTALLED = "the package onnxruntime-gpu is not installed"
_WARNING, _FATAL = 2, 4
"""ONNX Runtime's severities; from the first on it logs unless told otherwise."""
_CUDA_FAILURE = re.compile(r"CUDA (?:failure|error) (\d+)", re.IGNORECASE)
_OUT_OF_MEMORY = 2
_OF_A_CAPTURE = range(900, 910)
"""What goes wrong in a capture spoils no more than that."""

log = logging.getLogger("inference")


def gpu_is_expected() -> bool:
    """Whether this machine, or who made this container, offers a GPU."""
    return machine_limits.NVIDIA_CONTROL_DEVICE.exists()


def gpu_problem(engine: str, number: int) -> str | None:
    """Why GPU `number` cannot be used with this engine, as half a sentence; None when it can."""
    if not gpu_is_expected():
        return "NVIDIA's driver shows none here (no /dev/nvidiactl)"
    if engine != "onnxruntime":
        return None  # the engine finds out itself
    try:
        import onnxruntime
    except ImportError:
        return _NOT_INSTALLED
    if _CUDA not in onnxruntime.get_available_providers():
        return _NOT_INSTALLED
    onnxruntime.preload_dlls()  # CUDA and cuDNN come as wheels, where the linker does not look
    onnxruntime.set_default_logger_severity(_FATAL)  # one sentence says it, not a page of its own
    try:
        session = onnxruntime.InferenceSession(
            TINY_MODEL, providers=[(_CUDA, {"device_id": number})]
        )
    except Exception as error:
        return f"ONNX Runtime cannot start on GPU {number} ({first_line(error)})"
    finally:
        onnxruntime.set_default_logger_severity(_WARNING)
    if _CUDA not in session.get_providers():
        return (
            f"ONNX Runtime cannot start on GPU {number} (is that its number, and is the driver "
            "new enough? nvidia-smi shows both)"
        )
    return None


def is_lost(error: Exception) -> bool:
    """Whether CUDA says that the GPU does not answer this process any more: then no later call
    succeeds."""
    found = _CUDA_FAILURE.search(str(error))
    if found is None or is_lack_of_memory(error):
        return False
    code = int(found[1])
    return code != _OUT_OF_MEMORY and code not in _OF_A_CAPTURE


def end_when_lost(
    error: Exception, gpu: int | None, end: Callable[[int], object] = os._exit
) -> None:
    """End this process when `error` says that the GPU is lost: every image would fail here, and
    the next worker looks anew for a device."""
    if gpu is not None and is_lost(error):
        log.error(
            "GPU %d no longer answers (%s). The worker ends; the next one uses it if it is there "
            "again, and the CPU otherwise, unless OCR_DEVICE asks for a GPU",
            gpu,
            first_line(error),
        )
        end(1)


def first_line(error: Exception) -> str:
    """What it says, without ONNX Runtime's stack."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
