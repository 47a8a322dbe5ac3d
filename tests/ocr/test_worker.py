"""What the worker does with a batch, its engine a stand-in; and the real process as it starts."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import image_files
import numpy as np
import pytest
from polling import wait_until

import worker as worker_module
from decode import Pixels
from engine import ReadPage
from ocr_errors import WorkerError
from ocr_settings import Settings
from pool import Pool
from previews import Previews
from worker import Reader, choose_device
from worker_protocol import Line, Task, parse_batch

ROOT = Path(__file__).resolve().parents[2]
FILES = image_files.files()
SQUARE = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


class FakeEngine:
    """Reads "<width>x<height>"; fails on batches, or on pages of some width."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.fails_together: Exception | None = None
        self.fails_on_width: dict[int, Exception] = {}

    def read(self, pages: list[Pixels]) -> list[ReadPage]:
        self.calls.append(len(pages))
        if self.fails_together is not None and len(pages) > 1:
            raise self.fails_together
        for page in pages:
            if page.shape[1] in self.fails_on_width:
                raise self.fails_on_width[page.shape[1]]
        return [
            ReadPage(page, 0, (Line(f"{page.shape[1]}x{page.shape[0]}", 0.9, SQUARE),))
            for page in pages
        ]


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
        self.reader = Reader(self.settings, self.engine, Previews(self.data))
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

        def progress() -> None:
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


def test_a_batch_is_read_together(bench: Bench) -> None:
    images = bench.read(("a.png", FILES["png"]), ("b.jpg", FILES["jpeg"]))
    assert [text(image) for image in images] == ["60x40", "60x40"]
    assert bench.engine.calls == [2]
    assert images[0]["sha256"] == hashlib.sha256(FILES["png"]).hexdigest()
    page = images[0]["pages"][0]
    assert (bench.data / "previews" / page["preview"]).is_file()
    assert (bench.data / "previews" / page["thumbnail"]).is_file()
    assert (bench.data / "temp.png").is_file()


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
    assert bench.engine.calls == [2]


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
    assert bench.engine.calls == []


def png_of_width(width: int) -> bytes:
    return image_files.saved(image_files.scene().resize((width, 40)), "PNG")


def test_an_engine_that_fails_on_a_batch_reads_one_by_one(bench: Bench) -> None:
    bench.engine.fails_together = RuntimeError("shape")
    images = bench.read(*((f"{w}.png", png_of_width(w)) for w in (50, 60, 70)))
    assert [text(image) for image in images] == ["50x40", "60x40", "70x40"]
    assert bench.engine.calls == [3, 1, 1, 1]
    assert bench.progress == 6


@pytest.mark.parametrize(
    ("error", "code"), [(ValueError("odd"), "engine_failed"), (MemoryError(), "out_of_memory")]
)
def test_a_page_that_the_engine_cannot_take_fails_alone(
    bench: Bench, error: Exception, code: str
) -> None:
    bench.engine.fails_on_width = {60: error}
    images = bench.read(*((f"{w}.png", png_of_width(w)) for w in (50, 60, 70)))
    assert images[1]["error"]["code"] == code
    assert [text(images[i]) for i in (0, 2)] == ["50x40", "70x40"]
    assert "pages" not in images[1]


def test_the_text_matters_more_than_its_picture(bench: Bench) -> None:
    (bench.data / "previews").write_text("a file in the way")
    (image,) = bench.read(("a.png", FILES["png"]))
    assert text(image) == "60x40"
    assert image["pages"][0]["preview"] is image["pages"][0]["thumbnail"] is None


def test_names_that_are_no_text(bench: Bench) -> None:
    (image,) = bench.read((os.fsdecode(b"caf\xe9\n.png"), FILES["png"]))
    assert text(image) == "60x40"


@pytest.mark.parametrize(
    ("wanted", "problem", "device"),
    [
        ("auto", "no driver", "cpu"),
        ("auto", None, "gpu:0"),
        ("cpu", None, "cpu"),
        ("gpu", None, "gpu:0"),
        ("gpu:3", None, "gpu:3"),
    ],
)
def test_the_device(
    monkeypatch: pytest.MonkeyPatch, wanted: str, problem: str | None, device: str
) -> None:
    monkeypatch.setattr(worker_module, "gpu_problem", lambda *_: problem)
    assert choose_device(wanted, "onnxruntime") == device


@pytest.mark.parametrize("wanted", ["gpu", "gpu:0"])
def test_a_gpu_that_is_asked_for_must_be_there(
    monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    monkeypatch.setattr(worker_module, "gpu_problem", lambda *_: "its driver is too old")
    with pytest.raises(WorkerError) as caught:
        choose_device(wanted, "onnxruntime")
    assert caught.value.code == "no_gpu"
    assert caught.value.message == (
        f"OCR_DEVICE is {wanted}, but no GPU can be used: its driver is too old. Mend that, or set "
        "OCR_DEVICE=cpu."
    )


@pytest.mark.parametrize("expected", [True, False])
def test_one_warning_when_there_is_a_gpu_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, expected: bool
) -> None:
    monkeypatch.setattr(worker_module, "gpu_problem", lambda *_: "its driver is too old")
    monkeypatch.setattr(worker_module, "gpu_is_expected", lambda: expected)
    assert choose_device("auto", "onnxruntime") == "cpu"
    warning = "there is a GPU, but it cannot be used: its driver is too old. Reading on the CPU."
    assert [record.getMessage() for record in caplog.records] == [warning] * expected


@pytest.mark.parametrize("wanted", ["", "tpu", "gpu:x", "gpu:-1", "cpu:1", "auto:1", "GPU"])
def test_a_device_that_is_none(wanted: str) -> None:
    with pytest.raises(WorkerError) as caught:
        choose_device(wanted, "onnxruntime")
    assert caught.value.code == "bad_device"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_pixels_given_to_the_engine_are_the_first_page(bench: Bench) -> None:
    seen: list[Pixels] = []
    read = bench.engine.read
    bench.engine.read = lambda pages: (seen.extend(pages), read(pages))[1]  # type: ignore[method-assign]
    bench.read(("a.tif", FILES["tiff-pages"]))
    assert np.array_equal(seen[0][20, 30], [255, 255, 255])
