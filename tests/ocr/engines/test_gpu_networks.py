"""Networks in fixed shapes, on ONNX Runtime's CPU: the same buckets, bindings and pipelines as on a
GPU, beside a plain session; and what goes wrong on a GPU only, by sessions that fail as it does."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from network_checks import MODELS, check_best, check_run, images, plain_output
from real_pages import load_models, model_set, sample

from engines import gpu_networks
from engines.device_model import After, DeviceModel
from engines.gpu_models import gpu_models, seconds_of
from engines.gpu_networks import GpuDetector, GpuNetwork, GpuRecogniser
from engines.onnx_models import OnnxModels
from engines.onnxruntime_sessions import RuntimeDevice, plain_session
from reading.engine import PageEngine

DEVICE = RuntimeDevice(gpu=None, threads=2)


def model(kind: str) -> DeviceModel:
    after = {"detection": After.MAP, "recognition": After.COLUMNS}.get(kind, After.NUMBERS)
    return DeviceModel(*MODELS[kind], after)


def recogniser(count: int = 2) -> GpuRecogniser:
    return GpuRecogniser(model("recognition"), "m", DEVICE, count)


def test_a_classifier_gives_what_a_plain_session_does() -> None:
    """Also the red and blue that are swapped; three images are filled up to four."""
    check_run(GpuNetwork(model("page orientation"), "m", DEVICE, 1), "page orientation")


def test_a_recogniser_gives_what_a_plain_session_does() -> None:
    """Three lines are filled up to eight, and none of the filling shows."""
    check_best(recogniser(), "recognition")


def test_a_detectors_map_is_a_plain_sessions_in_255ths() -> None:
    """Three pages are filled up to four, and none of the filling shows."""
    made = GpuDetector(model("detection"), "m", DEVICE, 1)
    pages = [made.filled(images("detection", 1, seed=seed)[0]) for seed in (1, 2, 3)]
    assert {made.group(page) for page in pages} == {(320, 320)}
    maps = made.run_together(pages)
    for text_map, page in zip(maps, pages, strict=True):
        wanted = plain_output("detection", page[None])[0, 0]
        assert text_map.shape == wanted.shape
        assert np.abs(text_map / 255 - wanted).max() <= 0.5 / 255 + 1e-4
    assert max(each.max() for each in maps) > 200


def test_more_doubtful_lines_than_are_asked_about_at_once() -> None:
    made, lines = recogniser(), images("recognition", 20)
    together, alone = made.run_best(lines), [made.run_best(line[None]) for line in lines]
    assert (together.rival_shares.max(axis=(1, 2)) > 0).sum() > 8
    for number, one in enumerate(alone):
        assert np.array_equal(together.classes[number], one.classes[0])
        assert np.allclose(together.rival_shares[number], one.rival_shares[0], atol=1e-3)


def test_a_shape_of_lines_is_bound_once_and_what_it_gave_is_not_overwritten() -> None:
    made, lines = recogniser(1), images("recognition", 2)
    first = made.run_best(lines[:1])
    kept = [np.array(each) for each in first]
    made.run_best(lines[1:])
    made.run_best(images("recognition", 3, width=320))
    assert all(np.array_equal(*both) for both in zip(kept, first, strict=True))
    assert not np.array_equal(made.run_best(lines[1:]).classes, first.classes)


def test_each_thread_has_a_pipeline_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[int] = []

    def load(*args: Any) -> Any:
        loaded.append(threading.get_ident())
        return plain_session(*args)

    monkeypatch.setattr(gpu_networks, "graph_session", lambda *a, **_: (load(*a[:2]), False))
    made = GpuNetwork(model("page orientation"), "m", DEVICE, 2)
    pixels = [images("page orientation", 1, seed=seed) for seed in range(2)]
    wanted = [plain_output("page orientation", each) for each in pixels]
    both = threading.Barrier(2)

    def read(number: int) -> list[bool]:
        both.wait()
        return [np.allclose(made.run(pixels[number]), wanted[number], atol=1e-4) for _ in range(5)]

    with ThreadPoolExecutor(2) as threads:
        assert all(map(all, threads.map(read, range(2))))
    assert len(loaded) == len(set(loaded)) == 2


class FailingSession:
    """A session that captures graphs, and fails as one on a GPU does."""

    def __init__(self, session: Any, fails: Callable[[str], Exception | None]) -> None:
        self._session = session
        self._fails = fails
        self.runs: list[str] = []
        """The number of the graph of each run."""

    def io_binding(self) -> Any:
        return self._session.io_binding()

    def run_with_iobinding(self, binding: Any, options: Any) -> None:
        graph = options.get_run_config_entry("gpu_graph_id")
        self.runs.append(graph)
        if (error := self._fails(graph)) is not None:
            raise error
        self._session.run_with_iobinding(binding)


class Sessions:
    """What is loaded in place of sessions on a GPU."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.capturing: list[FailingSession] = []
        self.fails: Callable[[str], Exception | None] = lambda _: None
        self.ended: list[int] = []
        monkeypatch.setattr(gpu_networks, "graph_session", self._load)
        monkeypatch.setattr(
            gpu_networks,
            "end_when_lost",
            lambda error, _: self.ended.append(1) if "719" in str(error) else None,
        )

    def _load(
        self, content: bytes, device: RuntimeDevice, _prefix: str, *, graphs: bool
    ) -> tuple[Any, bool]:
        if not graphs:
            return plain_session(content, device), False
        self.capturing.append(FailingSession(plain_session(content, device), self.fails))
        return self.capturing[-1], True


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> Sessions:
    return Sessions(monkeypatch)


