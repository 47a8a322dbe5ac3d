"""Networks in few fixed shapes, bound and captured, as many at a time as there are pipelines.

Each pipeline has a session of its own, with a stream and memory of its own, so that one copies
while another computes. It belongs to the thread that came first to it: ONNX Runtime keeps what it
captured for the thread that captured it. The lanes are these threads.
"""

import itertools
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Classes, Numbers
from engines.best_class import rivals_model
from engines.bound_session import BoundSession, CaptureError, Outputs, SharedOutput
from engines.capture_gate import gate_of
from engines.columns import Columns, doubtful_columns, near_space, no_rivals
from engines.device_model import BYTE_MAP, DeviceModel, Shape
from engines.gpu import end_when_lost, first_line
from engines.onnxruntime_sessions import RuntimeDevice, graph_session, plain_session
from engines.shape_buckets import (
    LINE_BATCHES,
    MOST_COLUMNS,
    PAGE_BATCHES,
    PAGE_SIZES,
    filled,
    filled_page,
    line_batches,
    pages_together,
)
from engines.text_recognition import LINE_HEIGHT
from engines.tiled_detection import ByteMap

_RIVALS_AT_ONCE = 8
"""So many lines are asked about together what else they may say."""

log = logging.getLogger("inference")


class _Pipelines:
    """A model's sessions, one for each pipeline, each made when its thread first comes."""

    def __init__(
        self, model: DeviceModel, name: str, device: RuntimeDevice, count: int, most_pixels: int = 0
    ) -> None:
        self._model = model
        self._name = name
        self._device = device
        self._gate = gate_of(device.gpu)
        self._most_pixels = most_pixels
        self._pipelines = [_Pipeline(self._load) for _ in range(count)]
        self._next = itertools.cycle(self._pipelines)
        self._own = threading.local()

    def run(self, images: Iterable[Pixels], shape: Shape, use: Callable[[Outputs], Any]) -> Any:
        """What `use` makes of the outputs, before the next call of this pipeline."""
        pipeline: _Pipeline | None = getattr(self._own, "pipeline", None)
        if pipeline is None:
            pipeline = self._own.pipeline = next(self._next)
        try:
            return pipeline.run(images, shape, use)
        except Exception as error:
            end_when_lost(error, self._device.gpu)
            raise

    def _load(self, shape: Shape, *, graphs: bool) -> tuple["BoundSession", bool]:
        """A session, and whether it is for this shape alone: TensorRT's are."""
        device = self._device
        alone = device.tensorrt_fp16 and device.gpu is not None
        content = self._model.written(shape if alone else None)
        with self._gate.using():
            prefix = f"{self._name}-{'x'.join(map(str, shape))}"
            session, captures = graph_session(content, device, prefix, graphs=graphs)
        outputs = self._model.outputs
        shared = self._model.full_output if len(outputs) > 1 else None
        bound = BoundSession(
            session,
            outputs,
            device.place,
            self._gate,
            graphs=captures,
            shared=shared,
            most_pixels=0 if alone else self._most_pixels,
        )
        return bound, alone


