"""What the worker does with a batch, its engine a stand-in; and the real process as it starts."""

import concurrent.futures
import contextlib
import hashlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import image_files
import numpy as np
import pytest
from polling import wait_until

import page_progress
from decoding.decode import DecodedPage
from decoding.documents import Document
from decoding.pixels import Pixels
from document_reading import Reader
from image_warnings import ImageWarning
from ocr_errors import WorkerError
from ocr_settings import Settings
from page_records import Line, Task
from project import ROOT
from reading.previews import Previews
from reading.read_page import ReadPage
from source_files import read_bytes
from worker import FirstAlone, _share_of
from worker_link import worker_log
from worker_link.pool import Pool
from worker_link.worker_protocol import parse_batch

FILES = image_files.files()
SQUARE = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


class FakeEngine:
    """Reads "<width>x<height>"; fails on pages of some width."""

    def __init__(self) -> None:
        self.calls = 0
        self.fails_on_width: dict[int, Exception] = {}
        self.warnings: tuple[ImageWarning, ...] = ()
        self.meet: threading.Barrier | None = None
        """All readers wait here for the others."""

    def read(self, page: Pixels, *, told_upright: bool = False) -> ReadPage:
        self.calls += 1
        if self.meet is not None:
            self.meet.wait(10)
        height, width = page.shape[:2]
        if width in self.fails_on_width:
            raise self.fails_on_width[width]
        return ReadPage(page, 0, (Line(f"{width}x{height}", 0.9, SQUARE),), self.warnings)


class Bench:
    """A reader with a folder of images."""

    def __init__(self, folder: Path) -> None:
        self.images = folder / "images"
        self.data = folder / "data"
        self.images.mkdir()
        self.data.mkdir()
        self.engine = FakeEngine()
        self.settings = Settings(
            image_folder=self.images, data_folder=self.data, max_file_mb=1.0, max_megapixels=1.0
        )
        self.reader = Reader(self.settings, self.engine, Previews(self.data), 4)
        self.progress = 0

    def read(self, *files: tuple[str, bytes | None]) -> list[dict[str, Any]]:
        """Write the files, read them as one batch, send the reply through the protocol."""
        tasks = []
        for number, (name, content) in enumerate(files, 1):
            if content is not None:
                (self.images / name).write_bytes(content)
            tasks.append(Task(number, os.fsencode(name), "0" * 64))
        message = {
            "batch": 4,
            "images": [
                {"id": t.image_id, "path": os.fsdecode(t.path), "sha256": t.sha256} for t in tasks
            ],
        }

        def progress(_: dict[str, Any]) -> None:
            self.progress += 1

        reply = json.loads(json.dumps(self.reader.read_batch(message, progress)))
        parse_batch(reply, tasks)
        images: list[dict[str, Any]] = reply["images"]
        return images


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def text(image: dict[str, Any]) -> str:
    return str(image["pages"][0]["lines"][0][0])


def test_a_batch_is_read(bench: Bench) -> None:
    images = bench.read(("a.png", FILES["png"]), ("b.jpg", FILES["jpeg"]))
    assert [text(image) for image in images] == ["60x40", "60x40"]
    assert bench.engine.calls == 2
    assert images[0]["sha256"] == hashlib.sha256(FILES["png"]).hexdigest()
    page = images[0]["pages"][0]
    assert (bench.data / "previews" / page["preview"]).is_file()
    assert (bench.data / "previews" / page["thumbnail"]).is_file()
    assert (bench.data / "temp.png").is_file()


def test_the_warnings_of_decoder_and_engine_go_with_the_page(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = ImageWarning("partly_missing", "The last 3 % are missing.")
    white = np.full((40, 60, 3), 255, np.uint8)
    opened = Document(1, lambda _: DecodedPage(white, (missing,)))
    monkeypatch.setattr("document_reading.open_document", lambda *_: opened)
    bench.engine.warnings = (ImageWarning("no_text_found", "Something is on this page."),)
    (image,) = bench.read(("a.png", FILES["png"]))
    assert [warning["code"] for warning in image["pages"][0]["warnings"]] == [
        "partly_missing",
        "no_text_found",
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (None, "file_vanished"),
        (b"a text", "not_an_image"),
        (FILES["jpeg"][:400], "damaged_image"),
        (image_files.bomb(3000), "too_many_pixels"),
        (FILES["png"] + bytes(1_000_000), "too_many_bytes"),
    ],
)
def test_one_bad_file_takes_no_other_with_it(
    bench: Bench, content: bytes | None, code: str
) -> None:
    first, bad, last = bench.read(
        ("a.png", FILES["png"]), ("bad.png", content), ("c.png", FILES["png-grey"])
    )
    assert bad["error"]["code"] == code
    assert bad["error"]["message"]
    assert text(first) == text(last) == "60x40"
    assert bench.engine.calls == 2


