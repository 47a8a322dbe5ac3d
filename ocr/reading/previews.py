"""The pictures that the page in the browser shows. Runs in the worker only.

`data/previews/<2 hex>/<sha256>-p<page>.jpg` is the upright page, as it is where its longer side has
at most PREVIEW_SIDE pixels, or more where its area lets a long strip stay readable; `…-t.jpg` its
thumbnail, of a strip its beginning. Named by content, so a file that is renamed or copied costs
nothing.
`data/temp.png` is the newest page with the boxes of its lines. JPEG and PNG at their fastest
settings: `benchmarks/preview_cost.py` has the comparison.
"""

import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from decoding.pixels import Pixels
from ocr_contract.data_folder import LATEST_PICTURE, PREVIEWS_FOLDER
from page_records import Line

PREVIEW_SIDE = 4096
"""A page of A4 at 300 dpi and a photo of 12 megapixels stay whole: to look closely, and because
encoding all of them takes less time than making them smaller."""
THUMBNAIL_SIDE = 320
TEMP_SIDE = 800
_AREA_RATIO = 0.75
"""A picture may have the area of a page of 4:3 whose longer side is the longest, whatever its own
shape is: so a strip is larger than its longer side alone would let it be."""
_MAX_SIDE = 30_000
"""Of a strip; JPEG ends at 65,535 pixels, browsers earlier."""
_THUMBNAIL_RATIO = 4.0
"""A longer strip's thumbnail shows only its beginning: all of it would be a line."""
TEMP_INTERVAL_S = 1.0
_HALVED = 3
"""So many times as large a picture as is wanted is halved first."""
_JPEG_QUALITY = 70
_THUMBNAIL_QUALITY = 80
_BOX_COLOUR = (60, 140, 0)  # blue, green, red


class Previews:
    """Writes pictures below one data folder. Safe to use from several threads."""

    def __init__(
        self,
        data_folder: Path,
        *,
        shows_newest: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Without `shows_newest` data/temp.png stays; `clock` gives seconds that never go back."""
        self._shows_newest = shows_newest
        self._folder = data_folder / PREVIEWS_FOLDER
        self._temp = data_folder / LATEST_PICTURE
        self._clock = clock
        self._temp_due = -np.inf
        self._lock = threading.Lock()

    def write(self, page: Pixels, sha256: str, number: int, rotation: int) -> tuple[str, str]:
        """Write the page's preview and thumbnail; returns their paths below data/previews.

        Raises:
            OSError: the disk is full or not writable.
        """
        turned = f"-r{rotation}" if rotation else ""
        stem = f"{sha256[:2]}/{sha256}-p{number}{turned}"
        preview = _preview(page)
        names = (f"{stem}.jpg", f"{stem}-t.jpg")
        thumbnail = _shrink(_beginning(preview), THUMBNAIL_SIDE)
        pictures = (preview, _JPEG_QUALITY), (thumbnail, _THUMBNAIL_QUALITY)
        for name, (picture, quality) in zip(names, pictures, strict=True):
            options = [cv2.IMWRITE_JPEG_QUALITY, quality]
            _write_atomically(self._folder / name, picture, ".jpg", options)
        return names

    def show_newest(self, page: Pixels, lines: tuple[Line, ...]) -> None:
        """Replace data/temp.png by this page with its boxes, at most once a second.

        Raises:
            OSError: as `write`.
        """
        with self._lock:
            now = self._clock()
            if not self._shows_newest or now < self._temp_due:
                return
            self._temp_due = now + TEMP_INTERVAL_S
        scale = min(_scale(page, TEMP_SIDE), _MAX_SIDE / max(page.shape[:2]))
        small = _resized(page, scale) if scale < 1 else page.copy()
        scale = max(small.shape[:2]) / max(page.shape[:2])
        outlines = [np.round(np.array(line.polygon) * scale).astype(np.int32) for line in lines]
        cv2.polylines(small, outlines, isClosed=True, color=_BOX_COLOUR, thickness=2)
        _write_atomically(self._temp, small, ".png", [cv2.IMWRITE_PNG_COMPRESSION, 1])


def _preview(page: Pixels) -> Pixels:
    scale, most = _scale(page, PREVIEW_SIDE), _MAX_SIDE / max(page.shape[:2])
    return _resized(page, most) if most < min(scale, 1.0) else _divided(page, scale)


def _scale(page: Pixels, side: int) -> float:
    """As large as its longer side lets it be, or its area where that is larger."""
    height, width = page.shape[:2]
    by_area = math.sqrt(_AREA_RATIO * side**2 / (height * width))
    return float(max(side / max(height, width), by_area))


def _divided(page: Pixels, scale: float) -> Pixels:
    """`page` itself, or a copy by the whole number that makes it no larger than `scale`.

    Whole numbers are several times as quick as what lies between them.
    """
    if scale >= 1:
        return page
    height, width = page.shape[:2]
    factor = math.ceil(1 / scale - 1e-9)
    if min(height, width) < factor:  # of a thread nothing would be left
        return _resized(page, scale)
    even = page[: height // factor * factor, : width // factor * factor]
    return _resized(even, 1 / factor)


def _shrink(page: Pixels, side: int) -> Pixels:
    """`page` itself, or a copy whose longer side is `side` pixels."""
    while max(page.shape[:2]) >= _HALVED * side and min(page.shape[:2]) > 1:
        page = _divided(page, 0.5)  # several times as quick as any other way
    scale = side / max(page.shape[:2])
    return page if scale >= 1 else _resized(page, scale)


def _resized(page: Pixels, scale: float) -> Pixels:
    height, width = page.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _beginning(page: Pixels) -> Pixels:
    """The top or the left end of a strip; any other page as it is."""
    height, width = page.shape[:2]
    most = math.ceil(min(height, width) * _THUMBNAIL_RATIO)
    return page[:most, :most]


def _write_atomically(path: Path, picture: Pixels, suffix: str, options: list[int]) -> None:
    """Readers see the old picture or the new one, never a part; no fsync: it can be made again."""
    encoded, content = cv2.imencode(suffix, picture, options)
    if not encoded:
        raise OSError(f"{path.name} could not be encoded")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        partial.write_bytes(content.tobytes())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
