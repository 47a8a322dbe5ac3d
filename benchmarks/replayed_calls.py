"""Calls of networks: timed and answered once, then replayed, as long and with the same answer.

A replayed call sleeps for the time that native code took, in which Python's lock is free, and
counts for the time that our own code around it took, in which it is not always. So more lanes than
there are processors can be tried, with all that is around them as it is.
"""

import dataclasses
import pickle
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from decoding.pixels import Pixels
from engines.columns import Columns
from engines.onnx_models import OnnxModels

_TIMES = 3
NETWORKS = ("_detection", "_recognition", "_page_orientation")


class Cost(NamedTuple):
    """Of one call, in processor seconds."""

    native_s: float
    python_s: float


@dataclasses.dataclass
class Record:
    """What networks answered, by picture, and what calls cost, by shape; for each network."""

    answers: dict[str, dict[int, Any]] = dataclasses.field(default_factory=dict)
    costs: dict[str, dict[tuple[int, ...], Cost]] = dataclasses.field(default_factory=dict)
    logits: bool = True
    pages: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    """As a worker tells them."""

    def write(self, path: Path) -> None:
        """For another process of ours."""
        path.write_bytes(pickle.dumps(self))

    @staticmethod
    def read(path: Path) -> "Record":
        """What `write` wrote."""
        found: Record = pickle.loads(path.read_bytes())
        return found


def measure(models: OnnxModels, record: Record) -> None:
    """From now on these models, which have one lane, note what they answer and what it costs."""
    record.logits = models._detection.logits
    for name in NETWORKS:
        setattr(models, name, _Measured(getattr(models, name), name, record))


def measure_lines(models: OnnxModels, shapes: Sequence[tuple[int, int]]) -> None:
    """Note what lines of these (width, count) cost."""
    for width, count in shapes:
        models._recognition.run_best(np.zeros((count, 48, width, 3), dtype=np.uint8))


class _Measured:
    """A network that is watched."""

    def __init__(self, network: Any, name: str, record: Record) -> None:
        self._network = network
        self.logits = getattr(network, "logits", False)
        self._answers = record.answers.setdefault(name, {})
        self._costs = record.costs.setdefault(name, {})
        self._request = _Timed(network._requests.get())
        network._requests.put(self._request)

    def run_best(self, lines: Pixels) -> Columns:
        found: Columns = self._timed(lines, self._network.run_best)
        self._answers.update(zip(map(_key, lines), zip(*found, strict=True), strict=True))
        return found

    def run(self, images: Pixels) -> Any:
        found = self._timed(images, self._network.run)
        self._answers.update(zip(map(_key, images), found, strict=True))
        return found

    def _timed(self, images: Pixels, run: Callable[[Pixels], Any]) -> Any:
        shape = images.shape[:3]
        if shape in self._costs:
            return run(images)
        run(images)  # the first time it prepares for the shape
        costs = []
        for _ in range(_TIMES):
            self._request.native_s = 0.0
            begun = time.process_time()
            found = run(images)
            all_s, native_s = time.process_time() - begun, self._request.native_s
            costs.append(Cost(native_s, max(all_s - native_s, 0.0)))
        self._costs[shape] = min(costs, key=sum)
        return found


class _Timed:
    """A request whose time is taken."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self.native_s = 0.0

    def infer(self, *arguments: Any, **named: Any) -> Any:
        begun = time.process_time()
        try:
            return self._request.infer(*arguments, **named)
        finally:
            self.native_s += time.process_time() - begun

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)


class Replayed:
    """A network of a record. Safe to use from several threads."""

    def __init__(self, record: Record, name: str, speed: float) -> None:
        """`speed`: how many threads a call has."""
        self._answers, self._costs = record.answers[name], record.costs[name]
        self.logits = record.logits
        self._speed = speed

    def run_best(self, lines: Pixels) -> Columns:
        """As `Recogniser.run_best`."""
        self._take_as_long(lines)
        return Columns(*map(np.stack, zip(*self._of(lines), strict=True)))

    def run(self, images: Pixels) -> Any:
        """As `Network.run`."""
        self._take_as_long(images)
        return np.stack(self._of(images))

    def _of(self, images: Pixels) -> list[Any]:
        return [self._answers[_key(image)] for image in images]

    def _take_as_long(self, images: Pixels) -> None:
        cost = self._costs.get(images.shape[:3]) or self._nearest(images.shape[:3])
        until = time.thread_time() + cost.python_s
        time.sleep(cost.native_s / self._speed)
        while time.thread_time() < until:
            pass

    def _nearest(self, shape: tuple[int, ...]) -> Cost:
        size = int(np.prod(shape))
        known = min(self._costs, key=lambda each: abs(int(np.prod(each)) - size))
        share = size / int(np.prod(known))
        return Cost(*(seconds * share for seconds in self._costs[known]))


def _key(image: Pixels) -> int:
    return zlib.crc32(image.tobytes()) ^ hash(image.shape)