def test_every_shape_has_a_graph_of_its_own_that_is_captured_once(sessions: Sessions) -> None:
    made = recogniser(1)
    for width in (160, 320, 160):
        made.run_best(images("recognition", 1, width=width))
    ((session),) = sessions.capturing
    looked, captured, called = "-1", "1", "2"
    assert session.runs == [looked, "1", "1", looked, called, called, captured]


def test_without_a_capture_reading_goes_on_in_a_new_session(
    sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    sessions.fails = lambda graph: (
        RuntimeError("CUDA failure 900: not permitted") if graph == "1" else None
    )
    made = recogniser(1)
    check_best(made, "recognition")
    assert "no CUDA graph can be captured (CUDA failure 900" in caplog.text
    check_best(made, "recognition")
    ((session),) = sessions.capturing
    assert session.runs == ["-1", "1"], "the spoilt session was used again"


def test_a_lack_of_memory_spoils_nothing_and_is_the_callers(sessions: Sessions) -> None:
    left = [RuntimeError("Failed to allocate memory for requested buffer of size 9")]
    sessions.fails = lambda graph: left.pop() if graph == "1" and left else None
    made = recogniser(1)
    with pytest.raises(RuntimeError, match="allocate memory"):
        made.run_best(images("recognition", 3))
    check_best(made, "recognition")
    assert len(sessions.capturing) == 1
    assert not sessions.ended


def test_a_gpu_that_is_lost_is_looked_at(sessions: Sessions) -> None:
    sessions.fails = lambda _: RuntimeError("CUDA failure 719: unspecified launch failure")
    with pytest.raises(RuntimeError):
        recogniser(1).run_best(images("recognition", 1))
    assert sessions.ended


def test_the_time_of_a_search_is_that_of_all_its_shapes() -> None:
    shapes = [(1, 48, 160), (8, 48, 160)]
    both = seconds_of(model("recognition"), DEVICE, "HEURISTIC", shapes)
    assert both > seconds_of(model("recognition"), DEVICE, "HEURISTIC", shapes[:1]) > 0


@pytest.fixture(scope="module")
def fixed() -> OnnxModels:
    made = gpu_models(
        model_set("tiny"), DEVICE, pipelines=2, unclip_ratio=2.0, orientation=True
    )  # fmt: skip
    made.begin()
    made.lanes.stop_preparing()
    return made


def test_the_whole_path_reads_what_the_plain_path_reads(fixed: OnnxModels) -> None:
    """Two pages side by side, in the same lanes: texts, and where they stand."""
    page = sample("quote-transparent.png")
    plain = load_models(OCR_MODEL="tiny", OCR_ENGINE="onnxruntime")
    wanted = PageEngine(plain, detection_side=480, orientation=True).read(page)
    engine = PageEngine(fixed, detection_side=480, orientation=True)
    with ThreadPoolExecutor(2) as threads:
        for found in threads.map(engine.read, [page] * 2):
            assert found.rotation == wanted.rotation
            assert [line.text for line in found.lines] == [line.text for line in wanted.lines]
            corners = [np.array([each.polygon for each in read.lines]) for read in (found, wanted)]
            assert np.abs(corners[0] - corners[1]).max() <= 6
    assert len(wanted.lines) > 3
    assert (fixed.lanes.count, fixed.lanes._enough) == (2, 512), "large batches are to fill"


def test_a_map_for_a_page_in_tiles_is_numbers_again(fixed: OnnxModels) -> None:
    page = sample("quote-transparent.png")[:288, :320]
    numbers, whole = fixed._numbers_map(page), fixed._text_map(page)
    assert (numbers.dtype, whole.dtype) == (np.float32, np.uint8)
    assert np.array_equal(np.rint(numbers * 255), whole)
    assert whole.shape == page.shape[:2], "what fills the page up is cut off its map"
    assert whole.max() > 200
