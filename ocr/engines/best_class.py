"""Models of two and three operators, written as ONNX: what is wanted of a recogniser's full output.

A few dozen bytes of protocol buffers (`onnx_wire`).
"""

from engines.columns import RIVALS
from engines.onnx_wire import (
    FLOAT,
    GRAPH_INPUT,
    GRAPH_NAME,
    GRAPH_OUTPUT,
    INT64,
    MODEL_GRAPH,
    MODEL_IR_VERSION,
    MODEL_OPERATORS,
    attribute,
    constant,
    message,
    node,
    value_info,
    whole,
)

_IR_VERSION, _OPERATORS_VERSION = 8, 13
_LAST_AXIS = -1
_PLACES, _COUNT = "places", "count"
BEST = {"classes": INT64, "largest": FLOAT, "ends": FLOAT}
"""What `best_class_fields` give, by name, and of which type."""


def best_class_model() -> bytes:
    """An ONNX model: `values` (…, n) float to where the largest is, `classes` (…) int64, to that
    itself, `largest` (…) float, and to the first and the last, `ends` (…, 2) float."""
    graph = message(GRAPH_NAME, b"best") + best_class_fields("values")
    return _model(graph + message(GRAPH_INPUT, value_info("values", FLOAT)))


def best_class_fields(values: str) -> bytes:
    """The fields of a graph that make those three outputs of `values`; for operators of the
    versions 11 to 17."""
    axis, drop_axis = attribute("axis", _LAST_AXIS), attribute("keepdims", 0)
    # ReduceMax takes a list of axes and the others one axis.
    axes = attribute("axes", [_LAST_AXIS])
    return (
        node("ArgMax", [values], ["classes"], axis, drop_axis)
        + node("ReduceMax", [values], ["largest"], axes, drop_axis)
        + node("Gather", [values, _PLACES], ["ends"], axis)
        + constant(_PLACES, [0, -1], INT64)
        + b"".join(message(GRAPH_OUTPUT, value_info(*each)) for each in BEST.items())
    )


def rivals_model() -> bytes:
    """An ONNX model: of those `values` (n, columns, classes) float whose places stand in `lines`
    (m) int64, the largest of each column, `largest` (m, columns, 3) float in falling order, and
    where they are, `classes` (m, columns, 3) int64."""
    likeliest = node(
        "TopK", ["chosen", _COUNT], ["largest", "classes"], attribute("axis", _LAST_AXIS)
    )
    return _model(
        node("Gather", ["values", "lines"], ["chosen"], attribute("axis", 0))
        + likeliest
        + message(GRAPH_NAME, b"rivals")
        + constant(_COUNT, [1 + RIVALS], INT64)
        + message(GRAPH_INPUT, value_info("values", FLOAT))
        + message(GRAPH_INPUT, value_info("lines", INT64))
        + message(GRAPH_OUTPUT, value_info("largest", FLOAT))
        + message(GRAPH_OUTPUT, value_info("classes", INT64))
    )


def _model(graph: bytes) -> bytes:
    operators = whole(2, _OPERATORS_VERSION)
    return (
        whole(MODEL_IR_VERSION, _IR_VERSION)
        + message(MODEL_GRAPH, graph)
        + message(MODEL_OPERATORS, operators)
    )
