"""Models of two and three operators, written as ONNX: what is wanted of a recogniser's full output.

A few dozen bytes of protocol buffers: field numbers and types are those of onnx.proto, and
writing them here spares the package `onnx`.
"""

from engines.columns import RIVALS

_FLOAT, _INT, _INTS = 1, 2, 7
_INT64 = 7
_IR_VERSION, _OPERATORS_VERSION = 8, 13
_LAST_AXIS = -1
_PLACES, _COUNT = "places", "count"


def best_class_model() -> bytes:
    """An ONNX model: `values` (…, n) float to where the largest is, `classes` (…) int64, to that
    itself, `largest` (…) float, and to the first and the last, `ends` (…, 2) float."""
    axis, drop_axis = _whole("axis", _INT), _whole("keepdims", _INT, 0)
    # ReduceMax takes a list of axes and the others one axis.
    axes = _whole("axes", _INTS)
    graph = (
        _message(1, _node("ArgMax", ["values"], "classes", axis, drop_axis))
        + _message(1, _node("ReduceMax", ["values"], "largest", axes, drop_axis))
        + _message(1, _node("Gather", ["values", _PLACES], "ends", axis))
        + _message(2, b"best")
        + _message(5, _whole_numbers(_PLACES, [0, -1]))
        + _message(11, _tensor("values", _FLOAT))
        + _message(12, _tensor("classes", _INT64))
        + _message(12, _tensor("largest", _FLOAT))
        + _message(12, _tensor("ends", _FLOAT))
    )
    return _model(graph)


def rivals_model() -> bytes:
    """An ONNX model: of those `values` (n, columns, classes) float whose places stand in `lines`
    (m) int64, the largest of each column, `largest` (m, columns, 3) float in falling order, and
    where they are, `classes` (m, columns, 3) int64."""
    chosen = _node("Gather", ["values", "lines"], "chosen", _whole("axis", _INT, 0))
    likeliest = _node("TopK", ["chosen", _COUNT], ("largest", "classes"), _whole("axis", _INT))
    graph = (
        _message(1, chosen)
        + _message(1, likeliest)
        + _message(2, b"rivals")
        + _message(5, _whole_numbers(_COUNT, [1 + RIVALS]))
        + _message(11, _tensor("values", _FLOAT))
        + _message(11, _tensor("lines", _INT64))
        + _message(12, _tensor("largest", _FLOAT))
        + _message(12, _tensor("classes", _INT64))
    )
    return _model(graph)


def _model(graph: bytes) -> bytes:
    operators = _number(2, _OPERATORS_VERSION)
    return _number(1, _IR_VERSION) + _message(7, graph) + _message(8, operators)


def _node(
    operator: str, inputs: list[str], outputs: str | tuple[str, ...], *attributes: bytes
) -> bytes:
    content = b"".join(_message(1, name.encode()) for name in inputs)
    for output in (outputs,) if isinstance(outputs, str) else outputs:
        content += _message(2, output.encode())
    content += _message(4, operator.encode())
    return content + b"".join(_message(5, attribute) for attribute in attributes)


def _whole(name: str, kind: int, value: int = _LAST_AXIS) -> bytes:
    value_field = 8 if kind == _INTS else 3
    return _message(1, name.encode()) + _number(value_field, value) + _number(20, kind)


def _tensor(name: str, element: int) -> bytes:
    return _message(1, name.encode()) + _message(2, _message(1, _number(1, element)))


def _whole_numbers(name: str, values: list[int]) -> bytes:
    """A constant."""
    content = _number(1, len(values)) + _number(2, _INT64)
    return content + b"".join(_number(7, value) for value in values) + _message(8, name.encode())


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
