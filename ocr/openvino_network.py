"""Models in ONNX on a CPU through OpenVINO: the fastest way there, and in bfloat16 twice so."""

import contextlib
import queue
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from decode import Pixels
from networks import Classes, Normalisation, Numbers


class OpenVinoNetwork:
    """One model, compiled for `streams` calls at a time with `threads` threads in all."""

    def __init__(
        self,
        model: Path,
        normalisation: Normalisation,
        *,
        streams: int,
        threads: int,
        precision: str,
        keep_shapes: bool,
    ) -> None:
        """`precision` is f32 or bf16.

        `keep_shapes` keeps what was prepared for each shape of input, some megabytes a shape:
        for a network that sees the same shapes again and again.
        """
        openvino = _openvino()
        from openvino.preprocess import PrePostProcessor

        network = _core().read_model(model)
        steps = PrePostProcessor(network)
        image = steps.input()
        image.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
        image.model().set_layout(openvino.Layout("NCHW"))
        convert = image.preprocess().convert_element_type(openvino.Type.f32)
        if normalisation.swap_channels:
            convert = convert.reverse_channels()
        convert.mean(list(normalisation.mean)).scale(list(normalisation.scale))
        options: dict[str, Any] = {
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": precision,
            # A stream that is bound to a processor stands still when that one is busy elsewhere.
            "ENABLE_CPU_PINNING": False,
        }
        if not keep_shapes:
            options["CPU_RUNTIME_CACHE_CAPACITY"] = 0
        compiled = _core().compile_model(steps.build(), "CPU", options)
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(streams):
            self._requests.put(compiled.create_infer_request())

    def run(self, images: Pixels) -> Numbers:
        """As `Network.run`."""
        with self._output(images) as output:
            return output.copy()

    def run_best(self, images: Pixels) -> tuple[Classes, Numbers]:
        """As `Network.run_best`."""
        with self._output(images) as output:
            best = output.argmax(axis=-1)
            return best, np.take_along_axis(output, best[..., None], axis=-1)[..., 0]

    @contextlib.contextmanager
    def _output(self, images: Pixels) -> Iterator[Numbers]:
        """The output, in memory that the network uses again afterwards."""
        request = self._requests.get()
        try:
            request.infer([np.ascontiguousarray(images)], share_inputs=True, share_outputs=True)
            yield request.get_output_tensor(0).data
        finally:
            self._requests.put(request)


def best_precision() -> str:
    """bf16 where the processor computes in it, else f32."""
    capabilities = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bf16" if "BF16" in capabilities else "f32"


@cache
def _core() -> Any:
    return _openvino().Core()


def _openvino() -> Any:
    """The package, without the telemetry that it starts where it finds it."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
