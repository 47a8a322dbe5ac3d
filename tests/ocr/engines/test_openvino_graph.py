"""Networks rewritten: the same numbers, and what does not fit stays as it is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops
from real_pages import model_set

from engines.openvino_graph import drop_last, enlarge_last
from models import ONNX_NAME

Build = Callable[[Any], Any]


def network(build: Build) -> Any:
    pixels = ops.parameter([-1, 3, -1, -1], np.float32, name="pixels")
    return openvino.Model([build(pixels)], [pixels])


def answer(made: Any, height: int = 4, width: int = 6) -> Any:
    compiled = openvino.Core().compile_model(
        made.clone(), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    pixels = np.random.default_rng(3).normal(size=(2, 3, height, width)).astype(np.float32)
    return compiled([pixels])[0]


def upsampling(
    source: Any, inputs: int, outputs: int, stride: int = 2, padding: int = 0, bias: bool = True
) -> Any:
    rng = np.random.default_rng(inputs)
    kernel = rng.normal(size=(inputs, outputs, 2, 2)).astype(np.float32)
    made = ops.convolution_backprop_data(
        source, ops.constant(kernel), [stride] * 2, None, [padding] * 2, [padding] * 2
    )
    added = rng.normal(size=(1, outputs, 1, 1)).astype(np.float32)
    return ops.add(made, ops.constant(added)) if bias else made


def ends_as_a_detector(pixels: Any) -> Any:
    return upsampling(ops.relu(upsampling(pixels, 3, 5)), 5, 1)


def test_the_last_two_steps_give_the_same_in_the_small() -> None:
    plain, small = network(ends_as_a_detector), network(ends_as_a_detector)
    assert enlarge_last(small)
    kinds = {node.get_type_name() for node in small.get_ordered_ops()}
    assert "ConvolutionBackpropData" not in kinds
    found = answer(small)
    assert found.shape == (2, 1, 16, 24)
    assert np.allclose(found, answer(plain), atol=1e-5)


@pytest.mark.parametrize("size", ["small", "tiny"])
def test_the_real_detectors_end_so(size: str) -> None:
    made = openvino.Core().read_model(model_set(size).detection.folder / ONNX_NAME)
    assert drop_last(made, "Sigmoid")
    assert enlarge_last(made)


@pytest.mark.parametrize(
    "build",
    [
        lambda pixels: ops.relu(ends_as_a_detector(pixels)),
        lambda pixels: upsampling(pixels, 3, 1),
        lambda pixels: upsampling(upsampling(pixels, 3, 5), 5, 1),
        lambda pixels: upsampling(ops.relu(upsampling(pixels, 3, 5, bias=False)), 5, 1),
        lambda pixels: upsampling(ops.relu(upsampling(pixels, 3, 5)), 5, 1, bias=False),
        lambda pixels: upsampling(ops.relu(upsampling(pixels, 3, 5, stride=1)), 5, 1),
        lambda pixels: upsampling(ops.relu(upsampling(pixels, 3, 5)), 5, 1, padding=1),
        lambda pixels: upsampling(ops.relu(upsampling(pixels, 3, 5)), 5, 2),
        lambda pixels: ops.add(ops.relu(pixels), pixels),
    ],
)
def test_what_ends_otherwise_stays_as_it_is(build: Build) -> None:
    plain, same = network(build), network(build)
    assert not enlarge_last(same)
    assert np.array_equal(answer(same), answer(plain))


def test_the_last_operator_is_dropped_when_it_is_of_this_kind() -> None:
    made = network(lambda pixels: ops.sigmoid(ops.relu(pixels)))
    assert not drop_last(made, "Softmax")
    assert drop_last(made, "Sigmoid")
    assert np.array_equal(answer(made), answer(network(ops.relu)))


@pytest.mark.parametrize(("axis", "dropped"), [(-1, True), (3, True), (1, False)])
def test_a_softmax_counts_along_the_last_axis_only(axis: int, dropped: bool) -> None:
    made = network(lambda pixels: ops.softmax(pixels, axis))
    assert drop_last(made, "Softmax") == dropped
