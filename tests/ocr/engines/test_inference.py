"""Which engine, device and precision the settings and the machine lead to; and what is loaded."""

import dataclasses
import importlib.util
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from real_pages import model_set, sample

from engines import inference
from engines.inference import (
    Inference,
    choose,
    choose_device,
    load_models,
    version_of,
)
from engines.networks import IMAGENET
from engines.onnx_models import Load, OnnxModels, Shapes
from engines.openvino_compile import OpenVinoDevice
from engines.text_recognition import CPU_WIDTHS
from models import Model, ModelSet
from ocr_errors import WorkerError
from ocr_settings import load


class Machine:
    """What `choose` finds."""

    def __init__(self) -> None:
        self.problem: str | None = "there is none"
        self.asked: list[tuple[str, int]] = []
        self.expected = False
        self.bf16 = False
        self.tensorrt = False

    def gpu_problem(self, engine: str, number: int) -> str | None:
        self.asked.append((engine, number))
        return self.problem


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Without a GPU and without bfloat16."""
    made = Machine()
    monkeypatch.setattr(inference, "gpu_problem", made.gpu_problem)
    monkeypatch.setattr(inference, "gpu_is_expected", lambda: made.expected)
    monkeypatch.setattr(inference, "best_precision", lambda: "bf16" if made.bf16 else "f32")
    monkeypatch.setattr(inference, "tensorrt_is_there", lambda _: made.tensorrt)
    return made


def chosen(**wanted: str) -> Inference:
    return choose(load({f"OCR_{name.upper()}": value for name, value in wanted.items()}), 4)


NO, GPU = "there is none", None
CHOICES: list[tuple[str, str, str | None, tuple[str, str]]] = [
    # engine, device, the GPU's problem: engine and device
    ("auto", "auto", NO, ("openvino", "cpu")),
    ("auto", "auto", GPU, ("onnxruntime", "gpu:0")),
    ("auto", "cpu", GPU, ("openvino", "cpu")),
    ("auto", "gpu", GPU, ("onnxruntime", "gpu:0")),
    ("auto", "gpu:3", GPU, ("onnxruntime", "gpu:3")),
    ("openvino", "auto", NO, ("openvino", "cpu")),
    ("openvino", "auto", GPU, ("openvino", "cpu")),
    ("openvino", "cpu", GPU, ("openvino", "cpu")),
    ("onnxruntime", "auto", NO, ("onnxruntime", "cpu")),
    ("onnxruntime", "auto", GPU, ("onnxruntime", "gpu:0")),
    ("onnxruntime", "cpu", GPU, ("onnxruntime", "cpu")),
    ("paddleocr:onnxruntime", "auto", NO, ("paddleocr:onnxruntime", "cpu")),
    ("paddleocr:onnxruntime", "auto", GPU, ("paddleocr:onnxruntime", "gpu:0")),
    ("paddleocr:paddle", "gpu:1", GPU, ("paddleocr:paddle", "gpu:1")),
]


@pytest.mark.parametrize(("engine", "device", "problem", "expected"), CHOICES)
def test_engine_and_device(
    machine: Machine, engine: str, device: str, problem: str | None, expected: tuple[str, str]
) -> None:
    machine.problem = problem
    made = chosen(engine=engine, device=device)
    assert (made.engine, made.device) == expected
    assert made.gpu == (None if made.device == "cpu" else int(made.device[4:]))


@pytest.mark.parametrize(
    ("engine", "asked"),
    [("onnxruntime", "onnxruntime"), ("auto", "onnxruntime"), ("paddleocr:paddle", "paddle"),
     ("paddleocr:onnxruntime", "onnxruntime")],
)  # fmt: skip
def test_the_gpu_is_tried_with_what_will_run(machine: Machine, engine: str, asked: str) -> None:
    machine.problem = None
    chosen(engine=engine, device="gpu:2")
    assert machine.asked == [(asked, 2)]


def test_no_gpu_is_tried_when_none_is_wanted(machine: Machine) -> None:
    chosen(device="cpu")
    chosen(engine="openvino")
    assert machine.asked == []


@pytest.mark.parametrize(
    ("wanted", "code", "remedy"),
    [
        ({"engine": "tesseract"}, "bad_engine", "use auto, openvino"),
        ({"engine": "paddleocr:"}, "bad_engine", "paddleocr:NAME"),
        ({"engine": "paddleocr"}, "bad_engine", "paddleocr:NAME"),
        ({"engine": "OpenVINO"}, "bad_engine", "use auto"),
        ({"engine": "openvino", "device": "gpu"}, "bad_engine", "OCR_ENGINE=auto"),
        ({"engine": "openvino", "device": "gpu:1"}, "bad_engine", "OCR_ENGINE=auto"),
        ({"engine": "openvino", "device": "tpu"}, "bad_device", "use auto, cpu, gpu"),
        ({"device": "cuda"}, "bad_device", "use auto, cpu, gpu"),
        ({"device": "cpu:1"}, "bad_device", "use auto, cpu, gpu"),
        ({"device": "auto:0"}, "bad_device", "use auto, cpu, gpu"),
        ({"device": "gpu:first"}, "bad_device", "use auto, cpu, gpu"),
        ({"device": "gpu:-1"}, "bad_device", "use auto, cpu, gpu"),
        ({"device": "gpu:²"}, "bad_device", "use auto, cpu, gpu"),
        ({"device": "gpu"}, "no_gpu", "OCR_DEVICE=cpu"),
        ({"device": "gpu:1", "engine": "paddleocr:paddle"}, "no_gpu", "there is none"),
        ({"precision": "bf16"}, "bad_precision", "OCR_PRECISION=auto"),
        ({"precision": "fp16"}, "bad_precision", "TensorRT"),
        ({"precision": "fp16", "engine": "onnxruntime"}, "bad_precision", "TensorRT"),
        ({"precision": "bf16", "engine": "onnxruntime"}, "bad_precision", "bf16"),
    ],
)
def test_what_cannot_be_is_a_code_and_a_sentence(
    machine: Machine, wanted: dict[str, str], code: str, remedy: str
) -> None:
    machine.tensorrt = True
    with pytest.raises(WorkerError) as error:
        chosen(**wanted)
    assert error.value.code == code
    assert remedy in error.value.message
    assert error.value.message.endswith(".")


@pytest.mark.parametrize(
    ("engine", "package"),
    [("onnxruntime", "onnxruntime"), ("paddleocr:onnxruntime", "paddleocr")],
)
def test_an_engine_that_is_not_installed_names_what_brings_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, engine: str, package: str
) -> None:
    """As in the image and the environment that have OpenVINO only."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        inference.importlib.util, "find_spec", lambda name: None if name == package else find(name)
    )
    assert chosen().engine == "openvino"
    machine.problem = "the package onnxruntime-gpu is not installed"
    with pytest.raises(WorkerError) as error:
        chosen(engine=engine)
    assert error.value.code == "bad_engine"
    for remedy in (package, "OCR_ENGINE=auto", "make run", "OCR_VARIANT=paddleocr"):
        assert remedy in error.value.message


