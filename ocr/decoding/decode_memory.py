"""How large a picture may be: as large as the memory allows, estimated before it is decoded.

A decoder's share of the memory is divided among the pictures that are decoded at the same time;
what would need more is read at a half, a third, ... of its size, and what does not even fit
then is refused. So a decompression bomb never takes the worker down, and no limit in
megapixels stops a page that would have been read.
"""

import contextlib
import functools
import resource
import threading
from collections.abc import Iterator

from machine_limits import usable_memory
from ocr_errors import ImageError

_SHARE = 0.25
"""Of the memory there is, for all decoders together; the models and the pages need the rest."""
_UNKNOWN_MEMORY = 4e9
_GROWTH_SHARES = 2
"""Of what decoders have together: half of the memory."""
_LEAST_GROWTH = 1e9
"""Other threads read pages meanwhile, and OpenVINO takes a model's memory at once."""
_RESULT_BYTES = 4.0
"""A pixel of the page, 3 bytes, and what converting needs in between."""
_MAX_PIXELS = 300e6
"""However much memory there is. The largest camera has 200 million, A1 at 600 dpi 279 million."""
_REDUCTIONS = (1, 2, 3, 4, 6, 8)
JPEG_REDUCTIONS = (1, 2, 4, 8)
"""What a JPEG can be decoded at without its pixels at full size ever being in memory."""


class Budget:
    """So many bytes, lent to decoders that work at the same time."""

    def __init__(self, total: float) -> None:
        self.total = total
        self._lent = 0.0
        self._returned = threading.Condition()

    @contextlib.contextmanager
    def lend(self, count: float) -> Iterator[None]:
        """Wait until so much is free; the largest alone are let through whatever they ask."""
        with self._returned:
            self._returned.wait_for(lambda: self._lent == 0 or self._lent + count <= self.total)
            self._lent += count
        try:
            yield
        finally:
            with self._returned:
                self._lent -= count
                self._returned.notify_all()


@functools.cache
def budget() -> Budget:
    """The budget of this process."""
    return Budget((usable_memory() or _UNKNOWN_MEMORY) * _SHARE)


@contextlib.contextmanager
def bounded_growth() -> Iterator[None]:
    """The process gets at most half of the memory more meanwhile, whichever thread asks for it.

    For a decoder that does not say beforehand how much it needs, as PDFium, which unpacks each
    stream to at most a gigabyte, and all streams of a page. It ends the process when it gets no
    more, and the service goes on without that page. By one thread at a time.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = _data_bytes() + max(_LEAST_GROWTH, budget().total * _GROWTH_SHARES)
    if soft == resource.RLIM_INFINITY or most < soft:
        resource.setrlimit(resource.RLIMIT_DATA, (int(most), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _data_bytes() -> int:
    """What the kernel counts for RLIMIT_DATA."""
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[5]) * resource.getpagesize()


def check_size(
    size: tuple[int, int],
    max_pixels: float,
    remedy: str = "Make it smaller, or raise OCR_MAX_MEGAPIXELS.",
) -> None:
    """Refuse what a limit forbids; 0: there is none but the memory.

    Raises:
        ImageError: too_many_pixels.
    """
    pixels = size[0] * size[1]
    if max_pixels and pixels > max_pixels:
        raise ImageError(
            "too_many_pixels",
            f"The image has {pixels / 1e6:.1f} megapixels; {max_pixels / 1e6:g} are allowed. "
            f"{remedy}",
        )


def plan(
    size: tuple[int, int], stored_bytes: float, *, shrinks: bool = False, held_bytes: float = 0
) -> tuple[int, float]:
    """(1 or by how much each side is to be divided, the bytes that this takes at its peak).

    `stored_bytes` is what the decoder holds for a pixel, at full size or, where it `shrinks` while
    it decodes, at the size asked for; `held_bytes` what it holds for a pixel at full size anyway.

    Raises:
        ImageError: too_many_pixels.
    """
    pixels = size[0] * size[1]
    check_size(size, _MAX_PIXELS, remedy="Make it smaller or divide it.")
    for factor in JPEG_REDUCTIONS if shrinks else _REDUCTIONS:
        page = pixels / factor**2
        needed = page * _RESULT_BYTES + pixels * held_bytes
        needed += (page if shrinks else pixels) * stored_bytes
        if needed <= budget().total:
            return factor, needed
    raise ImageError(
        "too_many_pixels",
        f"The image has {pixels / 1e6:.1f} megapixels, more than fit into the memory for images "
        f"({budget().total / 1e6:.0f} MB). Make it smaller or divide it, or give the service more "
        "memory.",
    )
