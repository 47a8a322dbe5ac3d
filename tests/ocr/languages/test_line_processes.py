"""A process of the second recogniser that dies or hangs costs one line, and no page."""

import os
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from polling import Clock
from real_pages import load_models

import fetch_languages
from drawing import sample_languages
from drawing.script_lines import page
from engines.inference import Inference
from language_choice import Language, parse, resolve
from languages import line_processes
from languages.line_processes import MOST_IN_A_ROW, REST_S, LineProcess, LineProcesses
from languages.second_reader import LineLostError, SecondReader
from ocr_contract.doubt import DOUBTFUL
from ocr_errors import WorkerError
from reading.engine import PageEngine
from service_folders import models_folder

CPU = Inference("openvino", "cpu", "f32", 1)
TEXTS = ["Счёт на оплату", "Срок доставки пять дней", "Подпись заказчика"]


@pytest.fixture(scope="module")
def languages() -> list[Language]:
    folder = fetch_languages.folder_of(models_folder().parent.parent)
    fetch_languages.ensure(folder, ["rus"])
    return resolve(parse("rus"), folder, models_folder())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[LineProcess]:
    """All processes, in the order in which they were started."""
    found: list[LineProcess] = []

    class Noted(LineProcess):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            found.append(self)

    monkeypatch.setattr(line_processes, "LineProcess", Noted)
    return found


@pytest.fixture
def processes(
    started: list[LineProcess], languages: list[Language], clock: Clock
) -> Iterator[LineProcesses]:
    made = LineProcesses(languages, CPU, 1, clock=clock)
    yield made
    made.close()


def russian(texts: list[str]) -> np.ndarray:
    (language,) = (each for each in sample_languages.EVERY if each.code == "rus")
    grey = np.asarray(page(language, random.Random(4), texts, clean=True).image.convert("L"))
    return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))


def line() -> np.ndarray:
    picture = russian(TEXTS[:1])
    rows, columns = (np.flatnonzero((picture[:, :, 0] < 128).any(axis=axis)) for axis in (1, 0))
    return picture[rows[0] - 8 : rows[-1] + 8, columns[0] - 8 : columns[-1] + 8]


def ends_while_reading(process: LineProcess, how: int) -> None:
    """From now on it answers nothing; once the next line waits for it, it dies of that signal."""
    os.kill(process.process.pid, signal.SIGSTOP)
    threading.Timer(0.2, os.kill, (process.process.pid, how)).start()


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL])
def test_a_crash_loses_the_line_and_another_process_reads_the_next(
    processes: LineProcesses, started: list[LineProcess], how: int, caplog: pytest.LogCaptureFixture
) -> None:
    (reader,) = processes.readers
    assert reader.model.startswith("tesseract rus 5.")
    ends_while_reading(started[0], how)
    if how == signal.SIGSEGV:
        threading.Timer(0.3, os.kill, (started[0].process.pid, signal.SIGCONT)).start()
    with pytest.raises(LineLostError, match=f"ended with -{how}"):
        reader.read(line())
    assert "tesseract rus" in caplog.text
    assert reader.read(line()).text == TEXTS[0]
    assert len(started) == 2


def test_a_process_that_hangs_is_ended(
    processes: LineProcesses, started: list[LineProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_processes, "LINE_TIMEOUT_S", 0.1)
    (reader,) = processes.readers
    os.kill(started[0].process.pid, signal.SIGSTOP)
    with pytest.raises(LineLostError, match="silent"):
        reader.read(line())
    assert started[0].process.returncode == -signal.SIGKILL


def test_a_reader_that_loses_line_after_line_rests(
    processes: LineProcesses, clock: Clock, started: list[LineProcess]
) -> None:
    (reader,) = processes.readers
    bad = np.zeros((0, 40, 3), np.uint8)  # OpenCV refuses it
    for _ in range(MOST_IN_A_ROW):
        with pytest.raises(LineLostError, match="error"):
            reader.read(bad)
    with pytest.raises(LineLostError, match="rests"):
        reader.read(line())
    clock.now += REST_S + 1
    assert reader.read(line()).text == TEXTS[0]
    assert len(started) == 1, "an error of one line ends no process"


def test_data_that_crash_tesseract_are_an_error_of_the_start(
    tmp_path: Path, languages: list[Language]
) -> None:
    """A real assertion: a layer that has other inputs than the one before it has outputs."""
    content = bytearray((languages[0].folder / "rus.traineddata").read_bytes())
    content[0x104:0x108] = b"\x07\x00\x00\x00"
    (tmp_path / "rus.traineddata").write_bytes(content)
    with pytest.raises(WorkerError, match="ended with -6") as error:
        LineProcesses([Language("rus", tmp_path)], CPU, 1)
    assert error.value.code == "worker_not_started"


def test_a_process_ends_with_whoever_started_it(
    processes: LineProcesses, started: list[LineProcess]
) -> None:
    started[0]._connection.close()
    assert started[0].process.wait(10) == 0


def test_a_page_keeps_what_was_read_and_marks_the_line_that_was_lost(
    processes: LineProcesses, started: list[LineProcess]
) -> None:
    """The first process dies over a line; the next one reads the others."""
    second = SecondReader(processes.readers, 1)
    models = load_models(OCR_PROFILE="fast")
    engine = PageEngine(models, detection_side=960, orientation=False, second=second)
    pixels = russian(TEXTS)
    ends_while_reading(started[0], signal.SIGKILL)
    found = engine.read(pixels)
    assert [warning.code for warning in found.warnings] == ["second_reading_failed"]
    assert "1 line may" in found.warnings[0].message
    lost = [each for each in found.lines if each.doubt_reason == "second_reading_failed"]
    assert len(lost) == 1
    assert lost[0].text
    assert lost[0].model is None
    assert (lost[0].doubt or 0) >= DOUBTFUL
    read = {each.text for each in found.lines if each not in lost}
    assert read < set(TEXTS)
    assert len(read) == 2
