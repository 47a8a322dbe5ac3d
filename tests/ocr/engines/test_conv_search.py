"""Which search for convolutions is chosen, and what is remembered of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engines.conv_search import SEARCHES, choose_search, steady_seconds
from engines.kept_files import KeptFiles
from engines.kept_networks import KeptNetwork

KEY = {"gpu": "NVIDIA H100", "driver": "580.1", "runtime": "1.31.1"}
TIMES = {"HEURISTIC": 2.0, "DEFAULT": 1.0, "EXHAUSTIVE": 1.5}


class Measure:
    """A GPU on which each search takes its time; notes which were tried."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds = seconds
        self.tried: list[str] = []

    def __call__(self, search: str) -> float:
        self.tried.append(search)
        if search not in self.seconds:
            raise RuntimeError("cuDNN has no such engine\nat all")
        return self.seconds[search]


def memory(folder: Path, model: str = "a" * 64) -> tuple[KeptNetwork, Callable[[], None]]:
    """As one start has it, and what that does when the networks have run."""
    files = KeptFiles(folder / "engines", lambda _: True)
    return KeptNetwork(files, model), files.confirm


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [
        (TIMES, "DEFAULT"),
        ({"HEURISTIC": 0.05, "DEFAULT": 2.0, "EXHAUSTIVE": 0.05}, "HEURISTIC"),
        ({"HEURISTIC": 2.0, "DEFAULT": 2.0, "EXHAUSTIVE": 0.05}, "EXHAUSTIVE"),
        ({"HEURISTIC": 1.0, "DEFAULT": 0.99, "EXHAUSTIVE": 0.98}, "HEURISTIC"),  # as fast
        ({"EXHAUSTIVE": 9.0}, "EXHAUSTIVE"),  # the others cannot be used
        ({}, "HEURISTIC"),
    ],
)
def test_the_fastest_is_chosen(seconds: dict[str, float], chosen: str) -> None:
    measure = Measure(seconds)
    assert choose_search(measure, None, KEY) == chosen
    assert tuple(measure.tried) == SEARCHES


def test_a_later_start_remembers_and_measures_nothing(tmp_path: Path) -> None:
    kept, confirm = memory(tmp_path)
    assert choose_search(Measure(TIMES), kept, KEY) == "DEFAULT"
    confirm()
    for _ in range(2):
        kept, confirm = memory(tmp_path)
        again = Measure({"HEURISTIC": 0.0})
        assert choose_search(again, kept, KEY) == "DEFAULT"
        assert not again.tried
        confirm()


@pytest.mark.parametrize("changed", [*KEY, "model"])
def test_another_gpu_driver_runtime_or_model_is_measured_anew(tmp_path: Path, changed: str) -> None:
    kept, confirm = memory(tmp_path)
    choose_search(Measure(TIMES), kept, KEY)
    confirm()
    other, _ = memory(tmp_path, "b" * 64 if changed == "model" else "a" * 64)
    measure = Measure({"EXHAUSTIVE": 1.0})
    key = KEY | ({} if changed == "model" else {changed: "another"})
    assert choose_search(measure, other, key) == "EXHAUSTIVE"
    assert tuple(measure.tried) == SEARCHES


@pytest.mark.parametrize("content", [b"", b"{}", b'{"search": "FAST"}', b'{"search": null}', b"[]"])
def test_what_names_no_search_is_measured_anew(tmp_path: Path, content: bytes) -> None:
    kept, _ = memory(tmp_path)
    kept.keep(KEY, {}, content)
    measure = Measure(TIMES)
    assert choose_search(measure, kept, KEY) == "DEFAULT"
    assert tuple(measure.tried) == SEARCHES
    assert choose_search(Measure({}), memory(tmp_path)[0], KEY) == "DEFAULT"


def test_nothing_is_remembered_when_nothing_could_be_used(tmp_path: Path) -> None:
    kept, _ = memory(tmp_path)
    choose_search(Measure({}), kept, KEY)
    measure = Measure(TIMES)
    assert choose_search(measure, memory(tmp_path)[0], KEY) == "DEFAULT"
    assert measure.tried


def test_a_first_run_that_looks_and_allocates_does_not_count() -> None:
    now = 0.0
    costs = iter([100.0, 3.0, 2.0, 4.0])

    def run() -> None:
        nonlocal now
        now += next(costs)

    assert steady_seconds(run, lambda: now) == 2.0
