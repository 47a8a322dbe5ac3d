"""A session whose shapes each have memory of their own on the device, bound once and used again.

A CUDA graph reads and writes the addresses that it was captured with. So each shape has an input
that is written anew for each call and outputs that stay where they are; what is large and not
wanted on this side, a recogniser's full output, shares one piece of memory among all shapes. Each
shape's graph has a number; ONNX Runtime captures it within the first call with that number.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from decoding.pixels import Pixels
from engines.capture_gate import CaptureGate
from engines.device_model import PIXELS, Shape
from machine_limits import is_lack_of_memory

_GRAPH = "gpu_graph_id"
_NO_GRAPH = "-1"
_FIRST_GRAPH = 1
"""0 is ONNX Runtime's own."""
_SPARE = 1.1
"""The shared memory holds so many times what the first shape's output says that the largest needs:
the number of columns of a line is rounded."""

log = logging.getLogger("inference")


class CaptureError(Exception):
    """No graph could be captured, for want of something else than memory; the session is spoilt."""


class BoundSession:
    """One session with its shapes. For one thread at a time."""

    def __init__(
        self,
        session: Any,
        outputs: Sequence[str],
        place: tuple[str, int],
        gate: CaptureGate,
        *,
        graphs: bool,
        shared: str | None = None,
        most_pixels: int = 0,
    ) -> None:
        """`shared` is the output that stays on the device, and `most_pixels` what the images of
        the largest shape have together."""
        self._session = session
        self._outputs = outputs
        self._place = place
        self._gate = gate
        self._graphs = graphs
        self._shared = shared
        self._most_pixels = most_pixels
        self._memory: Any = None
        """Of the shared output."""
        self._shapes: dict[Shape, _Bound] = {}

    @property
    def session(self) -> Any:
        """ONNX Runtime's."""
        return self._session

    def run(self, images: Iterable[Pixels], shape: Shape) -> "Outputs":
        """The outputs for these images, all of the size of `shape` and at most as many.

        Raises:
            CaptureError: the session is not to be used any more.
        """
        bound = self._shapes.get(shape) or self._bind(shape)
        count = 0
        for count, image in enumerate(images, 1):
            bound.staging[count - 1] = image
        if self._graphs and not bound.captured:
            self._capture(bound)
        with self._gate.using():
            self._run(bound)
            return Outputs(
                {name: value.numpy()[:count] for name, value in bound.taken.items()},
                bound.shared,
            )

    def _capture(self, bound: "_Bound") -> None:
        with self._gate.capturing():
            try:
                self._run(bound)
            except Exception as error:
                if is_lack_of_memory(error):
                    raise
                raise CaptureError(str(error)) from error
        bound.captured = True

    def _run(self, bound: "_Bound") -> None:
        bound.given.update_inplace(bound.staging)
        self._session.run_with_iobinding(bound.binding, bound.options)

    def _bind(self, shape: Shape) -> "_Bound":
        """Memory for a shape: what its outputs are like shows in a first call."""
        import onnxruntime

        staging = np.zeros((*shape, 3), dtype=np.uint8)
        with self._gate.using():
            given = onnxruntime.OrtValue.ortvalue_from_shape_and_type(
                list(staging.shape), np.uint8, *self._place
            )
            given.update_inplace(staging)
            first = self._session.io_binding()
            first.bind_ortvalue_input(PIXELS, given)
            for name in self._outputs:
                first.bind_output(name, *self._place)
            self._session.run_with_iobinding(first, _options(_NO_GRAPH))
            made = dict(zip(self._outputs, first.get_outputs(), strict=True))
            binding = self._session.io_binding()
            binding.bind_ortvalue_input(PIXELS, given)
            shared = None
            for name, value in made.items():
                if name != self._shared:
                    binding.bind_ortvalue_output(name, value)
                    continue
                shared = self._shared_memory(value.shape(), shape)
                binding.bind_output(name, *self._place, np.float32, shared.dims, shared.address)
        number = str(_FIRST_GRAPH + len(self._shapes)) if self._graphs else _NO_GRAPH
        taken = {name: value for name, value in made.items() if name != self._shared}
        bound = _Bound(staging, given, binding, taken, shared, _options(number))
        self._shapes[shape] = bound
        return bound

    def _shared_memory(self, dims: list[int], shape: Shape) -> "SharedOutput":
        """A place for an output of `dims`, which `shape` gives."""
        import onnxruntime

        needed = int(np.prod(dims))
        if self._memory is None:
            pixels = int(np.prod(shape))
            most = int(_SPARE * needed * max(self._most_pixels, pixels) / pixels)
            self._memory = onnxruntime.OrtValue.ortvalue_from_shape_and_type(
                [most], np.float32, *self._place
            )
        memory = self._memory
        if needed > memory.shape()[0]:
            # What was captured uses the first: that stays, and this shape has its own.
            memory = onnxruntime.OrtValue.ortvalue_from_shape_and_type(
                [needed], np.float32, *self._place
            )
        return SharedOutput(memory, dims)


class Outputs:
    """What a call gave."""

    def __init__(self, values: dict[str, Any], shared: "SharedOutput | None") -> None:
        self._values = values
        self._shared = shared

    def __getitem__(self, name: str) -> Any:
        """An output as a numpy array of its own, for the images that were asked about."""
        return np.array(self._values[name])

    @property
    def shared(self) -> "SharedOutput":
        """The output that stays on the device, valid until the next call; for all of the shape."""
        assert self._shared is not None
        return self._shared


class SharedOutput:
    """An output (dims) float32 on the device."""

    def __init__(self, memory: Any, dims: list[int]) -> None:
        self._memory = memory
        self.dims = dims

    @property
    def address(self) -> int:
        """Where it begins."""
        return int(self._memory.data_ptr())


class _Bound:
    """A shape: its memory, what is bound to it, and its graph."""

    def __init__(
        self,
        staging: Pixels,
        given: Any,
        binding: Any,
        taken: dict[str, Any],
        shared: SharedOutput | None,
        options: Any,
    ) -> None:
        self.staging = staging
        """On this side, to be copied as a whole."""
        self.given = given
        self.binding = binding
        self.taken = taken
        """The outputs that are copied to this side."""
        self.shared = shared
        self.options = options
        self.captured = False


def _options(graph: str) -> Any:
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry(_GRAPH, graph)
    return options
