"""The models of a few operators, run by ONNX Runtime."""

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.best_class import best_class_model, rivals_model

SESSION = onnxruntime.InferenceSession(best_class_model(), providers=["CPUExecutionProvider"])
RIVALS = onnxruntime.InferenceSession(rivals_model(), providers=["CPUExecutionProvider"])
Numbers = npt.NDArray[np.float32]


def run(values: Numbers) -> tuple[npt.NDArray[np.int64], Numbers, Numbers]:
    classes, largest, ends = SESSION.run(["classes", "largest", "ends"], {"values": values})
    return classes, largest, ends


def test_it_says_what_it_takes_and_gives() -> None:
    assert [(each.name, each.type) for each in SESSION.get_inputs()] == [
        ("values", "tensor(float)")
    ]
    assert [(each.name, each.type) for each in SESSION.get_outputs()] == [
        ("classes", "tensor(int64)"),
        ("largest", "tensor(float)"),
        ("ends", "tensor(float)"),
    ]


@given(st.lists(st.integers(1, 7), min_size=1, max_size=4), st.integers(0, 2**32), st.booleans())
def test_it_is_argmax_max_and_ends_of_the_last_axis(
    shape: list[int], seed: int, negative: bool
) -> None:
    values = np.random.default_rng(seed).random(shape, dtype=np.float32) - negative
    classes, largest, ends = run(values)
    assert np.array_equal(classes, values.argmax(axis=-1))
    assert np.array_equal(largest, values.max(axis=-1))
    assert np.array_equal(ends, values[..., [0, -1]])


@pytest.mark.parametrize("classes", [1, 127, 128, 20_000])
def test_the_first_of_equals_wins(classes: int) -> None:
    """So it is argmax in every way."""
    found, largest, _ = run(np.full((2, 3, classes), 0.5, dtype=np.float32))
    assert (found == 0).all()
    assert (largest == 0.5).all()


@given(st.sets(st.integers(0, 4), min_size=1), st.integers(3, 50), st.integers(0, 2**32))
def test_rivals_are_the_largest_three_of_the_chosen_lines(
    lines: set[int], classes: int, seed: int
) -> None:
    values = np.random.default_rng(seed).random((5, 4, classes), dtype=np.float32)
    chosen = np.array(sorted(lines), dtype=np.int64)
    largest, places = RIVALS.run(["largest", "classes"], {"values": values, "lines": chosen})
    assert np.array_equal(largest, -np.sort(-values[chosen], axis=-1)[..., :3])
    assert np.array_equal(np.take_along_axis(values[chosen], places, axis=-1), largest)
