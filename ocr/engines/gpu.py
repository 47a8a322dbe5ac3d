"""Whether a GPU can be used, found out by using it, and if not, why.

That ONNX Runtime was built for CUDA says nothing about the driver or the libraries: a session
that cannot have the GPU takes the CPU without an error. So a tiny model is loaded on it first.
"""

from pathlib import Path

CONTROL_DEVICE = Path("/dev/nvidiactl")
"""What NVIDIA's driver shows, on a machine and in a container that was given a GPU."""
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


def gpu_is_expected() -> bool:
    """Whether this machine, or who made this container, offers a GPU."""
    return CONTROL_DEVICE.exists()


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
        return f"ONNX Runtime cannot start on GPU {number} ({_first_line(error)})"
    finally:
        onnxruntime.set_default_logger_severity(_WARNING)
    if _CUDA not in session.get_providers():
        return (
            f"ONNX Runtime cannot start on GPU {number} (is that its number, and is the driver "
            "new enough? nvidia-smi shows both)"
        )
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
