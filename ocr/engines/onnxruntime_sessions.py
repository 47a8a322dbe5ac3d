"""Sessions of ONNX Runtime: on which device, with which of its options, and what else may be tried.

A GPU offers several ways to run a model, and which of them it takes shows only when it is loaded:
TensorRT, CUDA with captured graphs, CUDA alone. They are tried in this order.
"""

import contextlib
import dataclasses
import importlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engines.gpu import TINY_MODEL, first_line

CUDA, TENSORRT, CPU = (
    "CUDAExecutionProvider",
    "TensorrtExecutionProvider",
    "CPUExecutionProvider",
)
_ERRORS, _FATAL = 3, 4
"""ONNX Runtime's severities from which on it logs; it warns of a harmless shape in the models."""

log = logging.getLogger("inference")


@dataclasses.dataclass(frozen=True, slots=True)
class RuntimeDevice:
    """Where sessions run, and how."""

    gpu: int | None
    """A GPU's number; None for the CPU."""
    threads: int
    """Threads of one call on the CPU."""
    memory_mb: int = 0
    """The most that a session takes of a GPU's memory; 0: no limit."""
    search: str = "HEURISTIC"
    """How cuDNN looks for the way to compute a convolution (`conv_search`)."""
    tensorrt_fp16: bool = False
    """Through TensorRT in half precision."""
    tensorrt_cache: Path | None = None
    """An own folder for what TensorRT prepared; None: it prepares anew."""

    @property
    def place(self) -> tuple[str, int]:
        """Where ONNX Runtime's values lie, in its words."""
        return ("cpu", 0) if self.gpu is None else ("cuda", self.gpu)


def plain_session(model: str | bytes, device: RuntimeDevice) -> Any:
    """A session for any shapes and any number of threads; without captured graphs."""
    return _session(model, device.threads, _plain_providers(device))


def graph_session(
    model: bytes, device: RuntimeDevice, prefix: str, *, graphs: bool = True
) -> tuple[Any, bool]:
    """A session for one thread, and whether it captures a graph of each shape that is numbered;
    without `graphs` it captures none.

    `prefix` names what TensorRT keeps: the model and its one shape, as TensorRT tells them apart
    by nothing else.
    """
    if device.gpu is None:
        return plain_session(model, device), False
    ways: list[tuple[list[Any], bool]] = []
    for graph in (True, False) if graphs else (False,):
        if device.tensorrt_fp16:
            tensorrt = tensorrt_options(device, prefix, graph=graph)
            ways.append(([tensorrt, *cuda_providers(device)], False))
    if graphs:
        ways.append((cuda_providers(device, graphs=True), True))
    for providers, captures in ways:
        try:
            return _session(model, device.threads, providers, patterns=False), captures
        except Exception as error:
            log.warning(
                "ONNX Runtime does not load a model this way, the next one is tried: %s",
                first_line(error),
            )
    return plain_session(model, device), False


def cuda_providers(device: RuntimeDevice, *, graphs: bool = False) -> list[Any]:
    """CUDA, and the CPU for what it does not know."""
    cuda: dict[str, Any] = {
        "device_id": device.gpu,
        # By request: the default doubles what it takes, and never gives anything back.
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": device.search,
    }
    if graphs:
        cuda["enable_cuda_graph"] = "1"
    if device.memory_mb:
        cuda["gpu_mem_limit"] = device.memory_mb * 1024 * 1024
    return [(CUDA, cuda), CPU]


def tensorrt_options(
    device: RuntimeDevice, prefix: str, *, graph: bool
) -> tuple[str, dict[str, Any]]:
    """TensorRT, with what it prepared kept in the cache."""
    options: dict[str, Any] = {
        "device_id": device.gpu,
        "trt_fp16_enable": True,
        "trt_cuda_graph_enable": graph,
    }
    if device.memory_mb:
        options["trt_max_workspace_size"] = device.memory_mb * 1024 * 1024
    if device.tensorrt_cache is not None:
        options |= {
            "trt_engine_cache_enable": True,
            "trt_engine_cache_path": str(device.tensorrt_cache),
            "trt_engine_cache_prefix": prefix,
            "trt_timing_cache_enable": True,
            "trt_timing_cache_path": str(device.tensorrt_cache),
        }
    return TENSORRT, options


def tensorrt_is_there(gpu: int | None) -> bool:
    """Whether TensorRT loads: ONNX Runtime offers it wherever it was built with it, and takes
    something else without an error where its libraries are missing."""
    import onnxruntime

    if gpu is None or TENSORRT not in onnxruntime.get_available_providers():
        return False
    onnxruntime.preload_dlls()
    with contextlib.suppress(ImportError):
        importlib.import_module("tensorrt_libs")  # loads the libraries that come as a wheel
    onnxruntime.set_default_logger_severity(_FATAL)
    try:
        session = onnxruntime.InferenceSession(
            TINY_MODEL, providers=[(TENSORRT, {"device_id": gpu})]
        )
    except Exception:
        return False
    finally:
        onnxruntime.set_default_logger_severity(2)
    return TENSORRT in session.get_providers()


def _plain_providers(device: RuntimeDevice) -> list[Any]:
    return [CPU] if device.gpu is None else cuda_providers(device)


def _session(
    model: str | bytes, threads: int, providers: Sequence[Any], *, patterns: bool = True
) -> Any:
    """`patterns`: memory for a whole run is planned from what the run before took, which a capture
    cannot do."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS
    options.intra_op_num_threads = threads
    options.enable_mem_pattern = patterns
    if providers[0] != CPU:
        # CUDA and cuDNN come as wheels, where the linker does not look.
        onnxruntime.preload_dlls()
    return onnxruntime.InferenceSession(model, options, providers=list(providers))
