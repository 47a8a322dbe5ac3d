"""What lanes prepare for: behind the work, each lane for itself, and gone before the process is."""

import logging
import subprocess
import sys
import threading
import types
from typing import Any

import numpy as np
import pytest
from polling import wait_until
from real_pages import load_models

from decoding.pixels import Pixels
from engines import lanes as lanes_module
from engines import preparations as preparations_module
from engines.lanes import Lanes
from engines.onnx_models import OnnxModels
from engines.preparations import CALLS_BETWEEN, MOST_BEHIND, Preparation, Preparations
from engines.text_recognition import CPU_WIDTHS
from project import ROOT
from service_folders import models_folder


class Notes:
    """What was done, by which thread."""

    def __init__(self) -> None:
        self.done: list[tuple[str, object]] = []

    def read(self, lines: list[Pixels]) -> list[int]:
        self.done.append(("lines", lines[0].shape[1]))
        return [0] * len(lines)

    def prepare(self, name: object) -> Preparation:
        def run() -> None:
            self.done.append((threading.current_thread().name, name))

        return Preparation(run, name if isinstance(name, tuple) else None)

    def prepared(self) -> list[tuple[str, object]]:
        return [entry for entry in self.done if entry[0] != "lines"]


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def never_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "IDLE_S", 1e6)


@pytest.fixture
def soon_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "IDLE_S", 0.01)


def line(width: int) -> Pixels:
    return np.zeros((1, width, 3), dtype=np.uint8)


def one_by_one(notes: Notes, count: int = 1) -> Lanes[int]:
    return Lanes(count, notes.read, lambda *_: 1)


@pytest.mark.usefixtures("soon_idle")
def test_an_idle_lane_makes_its_own_and_one_of_them_those_for_all(notes: Notes) -> None:
    lanes = one_by_one(notes, 2)
    lanes.prepare([notes.prepare("a"), notes.prepare("b")], once=[notes.prepare("all")])
    wait_until(lambda: lanes.to_prepare == 0)
    by_lane = {
        name: [what for who, what in notes.done if who == name] for name in ("lane-0", "lane-1")
    }
    assert by_lane == {"lane-0": ["all", "a", "b"], "lane-1": ["a", "b"]}


@pytest.mark.usefixtures("never_idle")
def test_a_lane_that_is_never_idle_prepares_now_and_then(notes: Notes) -> None:
    lanes = one_by_one(notes)
    lanes.prepare([notes.prepare("a"), notes.prepare("b")])
    lanes.recognise([line(10)] * (CALLS_BETWEEN - 1))
    assert notes.prepared() == []
    lanes.recognise([line(10)] * CALLS_BETWEEN)
    assert notes.prepared() == [("lane-0", "a")]
    assert notes.done.index(("lane-0", "a")) == CALLS_BETWEEN
    assert lanes.to_prepare == 1


@pytest.mark.usefixtures("never_idle")
def test_what_work_has_prepared_already_is_spared(notes: Notes) -> None:
    lanes = one_by_one(notes)
    lanes.prepare([notes.prepare((10, 1)), notes.prepare((10, 8)), notes.prepare((20, 1))])
    lanes.recognise([line(10)])
    assert lanes.to_prepare == 2
    lanes.recognise([line(20)])
    assert lanes.to_prepare == 1


def shapes_left(preparations: Preparations) -> list[object]:
    """In their order; none is left afterwards."""
    return [preparations.next()[1] for _ in range(len(preparations))]


def for_shapes(*widths: int) -> Preparations:
    preparations = Preparations()
    preparations.add(Preparation(lambda: None, (width, 1)) for width in widths)
    return preparations


def test_what_another_lane_has_learnt_comes_first_in_its_order() -> None:
    preparations = for_shapes(1, 2, 3, 4, 5)
    for width in (4, 2, 4, 9):
        preparations.learnt_elsewhere((width, 1))
    preparations.learnt_elsewhere(None)
    assert shapes_left(preparations) == [(4, 1), (2, 1), (1, 1), (3, 1), (5, 1)]


def test_what_the_lane_itself_has_learnt_meanwhile_is_spared() -> None:
    preparations = for_shapes(1, 2, 3, 4)
    preparations.learnt_elsewhere((3, 1))
    preparations.learnt_elsewhere((4, 1))
    preparations.called((3, 1))
    preparations.learnt_elsewhere((2, 1))
    assert shapes_left(preparations) == [(4, 1), (2, 1), (1, 1)]


def test_a_lane_with_work_stays_only_a_few_shapes_behind() -> None:
    preparations = for_shapes(*range(20))
    for width in range(MOST_BEHIND):
        preparations.learnt_elsewhere((width, 1))
    assert not preparations.overdue
    preparations.learnt_elsewhere((MOST_BEHIND, 1))
    assert preparations.overdue
    preparations.next()
    assert not preparations.overdue


