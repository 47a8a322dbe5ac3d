"""What more processors bring: calls replayed, and the arithmetic of what bounds them."""

import queue
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import replayed_calls
from engines.columns import Columns
from replayed_calls import NETWORKS, Cost, Record, Replayed, measure
from scaling_figures import Limits, Trial, limits_of, tables, workers_for

LIMITS = Limits(call_s=0.3, host_s=0.08, service_s=0.02, one_worker=20.0, writer=75.0)


def trial(mode: str, cores: int, workers: int = 1, **known: float) -> Trial:
    fields = {
        "pages_per_second": 5.0,
        "lane_s": 0.34,
        "worker_core_s": 0.08,
        "service_core_s": 0.02,
        "other_load": 0.0,
    }
    return Trial(mode, cores, workers, **(fields | known))


@pytest.mark.parametrize(
    ("cores", "workers", "pages_per_second"),
    [
        (2, 1, 5.0),  # bound by what two processors compute
        (8, 1, 20.0),
        (32, 1, 20.0),  # by one worker's Python
        (32, 4, 75.0),  # by the writer
        (16, 2, 40.0),
    ],
)
def test_the_least_of_what_bounds_counts(cores: int, workers: int, pages_per_second: float) -> None:
    assert LIMITS.pages_per_second(cores, workers) == pytest.approx(pages_per_second)


def test_the_limits_come_from_the_runs_that_show_them() -> None:
    trials = [
        trial("host", 2, pages_per_second=18.0, worker_core_s=0.07),
        trial("host", 2, 2, pages_per_second=30.0),
        trial("answers", 2, pages_per_second=90.0, service_core_s=0.01),
        trial("pages", 2, lane_s=0.4, worker_core_s=0.09),
        trial("pages", 32, 4),
    ]
    assert limits_of(trials) == pytest.approx((0.38, 0.07, 0.01, 18.0, 90.0))
    text = tables(trials, [2, 32])
    assert "not reached: ≥ 14" not in text
    assert "reached: ≥ 14" in text
    assert [workers_for(cores) for cores in (2, 8, 16, 32, 64)] == [1, 2, 4, 8, 16]


class Request:
    """Native code that takes a moment."""

    def infer(self, *_: Any) -> None:
        until = time.process_time() + 0.002
        while time.process_time() < until:
            pass


class Recogniser:
    """Reads how bright a line is."""

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._requests.put(Request())

    def run_best(self, lines: Any) -> Columns:
        request = self._requests.get()
        request.infer(lines)
        self._requests.put(request)
        bright = lines.mean(axis=(1, 2, 3)).astype(int)[:, None]
        zeros = np.zeros((*bright.shape, 2))
        return Columns(bright, bright / 255, bright > 0, zeros.astype(int), zeros)


def test_a_call_is_replayed_with_its_answer_and_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models: Any = SimpleNamespace(**{name: Recogniser() for name in NETWORKS})
    models._detection.logits = True
    found = Record()
    measure(models, found)
    lines = np.stack([np.full((48, 160, 3), shade, np.uint8) for shade in (7, 9)])
    models._recognition.run_best(lines)
    found.write(tmp_path / "record")
    cost = found.costs["_recognition"][(2, 48, 160)]
    assert cost.native_s >= 0.002
    slept: list[float] = []
    monkeypatch.setattr(replayed_calls.time, "sleep", slept.append)
    replayed = Replayed(Record.read(tmp_path / "record"), "_recognition", speed=2.0)
    again = replayed.run_best(lines[::-1])
    assert again.classes.ravel().tolist() == [9, 7]
    assert slept == [cost.native_s / 2]
    with pytest.raises(KeyError):
        replayed.run_best(lines + 1)


def test_what_was_not_timed_takes_as_long_as_what_is_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(replayed_calls.time, "sleep", slept.append)
    line = np.zeros((48, 320, 3), np.uint8)
    answer = tuple(np.zeros(1) for _ in Columns._fields)
    costs = {(1, 48, 160): Cost(0.1, 0.0), (8, 48, 160): Cost(9.0, 0.0)}
    known = Record({"_recognition": {replayed_calls._key(line): answer}}, {"_recognition": costs})
    Replayed(known, "_recognition", speed=1.0).run_best(line[None])
    assert slept == [pytest.approx(0.2)]
