"""ONNX models on the wire: their protocol buffers read and written, without the package `onnx`.

Field numbers and types are those of onnx.proto.
"""

import struct
from collections.abc import Iterator, Sequence

FLOAT, UINT8, INT64 = 1, 2, 7
"""Types of the elements of a tensor."""
MODEL_IR_VERSION, MODEL_GRAPH, MODEL_OPERATORS = 1, 7, 8
GRAPH_NODE, GRAPH_NAME, GRAPH_CONSTANT, GRAPH_INPUT, GRAPH_OUTPUT = 1, 2, 5, 11, 12
NODE_INPUT, NODE_OUTPUT, NODE_OPERATOR, NODE_ATTRIBUTE = 1, 2, 4, 5
VALUE_NAME = 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_ATTRIBUTE_INT, _ATTRIBUTE_INTS = (3, 2), (8, 7)
"""An attribute's field and its type."""
_FLOATS_FIELD, _INTS_FIELD = 4, 7


def all_fields(content: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Number and value of each field; those of fixed size, which ONNX has none of but floats, are
    left out."""
    place = 0
    while place < len(content):
        key, place = read_varint(content, place)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, place = read_varint(content, place)
            yield number, value
        elif kind == _BYTES:
            size, place = read_varint(content, place)
            yield number, content[place : place + size]
            place += size
        else:
            place += {_FIXED64: 8, _FIXED32: 4}[kind]


def fields(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Those that hold bytes."""
    for number, value in all_fields(content):
        if isinstance(value, bytes):
            yield number, value


def field(content: bytes, wanted: int) -> bytes:
    """The first field of this number that holds bytes.

    Raises:
        ValueError: there is none.
    """
    for number, value in fields(content):
        if number == wanted:
            return value
    raise ValueError(f"this model has no field {wanted} where it should")


def read_varint(content: bytes, place: int) -> tuple[int, int]:
    """The number that stands at `place`, and the place behind it."""
    value = shift = 0
    while True:
        byte = content[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def written(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*content, value])


def message(number: int, content: bytes) -> bytes:
    """A field that holds bytes."""
    return written(number << 3 | _BYTES) + written(len(content)) + content


def whole(number: int, value: int) -> bytes:
    """A field that holds a whole number."""
    return written(number << 3) + written(value % 2**64)


def rewritten(number: int, value: bytes | int) -> bytes:
    """A field of `all_fields`, as it was."""
    return message(number, value) if isinstance(value, bytes) else whole(number, value)


def node(operator: str, inputs: Sequence[str], outputs: Sequence[str], *attributes: bytes) -> bytes:
    """A field of a graph."""
    content = b"".join(message(NODE_INPUT, name.encode()) for name in inputs)
    content += b"".join(message(NODE_OUTPUT, name.encode()) for name in outputs)
    content += message(NODE_OPERATOR, operator.encode())
    content += b"".join(message(NODE_ATTRIBUTE, attribute) for attribute in attributes)
    return message(GRAPH_NODE, content)


def attribute(name: str, value: int | Sequence[int]) -> bytes:
    """Of a node: one whole number or a list of them."""
    number, kind = _ATTRIBUTE_INT if isinstance(value, int) else _ATTRIBUTE_INTS
    values = [value] if isinstance(value, int) else value
    numbers = b"".join(whole(number, each) for each in values)
    return message(1, name.encode()) + numbers + whole(20, kind)


def value_info(name: str, element: int, dims: Sequence[int | str] | None = None) -> bytes:
    """What an input or output is; a dimension is a number or a name, and without `dims` it is of
    any shape."""
    kind = whole(1, element)
    if dims is not None:
        shape = b"".join(
            message(1, whole(1, dim) if isinstance(dim, int) else message(2, dim.encode()))
            for dim in dims
        )
        kind += message(2, shape)
    return message(VALUE_NAME, name.encode()) + message(2, message(1, kind))


def constant(name: str, values: Sequence[int] | Sequence[float], element: int) -> bytes:
    """A field of a graph: a constant of one dimension, of INT64 or FLOAT."""
    content = whole(1, len(values)) + whole(2, element)
    if element == FLOAT:
        content += message(_FLOATS_FIELD, struct.pack(f"<{len(values)}f", *values))
    else:
        content += b"".join(whole(_INTS_FIELD, int(value)) for value in values)
    return message(GRAPH_CONSTANT, content + message(8, name.encode()))
