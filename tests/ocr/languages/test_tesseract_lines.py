"""tesseract's line recogniser with the data that `make languages` fetches."""

import random
import threading
from pathlib import Path

import numpy as np
import pytest

import fetch_languages
import language_choice
from decoding.pixels import Pixels
from drawing import sample_languages
from drawing.script_lines import page
from engines.inference import Inference
from language_choice import Language, parse, resolve
from languages import language_readers
from languages.loading import load
from languages.second_reader import SecondReader, Words
from languages.tesseract_lines import LINE_HEIGHTS, TesseractLines, prepared
from ocr_errors import WorkerError
from service_folders import models_folder

CODES = ("ara", "ell", "rus")
CPU = Inference("openvino", "cpu", "f32", 1)


@pytest.fixture(scope="module")
def folder() -> Path:
    found = fetch_languages.folder_of(models_folder().parent.parent)
    fetch_languages.ensure(found, CODES)
    return found


def drawn(code: str, text: str) -> Pixels:
    """A line as it is cut out of a page."""
    (language,) = (each for each in sample_languages.EVERY if each.code == code)
    grey = np.asarray(page(language, random.Random(4), [text], clean=True).image)
    rows, columns = (np.flatnonzero((grey < 128).any(axis=axis)) for axis in (1, 0))
    around = (rows[-1] - rows[0]) // 4
    line = grey[rows[0] - around : rows[-1] + around, columns[0] - around : columns[-1] + around]
    return np.ascontiguousarray(np.repeat(line[:, :, None], 3, axis=2))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("rus", "Счёт на оплату"),
        ("ell", "Παρακαλούμε κρατήστε την απόδειξη"),
        ("ara", "المبلغ الإجمالي شامل الضريبة"),  # in the order in which it is spoken
    ],
)
@pytest.mark.parametrize("inverted", [False, True])
def test_a_line_is_read(code: str, text: str, inverted: bool, folder: Path) -> None:
    lines = TesseractLines(folder, 1)
    lines.load(code)
    picture = drawn(code, text)
    words = lines.read(code, 255 - picture if inverted else picture)
    assert words.text == text
    assert 0.8 < words.confidence <= 1


def test_nothing_is_read_where_nothing_is(folder: Path) -> None:
    lines = TesseractLines(folder, 1)
    lines.load("rus")
    assert lines.read("rus", np.full((40, 300, 3), 250, dtype=np.uint8)) == Words("", 0.0)


def ink_of_words(line: Pixels) -> list[tuple[int, int]]:
    """Where ink begins and ends between gaps as wide as those between words, from the left."""
    (inked,) = np.flatnonzero((line[:, :, 0] < 128).any(axis=0))[None]
    parts = np.split(inked, np.flatnonzero(np.diff(inked) > 7) + 1)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts]


@pytest.mark.parametrize(
    ("code", "text"), [("rus", "Счёт на оплату"), ("ara", "المبلغ الإجمالي شامل الضريبة")]
)
def test_it_tells_where_each_word_stands(code: str, text: str, folder: Path) -> None:
    """In the order of the text: in Arabic the first word stands at the right."""
    lines = TesseractLines(folder, 1)
    lines.load(code)
    picture = drawn(code, text)
    found = lines.read(code, picture).places
    assert found is not None
    wanted = ink_of_words(picture)[:: -1 if code == "ara" else 1]
    assert np.array(found) * picture.shape[1] == pytest.approx(np.ravel(wanted), abs=2.5)


def test_several_threads_share_few_readers(folder: Path) -> None:
    lines = TesseractLines(folder, 2)
    lines.load("rus")
    found: list[str] = []
    picture = drawn("rus", "Подпись заказчика")
    threads = [
        threading.Thread(target=lambda: found.append(lines.read("rus", picture).text))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == ["Подпись заказчика"] * 4


@pytest.mark.parametrize("ground", [20, 250])
def test_a_line_becomes_black_on_white(ground: int) -> None:
    line = np.full((60, 200, 3), ground, dtype=np.uint8)
    line[20:40, 50:150:8] = 130
    grey = prepared(line)
    assert grey is not None
    assert grey.shape == (LINE_HEIGHTS[0] + 20, round(200 * LINE_HEIGHTS[0] / 60) + 20)
    assert np.median(grey) > 200
    assert grey.min() < 60


def test_without_languages_nothing_is_loaded() -> None:
    assert load([], CPU, 2) is None


def test_lines_say_which_language_and_version_read_them(folder: Path) -> None:
    found = resolve(parse("rus+ell"), folder, models_folder())
    second = load(found, CPU, 2)
    assert isinstance(second, SecondReader)
    (reading,) = second.read([drawn("rus", "Срок доставки")])
    assert reading.text == "Срок доставки"
    name, code, version = reading.model.split(" ")
    assert (name, code) == ("tesseract", "rus")
    assert version.startswith("5.")


def test_a_model_of_paddleocr_reads_a_language() -> None:
    found = resolve(parse("eng=PP-OCRv6_tiny_rec"), Path("none"), models_folder())
    second = load(found, CPU, 1)
    assert second is not None
    (reading,) = second.read([drawn("eng", "Total including tax")])
    assert (reading.text, reading.model) == ("Total including tax", "PP-OCRv6_tiny_rec")


def test_without_the_library_the_remedy_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language_readers, "LIBRARY", "no_such_library")
    with pytest.raises(WorkerError, match="make vendor and docker compose up") as error:
        load(resolve(parse("rus"), folder, models_folder()), CPU, 1)
    assert error.value.code == "language_missing"


def test_data_that_tesseract_refuses_name_the_command(tmp_path: Path) -> None:
    (tmp_path / f"rus{language_choice.DATA_SUFFIX}").write_bytes(b"nothing")
    with pytest.raises(WorkerError, match='make languages LANGS="rus"'):
        load([Language("rus", tmp_path)], CPU, 1)
