"""ONNX Runtime with our arithmetic beside a plain session; and what a GPU would be given."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime
import pytest
from network_checks import MODELS, check_best, check_run, images

from engines import onnxruntime_network
from engines.onnxruntime_network import (
    GPU_BATCHES,
    OnnxRuntimeNetwork,
    RuntimeDevice,
    _gpu_providers,
    tensorrt_is_there,
)

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


class TestOnAGpu:
    """As far as that shows without one."""

    @pytest.fixture
    def made(self, monkeypatch: pytest.MonkeyPatch) -> OnnxRuntimeNetwork:
        """Told that it has a GPU, and given the CPU."""
        session = onnxruntime_network._session
        monkeypatch.setattr(onnxruntime_network, "_session", lambda model, _: session(model, CPU))
        return OnnxRuntimeNetwork(*MODELS["page orientation"], RuntimeDevice(gpu=0, threads=1))

    @pytest.mark.parametrize("count", [1, 2, 8, 9, 33, 64, 65])
    def test_batches_are_filled_up_and_the_filling_is_taken_off(
        self, made: OnnxRuntimeNetwork, count: int
    ) -> None:
        pixels = images("page orientation", count)
        prepared = made._prepare(pixels)
        assert prepared.shape[0] == min((n for n in GPU_BATCHES if n >= count), default=count)
        assert not prepared[count:].any()
        if count < 20:
            found = made.run(pixels)
            assert found == pytest.approx(network("page orientation").run(pixels), abs=1e-5)

    def test_memory_is_limited_when_asked(self) -> None:
        (name, options), cpu = _gpu_providers(RuntimeDevice(gpu=3, threads=1, memory_mb=700))
        assert (name, cpu) == ("CUDAExecutionProvider", "CPUExecutionProvider")
        assert options["device_id"] == 3
        assert options["gpu_mem_limit"] == 700 * 2**20
        (_, options), _ = _gpu_providers(RuntimeDevice(gpu=3, threads=1))
        assert "gpu_mem_limit" not in options

    def test_half_precision_is_tensorrts(self) -> None:
        first, *others = _gpu_providers(RuntimeDevice(gpu=1, threads=1, tensorrt_fp16=True))
        assert first == ("TensorrtExecutionProvider", {"device_id": 1, "trt_fp16_enable": True})
        assert others[0][0] == "CUDAExecutionProvider"

    def test_whether_tensorrt_is_there_is_asked_of_the_runtime(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        offered: list[Any] = ["CPUExecutionProvider"]
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: offered)
        assert not tensorrt_is_there()
        offered.append("TensorrtExecutionProvider")
        assert tensorrt_is_there()
