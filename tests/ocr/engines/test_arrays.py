"""A median and a quantile as numpy's."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engines.arrays import median, quantile

TYPES = st.sampled_from(["u1", "i2", "i4", "i8", "f4", "f8"])


@given(TYPES.flatmap(lambda kind: arrays.arrays(
    kind, arrays.array_shapes(max_dims=2, max_side=9),
    elements=st.integers(0, 255) if kind == "u1" else st.integers(-1000, 1000),
)))  # fmt: skip
def test_it_is_numpys(numbers: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
    scaled = numbers / numbers.dtype.type(7) if numbers.dtype.kind == "f" else numbers
    assert median(scaled) == float(np.median(scaled))


def test_lists_and_none() -> None:
    assert median([3, 1, 2, 10]) == 2.5
    assert math.isnan(median([]))


@given(
    st.lists(st.floats(-1e3, 1e3, allow_subnormal=False), min_size=1, max_size=9),
    st.floats(0, 1, allow_subnormal=False),
)
def test_a_quantile_is_numpys(numbers: list[float], share: float) -> None:
    assert math.isclose(quantile(numbers, share), np.quantile(numbers, share), abs_tol=1e-12)
