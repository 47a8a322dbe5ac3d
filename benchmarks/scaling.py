"""What more processors bring, tried on few: lanes that sleep as long as real calls took.

    make scaling [IMAGES=folder] [ARGS="--cores 2,8 --pages 60"]

The calls of the networks are timed and answered once. Then the real service and its real workers
read the same pages with ever more lanes, whose calls sleep: decoding, cutting, order, Python's
lock, the pipe and the writer are as they are. Sleeping lanes take no processor, so two limits are
measured apart and put together by arithmetic: what a worker does when calls answer at once, and
what the service does when workers do.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench import distinct, evenly
from decoding.documents import decode_pages
from engines.inference import Inference, load_models
from engines.onnx_models import OnnxModels
from engines.openvino_compile import best_precision
from engines.text_recognition import CPU_WIDTHS, LINE_HEIGHT
from machine import describe
from models import resolve
from ocr_settings import load
from other_load import OtherLoad
from page_records import Page
from process_memory import tree
from project import ROOT
from reading.engine import PageEngine
from replayed_calls import Record, measure
from result_files import write_results
from running_service import RunningService, ServiceError
from runs import inference_share, wall_seconds
from scaling_figures import LANES, Trial, tables, workers_for
from scaling_worker import MOST_COLUMNS, MOST_LINES
from scoring import IMAGE_SUFFIXES
from service_folders import models_folder
from time_to_return import processor_s
from worker_link import worker_protocol

_BLANK = (64, 320, 3)
_WARM_UP = 4


class ReplayingService(RunningService):
    """The service with workers whose networks are replayed."""

    def __init__(self, record: Path, mode: str, cores: int, workers: int) -> None:
        environ = {"OCR_THREADS": str(cores), "OCR_WORKERS": str(workers), "OCR_DEVICE": "cpu"}
        super().__init__(environ | {"OCR_SETTLE_S": "0.1", "OCR_SCAN_INTERVAL_S": "1"})
        self.program = (str(ROOT / "benchmarks" / "scaling_service.py"), str(record), mode)


def main() -> int:
    """Print and write the figures; returns 1 only when something broke."""
    parser = argparse.ArgumentParser(description="What more processors bring, by replayed calls.")
    parser.add_argument("--images", type=Path, default=ROOT / "samples")
    parser.add_argument("--limit", type=int, default=16, help="so many different images")
    parser.add_argument("--pages", type=int, default=96, help="in each run")
    parser.add_argument("--cores", default="2,4,8,16,32")
    parser.add_argument("--workers", default="1,2", help="of the runs in which calls take no time")
    options = parser.parse_args()
    cores = [int(count) for count in options.cores.split(",")]
    workers = [int(count) for count in options.workers.split(",")]
    images = [path for path in sorted(options.images.iterdir()) if path.suffix in IMAGE_SUFFIXES]
    images = evenly(distinct(images), options.limit)
    print(f"{describe()}\n{len(images)} images", flush=True)
    runs = [("host", 2, count) for count in workers] + [("answers", 2, 1)]
    runs += [("pages", count, 1) for count in cores]
    runs += [("pages", count, workers_for(count)) for count in cores if workers_for(count) > 1]
    with tempfile.TemporaryDirectory(prefix="ocr-scaling-") as folder:
        place = Path(folder) / "record"
        record(images, place)
        try:
            trials = [told(trial(place, images, options.pages, *run)) for run in runs]
        except ServiceError as error:
            print(f"error: {error}.", file=sys.stderr)
            return 1
    text = tables(trials, cores)
    head = f"{len(images)} images, {options.pages} pages a run, calls in {best_precision()}"
    print(f"\n{head}\n\n{text}")
    raw = {"trials": [each._asdict() for each in trials]}
    path = write_results("scaling", raw, f"{head}\n\n{text}")
    print(f"\nwritten: {path.relative_to(ROOT)} and .md beside it")
    return 0


def record(images: Sequence[Path], place: Path) -> None:
    """Read the images with one lane, and write what the networks answered and what calls cost."""
    settings = load({"OCR_DEVICE": "cpu"})
    found = Record()
    model_set = resolve(models_folder(), settings.model)
    models = load_models(Inference("openvino", "cpu", best_precision(), 1), model_set, settings)
    assert isinstance(models, OnnxModels)
    models.lanes.stop_preparing()
    measure(models, found)
    engine = PageEngine(models, detection_side=settings.detection_side, orientation=True)
    engine.read(np.full(_BLANK, 255, dtype=np.uint8))  # as a worker does at its start
    for width in CPU_WIDTHS:
        for count in {1, max(min(MOST_LINES, MOST_COLUMNS // width), 1)}:
            models._recognition.run_best(np.zeros((count, LINE_HEIGHT, width, 3), dtype=np.uint8))
    for image in images:
        page = next(decode_pages(image.read_bytes(), 0.0))
        read = engine.read(page.pixels, told_upright=page.told_upright)
        height, width = read.pixels.shape[:2]
        told = Page(width, height, read.rotation, read.lines, None, None, 0.1, read.warnings)
        found.pages.append(worker_protocol.page_to_json(told))
    found.write(place)


def trial(
    place: Path, images: Sequence[Path], pages: int, mode: str, cores: int, workers: int
) -> Trial:
    """One run of the service.

    Raises:
        ServiceError: it ended early, or failed to read a page.
    """
    files = [
        (f"{number:04d}{images[number % len(images)].suffix}",
         images[number % len(images)].read_bytes() + bytes(number + 1))
        for number in range(_WARM_UP * workers + pages)
    ]  # fmt: skip
    with ReplayingService(place, mode, cores, workers) as service, OtherLoad() as others:
        service.wait_until_ready()
        service.drop_all(files[: _WARM_UP * workers])
        service.wait_until_read(_WARM_UP * workers)
        first = int(service.query("SELECT max(id) FROM batches")[0][0])
        before = _spent(service)
        service.drop_all(files[_WARM_UP * workers :])
        service.wait_until_read(len(files))
        spent = {pid: seconds - before.get(pid, 0.0) for pid, seconds in _spent(service).items()}
        seconds = wall_seconds(service.data, after_batch=first)
        share = inference_share(service.data, after_batch=first) or 0.0
        failed = service.query("SELECT count(*) FROM images WHERE status <> 'done'")[0][0]
    if failed:
        raise ServiceError(f"{failed} pages were not read in the mode {mode}")
    own_s = spent.pop(service.process.pid)
    lanes = min(cores // workers, LANES) * share * seconds / pages * workers
    speed = max(cores / workers / LANES, 1.0)
    return Trial(
        mode, cores, workers, pages / seconds, lanes / workers * speed, sum(spent.values()) / pages,
        own_s / pages, others.share,
    )  # fmt: skip


def _spent(service: RunningService) -> dict[int, float]:
    return {pid: processor_s(pid) for pid in tree(service.process.pid)}


def told(found: Trial) -> Trial:
    """Say it."""
    print(
        f"{found.mode:8} {found.cores:2} cores, {found.workers} workers: "
        f"{found.pages_per_second:6.2f} pages/s, worker {found.worker_core_s:.3f} and service "
        f"{found.service_core_s:.4f} core s a page",
        flush=True,
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
