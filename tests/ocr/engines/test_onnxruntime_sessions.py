"""What ONNX Runtime is asked for on a GPU, and in which order ways to run a model are tried."""

import os
import stat
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from engines.gpu_models import tensorrt_folder
from engines.onnxruntime_sessions import (
    CPU,
    CUDA,
    TENSORRT,
    RuntimeDevice,
    cuda_providers,
    graph_session,
    plain_session,
    tensorrt_is_there,
    tensorrt_options,
)


class Runtime:
    """ONNX Runtime's part that makes sessions: notes what it was asked for, and may refuse it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[list[Any]] = []
        self.refuses: list[str] = []
        """Options that cannot be had."""
        self.offered = [TENSORRT, CUDA, CPU]
        self.used = [TENSORRT, CUDA, CPU]
        monkeypatch.setattr(onnxruntime, "InferenceSession", self.session)
        monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: self.offered)

    def session(self, _model: Any, _options: Any = None, *, providers: list[Any]) -> "Runtime":
        self.asked.append(providers)
        options = providers[0][1] if isinstance(providers[0], tuple) else {}
        if any(options.get(name) for name in self.refuses):
            raise RuntimeError("not all nodes are on the device\nand more")
        return self

    def get_providers(self) -> list[str]:
        return self.used


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    return Runtime(monkeypatch)


def test_cuda_is_asked_for_what_was_chosen() -> None:
    device = RuntimeDevice(gpu=3, threads=1, memory_mb=700, search="EXHAUSTIVE")
    (name, options), cpu = cuda_providers(device, graphs=True)
    assert (name, cpu) == (CUDA, CPU)
    assert options == {
        "device_id": 3,
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "EXHAUSTIVE",
        "gpu_mem_limit": 700 * 2**20,
        "enable_cuda_graph": "1",
    }
    (_, options), _ = cuda_providers(RuntimeDevice(gpu=3, threads=1))
    assert "gpu_mem_limit" not in options
    assert "enable_cuda_graph" not in options


def test_tensorrt_keeps_what_it_prepared_under_a_name_of_its_own() -> None:
    device = RuntimeDevice(gpu=1, threads=1, tensorrt_fp16=True, tensorrt_cache=Path("/cache"))
    name, options = tensorrt_options(device, "model-8x48x320", graph=True)
    assert name == TENSORRT
    assert options["trt_engine_cache_path"] == options["trt_timing_cache_path"] == "/cache"
    assert options["trt_engine_cache_prefix"] == "model-8x48x320"
    assert options["trt_fp16_enable"] is options["trt_cuda_graph_enable"] is True
    _, without = tensorrt_options(RuntimeDevice(gpu=1, threads=1), "x", graph=False)
    assert not [option for option in without if "cache" in option]


@pytest.mark.parametrize(
    ("refuses", "tried", "captures"),
    [
        ([], ["trt_cuda_graph_enable"], False),
        (["trt_cuda_graph_enable"], ["trt_cuda_graph_enable", "trt_fp16_enable"], False),
        (["trt_fp16_enable"], ["", "", "enable_cuda_graph"], True),
        (["trt_fp16_enable", "enable_cuda_graph"], ["", "", "enable_cuda_graph", ""], False),
    ],
)
def test_the_ways_are_tried_in_turn(
    runtime: Runtime, refuses: list[str], tried: list[str], captures: bool
) -> None:
    runtime.refuses = refuses
    device = RuntimeDevice(gpu=0, threads=1, tensorrt_fp16=True)
    session, found = graph_session(b"", device, "m")
    assert session is runtime
    assert found is captures
    assert len(runtime.asked) == len(tried)
    for providers, option in zip(runtime.asked, tried, strict=True):
        assert not option or providers[0][1][option]
    assert runtime.asked[-1][0][0] == (CUDA if len(tried) > 2 else TENSORRT)


def test_without_graphs_none_is_asked_for(runtime: Runtime) -> None:
    device = RuntimeDevice(gpu=0, threads=1, tensorrt_fp16=True)
    runtime.refuses = ["trt_fp16_enable"]
    assert graph_session(b"", device, "m", graphs=False) == (runtime, False)
    first, last = (providers[0][1] for providers in runtime.asked)
    assert first["trt_cuda_graph_enable"] is False
    assert "enable_cuda_graph" not in last


def test_the_last_ways_error_is_not_swallowed(runtime: Runtime) -> None:
    runtime.refuses = ["arena_extend_strategy"]
    with pytest.raises(RuntimeError, match="not all nodes"):
        graph_session(b"", RuntimeDevice(gpu=0, threads=1), "m")


def test_the_cpu_has_one_way(runtime: Runtime) -> None:
    plain_session("model", RuntimeDevice(gpu=None, threads=2))
    assert graph_session(b"", RuntimeDevice(gpu=None, threads=2), "m") == (runtime, False)
    assert runtime.asked == [[CPU], [CPU]]


@pytest.mark.parametrize(
    ("offered", "used", "there"),
    [
        ([TENSORRT, CUDA], [TENSORRT, CPU], True),
        ([TENSORRT, CUDA], [CPU], False),  # its libraries are missing: no error tells so
        ([CUDA], [CUDA], False),
    ],
)
def test_tensorrt_is_tried_and_not_believed(
    runtime: Runtime, offered: list[str], used: list[str], there: bool
) -> None:
    runtime.offered, runtime.used = offered, used
    assert tensorrt_is_there(0) is there
    assert not tensorrt_is_there(None)


def test_tensorrts_folder_is_closed_and_emptied_when_it_was_open(tmp_path: Path) -> None:
    folder = tensorrt_folder(tmp_path / "engines")
    assert folder is not None
    (folder / "kept.engine").write_bytes(b"x")
    assert tensorrt_folder(tmp_path / "engines") == folder
    assert (folder / "kept.engine").exists()
    folder.chmod(0o777)
    assert tensorrt_folder(tmp_path / "engines") == folder
    assert not list(folder.iterdir())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_link_in_the_folders_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "engines").mkdir()
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", tmp_path / "engines" / "tensorrt")
    assert tensorrt_folder(tmp_path / "engines") is None