@pytest.mark.parametrize(
    ("engine", "wanted", "bf16", "gpu", "expected"),
    [
        ("openvino", "auto", True, False, "bf16"),
        ("openvino", "auto", False, False, "f32"),
        ("openvino", "f32", True, False, "f32"),
        ("openvino", "bf16", True, False, "bf16"),
        ("onnxruntime", "auto", True, False, "f32"),
        ("onnxruntime", "auto", True, True, "f32"),
        ("onnxruntime", "fp16", False, True, "fp16"),
        ("paddleocr:paddle", "auto", True, True, "f32"),
        ("paddleocr:paddle", "f32", True, False, "f32"),
    ],
)
def test_the_precision(
    machine: Machine, engine: str, wanted: str, bf16: bool, gpu: bool, expected: str
) -> None:
    machine.bf16, machine.tensorrt = bf16, gpu
    machine.problem = None if gpu else "there is none"
    assert chosen(engine=engine, precision=wanted).precision == expected


def test_half_precision_needs_tensorrt(machine: Machine) -> None:
    machine.problem = None
    with pytest.raises(WorkerError) as error:
        chosen(engine="onnxruntime", precision="fp16")
    assert error.value.code == "bad_precision"


def test_bfloat16_is_not_for_other_engines(machine: Machine) -> None:
    machine.bf16 = True
    for engine in ("onnxruntime", "paddleocr:onnxruntime"):
        with pytest.raises(WorkerError) as error:
            chosen(engine=engine, precision="bf16")
        assert error.value.code == "bad_precision"


