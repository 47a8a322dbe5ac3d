"""One run of this service, or of PaddleOCR's own pipeline, over a list of images.

Each run is a fresh process on a copy of nothing: the service gets links to the images in a
folder of its own, PaddleOCR their paths. Times leave out what happens once: loading.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "data" / "paddle_models" / "whl"
_TIMEOUT_S = 3600.0
_POLL_S = 0.2


class Run(NamedTuple):
    """What one run gave."""

    texts: dict[Path, str]
    seconds: float
    """From the first image's start to the last one's end."""
    start_s: float
    """From the process's start until it could read."""
    peak_mb: float
    """Largest resident size of the process that holds the models."""

    @property
    def pages_per_second(self) -> float:
        """Over the whole run."""
        return len(self.texts) / self.seconds


def run_service(images: list[Path], environ: Mapping[str, str] | None = None) -> Run:
    """ocr_service from the first claim to the last commit, previews and all."""
    with tempfile.TemporaryDirectory(prefix="ocr-bench-") as folder:
        inbox, data = Path(folder) / "images", Path(folder) / "data"
        inbox.mkdir()
        for image in images:
            shutil.copyfile(image, inbox / image.name)
        (data / "paddle_models").mkdir(parents=True)
        shutil.copytree(MODELS, data / "paddle_models" / "whl", copy_function=os.link)
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "ocr" / "ocr_service.py")],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT / "contract"),
                "OCR_IMAGE_FOLDER": str(inbox),
                "OCR_DATA_FOLDER": str(data),
                "OCR_LOG_LEVEL": "warning",
                **(environ or {}),
            },
        )
        try:
            return _watch(process, data, images, started)
        finally:
            process.terminate()
            process.wait(10)


def run_paddle(images: list[Path], model: str = "small") -> Run:
    """`PaddleOCR(...).predict`, image by image, with the same model files and its own defaults."""
    script = Path(__file__).with_name("paddle_predict.py")
    done = subprocess.run(
        [sys.executable, str(script), str(MODELS), model, *map(str, images)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        env={**os.environ, "PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK": "True"},
    )
    value = json.loads(done.stdout.splitlines()[-1])
    texts = {Path(path): text for path, text in value["texts"].items()}
    return Run(texts, value["seconds"], value["start_s"], value["peak_mb"])


def _watch(
    process: "subprocess.Popen[bytes]", data: Path, images: list[Path], started: float
) -> Run:
    deadline = time.monotonic() + _TIMEOUT_S
    start_s = peak_mb = 0.0
    while time.monotonic() < deadline:
        time.sleep(_POLL_S)
        if process.poll() is not None:
            raise SystemExit(f"error: ocr_service ended with exit code {process.returncode}.")
        peak_mb = max([peak_mb, *(_peak_mb(child) for child in _children(process.pid))])
        rows = _query(data, "SELECT started_at, finished_at FROM batches ORDER BY id")
        if rows and not start_s:
            start_s = time.monotonic() - started
        left = _query(data, "SELECT count(*) FROM images WHERE status IN ('pending','processing')")
        total = _query(data, "SELECT count(*) FROM images")
        if total and total[0][0] == len(images) and left[0][0] == 0:
            rows = _query(data, "SELECT started_at, finished_at FROM batches ORDER BY id")
            first, last = (datetime.fromisoformat(at) for at in (rows[0][0], rows[-1][1]))
            found = dict(_query(data, "SELECT name, text FROM page_texts"))
            texts = {image: str(found.get(image.name, "")) for image in images}
            return Run(texts, (last - first).total_seconds(), start_s, peak_mb)
    raise SystemExit("error: the run took too long.")


def _query(data: Path, sql: str) -> list[tuple[Any, ...]]:
    uri = (data / "ocr_data.db").as_uri() + "?mode=ro"
    try:
        connection = sqlite3.connect(uri, uri=True)
        try:
            return list(connection.execute(sql))
        finally:
            connection.close()
    except sqlite3.OperationalError:  # not made yet
        return []


def _children(pid: int) -> list[int]:
    try:
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []


def _peak_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
