"""How the networks begin."""

import contextlib
import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest
from real_pages import load_models

from engines import openvino_network
from engines.onnx_models import OnnxModels

FIRST_RUNS = 3


def test_the_first_runs_come_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at the same moment waited for each other for ever, at one start of three."""
    plain = openvino_network._OpenVinoModel._output
    times: list[tuple[float, float]] = []

    @contextlib.contextmanager
    def watched(self: openvino_network._OpenVinoModel, lines: Any) -> Iterator[Any]:
        begun = time.monotonic()
        with plain(self, lines) as output:
            yield output
        times.append((begun, time.monotonic()))

    monkeypatch.setattr(openvino_network._OpenVinoModel, "_output", watched)
    made = load_models(OCR_MODEL="tiny", OCR_ENGINE="openvino")
    assert isinstance(made, OnnxModels)
    made.lanes.stop_preparing()
    first = sorted(times)[:FIRST_RUNS]
    assert len(first) == FIRST_RUNS
    assert all(ended <= begun for (_, ended), (begun, _) in itertools.pairwise(first))
