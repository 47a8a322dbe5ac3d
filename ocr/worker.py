"""The worker process: the only place where image files are opened and models run.

Started by `pool` with one end of a socket pair as its file descriptor. It says ready once the
models are loaded, then answers batches (`worker_protocol`) until the service hangs up. It may
crash at any time, on any image: the service survives, and knows which batches it had.

With `--on-trial` behind the descriptor it reads for a trial (`trial_process`): what it reads is
nobody's text yet, so data/temp.png does not show it.

The models load in one thread while another imports what reads pages: half of a start each.

Every image has a thread of its own from decoding to preview, over the borders of batches: while
some compute in the models' lanes, others decode, cut and draw.
"""

import contextlib
import functools
import logging
import math
import os
import queue
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from PIL import __version__ as pillow_version

import language_choice
from disk_guard import DiskGuard
from engines.inference import Inference, choose, load_models, version_of
from engines.kept_files import KeptFiles
from engines.table_structure import TableStructure
from engines.text_models import TextModels
from language_choice import Language
from machine_limits import usable_cpus
from models import TABLE_STRUCTURE, Model, ModelSet, resolve, table_structure
from ocr_errors import OcrError, WorkerError
from ocr_settings import Settings, load
from reading.heap import keep_large_blocks_apart
from worker_count import worker_count
from worker_link import worker_channel, worker_log
from worker_link import worker_protocol as protocol

if TYPE_CHECKING:
    from document_reading import Reader
    from reading.engine import PageEngine
    from reading.other_script_lines import SecondRecogniser

_BATCH_SIZE = {"cpu": 2, "gpu": 16}
ON_TRIAL = "--on-trial"
_SPARE_HANDS = 4
"""So many more images than lanes are in hand: their decoding hides behind the lanes' work, and
lines of one width wait in numbers."""
_MOST_HANDS = 32
_FIRST_ALONE_S = 5.0
"""So long the others wait at most for the first batch: shared with two more, the processors take
three times as long for the first text after a start."""
_LIMITS = {
    resource.RLIMIT_CORE: 0,  # it would hold the images of strangers, and as much as the memory
    resource.RLIMIT_NOFILE: 4096,
    resource.RLIMIT_FSIZE: 1 << 30,
}
"""The kernel's, for a decoder that was taken over. Not RLIMIT_AS: the engines reserve far more
addresses than they use; `pool.Wear` bounds the memory."""
log = logging.getLogger("worker")


class FirstAlone:
    """The first batch has the processors to itself, for a while. Safe to use from any thread."""

    def __init__(self, at_most_s: float) -> None:
        self._at_most_s = at_most_s
        self._lock = threading.Lock()
        self._until: float | None = None
        """When the others need not wait any longer; None before the first."""
        self._over = threading.Event()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """For the time of one batch; waits before it where that is needed."""
        with self._lock:
            is_first = self._until is None
            if self._until is None:
                self._until = time.monotonic() + self._at_most_s
        if not is_first:
            self._over.wait(max(self._until - time.monotonic(), 0.0))
        try:
            yield
        finally:
            if is_first:
                self._over.set()


def _ready(
    settings: Settings,
    models: ModelSet,
    inference: Inference,
    threads: int,
    hands: int,
    languages: Sequence[Language],
) -> dict[str, Any]:
    used = [models.detection, models.recognition]
    used += [language.model for language in languages if language.model is not None]
    if settings.orientation == "auto":
        used.append(models.document_orientation)
    batch_size = settings.batch_size or _BATCH_SIZE[inference.device.partition(":")[0]]
    return {
        "type": "ready",
        "engine": version_of(inference),
        "device": inference.device,
        "precision": inference.precision,
        "models": {model.name: model.sha256 for model in used},
        "parameters": {
            "profile": settings.profile,
            "detection_side": settings.detection_side,
            "unclip_ratio": settings.unclip_ratio,
            "orientation": settings.orientation,
            "pdf_dpi": settings.pdf_dpi,
            "pdf_text": settings.pdf_text,
            "threads": threads,
            "languages": "+".join(str(choice) for choice in settings.languages),
            "opencv": cv2.__version__,
            "pillow": pillow_version,
        },
        "batch_size": batch_size,
        "batches": min(math.ceil(hands / batch_size), protocol.MAX_BATCHES),
    }


def load_engine(
    settings: Settings, models: TextModels, second: "SecondRecogniser | None"
) -> "PageEngine":
    from reading.engine import PageEngine

    engine = PageEngine(
        models,
        detection_side=settings.detection_side,
        orientation=settings.orientation == "auto",
        second=second,
    )
    engine.read(np.full((64, 320, 3), 255, dtype=np.uint8))  # the first run allocates
    return engine


def second_recogniser(
    languages: Sequence[Language], inference: Inference, threads: int
) -> "SecondRecogniser | None":
    """What reads the languages that are set up; nothing of it is loaded without any."""
    if not languages:
        return None
    from languages.loading import load as load_second

    return load_second(languages, inference, threads)


def load_tables(model: Model | None) -> TableStructure | None:
    """What tells a table's cells; it takes up memory once there is a table."""
    if model is not None:
        return TableStructure(model)
    log.warning("the model %s is missing: only plain tables are found. Get it with: make models",
                TABLE_STRUCTURE)  # fmt: skip
    return None


def _kept_files(settings: Settings) -> KeptFiles:
    """What was compiled at earlier starts; no more is kept when the disk is nearly full."""
    guard = DiskGuard(settings.data_folder, min_free_mb=settings.min_free_mb)
    return KeptFiles(settings.engines_folder, lambda size: guard.short_of(size) is None)


