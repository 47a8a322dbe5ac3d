"""A logistic model and the steps that make probabilities of its sums, fitted with numpy alone."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
_ROUNDS = 40
_ENOUGH = 1e-7
_RIDGE = 1.0
"""Holds the weights down; the constant is free."""
_LINES_A_STEP = 150
"""Fewer lines would make a step of chance."""


def fit(features: Numbers, wrong: Numbers, counts: Numbers) -> Numbers:
    """The weights (n) of `features` (lines, n), whose first column is 1 (Newton's method);
    `counts` says for how many each line counts."""
    weights = np.zeros(features.shape[1])
    ridge = np.eye(features.shape[1]) * _RIDGE
    ridge[0, 0] = 0
    for _ in range(_ROUNDS):
        likely = probability(features @ weights)
        spread = counts * likely * (1 - likely) + 1e-9
        curve = (features * spread[:, None]).T @ features + ridge
        step = np.linalg.solve(curve, features.T @ (counts * (wrong - likely)) - ridge @ weights)
        weights = weights + step
        if np.abs(step).max() < _ENOUGH:
            break
    return weights


def probability(sums: Numbers) -> Numbers:
    """The logistic function."""
    found: Numbers = 1 / (1 + np.exp(-sums))
    return found


def steps(sums: Numbers, wrong: Numbers, counts: Numbers) -> list[tuple[float, float]]:
    """From sums to the share of wrong lines, never falling: (sum, share) to be joined by straight
    lines (the pool of adjacent violators, over groups of lines)."""
    order = np.argsort(sums, kind="stable")
    groups = np.array_split(order, max(len(order) // _LINES_A_STEP, 1))
    pools: list[list[float]] = []
    for group in groups:
        weight = counts[group]
        at, share = (float(np.average(each[group], weights=weight)) for each in (sums, wrong))
        pools.append([at, share, float(weight.sum())])
        while len(pools) > 1 and pools[-2][1] >= pools[-1][1]:
            next_at, next_share, count = pools.pop()
            last = pools[-1]
            both = last[2] + count
            last[0] = (last[0] * last[2] + next_at * count) / both
            last[1] = (last[1] * last[2] + next_share * count) / both
            last[2] = both
    return [(at, share) for at, share, _ in pools]


def folds(documents: Sequence[str], count: int, seed: int = 1) -> npt.NDArray[np.intp]:
    """(lines,): to which of `count` parts each line belongs; a document's lines go together."""
    names = sorted(set(documents))
    mixed = np.random.default_rng(seed).permutation(len(names))
    part = {name: int(place) % count for name, place in zip(names, mixed, strict=True)}
    return np.array([part[document] for document in documents])
