"""Models in ONNX on a CPU through OpenVINO: the fastest way there, and in bfloat16 twice so."""

import contextlib
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from decoding.pixels import Pixels
from engines.arrays import Classes, Numbers
from engines.columns import (
    BLANK,
    RIVALS,
    SPACE,
    Columns,
    character_begins,
    doubtful_lines,
    near_space,
    no_rivals,
)
from engines.kept_networks import KeptNetwork
from engines.networks import Normalisation
from engines.openvino_compile import Form, Kind, OpenVinoDevice, compiled

_F32_OVER_BF16_BITS = 16
"""bf16 is the upper half of f32."""
_OUT = {"f": -np.inf, "i": np.iinfo(np.int16).min}
"""What is less than every other number, by the kind of the numbers."""
_COUNTS = 0.01
"""A class that is so much less likely than the best of its column has no rivals behind it."""
_FAR_ABOVE_0 = 5.0
"""exp(-5) is less than that."""


class _OpenVinoModel:
    """A compiled model, and as many requests to it as may run at a time."""

    _KIND: ClassVar[Kind]

    def __init__(
        self,
        model: Path,
        normalisation: Normalisation,
        device: OpenVinoDevice,
        kept: KeptNetwork | None = None,
    ) -> None:
        made = compiled(model, Form(self._KIND, normalisation, device), kept)
        self._last_dropped = made.last_dropped
        self._precision = device.precision
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(device.streams):
            self._requests.put(made.network.create_infer_request())

    @contextlib.contextmanager
    def _output(self, images: Pixels) -> Iterator[Any]:
        """The output, in memory that the network uses again afterwards; bf16 as its int16 bits."""
        request = self._requests.get()
        try:
            request.infer([np.ascontiguousarray(images)], share_inputs=True, share_outputs=True)
            output = request.get_output_tensor(0).data
            yield output if output.dtype == np.float32 else output.view(np.int16)
        finally:
            self._requests.put(request)


class OpenVinoNetwork(_OpenVinoModel):
    """A model and its output. Keeps what it prepared for each shape of input, some megabytes a
    shape."""

    _KIND: ClassVar[Kind] = "network"

    def run(self, images: Pixels) -> Numbers:
        """As `Network.run`."""
        with self._output(images) as output:
            return np.array(output)


class OpenVinoDetector(OpenVinoNetwork):
    """A model whose sigmoid is left out. Keeps nothing for a shape: each page has another."""

    _KIND: ClassVar[Kind] = "detector"

    @property
    def logits(self) -> bool:
        """False when the model ends with something else than a sigmoid."""
        return self._last_dropped


class OpenVinoRecogniser(_OpenVinoModel):
    """A model whose softmax is left out, and made up for in columns that begin a character.

    In bf16 the logits come as such: half as much to write and to search. Keeps what it prepared
    for each shape of input.
    """

    _KIND: ClassVar[Kind] = "recogniser"

    def run_best(self, lines: Pixels) -> Columns:
        """As `Recogniser.run_best`."""
        in_bf16 = self._last_dropped and self._precision == "bf16"
        with self._output(lines) as output:
            classes: Classes = best_of_bf16(output) if in_bf16 else output.argmax(axis=-1)
            ends = output[..., [BLANK, SPACE]]
            if not self._last_dropped:
                shares = output.max(axis=-1)
                rivals = rivals_of(output, classes, shares, lambda best, rival: rival / best)
                return Columns(classes, shares, near_space(ends), *rivals)
            shares = shares_of_best(output, classes, character_begins(classes))
            rivals = rivals_of(output, classes, shares, lambda best, rival: np.exp(rival - best))
            logits = _as_f32(ends) if in_bf16 else ends
            return Columns(classes, shares, near_space(np.exp(logits - logits[..., :1])), *rivals)


def best_of_bf16(bits: npt.NDArray[np.int16]) -> Classes:
    """argmax along the last axis of bf16 numbers, given as their bits.

    Among numbers with one above 0 the bits as whole numbers have the same order.
    """
    best: Classes = bits.argmax(axis=-1)
    largest = np.take_along_axis(bits, best[..., None], axis=-1)[..., 0]
    if (largest < 0).any():
        best = _as_f32(bits).argmax(axis=-1)
    return best


def shares_of_best(
    output: npt.NDArray[Any], best: Classes, wanted: npt.NDArray[np.bool_]
) -> Numbers:
    """The softmax of the largest number of each column, where `wanted`; elsewhere 0.

    `output` (…, classes) is f32, or bf16 as its bits; `best` (…) are the places of the largest.
    One column at a time, and always in the same memory, so that it stays in the cache.
    """
    shares = np.zeros(best.shape, dtype=np.float32)
    scratch = np.empty(output.shape[-1], dtype=np.uint32)
    numbers = scratch.view(np.float32)
    for place in zip(*wanted.nonzero(), strict=True):
        column = output[place]
        if output.dtype == np.float32:
            numbers[:] = column
        else:
            scratch[:] = column.view(np.uint16)
            np.left_shift(scratch, _F32_OVER_BF16_BITS, out=scratch)
        np.subtract(numbers, numbers[best[place]], out=numbers)
        np.exp(numbers, out=numbers)
        shares[place] = 1 / numbers.sum()
    return shares


def rivals_of(
    output: npt.NDArray[Any],
    best: Classes,
    shares: Numbers,
    beside: Callable[[Numbers, Numbers], Numbers],
) -> tuple[Classes, Numbers]:
    """`Columns.rivals` and `Columns.rival_shares` of those lines that are doubtful.

    `output` (lines, columns, classes) is f32, or bf16 as its bits; what was found is put out of the
    race in it. `beside` makes a share of the likeliest number and another. The second rival is
    looked for only where the first one counts.
    """
    rivals, rival_shares = no_rivals(best)
    for line in doubtful_lines(best, shares):
        last, numbers, columns = best[line], output[line], np.arange(best.shape[1])
        largest = _plain(numbers[columns, last])
        for number in range(RIVALS):
            numbers[columns, last] = _OUT[numbers.dtype.kind]
            rows = numbers[columns] if number else numbers
            last = (
                rows.argmax(axis=-1) if rows.dtype == np.float32 else _next_of_bf16(rows, largest)
            )
            found = beside(largest, _plain(np.take_along_axis(rows, last[:, None], axis=-1)[:, 0]))
            rivals[line, columns, number] = last
            rival_shares[line, columns, number] = found
            near = found >= _COUNTS
            columns, last, largest = columns[near], last[near], largest[near]
            if not len(columns):
                break
    return rivals, rival_shares


def _next_of_bf16(bits: npt.NDArray[np.int16], largest: Numbers) -> Classes:
    """As `best_of_bf16`; exact only where a number below 0 is near `largest`."""
    best: Classes = bits.argmax(axis=-1)
    below = np.take_along_axis(bits, best[:, None], axis=-1)[:, 0] < 0
    unclear = below & (largest < _FAR_ABOVE_0)
    if unclear.any():
        rows = bits[unclear]
        best[unclear] = np.where(rows == _OUT["i"], -np.inf, _as_f32(rows)).argmax(axis=-1)
    return best


def _plain(numbers: npt.NDArray[Any]) -> Numbers:
    return _as_f32(numbers) if numbers.dtype == np.int16 else numbers


def _as_f32(numbers: npt.NDArray[np.int16]) -> Numbers:
    """bf16 numbers from their bits."""
    return (numbers.view(np.uint16).astype(np.uint32) << _F32_OVER_BF16_BITS).view(np.float32)
