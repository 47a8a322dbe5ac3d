"""The steps of `make bench-gpu`: models on the device that is asked for, and what is measured."""

import dataclasses
import itertools
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from decoding.documents import decode_pages
from engines import inference, nvml
from engines.gpu_models import gpu_models
from engines.kept_files import KeptFiles
from engines.onnx_models import OnnxModels
from engines.onnxruntime_sessions import RuntimeDevice
from engines.text_models import TextModels
from machine_limits import is_lack_of_memory
from models import ModelSet, resolve
from ocr_settings import Settings, load
from process_memory import resident_mb
from reading.engine import PageEngine
from service_folders import models_folder

_MOST_PIXELS = 60e6
_SAMPLES = 40
_BUSY_SAMPLE_S = 0.1
_LIMITS_MB = (1500, 1000, 700, 500, 350, 250)
_SIMULATED_LINES = 8
"""So many lines at most fit a simulated memory."""

Texts = dict[Path, list[str]]
"""The lines of each image."""


@dataclasses.dataclass(frozen=True)
class Speed:
    """Of pages read side by side."""

    pages: int
    seconds: float
    core_s: float
    """Processor seconds of the whole process."""
    device_s: float
    """Seconds in which a lane was in a call, the mean over the lanes."""
    busy: float | None
    """Share of the time in which the GPU computed, by the driver."""
    gpu_mb: float | None
    """The most memory of the GPU in use, by all processes."""
    resident_mb: float


@dataclasses.dataclass(frozen=True)
class Starved:
    """Reading with too little memory for full batches."""

    how: str
    failures: int
    """Calls that failed for want of memory."""
    differing: int
    """Lines that were read otherwise than with enough memory."""


def settings_and_models(data: Path) -> tuple[Settings, ModelSet]:
    """The environment's settings, but with this data folder, and the models they name."""
    settings = load(dict(os.environ) | {"OCR_DATA_FOLDER": str(data)})
    return settings, resolve(models_folder(), settings.model)


def start_seconds(data: Path, gpu: int | None, *, fp16: bool) -> float:
    """Until the first page can be read."""
    settings, models = settings_and_models(data)
    started = time.monotonic()
    made = device_models(models, settings, gpu, fp16=fp16)
    seconds = time.monotonic() - started
    made.lanes.stop_preparing()
    return seconds


def wait_until_prepared(made: OnnxModels, gpu: int | None) -> float:
    """Seconds that took; on a CPU nothing more is prepared."""
    started = time.monotonic()
    if gpu is None:
        made.lanes.stop_preparing()
        return 0.0
    while made.lanes.to_prepare:
        time.sleep(_BUSY_SAMPLE_S)
    return time.monotonic() - started


def cpu_models(models: ModelSet, threads: int) -> TextModels:
    """As the service has them on a CPU; what they prepare in advance takes no time from others."""
    settings = load(dict(os.environ) | {"OCR_DEVICE": "cpu", "OCR_ENGINE": "auto"})
    made = inference.load_models(inference.choose(settings, threads), models, settings)
    if isinstance(made, OnnxModels):
        made.lanes.stop_preparing()
    return made


def device_models(
    models: ModelSet, settings: Settings, gpu: int | None, *, memory_mb: int = 0, fp16: bool = False
) -> OnnxModels:
    """In fixed shapes, on a GPU or, for None, on ONNX Runtime's CPU; what is remembered lies in
    the settings' data folder."""
    device = RuntimeDevice(gpu=gpu, threads=1, memory_mb=memory_mb, tensorrt_fp16=fp16)
    kept = KeptFiles(settings.engines_folder, lambda _: True)
    made = gpu_models(
        models,
        device,
        pipelines=settings.gpu_pipelines,
        unclip_ratio=settings.unclip_ratio,
        orientation=settings.orientation == "auto",
        kept=kept,
    )
    made.begin()
    kept.confirm()
    return made


def engine_of(models: TextModels, settings: Settings) -> PageEngine:
    """What reads pages with these models."""
    return PageEngine(
        models,
        detection_side=settings.detection_side,
        orientation=settings.orientation == "auto",
    )


def read_file(engine: PageEngine, image: Path) -> list[str]:
    """The lines of an image of one page, decoded anew."""
    (page,) = decode_pages(image.read_bytes(), _MOST_PIXELS)
    return [line.text for line in engine.read(page.pixels).lines]


