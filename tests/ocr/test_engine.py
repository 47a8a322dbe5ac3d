"""PaddleEngine: first with models that say what they are told, then with the real ones."""

import json
import subprocess
import sys
import types
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from service_runner import models_folder

import engine as engine_module
from decode import Pixels, decode_pages
from engine import EngineSettings, PaddleEngine, ReadPage
from models import Model, ModelSet, resolve

ROOT = Path(__file__).resolve().parents[2]
MODELS = ModelSet(*(Model(name, Path("/models") / name, "0" * 64) for name in "drpl"))
WIDE = [[10, 10], [200, 10], [200, 30], [10, 30]]


def settings(**changes: Any) -> EngineSettings:
    values = {
        "engine": "onnxruntime",
        "device": "cpu",
        "threads": 2,
        "orientation": True,
        "detection_side": 960,
        "unclip_ratio": 2.0,
    }
    return EngineSettings(**values | changes)


class FakePaddle:
    """In place of the module `paddleocr`. A crop's name is the blue of its first pixel."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}
        self.searched: list[tuple[tuple[int, int], dict[str, Any]]] = []
        self.find: Callable[[Pixels], list[Any]] = lambda _: [WIDE]
        self.page_scores = {"0": 1.0, "90": 0.0, "180": 0.0, "270": 0.0}
        self.line_votes: list[tuple[str, float]] = []
        self.votes_taken = 0
        self.texts: dict[int, str] = {}
        self.recognised: list[int] = []

    def module(self) -> types.ModuleType:
        made = types.ModuleType("paddleocr")
        for name in ("TextDetection", "TextRecognition", "DocImgOrientationClassification",
                     "TextLineOrientationClassification"):  # fmt: skip
            setattr(made, name, self._maker(name))
        return made

    def _maker(self, name: str) -> Callable[..., Any]:
        def make(**options: Any) -> Any:
            self.made[name] = options
            return types.SimpleNamespace(predict=getattr(self, name))

        return make

    def TextDetection(self, page: Pixels, **options: Any) -> Any:  # noqa: N802
        self.searched.append((page.shape[:2], options))
        return [{"dt_polys": self.find(page)}]

    def TextRecognition(self, crops: list[Pixels], batch_size: int) -> Any:  # noqa: N802
        assert batch_size == len(crops)
        self.recognised.append(len(crops))
        names = [int(crop[0, 0, 0]) for crop in crops]
        return [{"rec_text": self.texts.get(n, f"line {n}"), "rec_score": 0.9} for n in names]

    def DocImgOrientationClassification(self, page: Pixels, topk: int) -> Any:  # noqa: N802
        assert topk == 4
        names = sorted(self.page_scores, key=lambda name: -self.page_scores[name])
        return [{"label_names": names, "scores": [self.page_scores[name] for name in names]}]

    def TextLineOrientationClassification(self, crop: Pixels) -> Any:  # noqa: N802
        self.votes_taken += 1
        label, score = self.line_votes.pop(0) if self.line_votes else ("0_degree", 1.0)
        return [{"label_names": [label], "scores": [score]}]


@pytest.fixture
def paddle(monkeypatch: pytest.MonkeyPatch) -> FakePaddle:
    fake = FakePaddle()
    monkeypatch.setitem(sys.modules, "paddleocr", fake.module())
    return fake


def page(width: int = 400, height: int = 300) -> Pixels:
    return np.full((height, width, 3), 255, dtype=np.uint8)


def read_one(made: PaddleEngine, pixels: Pixels) -> ReadPage:
    (found,) = made.read([pixels])
    return found


def test_every_model_comes_from_its_folder(paddle: FakePaddle) -> None:
    """Or PaddleOCR would fetch it."""
    PaddleEngine(MODELS, settings())
    folders = {name: made["model_dir"] for name, made in paddle.made.items()}
    assert folders == {
        "TextDetection": "/models/d",
        "TextRecognition": "/models/r",
        "DocImgOrientationClassification": "/models/p",
        "TextLineOrientationClassification": "/models/l",
    }
    for made in paddle.made.values():
        assert (made["engine"], made["device"]) == ("onnxruntime", "cpu")
        assert made["engine_config"]["intra_op_num_threads"] == 2


def test_another_engine_gets_no_onnx_settings(paddle: FakePaddle) -> None:
    PaddleEngine(MODELS, settings(engine="paddle", device="gpu:1"))
    assert "engine_config" not in paddle.made["TextDetection"]
    assert paddle.made["TextDetection"]["device"] == "gpu:1"


def test_an_empty_page_has_no_lines(paddle: FakePaddle) -> None:
    paddle.find = lambda _: []
    found = read_one(PaddleEngine(MODELS, settings()), page())
    assert found.lines == ()
    assert found.rotation == 0
    assert paddle.recognised == []


def test_no_pages(paddle: FakePaddle) -> None:
    assert PaddleEngine(MODELS, settings()).read([]) == []


def named_lines(count: int, first: int) -> tuple[Pixels, list[Any]]:
    """A page with `count` lines below each other, whose pixels are first, first + 1, …"""
    pixels = page(400, 40 * count + 10)
    boxes = []
    for i in range(count):
        top, right = 10 + 40 * i, 100 + (i * 71) % 250
        pixels[top : top + 20, 10:right] = first + i
        boxes.append([[10, top], [right, top], [right, top + 20], [10, top + 20]])
    return pixels, boxes


def test_lines_of_all_pages_share_the_recogniser_and_come_back_in_order(
    paddle: FakePaddle,
) -> None:
    pages, found = [], {}
    for count, first in ((5, 10), (0, 40), (9, 60)):
        pixels, boxes = named_lines(count, first) if count else (page(99, 99), [])
        pages.append(pixels)
        found[pixels.shape] = boxes[::-1]  # the detector's order is no order
    paddle.find = lambda pixels: found[pixels.shape]
    results = PaddleEngine(MODELS, settings(orientation=False)).read(pages)
    assert [[line.text for line in result.lines] for result in results] == [
        [f"line {10 + i}" for i in range(5)],
        [],
        [f"line {60 + i}" for i in range(9)],
    ]
    assert paddle.recognised == [8, 6]
    assert results[0].lines[0].polygon[0] == (10.0, 10.0)
    assert results[0].lines[0].confidence == 0.9


def test_lines_without_text_are_left_out(paddle: FakePaddle) -> None:
    """The others keep their own texts and places."""
    pixels, boxes = named_lines(3, 10)
    paddle.find = lambda _: boxes
    paddle.texts = {10: "first", 11: " \u3000", 12: "third"}
    found = read_one(PaddleEngine(MODELS, settings(orientation=False)), pixels)
    assert [(line.text, line.polygon[0][1]) for line in found.lines] == [
        ("first", 10.0),
        ("third", 90.0),
    ]


def test_long_strips_are_searched_at_more_pixels(paddle: FakePaddle) -> None:
    made = PaddleEngine(MODELS, settings(orientation=False, detection_side=1000))
    for size, side in (((400, 300), 1000), ((300, 3000), 4000), ((3000, 600), 2000)):
        paddle.searched.clear()
        read_one(made, page(*size))
        ((_, options),) = paddle.searched
        assert options["limit_side_len"] == side
        assert options["limit_type"] == "max"
        assert options["unclip_ratio"] == 2.0


class TestWhichWayUp:
    """Wide lines or tall ones tell lying from standing; the rest is put to the vote."""

    TALL = ([[10, 10], [30, 10], [30, 250], [10, 250]],) * 3
    FLAT = (WIDE,) * 3

    def rotation(
        self, paddle: FakePaddle, lines: Any, head: float, *votes: tuple[str, float]
    ) -> int:
        """`head`: how sure the page classifier is that it stands on its head."""
        paddle.find = lambda pixels: list(lines)
        paddle.page_scores = {"0": 1 - head, "90": 0.0, "180": head, "270": 0.0}
        paddle.line_votes = list(votes)
        return read_one(PaddleEngine(MODELS, settings()), page()).rotation

    @pytest.mark.parametrize(("lines", "upright"), [(FLAT, 0), (TALL, 90)])
    def test_all_agree(self, paddle: FakePaddle, lines: Any, upright: int) -> None:
        assert self.rotation(paddle, lines, 0.0) == upright
        votes = [("180_degree", 1.0)] * 9
        assert self.rotation(paddle, lines, 1.0, *votes) == upright + 180

    def test_the_lines_overrule_the_page(self, paddle: FakePaddle) -> None:
        assert self.rotation(paddle, self.FLAT, 1.0, *[("0_degree", 1.0)] * 3) == 0
        assert self.rotation(paddle, self.FLAT, 0.0, *[("180_degree", 1.0)] * 3) == 180

    def test_an_unsure_line_counts_for_less(self, paddle: FakePaddle) -> None:
        assert self.rotation(paddle, self.FLAT, 0.9, *[("0_degree", 0.55)] * 3) == 180

    def test_a_clear_lead_ends_the_vote(self, paddle: FakePaddle) -> None:
        self.rotation(paddle, (WIDE,) * 30, 0.0)
        assert paddle.votes_taken == 2

    def test_a_close_vote_ends_in_time(self, paddle: FakePaddle) -> None:
        votes = [("0_degree", 1.0), ("180_degree", 1.0)] * 20
        self.rotation(paddle, (WIDE,) * 30, 0.5, *votes)
        assert paddle.votes_taken == engine_module._MAX_VOTES

    def test_most_text_decides_not_most_lines(self, paddle: FakePaddle) -> None:
        """A table's narrow digits are taller than wide; the long lines know better."""
        digit = [[10, 10], [15, 10], [15, 22], [10, 22]]
        assert self.rotation(paddle, [WIDE, *[digit] * 8], 0.0) == 0

    def test_a_turned_page_is_searched_again_and_returned_upright(self, paddle: FakePaddle) -> None:
        upright = page(400, 300)
        upright[10:30, 10:200] = 77
        on_its_side = np.ascontiguousarray(np.rot90(upright, -1))
        tall = [[270, 10], [290, 10], [290, 200], [270, 200]]
        paddle.find = lambda pixels: [WIDE] if pixels.shape == upright.shape else [tall]
        found = read_one(PaddleEngine(MODELS, settings()), on_its_side)
        assert found.rotation == 90
        assert np.array_equal(found.pixels, upright)
        assert [line.text for line in found.lines] == ["line 77"]
        assert [shape for shape, _ in paddle.searched] == [(400, 300), (300, 400)]

    def test_switched_off_it_turns_nothing(self, paddle: FakePaddle) -> None:
        paddle.find = lambda _: list(self.TALL)
        found = read_one(PaddleEngine(MODELS, settings(orientation=False)), page())
        assert found.rotation == 0
        assert "DocImgOrientationClassification" not in paddle.made
        assert paddle.votes_taken == 0


