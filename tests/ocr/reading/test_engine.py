"""PageEngine: first with models that say what they are told, then with the real ones."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from curled_pages import bent, printed, wave
from polling import wait_until
from real_pages import likeness, load_models, sample, truth

from decoding.pixels import Pixels
from engines.arrays import Polygons
from engines.text_models import Recognised, TextModels
from project import ROOT
from reading import other_script_lines
from reading.engine import PageEngine
from reading.line_crops import turned
from service_folders import models_folder

WIDE = [[10, 10], [200, 10], [200, 30], [10, 30]]
TALL = [[270, 10], [290, 10], [290, 200], [270, 200]]


class FakeModels:
    """A crop's name is the blue of its first pixel."""

    def __init__(self) -> None:
        self.find: Callable[[Pixels], list[Any]] = lambda _: [WIDE]
        self.searched: list[tuple[tuple[int, ...], int]] = []
        self.most_pixels = 5000
        self.lack: Exception = MemoryError()
        self.texts: dict[int, str] = {}
        self.confidence = 0.9
        self.recognised: list[int] = []
        self.shares = [1.0, 0.0, 0.0, 0.0]
        self.asked_about: list[Pixels] = []
        self.reads: Callable[[Pixels], bool] = lambda _: True
        """Whether a crop reads as well as `confidence` says, or badly."""

    def detect(self, page: Pixels, longest_side: int) -> Polygons:
        self.searched.append((page.shape[:2], longest_side))
        if longest_side > self.most_pixels:
            raise self.lack
        return np.array(self.find(page), dtype=np.float32).reshape(-1, 4, 2)

    def recognise(self, crops: Sequence[Pixels]) -> list[Recognised]:
        self.recognised.append(len(crops))
        names = [int(crop[0, 0, 0]) for crop in crops]
        return [
            Recognised(
                self.texts.get(name, f"line {name}"), self.confidence if self.reads(crop) else 0.5
            )
            for name, crop in zip(names, crops, strict=True)
        ]

    def page_shares(self, page: Pixels) -> list[float]:
        self.asked_about.append(page)
        return self.shares

    def inference_s(self) -> float:
        return 0.0


@pytest.fixture
def models() -> FakeModels:
    return FakeModels()


def engine(models: TextModels, side: int = 960, *, orientation: bool = True) -> PageEngine:
    return PageEngine(models, detection_side=side, orientation=orientation)


def page(width: int = 400, height: int = 300) -> Pixels:
    return np.full((height, width, 3), 255, dtype=np.uint8)


def test_an_empty_page_has_no_lines(models: FakeModels) -> None:
    models.find = lambda _: []
    found = engine(models).read(page())
    assert found.lines == ()
    assert found.rotation == 0
    assert models.asked_about == []


def named_lines(count: int, first: int) -> tuple[Pixels, list[Any]]:
    """A page with `count` lines below each other, whose pixels are first, first + 1, …"""
    pixels = page(400, max(40 * count + 10, 256))  # smaller pages get a margin before the search
    boxes = []
    for i in range(count):
        top, right = 10 + 40 * i, 100 + (i * 71) % 250
        pixels[top : top + 20, 10:right] = first + i
        boxes.append([[10, top], [right, top], [right, top + 20], [10, top + 20]])
    return pixels, boxes


def test_the_lines_come_in_reading_order(models: FakeModels) -> None:
    pixels, boxes = named_lines(9, 60)
    models.find = lambda _: boxes[::-1]  # the detector's order is no order
    found = engine(models).read(pixels)
    assert [line.text for line in found.lines] == [f"line {60 + i}" for i in range(9)]
    assert found.lines[0].polygon == ((10.0, 10.0), (100.0, 10.0), (100.0, 30.0), (10.0, 30.0))
    assert found.lines[0].confidence == 0.9
    paragraphs = [line.paragraph or 0 for line in found.lines]
    assert paragraphs[0] == 1
    assert paragraphs == sorted(paragraphs)
    assert models.recognised[0] == 9


def test_lines_without_text_are_left_out(models: FakeModels) -> None:
    """The others keep their own texts and places."""
    pixels, boxes = named_lines(3, 10)
    models.find = lambda _: boxes
    models.texts = {10: "first", 11: " \u3000", 12: "third"}
    found = engine(models).read(pixels)
    assert [(line.text, line.polygon[0][1]) for line in found.lines] == [
        ("first", 10.0),
        ("third", 90.0),
    ]


def test_a_recogniser_that_loses_lines_is_found_out(models: FakeModels) -> None:
    models.recognise = lambda crops: []  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="zip"):
        engine(models).read(page())


