"""A network with what stands before and after it in one graph: a device gets bytes and gives few.

Before it, the pixels become normalised numbers in the network's layout; a quarter of the bytes
travel, and no processor computes them. After it stands what is wanted of its output: of a
detector the map in 255ths, of a recogniser the likeliest class of each column beside the full
output, which stays on the device. A CUDA graph then is all of that in one launch.
"""

import enum
from pathlib import Path

from engines.best_class import BEST, best_class_fields
from engines.networks import Normalisation
from engines.onnx_wire import (
    FLOAT,
    GRAPH_CONSTANT,
    GRAPH_INPUT,
    GRAPH_OUTPUT,
    INT64,
    MODEL_GRAPH,
    UINT8,
    VALUE_NAME,
    all_fields,
    attribute,
    constant,
    field,
    fields,
    message,
    node,
    rewritten,
    value_info,
)

PIXELS = "device_pixels"
"""The only input: (count, height, width, 3) uint8, blue first."""
BYTE_MAP = "device_map"
"""A detector's output: (count, 1, height, width) uint8, probabilities in 255ths."""
_MEAN, _SCALE, _ORDER, _FULL = "device_mean", "device_scale", "device_order", "device_full"


class After(enum.Enum):
    """What is wanted of a network's output."""

    NUMBERS = enum.auto()
    """All of it."""
    MAP = enum.auto()
    """`BYTE_MAP`."""
    COLUMNS = enum.auto()
    """What `best_class` says, and all of it."""


Shape = tuple[int, int, int]
"""(count, height, width) of images."""


class DeviceModel:
    """A network's file, to be written as such a model in any shape."""

    def __init__(self, model: Path, normalisation: Normalisation, after: After) -> None:
        """Reads the file.

        Raises:
            ValueError: it is no ONNX model of one output.
        """
        self._model = model.read_bytes()
        self._normalisation = normalisation
        self._after = after
        self._graph = field(self._model, MODEL_GRAPH)
        constants = {
            field(value, 8) for number, value in fields(self._graph) if number == GRAPH_CONSTANT
        }
        # Old models name their constants among the inputs.
        (self._input,) = (
            name for name in self._names(GRAPH_INPUT) if name.encode() not in constants
        )
        (self._output,) = self._names(GRAPH_OUTPUT)

    def _names(self, kind: int) -> list[str]:
        values = [value for number, value in fields(self._graph) if number == kind]
        return [field(value, VALUE_NAME).decode() for value in values]

    @property
    def full_output(self) -> str:
        """The name of the network's own output."""
        return self._output

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the model's outputs."""
        return {
            After.NUMBERS: (self._output,),
            After.MAP: (BYTE_MAP,),
            After.COLUMNS: (*BEST, self._output),
        }[self._after]

    def written(self, shape: Shape | None = None) -> bytes:
        """The model, for images of any shape or of this one alone."""
        own_input = self._input.encode()
        kept = [
            message(number, value)
            for number, value in fields(self._graph)
            if not (number == GRAPH_INPUT and field(value, VALUE_NAME) == own_input)
            and not (number == GRAPH_OUTPUT and self._after is After.MAP)
        ]
        dims = (*(shape or ("count", "height", "width")), 3)
        graph = b"".join(
            [
                message(GRAPH_INPUT, value_info(PIXELS, UINT8, dims)),
                self._before(),
                *kept,
                self._behind(),
            ]
        )
        parts = [
            rewritten(number, graph if number == MODEL_GRAPH else value)
            for number, value in all_fields(self._model)
        ]
        return b"".join(parts)

    def _before(self) -> bytes:
        """(pixels - mean) / scale, laid out as (count, 3, height, width)."""
        normalisation = self._normalisation
        swapped = normalisation.swap_channels
        order = [2, 1, 0] if swapped else []
        named = [f"device_step_{number}" for number in range(4)]
        steps = [node("Cast", [PIXELS], [named[0]], attribute("to", FLOAT))]
        if swapped:
            steps += [
                constant(_ORDER, order, INT64),
                node("Gather", [named[0], _ORDER], [named[1]], attribute("axis", 3)),
            ]
        return b"".join(
            [
                *steps,
                constant(_MEAN, normalisation.mean, FLOAT),
                constant(_SCALE, normalisation.scale, FLOAT),
                node("Sub", [named[1 if swapped else 0], _MEAN], [named[2]]),
                node("Div", [named[2], _SCALE], [named[3]]),
                node("Transpose", [named[3]], [self._input], attribute("perm", [0, 3, 1, 2])),
            ]
        )

    def _behind(self) -> bytes:
        if self._after is After.COLUMNS:
            return best_class_fields(self._output)
        if self._after is After.NUMBERS:
            return b""
        return b"".join(
            [
                constant(_FULL, [255.0], FLOAT),
                node("Mul", [self._output, _FULL], ["device_scaled"]),
                node("Round", ["device_scaled"], ["device_rounded"]),
                node("Cast", ["device_rounded"], [BYTE_MAP], attribute("to", UINT8)),
                message(GRAPH_OUTPUT, value_info(BYTE_MAP, UINT8)),
            ]
        )
