"""Documents in the worker: page by page, side by side, a poisonous page alone."""

import hashlib
import json
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from image_files import saved
from pdf_files import Sheet, pdf, text
from PIL import Image
from pipeline_desk import SQUARE, Desk
from polling import wait_until

import document_reading
import page_progress
from decoding.pixels import Pixels
from document_reading import Reader
from ocr_contract.page_tables import TableCell
from ocr_settings import Settings
from page_records import Line, PageTable, Task
from project import ROOT
from reading.previews import Previews
from reading.read_page import ReadPage
from reading.tables.table_finder import TableFinder
from source_files import FileStat
from worker_link.pool import Pool
from worker_link.worker_protocol import parse_batch, parse_page


def tiff(*widths: int) -> bytes:
    """A page of each width."""
    first, *more = (Image.new("L", (width, 40), 255) for width in widths)
    return saved(first, "TIFF", save_all=True, append_images=more)


class Engine:
    """Reads the page's width; counts how many pages are in it."""

    def __init__(self) -> None:
        self.fails_on: dict[int, Exception] = {}
        self.inside = self.most_inside = 0
        self.takes_s = 0.0
        self._lock = threading.Lock()

    def read(self, page: Pixels, *, told_upright: bool = False) -> ReadPage:
        width = page.shape[1]
        with self._lock:
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
        time.sleep(self.takes_s)
        with self._lock:
            self.inside -= 1
        if width in self.fails_on:
            raise self.fails_on[width]
        return ReadPage(page, 0, (Line(str(width), 0.9, SQUARE),), ())


class Bench:
    def __init__(self, folder: Path) -> None:
        self.engine = Engine()
        self.folder = folder
        settings = Settings(image_folder=folder, data_folder=folder / "data", max_pages=100)
        self.reader = Reader(settings, self.engine, Previews(folder / "data"), 4)
        self.told: list[dict[str, Any]] = []

    def read(self, content: bytes, *, of_other: bool = False, **more: Any) -> dict[str, Any]:
        """One document as a batch: its answer; what was told before is in `told`."""
        (self.folder / "a.tif").write_bytes(content)
        sha256 = "0" * 64 if of_other else hashlib.sha256(content).hexdigest()
        image = {"id": 7, "path": "a.tif", "sha256": sha256, **more}
        reply = self.reader.read_batch({"batch": 3, "images": [image]}, self.told.append)
        parse_batch(json.loads(json.dumps(reply)), [Task(7, b"a.tif", sha256)])
        result: dict[str, Any] = reply["images"][0]
        return result

    @property
    def pages(self) -> dict[int, str]:
        """Number and text, or error code, of the pages that were told."""
        found = {}
        for message in self.told:
            if message["type"] == "page":
                page = parse_page(
                    json.loads(json.dumps(message | {"batch": 3})), [Task(7, b"", "")]
                )
                told = page.page.text if page.page else page.error.code if page.error else ""
                found[page.number] = told
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_every_page_is_read_and_told(bench: Bench) -> None:
    result = bench.read(tiff(50, 60, 70))
    assert result["document"] == {"pages": 3, "short": False, "warnings": []}
    assert bench.pages == {1: "50", 2: "60", 3: "70"}
    assert "pages" not in result


def test_slow_pages_side_by_side_tell_no_more_than_one_would(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service counts one image: it would take the messages of four for a loop."""
    monkeypatch.setattr(page_progress, "INTERVAL_S", 0.05)
    read = bench.engine.read

    def slowly(page: Pixels, *, told_upright: bool = False) -> ReadPage:
        for _ in range(20):
            time.sleep(0.02)
            page_progress.step()
        return read(page, told_upright=told_upright)

    monkeypatch.setattr(bench.engine, "read", slowly)
    started = time.monotonic()
    bench.read(tiff(50, 60, 70, 80))
    most = (time.monotonic() - started) / 0.05 + 2
    assert 2 <= sum(message["type"] == "progress" for message in bench.told) <= most


def test_pages_are_read_side_by_side_but_never_more_than_there_are_hands(bench: Bench) -> None:
    bench.engine.takes_s = 0.05
    bench.read(tiff(*range(50, 80)))
    assert len(bench.pages) == 30
    assert bench.engine.most_inside == 4


def test_a_portion_at_a_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_reading, "PORTION", 2)
    content = tiff(50, 60, 70, 80, 90)
    bench.read(content, done=[1, 3])
    assert bench.pages == {2: "60", 4: "80"}


def test_what_was_read_of_other_content_counts_for_nothing(bench: Bench) -> None:
    bench.read(tiff(50, 60), done=[1], of_other=True)
    assert set(bench.pages) == {1, 2}


def test_a_page_that_cannot_be_read_stops_no_other(bench: Bench) -> None:
    bench.engine.fails_on = {60: ValueError("odd"), 70: MemoryError()}
    result = bench.read(tiff(50, 60, 70, 80), careful=True)
    assert bench.pages == {1: "50", 2: "engine_failed", 3: "out_of_memory", 4: "80"}
    assert not result["document"]["short"]


def test_a_page_without_memory_beside_others_waits(bench: Bench) -> None:
    bench.engine.fails_on = {60: MemoryError()}
    assert bench.read(tiff(50, 60, 70))["document"]["short"]
    assert set(bench.pages) == {1, 3}


def test_with_care_each_page_is_named_before_it_is_read(bench: Bench) -> None:
    bench.read(tiff(50, 60), careful=True)
    told = [(m["type"], m.get("page") if m["type"] == "progress" else m["number"])
            for m in bench.told]  # fmt: skip
    assert told == [("progress", 1), ("page", 1), ("progress", 2), ("page", 2), ("progress", None)]


def test_more_pages_than_are_allowed_are_left_out_with_a_warning(bench: Bench) -> None:
    result = bench.read(tiff(*range(50, 152)))
    assert result["document"]["pages"] == 100
    assert [warning["code"] for warning in result["document"]["warnings"]] == ["pages_left_out"]


PRETENDED = """
import os, pathlib, signal, sys, time, types
sys.path[:0] = sys.argv[1:3]
import worker
from reading.read_page import ReadPage
from engines.inference import Inference
from models import Model, ModelSet
from page_records import Line
model = Model("m", pathlib.Path("m"), "0" * 64)
box = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))

