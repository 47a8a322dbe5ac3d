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
    doubtful_columns,
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
    """`Columns.rivals` and `Columns.rival_shares` of the columns that are doubtful.

    `output` (lines, columns, classes) is f32, or bf16 as its bits; what was found is put out of the
    race in it while the next is looked for. `beside` makes shares of the likeliest numbers and of
    others. One column at a time, which stays in the cache.
    """
    rivals, rival_shares = no_rivals(best)
    places = doubtful_columns(best, shares).nonzero()
    if not len(places[0]):
        return rivals, rival_shares
    plain = output.dtype == np.float32
    found = np.empty((len(places[0]), 1 + RIVALS), dtype=np.intp)
    numbers = np.empty(found.shape, dtype=output.dtype)
    for row, place in enumerate(zip(*places, strict=True)):
        column, classes, values = output[place], found[row], numbers[row]
        classes[0] = best[place]
        for number in range(RIVALS):
            last = classes[number]
            values[number] = column[last]
            column[last] = _OUT[output.dtype.kind]
            classes[number + 1] = column.argmax() if plain else _largest_bf16(column)
        values[RIVALS] = column[classes[RIVALS]]
        column[classes[:RIVALS]] = values[:RIVALS]
    values_f32 = numbers if plain else _as_f32(numbers)
    rivals[places] = found[:, 1:]
    rival_shares[places] = beside(values_f32[:, :1], values_f32[:, 1:])
    return rivals, rival_shares


def _largest_bf16(column: npt.NDArray[np.int16]) -> int:
    """As `best_of_bf16`, of one column; what is out of the race is no number."""
    best = int(column.argmax())
    if column[best] >= 0:
        return best
    return int(np.where(column == _OUT["i"], np.float32(-np.inf), _as_f32(column)).argmax())


def _as_f32(numbers: npt.NDArray[np.int16]) -> Numbers:
    """bf16 numbers from their bits."""
    return (numbers.view(np.uint16).astype(np.uint32) << _F32_OVER_BF16_BITS).view(np.float32)