def _share_of(count: int, settings: Settings) -> int:
    """What each of the workers has of something that they share."""
    return max(count // worker_count(settings), 1)


def _hands(inference: Inference, processors: int) -> int:
    """How many images are in hand at a time."""
    wanted = inference.lanes + _SPARE_HANDS if inference.gpu is None else processors
    return min(max(wanted, 2), _MOST_HANDS)


def _receive_forever(connection: Connection, batches: "queue.Queue[dict[str, Any]]") -> None:
    """Fill the queue; when the service is gone, so is the worker, whatever it is doing."""
    with contextlib.suppress(EOFError, OSError, WorkerError):
        while True:
            batches.put(worker_channel.receive(connection))
    os._exit(0)


def _prepare_process() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the service, which stops us
    os.dup2(2, 1)  # libraries print; the service's stdout is for data
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")  # when memory runs out, this process goes and not the service
    limit_resources()
    cv2.setNumThreads(0)  # every image has a thread of its own


def limit_resources() -> None:
    """Lower the kernel's limits for this process, for good."""
    for which, most in _LIMITS.items():
        _, hard = resource.getrlimit(which)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (limit, limit))


def main() -> None:
    """Load, say ready, answer batches."""
    worker_log.tell(logging.WARNING)
    keep_large_blocks_apart()  # before any thread: one that is there has its own for good
    connection = Connection(int(sys.argv[1]))
    batches: queue.Queue[dict[str, Any]] = queue.Queue()
    # Before the models are loaded: the service may end meanwhile.
    threading.Thread(target=_receive_forever, args=(connection, batches), daemon=True).start()
    try:
        settings = load(os.environ)
        threads = _share_of(settings.threads or usable_cpus(), settings)
        _prepare_process()
        with ThreadPoolExecutor(1, "loading") as beside:
            loading = beside.submit(_load, settings, threads)
            # Not at the top: these take as long to import as the models do to load.
            from decoding import decode_memory
            from document_reading import Reader
            from reading.previews import Previews
            from reading.tables.table_finder import TableFinder

            loaded = loading.result()
        decode_memory.budget().total /= worker_count(settings)
        engine = load_engine(settings, loaded.models, loaded.second)
    except Exception as error:
        log.debug("start failed", exc_info=True)
        code = error.code if isinstance(error, OcrError) else "engine_start_failed"
        worker_channel.send(
            connection, {"type": "failed", "code": code, "message": str(error)[:500]}
        )
        raise SystemExit(1) from error
    inference = loaded.inference
    hands = _hands(inference, _share_of(usable_cpus(), settings))
    previews = Previews(settings.data_folder, shows_newest=ON_TRIAL not in sys.argv[2:])
    finder = TableFinder(load_tables(loaded.tables))
    reader = Reader(settings, engine, previews, hands, finder, lanes=inference.lanes)
    ready = _ready(settings, loaded.model_set, inference, threads, hands, loaded.languages)
    if loaded.tables is not None:
        ready["models"][loaded.tables.name] = loaded.tables.sha256
    first = FirstAlone(min(_FIRST_ALONE_S, settings.timeout_s))
    _answer_forever(connection, batches, reader, ready, loaded.models.inference_s, first)


class _Loaded(NamedTuple):
    """What a start loads."""

    model_set: ModelSet
    inference: Inference
    languages: Sequence[Language]
    models: TextModels
    second: "SecondRecogniser | None"
    tables: Model | None


def _load(settings: Settings, threads: int) -> _Loaded:
    model_set = resolve(
        settings.models_folder,
        settings.model,
        detection=settings.detection_model or None,
        recognition=settings.recognition_model or None,
    )
    inference = choose(settings, threads)
    languages = language_choice.resolve(
        settings.languages, settings.languages_folder, settings.models_folder
    )
    models = load_models(inference, model_set, settings, _kept_files(settings))
    second = second_recogniser(languages, inference, threads)
    tables = table_structure(settings.models_folder)
    return _Loaded(model_set, inference, languages, models, second, tables)


def _tell(send: Callable[[dict[str, Any]], None], batch_id: int, message: dict[str, Any]) -> None:
    send(message | {"batch": batch_id})


def _answer_forever(
    connection: Connection,
    batches: "queue.Queue[dict[str, Any]]",
    reader: "Reader",
    ready: dict[str, Any],
    inference_s: Callable[[], float],
    first: FirstAlone,
) -> None:
    """Say ready, then read as many batches at a time as that promised."""
    one_at_a_time = threading.Lock()
    told_s = inference_s()

    def send(message: dict[str, Any]) -> None:
        nonlocal told_s
        with one_at_a_time, contextlib.suppress(OSError):  # _receive_forever ends the process
            if message["type"] == "batch":
                now_s = inference_s()
                message["inference_s"], told_s = now_s - told_s, now_s
            worker_channel.send(connection, message)

    def answer() -> None:
        while True:
            message = batches.get()
            with worker_log.about(batch_id=message["batch"]), first.turn():
                try:
                    tell = functools.partial(_tell, send, message["batch"])
                    send(reader.read_batch(message, tell))
                except BaseException:  # a defect: better a new worker than an unanswered batch
                    log.exception("batch %d failed", message["batch"])
                    os._exit(1)

    for number in range(ready["batches"] - 1):  # first: one that cannot start is a failed start
        threading.Thread(target=answer, name=f"batch-{number}", daemon=True).start()
    send(ready)
    answer()


if __name__ == "__main__":
    main()