def test_long_strips_are_searched_at_more_pixels(models: FakeModels) -> None:
    made = engine(models, 1000, orientation=False)
    for size, side in (((400, 300), 1000), ((300, 3000), 4000), ((3000, 600), 2000)):
        models.searched.clear()
        made.read(page(*size))
        assert [searched for _, searched in models.searched] == [side]


@pytest.mark.parametrize("lack", [MemoryError(), RuntimeError("std::bad_alloc")], ids=repr)
def test_without_memory_it_searches_at_fewer_pixels(models: FakeModels, lack: Exception) -> None:
    models.most_pixels, models.lack = 500, lack
    found = engine(models, 1920, orientation=False).read(page())
    assert [side for _, side in models.searched] == [1920, 960, 480]
    assert len(found.lines) == 1


def test_any_other_failure_is_not_repeated(models: FakeModels) -> None:
    models.most_pixels, models.lack = 500, RuntimeError("a defect")
    with pytest.raises(RuntimeError, match="a defect"):
        engine(models, 1920).read(page())
    assert len(models.searched) == 1


def test_in_the_end_there_is_not_enough_memory(models: FakeModels) -> None:
    models.most_pixels = 0
    with pytest.raises(MemoryError):
        engine(models, 1300).read(page())
    assert [side for _, side in models.searched] == [1300, 650, 325]


def reads_from_dark_to_bright(crop: Pixels) -> bool:
    return crop.shape[1] > crop.shape[0] and crop[0, 0, 0] < crop[0, -1, 0]