class Engine:
    def read(self, page, told_upright):
        width = page.shape[1]
        if width == 66:
            os.kill(os.getpid(), signal.SIGKILL)
        if width == 67:
            time.sleep(3600)
        if width > 100:
            time.sleep(0.05)
        return ReadPage(page, 0, (Line(str(width), 0.9, box),))

worker.resolve = lambda *_, **__: ModelSet(model, model, model)
worker.choose = lambda *_: Inference("pretended", "cpu", "f32", 2)
worker.load_models = lambda *_: types.SimpleNamespace(inference_s=time.monotonic)
worker.load_engine = lambda *_: Engine()
sys.argv[1:] = sys.argv[-1:]
worker.main()
"""
"""The real process; its engine is killed by pages of one width and stands still at another."""


class RealDesk:
    """A pipeline with a real worker process."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.folder = desk, folder
        self.pool: Pool | None = None

    def start(self, timeout_s: float = 30.0) -> None:
        command = [sys.executable, "-c", PRETENDED, str(ROOT / "contract"), str(ROOT / "ocr")]
        self.pool = Pool(timeout_s=timeout_s, stop=self.desk.stop, command=command)
        self.desk.use(self.pool)
        self.desk.run()

    def add(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)
        stat = FileStat(len(content), 1, 1, len(content))
        sha256 = hashlib.sha256(content).hexdigest()
        self.desk.catalogue.register(name.encode(), stat, sha256)
        self.desk.pipeline.wake()

    def texts(self) -> list[tuple[int, str]]:
        with self.desk.database.reading() as connection:
            rows = connection.execute("SELECT number, text FROM pages ORDER BY number").fetchall()
        return [(row[0], row[1]) for row in rows]

    def wait(self, name: str, status: str) -> None:
        wait_until(lambda: self.desk.statuses()[name] == status, f"{name} {status}", 60)


@pytest.fixture
def real(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RealDesk:
    folder = tmp_path / "images"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "contract"))
    monkeypatch.setenv("OCR_IMAGE_FOLDER", str(folder))
    monkeypatch.setenv("OCR_DATA_FOLDER", str(tmp_path / "data"))
    return RealDesk(desk, folder)


@pytest.mark.parametrize(("poison", "code"), [(66, "ended by itself"), (67, "said nothing")])
def test_a_page_on_which_the_worker_ends_fails_alone(
    real: RealDesk, poison: int, code: str
) -> None:
    real.add("a.tif", tiff(50, 51, poison, 53, 54))
    real.start(timeout_s=1.5)
    real.wait("a.tif", "done")
    assert real.texts() == [(1, "50"), (2, "51"), (3, ""), (4, "53"), (5, "54")]
    warning_code, warning = real.desk.rows("warning_code", "warning")["a.tif"]
    assert warning_code == "page_unread"
    assert warning.startswith("Page 3 could not be read.") and code in warning


def test_a_bomb_in_a_pdf_costs_its_page_and_nothing_else(real: RealDesk) -> None:
    """A form that draws itself twice: PDFium would draw for longer than anybody waits."""
    bomb = (
        b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /Me 4 0 R >> >>",
        b"/Me Do " * 40,
    )
    sheets = (
        Sheet(size=(50, 50)),
        Sheet(b"/Me Do", resources=b"/XObject << /Me 4 0 R >>"),
        Sheet(size=(50, 50)),
    )
    real.add("a.pdf", pdf(*sheets, objects=(bomb,)))
    real.start(timeout_s=3)
    real.wait("a.pdf", "done")
    assert real.texts() == [(1, "139"), (2, ""), (3, "139")]
    assert real.desk.rows("warning_code")["a.pdf"] == "page_unread"