def test_a_gpu_that_cannot_be_used_is_said(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    """But a machine that has none is nothing to speak of."""
    with caplog.at_level(logging.WARNING):
        assert choose_device("auto", "onnxruntime") == "cpu"
        assert caplog.messages == []
        machine.expected = True
        assert choose_device("auto", "onnxruntime") == "cpu"
    assert caplog.messages == [
        "there is a GPU, but it cannot be used: there is none. Reading on the CPU."
    ]


@pytest.mark.parametrize(
    ("device", "threads", "lanes"),
    [
        ("cpu", 1, 1),
        ("cpu", 2, 2),
        ("cpu", 8, 8),
        ("cpu", 64, 8),
        ("gpu:0", 1, 2),
        ("gpu:1", 64, 2),
    ],
)
def test_lanes(device: str, threads: int, lanes: int) -> None:
    assert Inference("onnxruntime", device, "f32", threads).lanes == lanes


@pytest.mark.parametrize(
    ("engine", "beginning"),
    [("openvino", "openvino 2"), ("onnxruntime", "onnxruntime 1"),
     ("paddleocr:onnxruntime", "paddleocr:onnxruntime 1"), ("paddleocr:none", "paddleocr:none")],
)  # fmt: skip
def test_the_version_is_that_of_the_engines_package(engine: str, beginning: str) -> None:
    assert version_of(Inference(engine, "cpu", "f32", 1)).startswith(beginning)


def test_a_model_that_is_not_in_onnx_is_a_code_and_a_remedy(tmp_path: Path) -> None:
    models = model_set("tiny")
    folder = tmp_path / "mine_rec"
    folder.mkdir()
    shutil.copy(models.recognition.folder / "inference.yml", folder)
    mine = dataclasses.replace(models, recognition=Model("mine_rec", folder, "0" * 64))
    for engine in ("openvino", "onnxruntime"):
        with pytest.raises(WorkerError) as error:
            load_models(Inference(engine, "cpu", "f32", 1), mine, load({}))
        assert error.value.code == "model_format"
        assert "mine_rec has no inference.onnx" in error.value.message
        assert "paddle2onnx" in error.value.message


class Loaded:
    """What `load_models` would load, and with what."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.networks: list[tuple[Path, Any, Any]] = []
        self.paddle: dict[str, Any] = {}
        self.gpu: dict[str, Any] = {}
        self.shapes: Shapes | None = None
        self.orientation: bool | None = None
        self.begun = 0
        monkeypatch.setattr(inference, "OpenVinoDetector", self.openvino)
        monkeypatch.setattr(inference, "OnnxRuntimeNetwork", self.runtime)
        monkeypatch.setattr(inference, "PaddleModels", self.paddle_models)
        monkeypatch.setattr(inference, "OnnxModels", self.onnx_models)
        monkeypatch.setattr(inference, "gpu_models", self.gpu_models)

    def openvino(self, path: Path, _normalisation: Any, device: Any, _kept: Any) -> None:
        self.networks.append((path, "openvino", device))

    def runtime(self, path: Path, _normalisation: Any, device: Any) -> None:
        self.networks.append((path, "onnxruntime", device))

    def paddle_models(self, _models: ModelSet, **options: Any) -> None:
        self.paddle = options

    def onnx_models(
        self, models: ModelSet, load: Load, shapes: Shapes, _ratio: float, *, orientation: bool
    ) -> "Loaded":
        self.shapes, self.orientation = shapes, orientation
        load.detector(models.detection, IMAGENET)
        return self

    def gpu_models(self, _models: ModelSet, device: Any, **options: Any) -> "Loaded":
        self.networks.append((Path(), "gpu", device))
        self.gpu, self.orientation = options, options["orientation"]
        return self

    def begin(self, _behind: object = ()) -> None:
        self.begun += 1


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    return Loaded(monkeypatch)


def test_half_of_openvinos_lanes_search_pages(loaded: Loaded) -> None:
    """Each stream of the detector keeps its memory for a page, with its share of the threads."""
    models = model_set("tiny")
    load_models(Inference("openvino", "cpu", "bf16", 20), models, load({}))
    assert loaded.networks == [
        (
            models.detection.folder / "inference.onnx",
            "openvino",
            OpenVinoDevice(streams=4, threads=10, precision="bf16"),
        )
    ]
    assert loaded.shapes is not None
    assert (loaded.shapes.lanes, loaded.shapes.searches) == (8, 4)
    assert loaded.shapes.line_widths == CPU_WIDTHS
    assert (loaded.orientation, loaded.begun) == (True, 1)


def test_the_runtimes_calls_share_the_threads(loaded: Loaded) -> None:
    load_models(Inference("onnxruntime", "cpu", "f32", 20), model_set("tiny"), load({}))
    ((_, _, device),) = loaded.networks
    assert (device.gpu, device.threads, device.tensorrt_fp16) == (None, 2, False)


def test_a_gpu_gets_its_number_its_limit_its_precision_and_its_pipelines(
    loaded: Loaded, tmp_path: Path
) -> None:
    settings = load(
        {"OCR_GPU_MEMORY_MB": "900", "OCR_ORIENTATION": "off", "OCR_DATA_FOLDER": str(tmp_path)}
    )
    wanted = Inference("onnxruntime", "gpu:3", "fp16", 4, pipelines=3)
    load_models(wanted, model_set("tiny"), settings)
    ((_, _, device),) = loaded.networks
    assert (device.gpu, device.memory_mb, device.tensorrt_fp16) == (3, 900, True)
    assert device.tensorrt_cache == tmp_path / "engines" / "tensorrt"
    assert (loaded.gpu["pipelines"], wanted.lanes) == (3, 3)
    assert (loaded.orientation, loaded.begun) == (False, 1)


def test_only_tensorrt_has_a_folder(loaded: Loaded, tmp_path: Path) -> None:
    settings = load({"OCR_DATA_FOLDER": str(tmp_path)})
    load_models(Inference("onnxruntime", "gpu:0", "f32", 4), model_set("tiny"), settings)
    ((_, _, device),) = loaded.networks
    assert device.tensorrt_cache is None
    assert not list(tmp_path.iterdir())


def test_paddleocr_is_told_the_name_behind_the_colon(loaded: Loaded) -> None:
    """And its models need not be in ONNX."""
    nowhere = ModelSet(*(Model(name, Path("/nowhere"), "") for name in "drp"))
    settings = load({"OCR_UNCLIP_RATIO": "1.5", "OCR_ORIENTATION": "off"})
    load_models(Inference("paddleocr:paddle", "gpu:1", "f32", 4), nowhere, settings)
    assert loaded.paddle == {
        "engine": "paddle",
        "device": "gpu:1",
        "threads": 4,
        "unclip_ratio": 1.5,
        "orientation": False,
    }


CPU_SHAPES = Shapes(2, CPU_WIDTHS, 1280, 8)
FEW_SHAPES = Shapes(2, CPU_WIDTHS, 1280, 8, fewest_lines=4)


@pytest.mark.parametrize(
    ("shapes", "width", "waiting", "lines"),
    [
        (CPU_SHAPES, 160, 9, 8),
        (CPU_SHAPES, 160, 7, 1),
        (CPU_SHAPES, 160, 1, 1),
        (CPU_SHAPES, 256, 9, 5),
        (CPU_SHAPES, 640, 9, 2),
        (CPU_SHAPES, 640, 1, 1),
        (CPU_SHAPES, 704, 9, 1),
        (CPU_SHAPES, 1920, 9, 1),
        (FEW_SHAPES, 320, 9, 4),
        (FEW_SHAPES, 352, 9, 1),
    ],
)
def test_how_many_lines_go_together(shapes: Shapes, width: int, waiting: int, lines: int) -> None:
    assert shapes.together(width, waiting) == lines


@pytest.mark.parametrize("shapes", [CPU_SHAPES, FEW_SHAPES])
@pytest.mark.parametrize("width", CPU_WIDTHS)
def test_whatever_goes_together_on_a_cpu_was_prepared_for(shapes: Shapes, width: int) -> None:
    together = {shapes.together(width, waiting) for waiting in range(1, 20)}
    assert together == shapes.prepared(width)


@pytest.mark.parametrize(("name", "lines"), [("tiny", (2, 3)), ("small", (1, 1))])
def test_a_large_recogniser_reads_pairs_and_triples_one_by_one(
    loaded: Loaded, name: str, lines: tuple[int, int]
) -> None:
    load_models(Inference("openvino", "cpu", "f32", 2), model_set(name), load({}))
    assert loaded.shapes is not None
    assert tuple(loaded.shapes.together(width, 9) for width in (640, 416)) == lines
    assert loaded.shapes.together(320, 9) == 4


def test_both_engines_find_and_read_the_same() -> None:
    """Loaded for real, in full precision."""
    page = sample("quote-transparent.png")
    found = []
    for engine in ("openvino", "onnxruntime"):
        made = load_models(Inference(engine, "cpu", "f32", 2), model_set("tiny"), load({}))
        assert isinstance(made, OnnxModels)
        polygons = made.detect(page, 640)
        texts = made.recognise([page[20:60, 20:400], page[100:140, 20:300]])
        before = made.inference_s()
        assert before > 0
        found.append((polygons, texts, made.page_shares(page)))
    (polygons, texts, shares), other = found
    assert np.abs(polygons - other[0]).max() <= 1
    assert [each.text for each in texts] == [each.text for each in other[1]]
    assert shares == pytest.approx(other[2], abs=1e-3)
    assert sum(shares) == pytest.approx(1, abs=1e-3)
