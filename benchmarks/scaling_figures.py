"""The figures of `make scaling`: what was replayed, and the arithmetic for real processors."""

from collections.abc import Sequence
from typing import NamedTuple

from bench_tables import markdown
from worker_count import PROCESSORS_EACH_WITH_AMX

LANES = 8
"""The most that one worker has; with more processors each gets several threads."""
TARGET = 14.0
"""Times two cores that 32 of them should read."""
_FEW, _MANY = 2, 32


class Trial(NamedTuple):
    """One run of the service."""

    mode: str
    """pages: calls take their time; host: they answer at once; answers: workers do."""
    cores: int
    workers: int
    pages_per_second: float
    lane_s: float
    """A page's calls, in lane seconds."""
    worker_core_s: float
    """Processor seconds a page of the workers, without what calls slept."""
    service_core_s: float
    other_load: float


class Limits(NamedTuple):
    """What bounds the pages a second, whatever else there is more of."""

    call_s: float
    """Processor seconds a page within native calls of networks."""
    host_s: float
    """Beside them, in the worker."""
    service_s: float
    one_worker: float
    """Pages a second of one worker whose calls answer at once."""
    writer: float
    """Pages a second of the service whose worker answers at once."""

    def pages_per_second(self, cores: int, workers: int) -> float:
        """On so many real processors, by arithmetic: what they can compute, and no more than the
        workers' Python and the writer let through."""
        computed = cores / (self.call_s + self.host_s + self.service_s)
        return min(computed, self.one_worker * workers, self.writer)


def limits_of(trials: Sequence[Trial]) -> Limits:
    """From the runs in which calls and workers answer at once, and the smallest real one."""
    host = next(each for each in trials if each.mode == "host" and each.workers == 1)
    answers = next(each for each in trials if each.mode == "answers")
    paged = next(each for each in trials if each.mode == "pages" and each.workers == 1)
    return Limits(
        max(paged.lane_s - (paged.worker_core_s - host.worker_core_s), 0.0),
        host.worker_core_s,
        answers.service_core_s,
        host.pages_per_second,
        answers.pages_per_second,
    )


def workers_for(cores: int) -> int:
    """As many as the service takes by itself on such processors with AMX and enough memory."""
    return max(cores // PROCESSORS_EACH_WITH_AMX, 1)


def tables(trials: Sequence[Trial], cores: Sequence[int]) -> str:
    """What was replayed, the limits, and the arithmetic for these numbers of processors."""
    limits = limits_of(trials)
    return "\n\n".join([_runs(trials), _limits(limits), _arithmetic(limits, cores)])


def _runs(trials: Sequence[Trial]) -> str:
    base = next((t.pages_per_second for t in trials if t.mode == "pages" and t.cores == _FEW), None)
    rows = [
        [
            {"pages": "calls replayed", "host": "calls answer at once",
             "answers": "workers answer at once"}[each.mode],
            str(each.cores) if each.mode == "pages" else "-",
            str(each.workers),
            f"{each.pages_per_second:.1f}",
            f"{each.pages_per_second / base:.1f}" if base and each.mode == "pages" else "-",
            f"{each.lane_s:.3f}" if each.mode == "pages" else "-",
            f"{each.worker_core_s:.3f}",
            f"{each.service_core_s:.4f}",
            f"{each.other_load:.0%}",
        ]
        for each in trials
    ]  # fmt: skip
    head = ["", "simulated cores", "workers", "pages/s", f"times {_FEW} cores", "lane s a page"]
    return markdown([*head, "worker core s", "service core s", "other load"], rows)


def _limits(limits: Limits) -> str:
    rows = [
        ["calls of networks, core s a page", f"{limits.call_s:.3f}"],
        ["the worker beside them, core s a page", f"{limits.host_s:.3f}"],
        ["the service, core s a page", f"{limits.service_s:.4f}"],
        ["one worker, whatever computes: pages/s", f"{limits.one_worker:.1f}"],
        ["the service, whatever the workers: pages/s", f"{limits.writer:.1f}"],
    ]
    return markdown(["limit", ""], rows)


def _arithmetic(limits: Limits, cores: Sequence[int]) -> str:
    base = limits.pages_per_second(_FEW, 1)
    rows = []
    for count in cores:
        several = workers_for(count)
        one, more = (limits.pages_per_second(count, workers) for workers in (1, several))
        reached = f"{'reached' if more / base >= TARGET else 'not reached'}: ≥ {TARGET:g}"
        rows.append(
            [
                f"{count} cores",
                f"{one:.1f}",
                f"{one / base:.1f}",
                str(several),
                f"{more:.1f}",
                f"{more / base:.1f}",
                reached if count == _MANY else "",
            ]
        )
    head = ["by arithmetic", "one worker", f"times {_FEW} cores", "workers", "pages/s"]
    return markdown([*head, f"times {_FEW} cores", ""], rows)