@pytest.mark.parametrize(("turn", "degrees"), [(0, 0), (1, 270), (2, 180), (3, 90)])
def test_a_page_is_returned_as_its_lines_read(models: FakeModels, turn: int, degrees: int) -> None:
    """Even when the classifier says something else; a turned one is searched again."""
    upright, boxes = named_lines(6, 60)
    for left, top, right, bottom in ((*box[0], *box[2]) for box in boxes):
        upright[top:bottom, (left + right) // 2 : right] = 200
    pixels = np.ascontiguousarray(np.rot90(upright, turn))

    def find(page: Pixels) -> list[Any]:
        inked = np.any(page < 255, axis=2).astype(np.uint8)
        contours, _ = cv2.findContours(inked, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        places = [cv2.boundingRect(contour) for contour in contours]
        return [[[x, y], [x + w, y], [x + w, y + h], [x, y + h]] for x, y, w, h in places]

    models.find, models.reads, models.confidence = find, reads_from_dark_to_bright, 0.99
    models.shares = [0.1, 0.3, 0.3, 0.3] if turn == 0 else [0.7, 0.1, 0.1, 0.1]
    found = engine(models).read(pixels)
    assert found.rotation == degrees
    assert np.array_equal(found.pixels, upright)
    assert found.pixels.flags.c_contiguous
    assert [line.text for line in found.lines] == [f"line {60 + i}" for i in range(6)]
    shapes = [pixels.shape[:2]] + [upright.shape[:2]] * (turn != 0)
    assert [shape for shape, _ in models.searched] == shapes


def test_a_page_that_reads_well_is_read_once(models: FakeModels) -> None:
    pixels, boxes = named_lines(6, 30)
    models.find = lambda _: boxes
    assert engine(models).read(pixels).rotation == 0
    assert models.recognised == [6]


def test_a_page_that_reads_badly_is_asked_about(models: FakeModels) -> None:
    """What the page classifier took for upright."""
    pixels, boxes = named_lines(6, 30)
    models.find = lambda _: boxes
    models.confidence = 0.75
    assert engine(models).read(pixels).rotation == 0
    assert len(models.recognised) > 1


def test_the_classifier_is_shown_the_lines_where_the_middle_is_blank(models: FakeModels) -> None:
    """And the page, or this part of it, in all four positions."""
    pixels, boxes = named_lines(6, 30)
    models.find = lambda _: boxes
    models.confidence = 0.89
    models.shares = [0.26, 0.25, 0.25, 0.24]
    large = np.full((900, 900, 3), 255, dtype=np.uint8)
    large[: pixels.shape[0], : pixels.shape[1]] = pixels
    engine(models).read(large)
    sizes = [asked.shape[:2] for asked in models.asked_about]
    assert len(sizes) == 5
    assert sizes[0] == large.shape[:2]
    assert max(max(size) for size in sizes[1:]) < 600


@pytest.mark.parametrize(
    ("turn", "first"), [(0, (10, 10)), (1, (10, 200)), (2, (200, 30)), (3, (30, 10))]
)
def test_a_line_in_another_direction_begins_at_its_own_top_left(
    models: FakeModels, turn: int, first: tuple[int, int]
) -> None:
    """Beside five that make the page an upright one."""
    text = np.full((20, 190, 3), 60, dtype=np.uint8)
    text[:, 95:] = 200
    pixels, boxes = named_lines(6, 80)
    pixels = np.hstack([pixels, np.full_like(pixels, 255)])
    for box in boxes:
        pixels[box[0][1] : box[2][1], box[2][0] - 20 : box[2][0]] = 240
    crop = np.ascontiguousarray(np.rot90(text, turn))
    height, width = crop.shape[:2]
    pixels[10 : 10 + height, 410 : 410 + width] = crop
    corners = [[410, 10], [410 + width, 10], [410 + width, 10 + height], [410, 10 + height]]
    models.find = lambda _: [*boxes, corners]
    models.reads, models.confidence = reads_from_dark_to_bright, 0.99
    found = engine(models).read(pixels)
    assert found.rotation == 0
    (line,) = (line for line in found.lines if line.text == "line 60")
    assert line.polygon[0] == (400.0 + first[0], first[1])
    along = np.subtract(line.polygon[1], line.polygon[0])
    assert np.linalg.norm(along) == 190


def inked(shade: int = 40) -> Pixels:
    """A page with something on it."""
    pixels = page()
    for left in range(20, 380, 30):
        cv2.circle(pixels, (left, 150), 10, (shade,) * 3, -1)
    return pixels


def test_what_only_a_second_look_finds_is_read(models: FakeModels) -> None:
    """Here: inverted."""
    models.find = lambda pixels: [WIDE] * int(pixels[0, 0, 0] == 0)
    found = engine(models).read(inked())
    assert [line.text for line in found.lines] == ["line 0"]
    assert np.array_equal(found.pixels, inked())
    assert found.warnings == ()


def test_a_second_look_sees_the_page_on_its_side(models: FakeModels) -> None:
    models.find = lambda pixels: [WIDE] * (pixels.shape[0] == 400)
    found = engine(models).read(inked())
    assert found.rotation == 90
    assert np.array_equal(found.pixels, np.rot90(inked()))
    assert len(found.lines) == 1


def test_a_second_look_has_to_be_sure(models: FakeModels) -> None:
    models.find = lambda pixels: [WIDE] * int(pixels[0, 0, 0] == 0)
    models.confidence = 0.7
    found = engine(models).read(inked())
    assert found.lines == ()
    assert [warning.code for warning in found.warnings] == ["no_text_found"]


@pytest.mark.parametrize(("pixels", "codes"), [(inked(), ["no_text_found"]), (page(), [])])
def test_no_text_is_a_result_only_where_there_is_no_ink(
    models: FakeModels, pixels: Pixels, codes: list[str]
) -> None:
    models.find = lambda _: []
    found = engine(models).read(pixels)
    assert found.lines == ()
    assert [warning.code for warning in found.warnings] == codes
    assert len(models.searched) == (1 if not codes else 4)


def test_lines_that_could_not_be_read_are_no_blank_page(models: FakeModels) -> None:
    models.texts = dict.fromkeys(range(256), " ")
    found = engine(models).read(inked())
    assert [warning.code for warning in found.warnings] == ["no_text_found"]


@pytest.mark.parametrize(
    ("text", "confidence", "kept"),
    [("■", 0.55, False), ("1", 0.7, True), ("三", 0.1, False), ("Invoice", 0.4, True)],
)
def test_borders_are_no_signs(models: FakeModels, text: str, confidence: float, kept: bool) -> None:
    models.texts, models.confidence = {255: text}, confidence
    assert len(engine(models).read(page()).lines) == kept


def test_switched_off_it_turns_nothing(models: FakeModels) -> None:
    models.find = lambda _: [TALL]
    models.shares = [0.0, 1.0, 0.0, 0.0]
    found = engine(models, orientation=False).read(page())
    assert found.rotation == 0
    assert models.asked_about == []


def test_pages_do_not_wait_for_each_other(models: FakeModels) -> None:
    gate, inside = threading.Event(), threading.Semaphore(0)
    arrived: list[int] = []

    def find(pixels: Pixels) -> list[Any]:
        arrived.append(pixels.shape[1])
        inside.release()
        assert gate.wait(15)
        return [WIDE]

    models.find = find
    made = engine(models, orientation=False)
    with ThreadPoolExecutor(3) as threads:
        pages = [threads.submit(made.read, page(width)) for width in (300, 400, 500)]
        wait_until(lambda: len(arrived) == 3)
        gate.set()
        assert [read.result(15).pixels.shape[1] for read in pages] == [300, 400, 500]


# From here on with the real models, loaded once.


@pytest.fixture(scope="module")
def real() -> PageEngine:
    return engine(load_models())


@pytest.mark.parametrize("name", sorted(truth()))
def test_the_samples_are_read_in_order(real: PageEngine, name: str) -> None:
    """Also the two columns, the turned notice, and the text on nothing."""
    found = real.read(sample(name))
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
def test_a_page_in_any_position_is_read(real: PageEngine, turn: int) -> None:
    name = "receipt-photo.jpg"
    found = real.read(np.ascontiguousarray(np.rot90(sample(name), turn)))
    assert found.rotation == 360 - 90 * turn
    assert likeness([line.text for line in found.lines], truth()[name]) > 0.9


def test_a_curled_page_is_read(real: PageEngine) -> None:
    """Without that, most of its rows were lost. Its lines are placed where they bend."""
    page, rows = printed()[0][:372], printed()[1][:9]
    found = real.read(bent(page, wave))
    assert likeness([line.text for line in found.lines], rows) > 0.98
    assert found.pixels.shape == page.shape
    tops = [min(y for _, y in line.polygon) for line in found.lines]
    assert tops == pytest.approx([48 + 36 * number for number in range(9)], abs=14)


def test_models_of_two_pages_read_at_once_equal_those_read_alone(real: PageEngine) -> None:
    """To the last line, though their lines share the recogniser's batches."""
    names = ["label-japanese.webp", "quote-transparent.png", "notice-turned-90.jpg"] * 2
    alone = {name: real.read(sample(name)) for name in set(names)}
    with ThreadPoolExecutor(len(names)) as threads:
        together = list(threads.map(lambda name: real.read(sample(name)), names))
    for name, found in zip(names, together, strict=True):
        wanted = alone[name]
        assert found.rotation == wanted.rotation
        assert [line.text for line in found.lines] == [line.text for line in wanted.lines]
        assert [line.polygon for line in found.lines] == [line.polygon for line in wanted.lines]
        assert [line.confidence for line in found.lines] == pytest.approx(
            [line.confidence for line in wanted.lines], abs=1e-3
        )


def test_pages_without_text(real: PageEngine) -> None:
    for pixels in (page(2, 2), page(3, 2000), page(640, 480), np.zeros_like(page())):
        assert real.read(pixels).lines == ()


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_it_starts_without_noise(name: str) -> None:
    """Not even ONNX Runtime's warning of a harmless shape."""
    program = (
        "import sys, logging; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "logging.basicConfig(level=logging.WARNING, format='%(levelname)s %(message)s')\n"
        "import models, ocr_settings\n"
        "from engines import inference\n"
        "from reading.engine import PageEngine\n"
        "settings = ocr_settings.load({'OCR_ENGINE': sys.argv[4], 'OCR_DEVICE': 'cpu'})\n"
        "chosen = inference.choose(settings, threads=1)\n"
        "tiny = models.resolve(Path(sys.argv[3]), 'tiny')\n"
        "made = inference.load_models(chosen, tiny, settings)\n"
        "PageEngine(made, detection_side=320, orientation=True).read(\n"
        "    np.full((64, 320, 3), 255, dtype=np.uint8))\n"
        "print('paddlex' in sys.modules)\n"
    )
    folders = [ROOT / "contract", ROOT / "ocr", models_folder()]
    ended = subprocess.run(
        [sys.executable, "-c", program, *map(str, folders), name],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert ended.stdout == "False\n"


class MarkedPage(FakeModels):
    """Models that read nothing well; the classifier sees how a page stands by its marked corner."""

    def page_shares(self, page: Pixels) -> list[float]:
        corners = [page[0, -1, 0], page[0, 0, 0], page[-1, 0, 0], page[-1, -1, 0]]
        turned_by = int(np.argmin(corners))
        return [0.9 if 90 * i == -90 * turned_by % 360 else 0.03 for i in range(4)]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_of_pages_that_nobody_can_read_only_lying_ones_are_turned(turn: int) -> None:
    """The classifier is sure that Hebrew stands on its head when it does not."""
    models = MarkedPage()
    models.confidence = 0.6
    boxes = [[[20, y], [300, y], [300, y + 20], [20, y + 20]] for y in range(20, 260, 40)]
    tall = [[[y, x] for x, y in (box[0], box[3], box[2], box[1])] for box in boxes]
    models.find = lambda page: tall if page.shape[0] > page.shape[1] else boxes
    upright = page(400, 300)
    upright[0, -1] = 0
    lying = np.ascontiguousarray(np.rot90(upright, -turn // 90))
    assert engine(models).read(upright).rotation == 0
    assert engine(models).read(lying).rotation == (0 if turn == 180 else turn)
    assert engine(models).read(lying, told_upright=True).rotation == 0


def test_short_words_that_read_well_make_a_page_readable() -> None:
    """A chart on its head, whose only long line is an axis' title that reads badly as it lies."""
    models = MarkedPage()
    models.confidence = 0.99
    months = [[[x, 200], [x + 36, 200], [x + 36, 224], [x, 224]] for x in range(20, 380, 60)]
    title = [[20, 20], [380, 20], [380, 40], [20, 40]]
    upright = page(400, 300)
    upright[0, -1] = 0
    upright[200:225, 20:380] = np.tile(np.arange(60, dtype=np.uint8) * 4, 6)[:, None]
    models.reads = lambda crop: crop.shape[1] < 60 and reads_from_dark_to_bright(crop)
    lines = [*months, title]
    on_its_head = [[[400 - x, 300 - y] for x, y in (*line[2:], *line[:2])] for line in lines]
    models.find = lambda seen: lines if seen[0, -1, 0] == 0 else on_its_head
    assert engine(models).read(turned(upright, 180)).rotation == 180
    assert engine(models).read(upright).rotation == 0


@pytest.fixture
def unspelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line is surely in letters of another script."""
    monkeypatch.setattr(other_script_lines, "likelihood", lambda *_: 0.99)


@pytest.mark.usefixtures("unspelled")
@pytest.mark.parametrize("text", ["LleHa", ""])
def test_lines_in_another_script_are_no_blank_page(models: FakeModels, text: str) -> None:
    """Their places stay, also where nothing at all was read, and the image is warned of."""
    models.texts, models.confidence = dict.fromkeys(range(256), text), 0.5
    found = engine(models).read(inked())
    assert [line.text for line in found.lines] == [text]
    assert [(line.doubt_reason, line.doubt) for line in found.lines] == [("other_script", 1.0)]
    (warning,) = found.warnings
    assert warning.code == "other_script"
    assert warning.message.startswith("1 line is in a script that is not set up. Set OCR_LANGUAGES")


@pytest.mark.usefixtures("unspelled")
@pytest.mark.parametrize(
    ("blurred", "codes"),
    [(0, ["other_script"]), (1, ["other_script", "blurred_print"]), (2, ["blurred_print"])],
)
def test_blurred_lines_are_in_no_other_script(
    models: FakeModels, blurred: int, codes: list[str]
) -> None:
    pixels, boxes = named_lines(2, 60)
    for (left, top), *_, (_, bottom) in boxes[:blurred]:
        ramp = np.linspace(0, 200, 90, dtype=np.uint8)[None, :, None]
        pixels[top:bottom, left : left + 90] = ramp
    models.find, models.confidence = lambda _: boxes, 0.5
    assert [warning.code for warning in engine(models).read(pixels).warnings] == codes


@pytest.mark.usefixtures("unspelled")
@pytest.mark.parametrize("first", [0, 3])
def test_of_lines_in_another_script_a_second_look_loses_none(
    models: FakeModels, first: int
) -> None:
    """With more contrast fewer of them may be found; they count where the first look found none."""
    _, boxes = named_lines(3, 60)
    models.find = lambda seen: boxes[: 2 if seen.min() == 0 else first]
    found = engine(models).read(inked(40))
    assert len(found.lines) == (first or 2)
    (warning,) = found.warnings
    assert warning.message.startswith(f"{len(found.lines)} lines are in a script")


@pytest.mark.usefixtures("unspelled")
def test_lines_in_a_language_that_is_set_up_are_read(models: FakeModels) -> None:
    class Second(NamedTuple):
        text: str
        confidence: float
        model: str
        places: tuple[float, ...]
        is_lost: bool = False

    class Languages:
        languages = frozenset({"rus"})

        def read(self, lines: Sequence[Pixels]) -> list[Second]:
            return [Second("Цена", 0.9, "tesseract rus 5", (0.2, 0.5)) for _ in lines]

    reader = PageEngine(models, detection_side=960, orientation=True, second=Languages())
    found = reader.read(inked())
    assert [(line.text, line.model, line.doubt_reason, line.words) for line in found.lines] == [
        ("Цена", "tesseract rus 5", None, (200, 500))
    ]
    assert found.warnings == ()