def test_links_and_ways_out_of_the_folder_are_not_followed(bench: Bench) -> None:
    secret = bench.data / "secret.png"
    secret.write_bytes(FILES["png"])
    (bench.images / "link.png").symlink_to(secret)
    os.mkfifo(bench.images / "pipe.png")
    images = bench.read(("link.png", None), ("../data/secret.png", None), ("pipe.png", None))
    assert [image["error"]["code"] for image in images] == [
        "symlink",
        "unreadable",
        "not_a_regular_file",
    ]
    assert images[0]["error"]["ignored"]
    assert bench.engine.calls == 0


def png_of_width(width: int) -> bytes:
    return image_files.saved(image_files.scene().resize((width, 40)), "PNG")


def test_the_images_of_a_batch_are_read_at_the_same_time(bench: Bench) -> None:
    bench.engine.meet = threading.Barrier(3)
    images = bench.read(*((f"{w}.png", png_of_width(w)) for w in (50, 60, 70)))
    assert [text(image) for image in images] == ["50x40", "60x40", "70x40"]
    assert bench.progress == 3


def test_and_so_are_those_of_two_batches(bench: Bench) -> None:
    bench.engine.meet = threading.Barrier(2)
    for name in ("a.png", "b.png"):
        (bench.images / name).write_bytes(FILES["png"])
    messages = [
        {"batch": number, "images": [{"id": number, "path": name, "sha256": "0" * 64}]}
        for number, name in enumerate(("a.png", "b.png"))
    ]
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        replies = list(
            threads.map(lambda message: bench.reader.read_batch(message, lambda _: None), messages)
        )
    assert [reply["batch"] for reply in replies] == [0, 1]
    assert [text(reply["images"][0]) for reply in replies] == ["60x40", "60x40"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError("odd"), "engine_failed"),
        (MemoryError(), "out_of_memory"),
        (RuntimeError("std::bad_alloc"), "out_of_memory"),
        (cv2.error("(-4:Insufficient memory) Failed to allocate 9 bytes"), "out_of_memory"),
    ],
)
def test_a_page_that_the_engine_cannot_take_fails_alone(
    bench: Bench, error: Exception, code: str
) -> None:
    bench.engine.fails_on_width = {60: error}
    images = bench.read(*((f"{w}.png", png_of_width(w)) for w in (50, 60, 70)))
    assert images[1]["error"]["code"] == code
    assert [text(images[i]) for i in (0, 2)] == ["50x40", "70x40"]
    assert "pages" not in images[1]


def test_what_is_logged_of_an_image_names_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    for module, name in ((sys, "excepthook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    worker_log.tell(logging.WARNING)
    logging.captureWarnings(False)
    bench.engine.fails_on_width = {60: ValueError("odd")}
    bench.read(*((f"{w}.png", png_of_width(w)) for w in (50, 60)))
    told = json.loads(capsys.readouterr().err)
    assert (told["image_id"], told["batch_id"]) == (2, 4)
    assert told["message"].startswith("image 2: the engine failed\nTraceback")


def test_a_file_that_does_not_fit_into_memory_fails_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(folder: Path, path: bytes, most: int) -> tuple[bytes, str]:
        if path == b"large.png":
            raise MemoryError
        return read_bytes(folder, path, most)

    monkeypatch.setattr("document_reading.read_bytes", read)
    first, large = bench.read(("a.png", FILES["png"]), ("large.png", FILES["png"]))
    assert text(first) == "60x40"
    assert large["error"]["code"] == "out_of_memory"


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("odd")])
def test_a_picture_that_cannot_be_drawn_takes_no_text_with_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Previews, "write", fail)
    (image,) = bench.read(("a.png", FILES["png"]))
    assert text(image) == "60x40"
    assert image["pages"][0]["preview"] is None


def test_the_text_matters_more_than_its_picture(bench: Bench) -> None:
    (bench.data / "previews").write_text("a file in the way")
    (image,) = bench.read(("a.png", FILES["png"]))
    assert text(image) == "60x40"
    assert image["pages"][0]["preview"] is image["pages"][0]["thumbnail"] is None


def test_names_that_are_no_text(bench: Bench) -> None:
    (image,) = bench.read((os.fsdecode(b"caf\xe9\n.png"), FILES["png"]))
    assert text(image) == "60x40"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "contract"))
    for name, value in {"IMAGE_FOLDER": tmp_path, "DATA_FOLDER": tmp_path / "d"}.items():
        monkeypatch.setenv(f"OCR_{name}", str(value))


def start_failure(stop: threading.Event) -> WorkerError:
    pool = Pool(timeout_s=20, stop=stop)
    with pytest.raises(WorkerError) as caught:
        pool.start()
    assert pool.pid is None
    return caught.value


