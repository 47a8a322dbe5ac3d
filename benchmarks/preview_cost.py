"""What the pictures for the browser cost, by format and encoder, beside reading the page.

    .venv/test/bin/python benchmarks/preview_cost.py --images FOLDER

Prints, per page, the milliseconds for a preview (at most 4,096 pixels) and for temp.png, the
size of the preview, and each as a share of the time that reading the page takes.
"""

import argparse
import functools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from decoding.documents import decode_pages
from decoding.pixels import Pixels
from engines.inference import choose, load_models
from machine import describe
from machine_limits import usable_cpus
from models import resolve
from ocr_settings import load
from reading.engine import PageEngine
from reading.previews import PREVIEW_SIDE, TEMP_SIDE, Previews
from service_folders import models_folder

_PAGES = 20
_ENCODERS: dict[str, tuple[str, list[int]]] = {
    "JPEG, quality 70 (used)": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 70]),
    "JPEG, quality 80": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 80]),
    "JPEG, quality 80, optimised": (
        ".jpg",
        [cv2.IMWRITE_JPEG_QUALITY, 80, cv2.IMWRITE_JPEG_OPTIMIZE, 1],
    ),
    "WebP, quality 80, default effort": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 80]),
    "PNG, fastest": (".png", [cv2.IMWRITE_PNG_COMPRESSION, 1]),
    "PNG, default": (".png", []),
}


def main() -> int:
    """Print the table; returns 1 when what is used costs 10 % or more."""
    parser = argparse.ArgumentParser(description="The cost of previews and temp.png.")
    parser.add_argument("--images", required=True, type=Path)
    options = parser.parse_args()
    files = sorted(options.images.glob("*.jpg"))[:_PAGES]
    pages = [page.pixels for f in files for page in decode_pages(f.read_bytes(), 1e9)]
    settings = load(os.environ)
    models = load_models(
        choose(settings, usable_cpus()), resolve(models_folder(), "small"), settings
    )
    engine = PageEngine(models, detection_side=settings.detection_side, orientation=True)
    lines = [engine.read(page).lines for page in pages]
    reading = _milliseconds(pages, engine.read)
    print(f"{describe()}\n{len(pages)} pages; reading one: {reading:.0f} ms (median)\n")
    print(f"{'':36} {'ms':>7} {'kB':>7} {'share':>7}")
    for name, (suffix, parameters) in _ENCODERS.items():
        cost = _milliseconds(pages, functools.partial(_encode, suffix, parameters))
        size = statistics.median(_encode(suffix, parameters, page) for page in pages) / 1000
        print(f"{name:36} {cost:7.1f} {size:7.0f} {cost / reading:7.1%}")
    with tempfile.TemporaryDirectory() as folder:
        ticks = iter(range(10**9))
        writer = Previews(Path(folder), clock=lambda: float(2 * next(ticks)))
        drawn = iter(lines * 2)
        temp = _milliseconds(pages, lambda page: writer.show_newest(page, next(drawn)))
        files_cost = _milliseconds(pages, lambda page: writer.write(page, "0" * 64, 1, 0))
    name = f"temp.png, {TEMP_SIDE} pixels, once a page"
    print(f"{name:36} {temp:7.1f} {'':7} {temp / reading:7.1%}")
    total = (temp + files_cost) / reading
    print(f"{'preview, thumbnail and temp.png':36} {temp + files_cost:7.1f} {'':7} {total:7.1%}")
    return 0 if total < 0.1 else 1


def _encode(suffix: str, parameters: list[int], page: Pixels) -> int:
    """The encoded size, in bytes, of the page as a preview."""
    scale = min(1.0, PREVIEW_SIDE / max(page.shape[:2]))
    small = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return len(np.asarray(cv2.imencode(suffix, small, parameters)[1]))


def _milliseconds(pages: list[Pixels], work: Callable[[Pixels], object]) -> float:
    """Median over the pages."""
    times = []
    for page in pages:
        started = time.perf_counter()
        work(page)
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
