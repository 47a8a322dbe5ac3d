"""The figures of a benchmark of several rounds: medians, ratios of neighbours, targets.

A round holds for each contestant either its figures or the reason why there are none. Machines
are shared, so a ratio is only ever taken within one round; what counts is the rounds' median.
"""

import dataclasses
import statistics
from collections.abc import Callable
from typing import NamedTuple

from runs import Run
from scoring import score


class Figures(NamedTuple):
    """Of one run, or medians over several."""

    pages_per_second: float
    f1: float
    """Word F1, 0 to 1."""
    peak_mb: float
    start_s: float | None
    inference_share: float | None = None
    first_batch_ratio: float | None = None
    detail: str = ""
    other_load: float = 0.0
    """The share of the machine's processor time that went to other work meanwhile, 0 to 1."""
    core_s: float | None = None
    """Processor seconds for a page, of all processes, their start and the first page included."""
    first_page_s: float | None = None
    """From the process's start to the end of its first page; None where unknown."""


@dataclasses.dataclass(frozen=True)
class Failure:
    """Why a contestant has no figures, in one line."""

    reason: str


Outcome = Figures | Failure
Round = dict[str, Outcome]
"""By the contestant's key."""


class Verdict(NamedTuple):
    """One target, and what became of it."""

    target: str
    value: float | None
    """None when it could not be measured in this run."""
    reached: bool | None


def figures_of(run: Run) -> Figures:
    """What a run amounts to; reads the known texts beside its images."""
    return Figures(
        run.pages_per_second, score(run.texts).f1, run.peak_mb, run.start_s,
        run.inference_share, run.first_batch_ratio, run.detail, first_page_s=run.first_page_s,
    )  # fmt: skip


def medians(rounds: list[Round], key: str) -> Outcome:
    """Of each figure over the rounds; the failure when there is one in any round."""
    outcomes = [found[key] for found in rounds if key in found]
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    if failures or not outcomes:
        return failures[0] if failures else Failure("not run")
    runs = [outcome for outcome in outcomes if isinstance(outcome, Figures)]
    return Figures(
        statistics.median(run.pages_per_second for run in runs),
        statistics.median(run.f1 for run in runs),
        statistics.median(run.peak_mb for run in runs),
        _median_known(runs, lambda run: run.start_s),
        _median_known(runs, lambda run: run.inference_share),
        _median_known(runs, lambda run: run.first_batch_ratio),
        runs[-1].detail,
        statistics.median(run.other_load for run in runs),
        _median_known(runs, lambda run: run.core_s),
        _median_known(runs, lambda run: run.first_page_s),
    )


def ratios(rounds: list[Round], ours: str, peer: str) -> list[float]:
    """Our pages a second over the peer's, for each round in which both have figures."""
    pairs = [(found.get(ours), found.get(peer)) for found in rounds]
    return [
        one.pages_per_second / other.pages_per_second
        for one, other in pairs
        if isinstance(one, Figures) and isinstance(other, Figures)
    ]


def speed_target(rounds: list[Round], ours: str, peer: str, factor: float) -> Verdict:
    """At least `factor` times the peer's pages a second, by the median over the rounds."""
    found = ratios(rounds, ours, peer)
    target = f"{ours}: at least {factor:g} × {peer}"
    return _verdict(target, statistics.median(found) if found else None, lambda x: x >= factor)


def own_targets(rounds: list[Round], ours: str, peers: list[str]) -> list[Verdict]:
    """What is asked of one contestant beside its speed, by its medians."""
    own = medians(rounds, ours)
    known = own if isinstance(own, Figures) else None
    others = [found for peer in peers if isinstance(found := medians(rounds, peer), Figures)]
    best = max((found.f1 for found in others), default=None)
    margin = None if known is None or best is None else known.f1 - best
    on_gpu = known is not None and "gpu" in known.detail
    return [
        _verdict(f"{ours}: F1 not below the best peer's (difference)", margin, lambda x: x >= 0),
        _verdict(f"{ours}: F1 at least 0.85", known and known.f1, lambda x: x >= 0.85),
        _verdict(f"{ours}: at least 85 % of wall time inside inference",
                 known and known.inference_share, lambda x: x >= 0.85),
        _verdict(f"{ours}: ready within 2 s", known and known.start_s, lambda x: x <= 2),
        _verdict(f"{ours}: first batch at most 2 × the others",
                 known and known.first_batch_ratio, lambda x: x <= 2),
        _verdict(f"{ours}: peak below 1,200 MB", known and known.peak_mb, lambda x: x < 1200),
        *([_verdict(f"{ours}: at least 200 pages/s on a GPU of an H100's class",
                    known and known.pages_per_second, lambda x: x >= 200)] if on_gpu else []),
    ]  # fmt: skip


def _verdict(target: str, value: float | None, reached: Callable[[float], bool]) -> Verdict:
    return Verdict(target, value, None if value is None else reached(value))


def _median_known(runs: list[Figures], value: Callable[[Figures], float | None]) -> float | None:
    known = [found for run in runs if (found := value(run)) is not None]
    return statistics.median(known) if known else None
