"""Models in ONNX through ONNX Runtime in any shape: on a CPU without OpenVINO, and single lines on
an NVIDIA GPU.

The largest class of each column is found on the device (`best_class_model`), so that the
recogniser's full output, megabytes a line, never leaves it. What a GPU computes in numbers is
`gpu_networks`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Classes, Numbers
from engines.best_class import best_class_model, rivals_model
from engines.capture_gate import gate_of
from engines.columns import Columns, doubtful_columns, near_space, no_rivals
from engines.networks import Normalisation
from engines.onnxruntime_sessions import RuntimeDevice, plain_session


class OnnxRuntimeNetwork:
    """One model in one session, which several threads may use at a time."""

    logits = False
    """As `Detector.logits`."""

    def __init__(self, model: Path, normalisation: Normalisation, device: RuntimeDevice) -> None:
        """Loads the model; the first call in each shape takes longer."""
        self._device = device
        self._gate = gate_of(device.gpu)
        self._mean = np.array(normalisation.mean, dtype=np.float32)
        self._scale = np.array(normalisation.scale, dtype=np.float32)
        self._swap_channels = normalisation.swap_channels
        with self._gate.using():
            self._session = plain_session(str(model), device)
            self._best = plain_session(best_class_model(), device)
            self._rivals = plain_session(rivals_model(), device)
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name

    def run(self, images: Pixels) -> Numbers:
        """As `Network.run`."""
        prepared = self._prepare(images)
        with self._gate.using():
            (output,) = self._session.run([self._output], {self._input: prepared})
        return np.asarray(output, dtype=np.float32)

    def run_best(self, lines: Pixels) -> Columns:
        """As `Recogniser.run_best`."""
        prepared = self._prepare(lines)
        with self._gate.using():
            return self._run_best(prepared)

    def _run_best(self, prepared: Numbers) -> Columns:
        binding = self._session.io_binding()
        binding.bind_cpu_input(self._input, prepared)
        binding.bind_output(self._output, *self._device.place)
        self._session.run_with_iobinding(binding)
        best = self._best.io_binding()
        best.bind_ortvalue_input("values", binding.get_outputs()[0])
        best.bind_output("classes")
        best.bind_output("largest")
        best.bind_output("ends")
        self._best.run_with_iobinding(best)
        classes, largest, ends = best.copy_outputs_to_cpu()
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
        """(count, 3, height, width), normalised."""
        pixels = images[..., ::-1] if self._swap_channels else images
        numbers = (pixels.astype(np.float32) - self._mean) / self._scale
        return np.ascontiguousarray(numbers.transpose(0, 3, 1, 2))
