"""What a page costs beside the networks: their answers are recorded once and then given again.

So the host's share shows alone, on any machine: decoding, cutting, order, all that a GPU does not
do. Keys are sums over a part of each picture's pixels; pages must differ.
"""

import threading
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from decoding.pixels import Pixels
from engines.columns import Columns
from engines.onnx_models import OnnxModels

_STEP = 7


class HostCost(NamedTuple):
    """Of pages whose networks answer at once."""

    core_s: float
    """Processor seconds a page."""
    pages_per_second: float
    """Of one process, however many threads it has: Python's lock lets one run at a time."""
    threads: int


class Recorded:
    """A network that answers again what it answered before. Safe to use from several threads."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self._known: dict[int, Any] = {}
        self._lock = threading.Lock()
        self.shapes = getattr(network, "shapes", [])
        self.logits = getattr(network, "logits", False)
        self.group = getattr(network, "group", None)
        self.together = getattr(network, "together", None)
        self.filled = getattr(network, "filled", None)

    def run_best(self, lines: Pixels) -> Columns:
        """As `Recogniser.run_best`."""
        found = self._answers(
            list(lines),
            lambda some: list(zip(*self._network.run_best(np.stack(some)), strict=True)),
        )
        return Columns(*map(np.stack, zip(*found, strict=True)))

    def run(self, images: Pixels) -> Any:
        """As `Network.run`."""
        return np.stack(self._answers(list(images), lambda s: list(self._network.run(np.stack(s)))))

    def run_together(self, pages: Sequence[Pixels]) -> list[Any]:
        """As `GroupDetector.run_together`."""
        return self._answers(pages, self._network.run_together)

    def _answers(self, images: Sequence[Pixels], run: Callable[[Any], list[Any]]) -> list[Any]:
        keys = [_key(image) for image in images]
        with self._lock:
            found = [self._known.get(key) for key in keys]
        if any(each is None for each in found):
            found = run(images)
            with self._lock:
                self._known.update(zip(keys, found, strict=True))
        return found


def record(models: OnnxModels) -> None:
    """Let these models' networks answer again what they answered."""
    for name in ("_detection", "_recognition", "_page_orientation"):
        if hasattr(models, name):
            setattr(models, name, Recorded(getattr(models, name)))
    if models._searches is not None:
        models._searches._run = models._detection.run_together  # type: ignore[attr-defined]


def host_cost(read: Callable[[int], object], pages: int, threads: int, rounds: int) -> HostCost:
    """The cost of `read(number)` for so many pages, `rounds` times, once all is recorded."""
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(read, range(pages)))
        wall, cpu = time.monotonic(), time.process_time()
        for _ in range(rounds):
            list(pool.map(read, range(pages)))
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    return HostCost(cpu / (rounds * pages), rounds * pages / wall, threads)


def _key(image: Pixels) -> int:
    return zlib.crc32(image[::_STEP, ::_STEP].tobytes()) ^ hash(image.shape)
