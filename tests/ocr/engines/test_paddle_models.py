"""PaddleOCR's modules: first stand-ins that say what they are told, then the real ones."""

import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polling import wait_until
from real_pages import likeness, load_models, sample, truth

from decoding.pixels import Pixels
from engines.paddle_models import PaddleModels, recognise_together
from engines.text_models import Recognised
from models import Model, ModelSet
from project import ROOT
from reading.engine import PageEngine
from service_folders import models_folder

MODELS = ModelSet(*(Model(name, Path("/models") / name, "0" * 64) for name in "drp"))
WIDE = [[10, 10], [200, 10], [200, 30], [10, 30]]


class FakePaddle:
    """In place of the module `paddleocr`. A crop's name is the blue of its first pixel."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}
        self.searched: list[dict[str, Any]] = []
        self.find: Callable[[Pixels], list[Any]] = lambda _: [WIDE]
        self.page_scores = {"0": 0.1, "90": 0.2, "180": 0.3, "270": 0.4}
        self.recognised: list[int] = []

    def module(self) -> types.ModuleType:
        made = types.ModuleType("paddleocr")
        for name in ("TextDetection", "TextRecognition", "DocImgOrientationClassification"):
            setattr(made, name, self._maker(name))
        return made

    def _maker(self, name: str) -> Callable[..., Any]:
        def make(**options: Any) -> Any:
            self.made[name] = options
            return types.SimpleNamespace(predict=getattr(self, name))

        return make

    def TextDetection(self, page: Pixels, **options: Any) -> Any:  # noqa: N802
        self.searched.append(options)
        return [{"dt_polys": self.find(page)}]

    def TextRecognition(self, crops: list[Pixels], batch_size: int) -> Any:  # noqa: N802
        assert batch_size == len(crops)
        self.recognised.append(len(crops))
        return [{"rec_text": f"line {crop[0, 0, 0]}", "rec_score": 0.9} for crop in crops]

    def DocImgOrientationClassification(self, page: Pixels, topk: int) -> Any:  # noqa: N802
        assert topk == 4
        names = sorted(self.page_scores, key=lambda name: -self.page_scores[name])
        return [{"label_names": names, "scores": [self.page_scores[name] for name in names]}]


@pytest.fixture
def paddle(monkeypatch: pytest.MonkeyPatch) -> FakePaddle:
    fake = FakePaddle()
    monkeypatch.setitem(sys.modules, "paddleocr", fake.module())
    return fake


def made(
    engine: str = "onnxruntime", device: str = "cpu", orientation: bool = True
) -> PaddleModels:
    return PaddleModels(
        MODELS, engine=engine, device=device, threads=2, unclip_ratio=1.7, orientation=orientation
    )


def page(width: int = 400, height: int = 300) -> Pixels:
    return np.full((height, width, 3), 255, dtype=np.uint8)


def test_every_model_comes_from_its_folder(paddle: FakePaddle) -> None:
    """Or PaddleOCR would fetch it."""
    made()
    folders = {name: made["model_dir"] for name, made in paddle.made.items()}
    assert folders == {
        "TextDetection": "/models/d",
        "TextRecognition": "/models/r",
        "DocImgOrientationClassification": "/models/p",
    }
    for options in paddle.made.values():
        assert (options["engine"], options["device"]) == ("onnxruntime", "cpu")
        assert options["engine_config"]["intra_op_num_threads"] == 2


def test_another_engine_gets_no_onnx_settings(paddle: FakePaddle) -> None:
    made(engine="paddle", device="gpu:1")
    assert "engine_config" not in paddle.made["TextDetection"]
    assert paddle.made["TextDetection"]["device"] == "gpu:1"


def test_without_orientation_its_models_are_not_loaded(paddle: FakePaddle) -> None:
    made(orientation=False)
    assert sorted(paddle.made) == ["TextDetection", "TextRecognition"]


def test_detection_is_told_how_large_and_how_far(paddle: FakePaddle) -> None:
    found = made().detect(page(), 1234)
    assert paddle.searched == [{"limit_side_len": 1234, "limit_type": "max", "unclip_ratio": 1.7}]
    assert found.tolist() == [WIDE]
    assert found.dtype == np.float32


def test_an_empty_page_has_no_polygons(paddle: FakePaddle) -> None:
    paddle.find = lambda _: []
    assert made().detect(page(), 960).shape == (0, 4, 2)


def test_lines_are_recognised_in_groups_and_come_back_in_order(paddle: FakePaddle) -> None:
    crops = [np.full((20, 30 + (i * 71) % 250, 3), i, dtype=np.uint8) for i in range(14)]
    assert made().recognise(crops) == [(f"line {i}", 0.9, ()) for i in range(14)]
    assert paddle.recognised == [8, 6]
    assert made().recognise([]) == []


def test_page_shares_come_in_the_order_of_the_degrees(paddle: FakePaddle) -> None:
    assert made().page_shares(page()) == [0.1, 0.2, 0.3, 0.4]


def test_one_call_at_a_time(paddle: FakePaddle) -> None:
    """PaddleX's predictors are not made for more."""
    gate, inside, most = threading.Event(), 0, 0

    def find(_: Pixels) -> list[Any]:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        assert gate.wait(15)
        inside -= 1
        return []

    paddle.find = find
    models = made()
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(models.detect, page(), 960) for _ in range(4)]
        wait_until(lambda: inside == 1)
        gate.set()
        for call in calls:
            call.result(15)
    assert most == 1
    assert models.inference_s() > 0