# From here on with the real models, loaded once.


def truth() -> dict[str, list[str]]:
    """Sample to its lines in reading order."""
    found: dict[str, list[str]] = json.loads((ROOT / "tests" / "samples_truth.json").read_text())
    return found


@pytest.fixture(scope="module")
def real() -> PaddleEngine:
    return PaddleEngine(resolve(models_folder() / "whl", "small"), settings())


def sample(name: str) -> Pixels:
    (pixels,) = decode_pages((ROOT / "samples" / name).read_bytes(), 50e6)
    return pixels


def characters(lines: list[str]) -> str:
    """What was read, less spaces and the widths of signs."""
    return "".join(unicodedata.normalize("NFKC", "".join(lines)).split())


def likeness(found: list[str], wanted: list[str]) -> float:
    """1 less the share of characters to change (Levenshtein), 1 for the same text."""
    a, b = characters(found), characters(wanted)
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return 1 - row[-1] / max(len(a), len(b), 1)


@pytest.mark.parametrize("name", sorted(truth()))
def test_the_samples_are_read_in_order(real: PaddleEngine, name: str) -> None:
    """Also the two columns, the turned notice, and the text on nothing."""
    found = read_one(real, sample(name))
    lines, wanted = [line.text for line in found.lines], truth()[name]
    if name == "settings-dark.png":  # a side bar of single words: read by rows, as a table is
        lines, wanted = sorted(lines), sorted(wanted)
    assert likeness(lines, wanted) > 0.9
    assert (found.rotation != 0) is ("turned" in name)
    height, width = found.pixels.shape[:2]
    corners = np.array([line.polygon for line in found.lines])
    assert corners.min() >= -1
    assert (corners.max(axis=(0, 1)) <= (width + 1, height + 1)).all()


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_page_in_any_position_is_read(real: PaddleEngine, turn: int) -> None:
    name = "receipt-photo.jpg"
    found = read_one(real, np.ascontiguousarray(np.rot90(sample(name), turn)))
    assert found.rotation == 360 - 90 * turn
    assert likeness([line.text for line in found.lines], truth()[name]) > 0.9