@pytest.mark.usefixtures("never_idle")
def test_lanes_hear_which_shapes_the_others_learn(notes: Notes) -> None:
    """By work: each of two busy lanes ends a few shapes behind the other, not all of them."""
    lanes = one_by_one(notes, 2)
    widths = range(1, 4 * MOST_BEHIND)
    lanes.prepare([notes.prepare((width, 1)) for width in widths])
    for width in widths:
        lanes.recognise([line(width)])
    wait_until(lambda: lanes.to_prepare <= 2 * MOST_BEHIND)


@pytest.mark.usefixtures("soon_idle")
def test_work_does_not_wait_for_all_of_them(notes: Notes) -> None:
    """At most for the one that is being made."""
    lanes = one_by_one(notes)
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        go_on.wait(15)

    lanes.prepare([Preparation(hold), notes.prepare("a")])
    assert begun.wait(15)
    reading = threading.Thread(target=lanes.recognise, args=([line(10)],))
    reading.start()
    wait_until(lambda: lanes._waiting == 1)
    go_on.set()
    wait_until(lambda: len(notes.done) == 2)
    reading.join(15)
    assert notes.done == [("lines", 10), ("lane-0", "a")]


@pytest.mark.usefixtures("soon_idle")
def test_one_that_fails_is_told_and_the_lane_goes_on(
    notes: Notes, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise MemoryError("too much")

    lanes = one_by_one(notes)
    with caplog.at_level(logging.WARNING):
        lanes.prepare([Preparation(fail, (3200, 1)), notes.prepare("b")])
        wait_until(lambda: lanes.to_prepare == 0)
    assert caplog.messages == [
        "the models could not be prepared for (3200, 1) (too much); reading goes on"
    ]
    assert lanes.recognise([line(10)]) == [0]
    assert ("lane-0", "b") in notes.done


@pytest.mark.usefixtures("soon_idle")
def test_it_is_no_work(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seconds of a batch inside inference are those for its lines."""
    clock = [0.0]
    monkeypatch.setattr(lanes_module, "time", types.SimpleNamespace(monotonic=lambda: clock[0]))
    lanes = one_by_one(notes)
    clock[0] = 1.0
    lanes.prepare([Preparation(lambda: clock.__setitem__(0, 30.0))])
    wait_until(lambda: lanes.to_prepare == 0)
    assert lanes.busy_s == 0.0


@pytest.mark.usefixtures("soon_idle")
def test_stopping_drops_the_rest_and_waits_for_the_one_in_hand(notes: Notes) -> None:
    lanes = one_by_one(notes)
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        go_on.wait(15)
        notes.done.append(("held", None))

    lanes.prepare([Preparation(hold), notes.prepare("never")])
    assert begun.wait(15)

    def stop() -> None:
        lanes.stop_preparing()
        ended.set()

    threading.Thread(target=stop).start()
    wait_until(lambda: lanes.to_prepare == 1)
    assert not ended.wait(0.05)
    go_on.set()
    assert ended.wait(15)
    assert notes.done == [("held", None)]


def test_only_a_list_that_has_something_left_is_overdue() -> None:
    preparations = Preparations()
    for _ in range(2 * CALLS_BETWEEN):
        preparations.called(None)
    assert not preparations.overdue
    preparations.add([Preparation(lambda: None)])
    assert preparations.overdue
    run, _ = preparations.next()
    run()
    assert (preparations.overdue, len(preparations)) == (False, 0)


def test_the_models_are_there_before_their_shapes_are() -> None:
    """Each lane still has nearly all of them to prepare for when it can read."""
    models: Any = load_models(OCR_MODEL="tiny")
    assert isinstance(models, OnnxModels)
    shapes = sum(len(models._shapes.prepared(width)) for width in CPU_WIDTHS)
    assert models.lanes.to_prepare >= 2 * shapes - 2
    before = models.inference_s()
    assert before > 0, "each network has run"
    models.lanes.stop_preparing()
    assert models.lanes.to_prepare == 0
    assert preparations_module.IDLE_S < 1


def test_a_process_that_ends_amid_preparing_ends_well() -> None:
    """A thread in native code would abort it: exit code -6."""
    program = (
        "import sys, threading\n"
        "sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path\n"
        "from engines import lanes\n"
        "lanes.IDLE_S = 0.0\n"
        "from engines.inference import choose, load_models\n"
        "from models import resolve\n"
        "from ocr_settings import load\n"
        "settings = load({'OCR_DEVICE': 'cpu'})\n"
        "made = load_models(choose(settings, 2), resolve(Path(sys.argv[1]), 'tiny'), settings)\n"
        "while made.lanes.to_prepare > 60:\n"
        "    threading.Event().wait(0.001)\n"
        "print(made.lanes.to_prepare > 2)\n"
    )
    folders = (str(ROOT / "contract"), str(ROOT / "ocr"))
    ended = subprocess.run(
        [sys.executable, "-c", program, str(models_folder()), *folders],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "True\n", "")
