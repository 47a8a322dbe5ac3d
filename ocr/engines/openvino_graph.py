"""Networks rewritten before OpenVINO compiles them: the same numbers at less expense."""

from typing import Any

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]


def drop_last(network: Any, kind: str) -> bool:
    """Take the last operator off the network when it is of this kind; whether it was.

    A softmax counts only when it goes along the last axis.
    """
    result = network.get_results()[0]
    last = result.input_value(0).get_node()
    rank = result.get_input_partial_shape(0).rank.get_length()
    axis = last.get_attributes().get("axis", -1)
    if last.get_type_name() != kind or axis not in (-1, rank - 1):
        return False
    result.input(0).replace_source_output(last.input_value(0))
    network.validate_nodes_and_infer_types()
    return True


def enlarge_last(network: Any) -> bool:
    """Let a detector compute its last two steps in the small; whether it ends with them.

    A detector of PaddleOCR ends with two transposed convolutions, each of which makes 2×2 pixels
    of one, with a ReLU between them. No pixel sees its neighbour there, so the same numbers come
    from two convolutions of 1×1 with more channels, laid out as 4×4 pixels at the very end.
    OpenVINO computes those in bf16 where the processor does, and a transposed one never: a tenth
    of the detector's time.
    """
    from openvino import opset13 as ops

    result = network.get_results()[0]
    found = _upsampling(result.input_value(0))
    if found is None:
        return False
    inner, second, second_bias = found
    if inner.get_node().get_type_name() != "Relu":
        return False
    found = _upsampling(inner.get_node().input_value(0))
    if found is None or second.shape[1] != 1:
        return False
    source, first, first_bias = found
    hidden = ops.relu(_one_by_one(source, *_flat_first(first, first_bias)))
    pixels = _one_by_one(hidden, *_flat_second(second, second_bias))
    enlarged = ops.depth_to_space(pixels, "blocks_first", 4)
    result.input(0).replace_source_output(enlarged.output(0))
    network.validate_nodes_and_infer_types()
    return True


def _upsampling(output: Any) -> tuple[Any, Weights, Weights] | None:
    """(input, weights (in, out, 2, 2), bias (out,)) of a transposed convolution from one pixel to
    2×2 and the addition after it; None when `output` comes from something else."""
    add = output.get_node()
    if add.get_type_name() != "Add":
        return None
    convolution, bias = (add.input_value(side).get_node() for side in (0, 1))
    if convolution.get_type_name() != "ConvolutionBackpropData" or not _is_constant(bias):
        return None
    kernel = convolution.input_value(1).get_node()
    attributes = convolution.get_attributes()
    plain = {"strides": [2, 2], "dilations": [1, 1], "output_padding": [0, 0]}
    unpadded = {"pads_begin": [0, 0], "pads_end": [0, 0]}
    if (
        not _is_constant(kernel)
        or kernel.data.shape[2:] != (2, 2)
        or any(list(attributes[name]) != wanted for name, wanted in (plain | unpadded).items())
        or bias.data.size not in (1, kernel.data.shape[1])
    ):
        return None
    weights = kernel.data.astype(np.float32)
    added = np.broadcast_to(bias.data.astype(np.float32).reshape(-1), weights.shape[1])
    return convolution.input_value(0), weights, added


def _is_constant(node: Any) -> bool:
    return bool(node.get_type_name() == "Constant")


def _flat_first(weights: Weights, bias: Weights) -> tuple[Weights, Weights]:
    """As a 1×1 convolution, weights (4 × out, in): its channels are (row, column, out)."""
    inputs = weights.shape[0]
    return weights.transpose(2, 3, 1, 0).reshape(-1, inputs), np.tile(bias, 4)


def _flat_second(weights: Weights, bias: Weights) -> tuple[Weights, Weights]:
    """As one on what `_flat_first` gives, weights (16, 4 × in): its channels are 4×4 pixels."""
    inputs = weights.shape[0]
    flat = np.zeros((2, 2, 2, 2, 2, 2, inputs), dtype=np.float32)
    """(row of the first, row of the second, column of both, row and column of the input, in)."""
    for row in range(2):
        for column in range(2):
            flat[row, :, column, :, row, column] = weights[:, 0].transpose(1, 2, 0)
    return flat.reshape(16, 4 * inputs), np.tile(bias, 16)


def _one_by_one(source: Any, weights: Weights, bias: Weights) -> Any:
    from openvino import opset13 as ops

    kernel = ops.constant(weights[:, :, None, None])
    convolution = ops.convolution(source, kernel, [1, 1], [0, 0], [0, 0], [1, 1])
    return ops.add(convolution, ops.constant(bias[None, :, None, None]))