@pytest.mark.usefixtures("environment")
def test_the_real_process_says_why_it_cannot_start() -> None:
    error = start_failure(threading.Event())
    assert error.code == "model_missing"
    assert "make models" in error.message


@pytest.mark.usefixtures("environment")
def test_it_ends_when_nobody_waits_for_it_any_more() -> None:
    """The service was killed while the worker was stuck in loading its models."""
    program = (
        "import sys, threading; sys.path[:0] = sys.argv[2:]\n"
        "import worker\n"
        "worker.resolve = lambda *_, **__: threading.Event().wait()\n"
        "worker.main()"
    )
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(theirs.fileno()), str(ROOT / "contract"),
             str(ROOT / "ocr")],
            pass_fds=[theirs.fileno()],
        )  # fmt: skip
    try:
        ours.close()
        wait_until(lambda: process.poll() is not None, "the worker's end")
    finally:
        process.kill()
        process.wait(5)


@pytest.mark.parametrize(
    ("count", "workers", "share"), [(8, 1, 8), (8, 4, 2), (9, 4, 2), (2, 4, 1)]
)
def test_workers_share_what_there_is(count: int, workers: int, share: int) -> None:
    assert _share_of(count, Settings(workers=workers)) == share


def test_what_reads_pages_is_imported_while_the_models_load() -> None:
    """So the program itself imports little; and the models' own thread not that either."""
    program = (
        "import sys\n"
        "sys.path[:0] = sys.argv[1:]\n"
        "import worker\n"
        "print(*sorted({'document_reading', 'PIL.PdfImagePlugin'} & sys.modules.keys()))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(ROOT / "contract"), str(ROOT / "ocr")],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert ended.stdout == "\n"


PRETENDED = """
import os, pathlib, sys, threading, time, types
sys.path[:0] = sys.argv[1:3]
import worker
from reading.read_page import ReadPage
from engines.inference import Inference
from models import Model, ModelSet
model = Model("m", pathlib.Path("m"), "0" * 64)

class Engine:
    meet = threading.Barrier(3)
    def read(self, page, told_upright):
        if page.shape[1] == 50:  # three such pages must be in it at a time
            self.meet.wait(20)
        if page.shape[1] == 70:
            time.sleep(0.5)
        return ReadPage(page, 0, ())

def refuse(*_):
    raise SystemError("a defect")

worker.resolve = lambda *_, **__: ModelSet(model, model, model)
worker.choose = lambda *_: Inference("pretended", "cpu", "f32", 4)
worker.load_models = lambda *_: types.SimpleNamespace(inference_s=time.monotonic)
worker.load_engine = lambda *_: Engine()
if sys.argv[3] != "patient":
    worker._FIRST_ALONE_S = 0.05
if sys.argv[3] == "broken":
    import document_reading
    document_reading.Reader._show = refuse
sys.argv[1:] = sys.argv[-1:]
worker.main()
"""
"""The real process with an engine that only counts who is there."""


@contextlib.contextmanager
def pretended(how: str = "well") -> Iterator[Pool]:
    command = [sys.executable, "-c", PRETENDED, str(ROOT / "contract"), str(ROOT / "ocr"), how]
    pool = Pool(timeout_s=30, stop=threading.Event(), command=command)
    try:
        yield pool
    finally:
        pool.stop()


def put(folder: Path, *names: str) -> list[Task]:
    for name in names:
        (folder / name).write_bytes(png_of_width(50))
    return [Task(number, os.fsencode(name), "0" * 64) for number, name in enumerate(names)]


@pytest.mark.usefixtures("environment")
def test_the_real_process_reads_over_the_borders_of_batches(tmp_path: Path) -> None:
    """Its engine ends no page until three are in it, of batches of two."""
    with pretended() as pool:
        ready = pool.start()
        assert (ready.batch_size, ready.batches) == (2, 4)
        tasks = put(tmp_path, "a.png", "b.png", "c.png")
        pool.submit(1, tasks[:2])
        pool.submit(2, tasks[2:])
        results = [pool.next_result(), pool.next_result()]
        assert sorted(result.batch_id for result in results if result) == [1, 2]
        assert all(image.pages for result in results if result for image in result.images)
        assert all(result.inference_s > 0 for result in results if result)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("how", "order"), [("patient", [1, 2]), ("", [2, 1])])
def test_in_the_real_process_the_first_batch_is_alone_for_a_while(
    tmp_path: Path, how: str, order: list[int]
) -> None:
    """Its page takes half a second, and that of the second no time."""
    with pretended(how) as pool:
        pool.start()
        for batch, width in ((1, 70), (2, 40)):
            (tmp_path / f"{batch}.png").write_bytes(png_of_width(width))
            pool.submit(batch, [Task(batch, f"{batch}.png".encode(), "0" * 64)])
        found = [pool.next_result(), pool.next_result()]
        assert [result.batch_id for result in found if result] == order