def test_after_a_restart_in_the_middle_it_goes_on_where_it_stood(real: RealDesk) -> None:
    real.add("a.tif", tiff(*range(101, 161)))
    real.start()
    wait_until(lambda: len(real.texts()) >= 5, "some pages", 60)
    real.desk.close()
    real.desk.open()
    before = real.texts()
    assert 5 <= len(before) < 60
    with real.desk.database.reading() as connection:
        ids = {row[0] for row in connection.execute("SELECT id FROM pages").fetchall()}
    real.start()
    real.wait("a.tif", "done")
    assert real.texts() == [(number, str(100 + number)) for number in range(1, 61)]
    with real.desk.database.reading() as connection:
        kept = {row[0] for row in connection.execute("SELECT id FROM pages").fetchall()}
    assert ids <= kept, "nothing was read twice"


def test_an_order_for_one_image_reads_all_portions_of_it(real: RealDesk) -> None:
    real.desk.reopen(wait_for_signal=True)
    command = [sys.executable, "-c", PRETENDED, str(ROOT / "contract"), str(ROOT / "ocr")]
    pool = Pool(timeout_s=30, stop=real.desk.stop, command=command)
    real.desk.pipeline = real.desk._pipeline(pool, True, 3)
    real.add("a.tif", tiff(*range(101, 155)))
    real.desk.run()
    real.desk.pipeline.signal(limit=1, paths=None)
    real.wait("a.tif", "done")
    assert len(real.texts()) == 54
    wait_until(lambda: real.desk.pipeline.state == "waiting", "the order's end")


@pytest.mark.parametrize(("preferred", "calls"), [(False, 1), (True, 1)])
def test_a_sound_layer_is_taken_where_it_is_preferred(
    tmp_path: Path, preferred: bool, calls: int
) -> None:
    words = "A sentence that is long enough"

    class Reads(Engine):
        def read(self, page: Pixels, *, told_upright: bool = False) -> ReadPage:
            self.most_inside += 1
            return ReadPage(page, 0, (Line(words.upper(), 0.9, SQUARE),), ())

    bench = Bench(tmp_path)
    engine = Reads()
    settings = Settings(image_folder=tmp_path, data_folder=tmp_path / "data",
                        pdf_text="prefer" if preferred else "beside")  # fmt: skip
    bench.reader = Reader(settings, engine, Previews(tmp_path / "data"), 2)
    result = bench.read(pdf(Sheet(text(words, size=10))))
    (page,) = result["pages"]
    assert engine.most_inside == calls
    assert page["lines"][0][0] == (words if preferred else words.upper())
    assert page["embedded"] == words


class Tables(TableFinder):
    """Finds what it is told to, or fails."""

    def __init__(self, found: PageTable | Exception) -> None:
        super().__init__(None)
        self._found = found

    def find(self, page: Pixels, lines: Sequence[Line]) -> tuple[PageTable, ...]:
        if isinstance(self._found, Exception):
            raise self._found
        return (self._found,)


def with_tables(folder: Path, tables: Tables) -> dict[str, Any]:
    """The result of one image that is read so."""
    bench = Bench(folder)
    settings = Settings(image_folder=folder, data_folder=folder / "data")
    bench.reader = Reader(settings, bench.engine, Previews(folder / "data"), 2, tables)
    return bench.read(tiff(33))


def test_a_page_has_its_tables(tmp_path: Path) -> None:
    cell = TableCell(0, 0, 1, 1, "33", SQUARE, (1,))
    result = with_tables(tmp_path, Tables(PageTable(SQUARE, 1, 1, 0, (cell,))))
    (page,) = result["pages"]
    assert page["tables"][0][1:4] == [1, 1, 0]
    assert page["tables"][0][4][0][4:] == ["33", SQUARE, (1,)]
    assert page["warnings"] == []


def test_a_text_is_kept_when_finding_tables_fails_and_says_so(tmp_path: Path) -> None:
    (page,) = with_tables(tmp_path, Tables(ValueError("no such row")))["pages"]
    assert [line[0] for line in page["lines"]] == ["33"]
    assert [warning["code"] for warning in page["warnings"]] == ["tables_unread"]
    assert "tables" not in page


def test_lack_of_memory_for_tables_is_lack_of_memory(tmp_path: Path) -> None:
    result = with_tables(tmp_path, Tables(MemoryError()))
    assert result["error"]["code"] == "out_of_memory"
