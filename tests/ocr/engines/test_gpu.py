"""What the GPU check finds, with ONNX Runtime as it is and as it would be on a GPU."""

import sys
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

import machine_limits
from engines.gpu import TINY_MODEL, end_when_lost, gpu_is_expected, gpu_problem, is_lost

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class FakeRuntime:
    """The parts of onnxruntime-gpu that the check uses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.offered = [CUDA, CPU]
        self.used = [CUDA, CPU]
        self.fails: Exception | None = None
        self.done: list[Any] = []
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: self.offered)
        monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: self.done.append("preload"))
        monkeypatch.setattr(onnxruntime, "InferenceSession", self.session)
        monkeypatch.setattr(onnxruntime, "set_default_logger_severity", self.done.append)

    def session(self, _model: bytes, providers: list[Any]) -> "FakeRuntime":
        self.done.append(providers)
        if self.fails:
            raise self.fails
        return self

    def get_providers(self) -> list[str]:
        return self.used


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeRuntime:
    device = tmp_path / "nvidiactl"
    device.touch()
    monkeypatch.setattr(machine_limits, "NVIDIA_CONTROL_DEVICE", device)
    return FakeRuntime(monkeypatch)


def test_a_gpu_that_works(runtime: FakeRuntime) -> None:
    assert gpu_is_expected()
    assert gpu_problem("onnxruntime", 2) is None
    silent, loud = 4, 2
    assert runtime.done == ["preload", silent, [(CUDA, {"device_id": 2})], loud]


def test_no_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine_limits, "NVIDIA_CONTROL_DEVICE", tmp_path / "none")
    assert not gpu_is_expected()
    assert "no /dev/nvidiactl" in str(gpu_problem("onnxruntime", 0))


def test_the_image_for_the_cpu(runtime: FakeRuntime) -> None:
    runtime.offered = [CPU]
    assert gpu_problem("onnxruntime", 0) == "the package onnxruntime-gpu is not installed"


def test_no_onnx_runtime_at_all(runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert gpu_problem("onnxruntime", 0) == "the package onnxruntime-gpu is not installed"


def test_a_driver_that_is_too_old(runtime: FakeRuntime) -> None:
    """ONNX Runtime says nothing then, and takes the CPU."""
    runtime.used = [CPU]
    assert "driver new enough" in str(gpu_problem("onnxruntime", 0))


def test_a_session_that_fails(runtime: FakeRuntime) -> None:
    runtime.fails = RuntimeError("CUDA failure 999\n in some file")
    problem = gpu_problem("onnxruntime", 0)
    assert problem == "ONNX Runtime cannot start on GPU 0 (CUDA failure 999)"


def test_another_engine_finds_out_itself(runtime: FakeRuntime) -> None:
    assert gpu_problem("paddle_static", 0) is None
    assert runtime.done == []


def test_the_tiny_model_is_one() -> None:
    session = onnxruntime.InferenceSession(TINY_MODEL, providers=[CPU])
    assert [each.name for each in (*session.get_inputs(), *session.get_outputs())] == ["x", "y"]


@pytest.mark.parametrize(
    ("said", "lost"),
    [
        ("CUDA failure 719: unspecified launch failure ; GPU=0", True),
        ("CUDA error 700 an illegal memory access was encountered", True),
        ("CUDA failure 2: out of memory ; GPU=0", False),
        ("Failed to allocate memory for requested buffer of size 9", False),
        ("CUDA failure 900: operation not permitted when stream is capturing", False),
        ("CUDNN failure 3: bad parameter", False),
        ("a page of 719 lines", False),
    ],
)
def test_a_lost_gpu_ends_the_process_and_nothing_else_does(
    said: str, lost: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The next worker then looks anew for a device: each image would fail in this one."""
    ended: list[int] = []
    assert is_lost(RuntimeError(said)) is lost
    end_when_lost(RuntimeError(said), 3, ended.append)
    assert ended == [1] * lost
    assert ("GPU 3 no longer answers" in caplog.text) is lost
    end_when_lost(RuntimeError(said), None, ended.append)
    assert ended == [1] * lost
