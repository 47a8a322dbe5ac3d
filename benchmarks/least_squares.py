"""The straight line through samples: how fast something grows."""

from collections.abc import Sequence


def slope(at: Sequence[float], values: Sequence[float]) -> float:
    """Of the line with the smallest squares through `values`, per unit of `at`.

    NaN for fewer than two samples, 0 when all stand at the same place.
    """
    if len(at) < 2:
        return float("nan")
    middle, level = sum(at) / len(at), sum(values) / len(values)
    products = sum((x - middle) * (y - level) for x, y in zip(at, values, strict=True))
    return products / max(sum((x - middle) ** 2 for x in at), 1e-9)