class _Pipeline:
    """One thread's sessions of one model."""

    def __init__(self, load: Callable[..., tuple[BoundSession, bool]]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._graphs = True
        self._for_all: BoundSession | None = None
        self._for_one: dict[Shape, BoundSession] = {}

    def run(self, images: Iterable[Pixels], shape: Shape, use: Callable[[Outputs], Any]) -> Any:
        with self._lock:
            try:
                return use(self._session(shape).run(images, shape))
            except CaptureError as error:
                log.warning(
                    "no CUDA graph can be captured (%s); reading goes on without, slower",
                    first_line(error),
                )
                self._graphs, self._for_all = False, None
                self._for_one.clear()
                return use(self._session(shape).run(images, shape))

    def _session(self, shape: Shape) -> BoundSession:
        session = self._for_all or self._for_one.get(shape)
        if session is None:
            session, alone = self._load(shape, graphs=self._graphs)
            if alone:
                self._for_one[shape] = session
            else:
                self._for_all = session
        return session


class GpuNetwork:
    """A network for images of one size."""

    def __init__(self, model: DeviceModel, name: str, device: RuntimeDevice, count: int) -> None:
        """`count` pipelines; `name` tells the model apart from others."""
        self._pipelines = _Pipelines(model, name, device, count)
        (self._output,) = model.outputs

    def run(self, images: Pixels) -> Numbers:
        """As `Network.run`."""
        shape = (filled(len(images), PAGE_BATCHES), *images.shape[1:3])
        found: Numbers = self._pipelines.run(images, shape, lambda outputs: outputs[self._output])
        return found


class GpuDetector:
    """A detector. Its maps are bytes, of pages filled up to few sizes."""

    logits = False
    """As `Detector.logits`."""

    def __init__(self, model: DeviceModel, name: str, device: RuntimeDevice, count: int) -> None:
        """As `GpuNetwork`."""
        self._pipelines = _Pipelines(model, name, device, count)

    def run(self, pages: Pixels) -> Numbers:
        """As `Detector.run`; the pages must be filled up."""
        maps = np.stack(self.run_together(list(pages)))
        return maps[:, None].astype(np.float32) / np.float32(255)

    @property
    def shapes(self) -> list[Shape]:
        """As `GroupDetector.shapes`."""
        return [(count, *size) for size in PAGE_SIZES for count in PAGE_BATCHES]

    def filled(self, page: Pixels) -> Pixels:
        """As `GroupDetector.filled`."""
        return filled_page(page)

    def group(self, page: Pixels) -> tuple[int, int]:
        """As `GroupDetector.group`."""
        return (page.shape[0], page.shape[1])

    def together(self, waiting: int) -> int:
        """As `GroupDetector.together`."""
        return pages_together(waiting)

    def run_together(self, pages: Sequence[Pixels]) -> list[ByteMap]:
        """As `GroupDetector.run_together`."""
        (size,) = {self.group(page) for page in pages}
        shape = (filled(len(pages), PAGE_BATCHES), *size)
        maps: ByteMap = self._pipelines.run(pages, shape, lambda outputs: outputs[BYTE_MAP])
        return list(maps[:, 0])


class GpuRecogniser:
    """A recogniser, for lines of few widths."""

    def __init__(self, model: DeviceModel, name: str, device: RuntimeDevice, count: int) -> None:
        """As `GpuNetwork`."""
        self._pipelines = _Pipelines(model, name, device, count, LINE_HEIGHT * MOST_COLUMNS)
        self._device = device
        self._gate = gate_of(device.gpu)
        with self._gate.using():
            self._rivals = plain_session(rivals_model(), device)

    def run_best(self, lines: Pixels) -> Columns:
        """As `Recogniser.run_best`."""
        count, height, width = lines.shape[:3]
        batches = line_batches(width) or LINE_BATCHES[:1]
        shape = (filled(count, batches), height, width)
        found: Columns = self._pipelines.run(lines, shape, self._columns)
        return found

    def _columns(self, outputs: Outputs) -> Columns:
        classes, largest = outputs["classes"], outputs["largest"]
        rivals, shares = self._rivals_of(outputs.shared, classes, largest)
        return Columns(classes, largest, near_space(outputs["ends"]), rivals, shares)

    def _rivals_of(
        self, values: SharedOutput, classes: Classes, largest: Numbers
    ) -> tuple[Classes, Numbers]:
        """`Columns.rivals` and `Columns.rival_shares` of the doubtful columns of `values`."""
        rivals, shares = no_rivals(classes)
        wanted = doubtful_columns(classes, largest)
        asked = np.unique(wanted.nonzero()[0])
        at_once = min(_RIVALS_AT_ONCE, values.dims[0])
        for start in range(0, len(asked), at_once):
            some = asked[start : start + at_once]
            found, numbers = self._likeliest(values, some)
            rivals[some] = found[..., 1:]
            shares[some] = numbers[..., 1:] / numbers[..., :1]
        shares[~wanted] = 0
        return rivals, shares

    def _likeliest(self, values: SharedOutput, lines: Classes) -> tuple[Classes, Numbers]:
        """The likeliest classes of these lines' columns and how likely they are."""
        at_once = min(_RIVALS_AT_ONCE, values.dims[0])
        places = np.resize(lines, at_once).astype(np.int64)  # a further shape would be planned anew
        with self._gate.using():
            binding = self._rivals.io_binding()
            binding.bind_input(
                "values", *self._device.place, np.float32, values.dims, values.address
            )
            binding.bind_cpu_input("lines", places)
            binding.bind_output("classes")
            binding.bind_output("largest")
            self._rivals.run_with_iobinding(binding)
            found, numbers = binding.copy_outputs_to_cpu()
        return found[: len(lines)], numbers[: len(lines)]
