"""The worker process: the only place where image files are opened and models run.

Started by `pool` with one end of a socket pair as its file descriptor. It says ready once the
models are loaded, then answers batches (`worker_protocol`) until the service hangs up. It may
crash at any time, on any image: the service survives, and knows which batch it was.
"""

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import cv2
import numpy as np
from PIL import __version__ as pillow_version

import worker_protocol as protocol
from cpu_count import usable_cpus
from decode import Pixels, decode_pages
from engine import Engine, EngineSettings, PaddleEngine, ReadPage
from gpu import gpu_is_expected, gpu_problem
from models import ModelSet, resolve
from ocr_errors import ImageError, OcrError, WorkerError
from ocr_settings import Settings, load
from previews import Previews
from source_files import read_bytes

_BATCH_SIZE = {"cpu": 2, "gpu": 16}
log = logging.getLogger("worker")


class Reader:
    """Reads batches with one engine."""

    def __init__(self, settings: Settings, engine: Engine, previews: Previews) -> None:
        self._settings = settings
        self._engine = engine
        self._previews = previews

    def read_batch(self, message: dict[str, Any], progress: Callable[[], None]) -> dict[str, Any]:
        """Answer one batch message; `progress` is called after each step that may take long."""
        started = time.monotonic()
        sources: list[_Source] = []
        for image in message["images"]:
            sources.append(self._open(image))
            progress()
        pages = [source.pixels for source in sources if source.pixels is not None]
        read = iter(self._read_pages(pages, progress))
        share = (time.monotonic() - started) / max(len(pages), 1)
        results = [
            source.result if source.pixels is None else self._finish(source, next(read), share)
            for source in sources
        ]
        return {
            "type": "batch",
            "batch": message["batch"],
            "seconds": time.monotonic() - started,
            "images": results,
        }

    def _open(self, image: dict[str, Any]) -> "_Source":
        settings = self._settings
        sha256 = None
        try:
            content, sha256 = read_bytes(
                settings.image_folder,
                os.fsencode(image["path"]),
                int(settings.max_file_mb * 1e6),
            )
            (pixels,) = decode_pages(content, settings.max_megapixels * 1e6)
        except ImageError as error:
            return _Source(_failed(image["id"], sha256, error), None)
        return _Source({"id": image["id"], "sha256": sha256}, pixels)

    def _read_pages(
        self, pages: list[Pixels], progress: Callable[[], None]
    ) -> list[ReadPage | ImageError]:
        """The engine on all pages together; if that fails, on each alone."""
        if not pages:
            return []
        try:
            together: list[ReadPage | ImageError] = [*self._engine.read(pages)]
        except Exception:
            log.exception("reading %d pages together failed; reading them one by one", len(pages))
        else:
            return together
        alone: list[ReadPage | ImageError] = []
        for page in pages:
            progress()
            try:
                alone += self._engine.read([page])
            except MemoryError:
                alone.append(
                    ImageError("out_of_memory", "There is not enough memory to read the image.")
                )
            except Exception as error:
                log.exception("the engine failed on one page")
                alone.append(
                    ImageError(
                        "engine_failed",
                        f"The text recognition failed on this image ({type(error).__name__}).",
                    )
                )
        return alone

    def _finish(
        self, source: "_Source", page: ReadPage | ImageError, share: float
    ) -> dict[str, Any]:
        image_id, sha256 = source.result["id"], source.result["sha256"]
        if isinstance(page, ImageError):
            return _failed(image_id, sha256, page)
        preview = thumbnail = None
        try:
            preview, thumbnail = self._previews.write(page.pixels, sha256, 1, page.rotation)
            self._previews.show_newest(page.pixels, page.lines)
        except OSError as error:  # the text matters more than its picture
            log.warning("no preview could be written: %s", error)
        height, width = page.pixels.shape[:2]
        read = protocol.Page(width, height, page.rotation, page.lines, preview, thumbnail, share)
        return {**source.result, "pages": [protocol.page_to_json(read)]}


class _Source:
    """An image on its way: the reply so far, and its pixels unless it failed already."""

    def __init__(self, result: dict[str, Any], pixels: Pixels | None) -> None:
        self.result = result
        self.pixels = pixels


def _failed(image_id: int, sha256: str | None, error: ImageError) -> dict[str, Any]:
    details = {"code": error.code, "message": error.message, "ignored": error.ignored}
    return {"id": image_id, "sha256": sha256, "error": details}