def read_all(engine: PageEngine, images: Sequence[Path], threads: int) -> Texts:
    """All of them, side by side."""
    with ThreadPoolExecutor(threads) as pool:
        texts = pool.map(lambda image: read_file(engine, image), images)
        return dict(zip(images, texts, strict=True))


def differing(texts: Texts, others: Texts) -> list[tuple[str, str, str]]:
    """(image, line, "-" or "+"): lines of `texts` that `others` lack, and the reverse."""
    found = []
    for image, lines in texts.items():
        ours, theirs = Counter(lines), Counter(others[image])
        found += [(image.name, line, "-") for line in (ours - theirs).elements()]
        found += [(image.name, line, "+") for line in (theirs - ours).elements()]
    return found


def speed(
    engine: PageEngine, models: OnnxModels, images: Sequence[Path], threads: int, gpu: int | None
) -> Speed:
    """Reading `images`, which may repeat, with `threads` of them in hand."""
    with DeviceWatch(gpu) as watch, ThreadPoolExecutor(threads) as pool:
        wall, cpu, device = time.monotonic(), time.process_time(), models.inference_s()
        for _ in pool.map(lambda image: read_file(engine, image), images):
            pass
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        device = models.inference_s() - device
    return Speed(
        len(images), wall, cpu, device, watch.busy, watch.most_mb, resident_mb(os.getpid())
    )


def memory_samples(
    engine: PageEngine, images: Sequence[Path], pages: int, threads: int, gpu: int | None
) -> Iterator[tuple[int, float, float | None]]:
    """(pages read, resident MiB, the GPU's MiB) now and then while `pages` are read."""
    every = max(pages // _SAMPLES, 1)
    repeated = itertools.islice(itertools.cycle(images), pages)
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, pages, every):
            some = list(itertools.islice(repeated, every))
            list(pool.map(lambda image: read_file(engine, image), some))
            used = None if gpu is None else nvml.memory_used_mb(gpu)
            yield start + len(some), resident_mb(os.getpid()), used


def starve(
    load_limited: Callable[[int], OnnxModels],
    read: Callable[[OnnxModels], Texts],
    wanted: Texts,
    gpu: int | None,
) -> Starved:
    """Reads with less and less memory until calls fail; on a CPU, where memory is only said to be
    short, once."""
    found = Starved("no limit made a call fail", 0, 0)
    for limit in _LIMITS_MB if gpu is not None else (0,):
        made = load_limited(limit)
        made.lanes.stop_preparing()
        short = ShortOfMemory(made._recognition, None if gpu is not None else _SIMULATED_LINES)
        made._recognition = short
        texts = read(made)
        how = f"{limit} MB a model" if gpu is not None else "simulated"
        found = Starved(how, short.failures, len(differing(wanted, texts)))
        if short.failures:
            break
    return found


class ShortOfMemory:
    """A recogniser whose calls that fail for want of memory are counted."""

    def __init__(self, recogniser: Any, most_lines: int | None) -> None:
        """More lines than `most_lines` fail by themselves."""
        self._recogniser = recogniser
        self._most = most_lines
        self.failures = 0

    def run_best(self, lines: Any) -> Any:
        """As `Recogniser.run_best`."""
        try:
            if self._most is not None and len(lines) > self._most:
                raise MemoryError("simulated")
            return self._recogniser.run_best(lines)
        except Exception as error:
            self.failures += is_lack_of_memory(error)
            raise


class DeviceWatch:
    """Follows a GPU in a thread, as a context manager; on a CPU there is nothing to follow."""

    def __init__(self, gpu: int | None) -> None:
        self.busy: float | None = None
        self.most_mb: float | None = None
        self._gpu = gpu
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "DeviceWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        shares: list[float] = []
        while self._gpu is not None and not self._stop.wait(_BUSY_SAMPLE_S):
            share, used = nvml.busy_share(self._gpu), nvml.memory_used_mb(self._gpu)
            if share is not None:
                shares.append(share)
                self.busy = sum(shares) / len(shares)
            if used is not None:
                self.most_mb = max(self.most_mb or 0.0, used)


def as_text(texts: Texts) -> Mapping[Path, str]:
    """For `scoring.score`."""
    return {image: "\n".join(lines) for image, lines in texts.items()}