def test_pages_read_together_read_as_alone(real: PaddleEngine) -> None:
    names = ["label-japanese.webp", "quote-transparent.png"]
    together = real.read([sample(name) for name in names])
    for name, found in zip(names, together, strict=True):
        assert likeness([line.text for line in found.lines], truth()[name]) > 0.9


def test_pages_without_text(real: PaddleEngine) -> None:
    for pixels in (page(2, 2), page(3, 2000), page(640, 480), np.zeros_like(page())):
        assert read_one(real, pixels).lines == ()


def test_it_starts_without_noise() -> None:
    """Neither ONNX Runtime's shape warning nor PaddleX's coloured lines; errors still come."""
    program = (
        "import sys, logging; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "logging.basicConfig(level=logging.WARNING, format='%(levelname)s %(message)s')\n"
        "from engine import EngineSettings, PaddleEngine; from models import resolve\n"
        "made = PaddleEngine(resolve(Path(sys.argv[3]), 'tiny'),\n"
        "    EngineSettings('onnxruntime', 'cpu', 1, True, 320, 2.0))\n"
        "made.read([np.full((64, 320, 3), 255, dtype=np.uint8)])\n"
        "logging.getLogger('paddlex').error('still heard')\n"
    )
    folders = [ROOT / "contract", ROOT / "ocr", models_folder() / "whl"]
    ended = subprocess.run(
        [sys.executable, "-c", program, *map(str, folders)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.splitlines() == ["ERROR still heard"]


def test_short_lines_are_padded_to_160_pixels(
    real: PaddleEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = real._recognition.paddlex_predictor
    runner, shapes = predictor.runner, []

    def spy(x: list[npt.NDArray[np.float32]]) -> Any:
        shapes.append(x[0].shape)
        return runner(x=x)

    monkeypatch.setattr(predictor, "runner", spy)
    real._recognise([np.full((48, 40, 3), 255, np.uint8)])
    real._recognise([np.full((48, 400, 3), 255, np.uint8)])
    assert [shape[-3:] for shape in shapes] == [(3, 48, 160), (3, 48, 400)]
