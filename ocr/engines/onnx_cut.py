"""Part of an ONNX model: its network up to one value, and constants by their names.

Reads and writes protocol buffers on the wire, and spares the package `onnx`. Field numbers are
those of onnx.proto.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from engines.arrays import Numbers

_GRAPH, _NODE, _OUTPUT = 7, 1, 12
_NODE_OUTPUT, _NODE_ATTRIBUTE = 2, 5
_ATTRIBUTE_TENSOR = 5
_DIMS, _DATA_TYPE, _RAW = 1, 2, 9
_FLOAT = 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


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
    ((_, graph),) = [field for field in _fields(model) if field[0] == _GRAPH]
    for number, content in _fields(graph):
        if number == _NODE:
            made = _outputs(content)
            if (constant := _constant(content)) is not None:
                constants[made[0]] = constant
            if not is_made:
                kept.append(_message(_NODE, content))
            is_made = is_made or last in made
        elif number != _OUTPUT:
            kept.append(_message(number, content))
    if not is_made:
        raise ValueError(f"nothing makes {last} in this model")
    graph = b"".join(kept) + _message(_OUTPUT, _float_value(last))
    parts = [
        _message(number, graph if number == _GRAPH else content) if isinstance(content, bytes)
        else _written(number << 3) + _written(content)
        for number, content in _all_fields(model)
    ]  # fmt: skip
    return CutModel(b"".join(parts), constants)


def _outputs(node: bytes) -> list[str]:
    return [content.decode() for number, content in _fields(node) if number == _NODE_OUTPUT]


def _constant(node: bytes) -> Numbers | None:
    """The value of a node that is a float constant."""
    for number, attribute in _fields(node):
        if number != _NODE_ATTRIBUTE:
            continue
        for inner, content in _fields(attribute):
            if inner == _ATTRIBUTE_TENSOR:
                return _numbers(content)
    return None


def _numbers(content: bytes) -> Numbers | None:
    dims: list[int] = []
    raw: bytes | None = None
    for number, value in _all_fields(content):
        if number == _DATA_TYPE and value != _FLOAT:
            return None
        if number == _DIMS:
            dims += [value] if isinstance(value, int) else _packed(value)
        if number == _RAW and isinstance(value, bytes):
            raw = value
    if raw is None:
        return None
    return np.frombuffer(raw, dtype="<f4").reshape(dims).astype(np.float32)


def _fields(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Those that hold bytes."""
    for number, value in _all_fields(content):
        if isinstance(value, bytes):
            yield number, value


def _all_fields(content: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Number and value of each field; of fixed size there are none in what is read here."""
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, place = _varint(content, place)
            yield number, value
        elif kind == _BYTES:
            size, place = _varint(content, place)
            yield number, content[place : place + size]
            place += size
        else:
            place += {_FIXED64: 8, _FIXED32: 4}[kind]


def _packed(content: bytes) -> list[int]:
    values, place = [], 0
    while place < len(content):
        value, place = _varint(content, place)
        values.append(value)
    return values


def _varint(content: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def _float_value(name: str) -> bytes:
    """A ValueInfoProto of no known shape."""
    kind = _written(_VARINT | 1 << 3) + _written(_FLOAT)
    return _message(1, name.encode()) + _message(2, _message(1, kind))


def _message(field: int, content: bytes) -> bytes:
    return _written(field << 3 | _BYTES) + _written(len(content)) + content


def _written(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*content, value])