def test_after_a_failure_the_next_is_served(paddle: FakePaddle) -> None:
    models = made()

    def fail(_: Pixels) -> list[Any]:
        raise MemoryError

    paddle.find = fail
    for _ in range(2):
        with pytest.raises(MemoryError):
            models.detect(page(), 960)
    assert models.inference_s() > 0, "it kept the device busy all the same"
    paddle.find = lambda _: [WIDE]
    assert len(models.detect(page(), 960)) == 1


def crop_of(width: int, height: int) -> Pixels:
    return np.zeros((height, width, 3), dtype=np.uint8)


@given(st.lists(st.tuples(st.integers(1, 90), st.integers(1, 40)), max_size=40), st.integers(1, 9))
def test_results_come_in_the_order_of_the_crops(
    sizes: list[tuple[int, int]], batch_size: int
) -> None:
    crops = [crop_of(*size) for size in sizes]
    for number, crop in enumerate(crops):
        crop[0, 0, 0] = number
    calls: list[int] = []

    def recognise(group: list[Pixels]) -> list[Recognised]:
        calls.append(len(group))
        shapes = [crop.shape[1] / crop.shape[0] for crop in group]
        assert shapes == sorted(shapes)
        return [Recognised(f"{crop[0, 0, 0]}", 0.5) for crop in group]

    found = recognise_together(crops, recognise, batch_size)
    assert found == [Recognised(f"{number}", 0.5) for number in range(len(crops))]
    assert all(0 < count <= batch_size for count in calls)
    assert len(calls) == -(-len(crops) // batch_size)


@pytest.mark.parametrize("answer", [[], [Recognised("a", 0.5)], [Recognised("a", 0.5)] * 3])
def test_a_recogniser_that_loses_lines_is_found_out(answer: list[Recognised]) -> None:
    with pytest.raises(ValueError, match="results for 2 crops"):
        recognise_together([crop_of(5, 5), crop_of(9, 5)], lambda _: answer, 8)


# From here on with the real models, loaded once.


@pytest.fixture(scope="module")
def real() -> Iterator[PaddleModels]:
    models = load_models(OCR_ENGINE="paddleocr:onnxruntime")
    assert isinstance(models, PaddleModels)
    yield models


@pytest.mark.parametrize("name", ["receipt-photo.jpg", "notice-turned-90.jpg"])
def test_samples_are_read(real: PaddleModels, name: str) -> None:
    found = PageEngine(real, detection_side=960, orientation=True).read(sample(name))
    assert likeness([line.text for line in found.lines], truth()[name]) > 0.9
    assert (found.rotation != 0) is ("turned" in name)


def test_short_lines_are_padded_to_160_pixels(
    real: PaddleModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = real._recognition.paddlex_predictor
    runner, shapes = predictor.runner, []

    def spy(x: list[npt.NDArray[np.float32]]) -> Any:
        shapes.append(x[0].shape)
        return runner(x=x)

    monkeypatch.setattr(predictor, "runner", spy)
    real.recognise([np.full((48, 40, 3), 255, np.uint8)])
    real.recognise([np.full((48, 400, 3), 255, np.uint8)])
    assert [shape[-3:] for shape in shapes] == [(3, 48, 160), (3, 48, 400)]


def test_it_starts_without_noise() -> None:
    """Neither ONNX Runtime's shape warning nor PaddleX's coloured lines; errors still come."""
    program = (
        "import sys, logging; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "logging.basicConfig(level=logging.WARNING, format='%(levelname)s %(message)s')\n"
        "from engines.paddle_models import PaddleModels; from models import resolve\n"
        "made = PaddleModels(resolve(Path(sys.argv[3]), 'tiny'), engine='onnxruntime',\n"
        "    device='cpu', threads=1, unclip_ratio=2.0, orientation=True)\n"
        "made.detect(np.full((64, 320, 3), 255, dtype=np.uint8), 320)\n"
        "made.recognise([np.full((48, 100, 3), 255, dtype=np.uint8)])\n"
        "logging.getLogger('paddlex').error('still heard')\n"
    )
    folders = [ROOT / "contract", ROOT / "ocr", models_folder()]
    ended = subprocess.run(
        [sys.executable, "-c", program, *map(str, folders)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.splitlines() == ["ERROR still heard"]
