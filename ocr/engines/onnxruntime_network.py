"""Models in ONNX through ONNX Runtime: on an NVIDIA GPU, and on a CPU without OpenVINO.

The largest class of each column is found on the device (`best_class_model`), so that the
recogniser's full output, megabytes a line, never leaves it. On a GPU batches are filled up to
few sizes, because each new shape is planned anew.
"""

import bisect
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Classes, Numbers
from engines.best_class import best_class_model, rivals_model
from engines.columns import Columns, doubtful_columns, near_space, no_rivals
from engines.networks import Normalisation

GPU_BATCHES = (1, 8, 32, 64)
_ERRORS = 3
"""ONNX Runtime's severity from which on it logs; it warns of a harmless shape in the models."""


@dataclasses.dataclass(frozen=True, slots=True)
class RuntimeDevice:
    """Where sessions run."""

    gpu: int | None
    """A GPU's number; None for the CPU."""
    threads: int
    """Threads of one call on the CPU."""
    memory_mb: int = 0
    """The most that a session takes of a GPU's memory; 0: no limit."""
    tensorrt_fp16: bool = False
    """Through TensorRT in half precision."""


class OnnxRuntimeNetwork:
    """One model in one session, which several threads may use at a time."""

    logits = False
    """As `Detector.logits`."""

    def __init__(self, model: Path, normalisation: Normalisation, device: RuntimeDevice) -> None:
        """Loads the model; the first call in each shape takes longer."""
        self._device = device
        self._mean = np.array(normalisation.mean, dtype=np.float32)
        self._scale = np.array(normalisation.scale, dtype=np.float32)
        self._swap_channels = normalisation.swap_channels
        self._session = _session(str(model), device)
        self._best = _session(best_class_model(), device)
        self._rivals = _session(rivals_model(), device)
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name

    def run(self, images: Pixels) -> Numbers:
        """As `Network.run`."""
        (output,) = self._session.run([self._output], {self._input: self._prepare(images)})
        return np.asarray(output, dtype=np.float32)[: len(images)]

    def run_best(self, lines: Pixels) -> Columns:
        """As `Recogniser.run_best`."""
        where = ("cpu", 0) if self._device.gpu is None else ("cuda", self._device.gpu)
        binding = self._session.io_binding()
        binding.bind_cpu_input(self._input, self._prepare(lines))
        binding.bind_output(self._output, *where)
        self._session.run_with_iobinding(binding)
        best = self._best.io_binding()
        best.bind_ortvalue_input("values", binding.get_outputs()[0])
        best.bind_output("classes")
        best.bind_output("largest")
        best.bind_output("ends")
        self._best.run_with_iobinding(best)
        classes, largest, ends = (each[: len(lines)] for each in best.copy_outputs_to_cpu())
        rivals = self._rivals_of(binding.get_outputs()[0], classes, largest)
        return Columns(classes, largest, near_space(ends), *rivals)

    def _rivals_of(
        self, values: Any, classes: Classes, largest: Numbers
    ) -> tuple[Classes, Numbers]:
        """`Columns.rivals` and `Columns.rival_shares` of the doubtful columns of `values`."""
        rivals, shares = no_rivals(classes)
        wanted = doubtful_columns(classes, largest)
        asked = np.unique(wanted.nonzero()[0])
        if len(asked):
            binding = self._rivals.io_binding()
            binding.bind_ortvalue_input("values", values)
            binding.bind_cpu_input("lines", asked.astype(np.int64))
            binding.bind_output("classes")
            binding.bind_output("largest")
            self._rivals.run_with_iobinding(binding)
            found, numbers = binding.copy_outputs_to_cpu()
            rivals[asked] = found[..., 1:]
            shares[asked] = numbers[..., 1:] / numbers[..., :1]
            shares[~wanted] = 0
        return rivals, shares

    def _prepare(self, images: Pixels) -> Numbers:
        """(count, 3, height, width), normalised; on a GPU `count` is one of GPU_BATCHES."""
        pixels = images[..., ::-1] if self._swap_channels else images
        numbers = (pixels.astype(np.float32) - self._mean) / self._scale
        if self._device.gpu is not None and len(images) <= GPU_BATCHES[-1]:
            filled = GPU_BATCHES[bisect.bisect_left(GPU_BATCHES, len(images))]
            numbers = np.pad(numbers, ((0, filled - len(images)), (0, 0), (0, 0), (0, 0)))
        return np.ascontiguousarray(numbers.transpose(0, 3, 1, 2))


def tensorrt_is_there() -> bool:
    """Whether ONNX Runtime was built with TensorRT."""
    import onnxruntime

    return "TensorrtExecutionProvider" in onnxruntime.get_available_providers()


def _session(model: str | bytes, device: RuntimeDevice) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS
    options.intra_op_num_threads = device.threads
    if device.gpu is None:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    onnxruntime.preload_dlls()  # CUDA and cuDNN come as wheels, where the linker does not look
    return onnxruntime.InferenceSession(model, options, providers=_gpu_providers(device))


def _gpu_providers(device: RuntimeDevice) -> list[Any]:
    cuda: dict[str, Any] = {
        "device_id": device.gpu,
        # By request: the default doubles what it takes, and never gives anything back.
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "HEURISTIC",  # trying them all takes seconds for each shape
    }
    if device.memory_mb:
        cuda["gpu_mem_limit"] = device.memory_mb * 1024 * 1024
    providers: list[Any] = [("CUDAExecutionProvider", cuda), "CPUExecutionProvider"]
    if device.tensorrt_fp16:
        tensorrt = {"device_id": device.gpu, "trt_fp16_enable": True}
        providers.insert(0, ("TensorrtExecutionProvider", tensorrt))
    return providers
