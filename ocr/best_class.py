"""A model of two operators, the largest value of each row and where it is, written as ONNX.

A few dozen bytes of protocol buffers: field numbers and types are those of onnx.proto, and
writing them here spares the package `onnx`.
"""

_FLOAT, _INT, _INTS = 1, 2, 7
_IR_VERSION, _OPERATORS_VERSION = 8, 13
_LAST_AXIS = -1


def best_class_model() -> bytes:
    """An ONNX model: `values` (…, n) float to `classes` (…) int64 and `largest` (…) float."""
    argmax = _node("ArgMax", "classes", _whole("axis", _INT), _whole("keepdims", _INT, 0))
    # ReduceMax takes a list of axes and ArgMax one axis.
    reduce_max = _node("ReduceMax", "largest", _whole("axes", _INTS), _whole("keepdims", _INT, 0))
    int64 = 7
    graph = (
        _message(1, argmax)
        + _message(1, reduce_max)
        + _message(2, b"best")
        + _message(11, _tensor("values", _FLOAT))
        + _message(12, _tensor("classes", int64))
        + _message(12, _tensor("largest", _FLOAT))
    )
    operators = _number(2, _OPERATORS_VERSION)
    return _number(1, _IR_VERSION) + _message(7, graph) + _message(8, operators)


def _node(operator: str, output: str, *attributes: bytes) -> bytes:
    names = _message(1, b"values") + _message(2, output.encode()) + _message(4, operator.encode())
    return names + b"".join(_message(5, attribute) for attribute in attributes)


def _whole(name: str, kind: int, value: int = _LAST_AXIS) -> bytes:
    value_field = 8 if kind == _INTS else 3
    return _message(1, name.encode()) + _number(value_field, value) + _number(20, kind)


def _tensor(name: str, element: int) -> bytes:
    return _message(1, name.encode()) + _message(2, _message(1, _number(1, element)))


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value % 2**64)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*content, value])