def choose_device(wanted: str, engine: str) -> str:
    """The device in PaddleOCR's words, cpu or gpu:N.

    Raises:
        WorkerError: no_gpu, bad_device.
    """
    kind, _, number = wanted.partition(":")
    if kind not in {"auto", "cpu", "gpu"} or (number and (kind != "gpu" or not number.isdigit())):
        raise WorkerError("bad_device", f"OCR_DEVICE is {wanted!r}; use auto, cpu, gpu or gpu:N.")
    if kind == "cpu":
        return "cpu"
    reason = gpu_problem(engine, int(number or 0))
    if reason is None:
        return f"gpu:{number or 0}"
    if kind == "gpu":
        raise WorkerError(
            "no_gpu",
            f"OCR_DEVICE is {wanted}, but no GPU can be used: {reason}. Mend that, or set "
            "OCR_DEVICE=cpu.",
        )
    if gpu_is_expected():
        log.warning("there is a GPU, but it cannot be used: %s. Reading on the CPU.", reason)
    return "cpu"


def _ready(settings: Settings, models: ModelSet, device: str, threads: int) -> dict[str, Any]:
    used = [models.detection, models.recognition]
    if settings.orientation == "auto":
        used += [models.document_orientation, models.line_orientation]
    version = _version(settings.engine, f"{settings.engine}-gpu")
    return {
        "type": "ready",
        "engine": f"{settings.engine} {version}".strip(),
        "device": device,
        "precision": "f32",
        "models": {model.name: model.sha256 for model in used},
        "parameters": {
            "detection_side": settings.detection_side,
            "unclip_ratio": settings.unclip_ratio,
            "orientation": settings.orientation,
            "threads": threads,
            "paddleocr": _version("paddleocr"),
            "opencv": cv2.__version__,
            "pillow": pillow_version,
        },
        "batch_size": settings.batch_size or _BATCH_SIZE[device.partition(":")[0]],
    }


def _version(*packages: str) -> str:
    """Of the first of them that is installed."""
    from importlib.metadata import PackageNotFoundError, version

    for package in packages:
        with contextlib.suppress(PackageNotFoundError):
            return version(package)
    return ""


def _load_engine(settings: Settings, models: ModelSet, device: str, threads: int) -> Engine:
    engine = PaddleEngine(
        models,
        EngineSettings(
            engine=settings.engine,
            device=device,
            threads=threads,
            orientation=settings.orientation == "auto",
            detection_side=settings.detection_side,
            unclip_ratio=settings.unclip_ratio,
        ),
    )
    engine.read([np.full((64, 320, 3), 255, dtype=np.uint8)])  # the first run allocates
    return engine


def _receive_forever(connection: Connection, batches: "queue.Queue[dict[str, Any]]") -> None:
    """Fill the queue; when the service is gone, so is the worker, whatever it is doing."""
    with contextlib.suppress(EOFError, OSError, WorkerError):
        while True:
            batches.put(protocol.receive(connection))
    os._exit(0)


def _prepare_process(threads: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the service, which stops us
    os.dup2(2, 1)  # libraries print; the service's stdout is for data
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")  # when memory runs out, this process goes and not the service
    cv2.setNumThreads(threads)


def main() -> None:
    """Load, say ready, answer batches."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    connection = Connection(int(sys.argv[1]))
    batches: queue.Queue[dict[str, Any]] = queue.Queue()
    # Before the models are loaded: the service may end meanwhile.
    threading.Thread(target=_receive_forever, args=(connection, batches), daemon=True).start()
    try:
        settings = load(os.environ)
        threads = settings.threads or usable_cpus()
        _prepare_process(threads)
        models = resolve(
            settings.models_folder,
            settings.model,
            detection=settings.detection_model or None,
            recognition=settings.recognition_model or None,
        )
        device = choose_device(settings.device, settings.engine)
        engine = _load_engine(settings, models, device, threads)
    except Exception as error:
        log.debug("start failed", exc_info=True)
        code = error.code if isinstance(error, OcrError) else "engine_start_failed"
        protocol.send(connection, {"type": "failed", "code": code, "message": str(error)[:500]})
        raise SystemExit(1) from error
    reader = Reader(settings, engine, Previews(settings.data_folder))
    protocol.send(connection, _ready(settings, models, device, threads))
    while True:
        message = batches.get()
        alive = {"type": "progress", "batch": message["batch"]}
        reply = reader.read_batch(message, lambda alive=alive: protocol.send(connection, alive))  # type: ignore[misc]
        protocol.send(connection, reply)


if __name__ == "__main__":
    main()