@pytest.mark.usefixtures("environment")
def test_the_real_process_ends_rather_than_leave_a_batch_without_an_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pretended("broken") as pool:
        pool.start()
        (tmp_path / "a.png").write_bytes(png_of_width(60))
        pool.submit(1, [Task(1, b"a.png", "0" * 64)])
        with pytest.raises(WorkerError, match="exit code 1"):
            pool.next_result()
    *_, last = capfd.readouterr().err.splitlines()
    told = json.loads(last)  # the whole traceback is one line
    assert (told["level"], told["batch_id"]) == ("ERROR", 1)
    assert told["message"].startswith("batch 1 failed\nTraceback (most recent call last):\n")
    assert told["message"].endswith("SystemError: a defect")


@pytest.mark.usefixtures("environment")
def test_the_kernel_limits_the_real_process() -> None:
    with pretended() as pool:
        pool.start()
        told = Path(f"/proc/{pool.pid}/limits").read_text()
        killed_first = Path(f"/proc/{pool.pid}/oom_score_adj").read_text()
    assert killed_first == "1000\n", "when memory runs out, the service is to stay"
    limits = {line[:26].strip(): line[26:].split()[:2] for line in told.splitlines()}
    assert limits["Max core file size"] == ["0", "0"]
    assert limits["Max file size"] == [str(1 << 30)] * 2
    assert all(int(limit) <= 4096 for limit in limits["Max open files"])


def test_the_first_batch_is_alone_and_then_nobody_is() -> None:
    first = FirstAlone(60.0)
    begun: list[int] = []
    with concurrent.futures.ThreadPoolExecutor(4) as threads:

        def read(number: int) -> None:
            with first.turn():
                begun.append(number)

        with first.turn():
            others = [threads.submit(read, number) for number in range(3)]
            assert not concurrent.futures.wait(others, 0.1).done
            assert begun == []
        for other in others:
            other.result(15)
    assert sorted(begun) == [0, 1, 2]
    read(4)
    assert begun[-1] == 4


def test_the_first_batch_is_alone_no_longer_than_it_may() -> None:
    first = FirstAlone(0.05)
    with first.turn(), concurrent.futures.ThreadPoolExecutor(1) as threads:

        def read() -> bool:
            with first.turn():
                return True

        assert threads.submit(read).result(15)


def test_a_first_batch_that_fails_holds_nobody_up() -> None:
    first = FirstAlone(60.0)
    with pytest.raises(OSError, match="broken"), first.turn():
        raise OSError("broken")
    with first.turn():
        pass


def test_what_the_real_process_frees_goes_back_to_the_system() -> None:
    program = (
        "import os, socket, sys, threading\n"
        "sys.path[:0] = sys.argv[1:]\n"
        "import worker\n"
        "def apart():\n"
        "    print(threading.active_count(), file=sys.stderr, flush=True)\n"
        "    os._exit(0)\n"
        "worker.keep_large_blocks_apart = apart\n"
        "sys.argv[1:] = [str(socket.socketpair()[0].detach())]\n"
        "worker.main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(ROOT / "contract"), str(ROOT / "ocr")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stderr == "1\n", "a thread that is there before has a heap of its own for good"


def test_every_image_counts_for_the_heap(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that cannot be read, too: it was decoded."""
    done: list[None] = []
    monkeypatch.setattr(bench.reader._heap, "image_done", lambda: done.append(None))
    bench.read(("a.png", FILES["png"]), ("b.png", b"no image"), ("c.jpg", FILES["jpeg"]))
    assert len(done) == 3


def test_pixels_given_to_the_engine_are_the_files(bench: Bench) -> None:
    seen: list[Pixels] = []
    read = bench.engine.read
    bench.engine.read = lambda page, **_: (seen.append(page), read(page))[1]  # type: ignore[method-assign]
    bench.read(("a.tif", FILES["tiff"]))
    assert np.array_equal(seen[0][20, 30], [255, 255, 255])


def test_a_page_that_takes_long_is_alive(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_progress, "INTERVAL_S", 0.0)
    read = bench.engine.read

    def slowly(page: Pixels, *, told_upright: bool = False) -> ReadPage:
        for _ in range(3):
            page_progress.step()
        return read(page, told_upright=told_upright)

    monkeypatch.setattr(bench.engine, "read", slowly)
    signs: list[dict[str, Any]] = []
    (bench.images / "a.png").write_bytes(FILES["png"])
    task = {"id": 1, "path": "a.png", "sha256": ""}
    bench.reader.read_batch({"batch": 1, "images": [task]}, signs.append)
    assert len(signs) == 4
