"""The pictures that the page in the browser shows. Runs in the worker only.

`data/previews/<2 hex>/<sha256>-p<page>.jpg` is the upright page, its longer side at most
PREVIEW_SIDE pixels, or more where its area lets a long strip stay readable; `…-t.jpg` its
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

PREVIEW_SIDE = 2000
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
_JPEG_QUALITY = 80
_BOX_COLOUR = (60, 140, 0)  # blue, green, red


class Previews:
    """Writes pictures below one data folder. Safe to use from several threads."""

    def __init__(self, data_folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that never go back."""
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
        preview = _shrink(page, PREVIEW_SIDE)
        names = (f"{stem}.jpg", f"{stem}-t.jpg")
        thumbnail = _shrink(_beginning(preview), THUMBNAIL_SIDE, by_area=False)
        for name, picture in zip(names, (preview, thumbnail), strict=True):
            options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
            _write_atomically(self._folder / name, picture, ".jpg", options)
        return names

    def show_newest(self, page: Pixels, lines: tuple[Line, ...]) -> None:
        """Replace data/temp.png by this page with its boxes, at most once a second.

        Raises:
            OSError: as `write`.
        """
        with self._lock:
            now = self._clock()
            if now < self._temp_due:
                return
            self._temp_due = now + TEMP_INTERVAL_S
        small = _shrink(page, TEMP_SIDE).copy()
        scale = max(small.shape[:2]) / max(page.shape[:2])
        outlines = [np.round(np.array(line.polygon) * scale).astype(np.int32) for line in lines]
        cv2.polylines(small, outlines, isClosed=True, color=_BOX_COLOUR, thickness=2)
        _write_atomically(self._temp, small, ".png", [cv2.IMWRITE_PNG_COMPRESSION, 1])


def _shrink(page: Pixels, side: int, *, by_area: bool = True) -> Pixels:
    """`page` itself, or a copy whose longer side is `side` pixels or whose area is that of 4:3."""
    height, width = page.shape[:2]
    longest = max(height, width)
    scale = side / longest
    if by_area:
        scale = max(scale, math.sqrt(_AREA_RATIO * side**2 / (height * width)))
        scale = min(scale, _MAX_SIDE / longest)
    if scale >= 1:
        return page
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
