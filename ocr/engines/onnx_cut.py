"""Part of an ONNX model: its network up to one value, and constants by their names."""

from typing import NamedTuple

import numpy as np

from engines.arrays import Numbers
from engines.onnx_wire import (
    FLOAT,
    GRAPH_NODE,
    GRAPH_OUTPUT,
    MODEL_GRAPH,
    NODE_ATTRIBUTE,
    NODE_OUTPUT,
    all_fields,
    field,
    fields,
    message,
    read_varint,
    rewritten,
    value_info,
)

_ATTRIBUTE_TENSOR = 5
_DIMS, _DATA_TYPE, _RAW = 1, 2, 9


class CutModel(NamedTuple):
    """What `cut` makes."""

    network: bytes
    """An ONNX model that ends with the wanted value."""
    constants: dict[str, Numbers]
    """The float constants of the whole model."""


def cut(model: bytes, last: str) -> CutModel:
    """The model up to the node that makes `last`, which becomes its only output.

    Raises:
        ValueError: no node makes it.
    """
    kept: list[bytes] = []
    constants: dict[str, Numbers] = {}
    is_made = False
    for number, content in fields(field(model, MODEL_GRAPH)):
        if number == GRAPH_NODE:
            made = _outputs(content)
            if (constant := _constant(content)) is not None:
                constants[made[0]] = constant
            if not is_made:
                kept.append(message(GRAPH_NODE, content))
            is_made = is_made or last in made
        elif number != GRAPH_OUTPUT:
            kept.append(message(number, content))
    if not is_made:
        raise ValueError(f"nothing makes {last} in this model")
    graph = b"".join(kept) + message(GRAPH_OUTPUT, value_info(last, FLOAT))
    parts = [
        rewritten(number, graph if number == MODEL_GRAPH else content)
        for number, content in all_fields(model)
    ]
    return CutModel(b"".join(parts), constants)


def _outputs(node: bytes) -> list[str]:
    return [content.decode() for number, content in fields(node) if number == NODE_OUTPUT]


def _constant(node: bytes) -> Numbers | None:
    """The value of a node that is a float constant."""
    for number, attribute in fields(node):
        if number != NODE_ATTRIBUTE:
            continue
        for inner, content in fields(attribute):
            if inner == _ATTRIBUTE_TENSOR:
                return _numbers(content)
    return None


def _numbers(content: bytes) -> Numbers | None:
    dims: list[int] = []
    raw: bytes | None = None
    for number, value in all_fields(content):
        if number == _DATA_TYPE and value != FLOAT:
            return None
        if number == _DIMS:
            dims += [value] if isinstance(value, int) else _packed(value)
        if number == _RAW and isinstance(value, bytes):
            raw = value
    if raw is None:
        return None
    return np.frombuffer(raw, dtype="<f4").reshape(dims).astype(np.float32)


def _packed(content: bytes) -> list[int]:
    values, place = [], 0
    while place < len(content):
        value, place = read_varint(content, place)
        values.append(value)
    return values
