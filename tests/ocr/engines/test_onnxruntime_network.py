"""ONNX Runtime with our arithmetic beside a plain session."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from network_checks import MODELS, check_best, check_run, images

from engines.onnxruntime_network import OnnxRuntimeNetwork
from engines.onnxruntime_sessions import RuntimeDevice

CPU = RuntimeDevice(gpu=None, threads=2)


def network(kind: str) -> OnnxRuntimeNetwork:
    return OnnxRuntimeNetwork(*MODELS[kind], CPU)


@pytest.mark.parametrize("kind", MODELS)
def test_the_output_is_that_of_a_plain_session(kind: str) -> None:
    """Also the red and blue that are swapped for the classifiers."""
    check_run(network(kind), kind)


@pytest.mark.parametrize("kind", ["recognition", "page orientation"])
def test_the_best_is_argmax_and_max_of_the_output(kind: str) -> None:
    check_best(network(kind), kind)


def test_several_threads_get_their_own_answers() -> None:
    made = network("recognition")
    lines = [images("recognition", 1, seed=number) for number in range(6)]
    alone = [made.run_best(each) for each in lines]
    with ThreadPoolExecutor(6) as threads:
        for _ in range(3):
            for found, wanted in zip(threads.map(made.run_best, lines), alone, strict=True):
                assert np.array_equal(found.classes, wanted.classes)
                assert found.probabilities == pytest.approx(wanted.probabilities, abs=1e-5)
