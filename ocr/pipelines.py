"""One pipeline for each worker process, and what they are together."""

import threading
from collections.abc import Callable, Sequence

import heartbeat
from in_work import InWork
from ocr_contract.replies import BatchInWork
from pipeline import Pipeline
from records.store import Store
from worker_link.reading_pools import Pools

_LOOK_S = 0.2


class Pipelines:
    """Reads what is pending with all workers. Every worker has a thread, a claim on the queue and
    an end of its own: one that is killed, hangs or is replaced takes no other along."""

    def __init__(
        self,
        store: Store,
        pools: Pools,
        *,
        stop: threading.Event,
        max_attempts: int,
        wait_for_signal: bool,
        hold: Callable[[], object] = lambda: None,
    ) -> None:
        """As `Pipeline`."""
        self._stop = stop
        self._pools = pools
        self._shared = InWork()
        self._all = [
            Pipeline(
                store, pool, stop=stop, max_attempts=max_attempts,
                wait_for_signal=wait_for_signal, hold=hold, shared=self._shared,
            )
            for pool in pools.all
        ]  # fmt: skip

    @property
    def threads(self) -> Sequence[tuple[str, Callable[[], None]]]:
        """Name and work of the threads."""
        first, *others = self._all
        return [
            ("pipeline", first.run),
            *((f"pipeline-{at}", self._after_the_first(one)) for at, one in enumerate(others, 2)),
        ]

    def _after_the_first(self, pipeline: Pipeline) -> Callable[[], None]:
        """The first text comes first; and the first worker may keep what it compiled for others."""

        def run() -> None:
            while self._pools.provenance is None and not self._stop.is_set():
                heartbeat.wait(self._stop, _LOOK_S)
            pipeline.run()

        return run

    def wake(self) -> None:
        """As `Pipeline.wake`."""
        self._shared.wake()

    def signal(self, *, limit: int | None, paths: frozenset[bytes] | None) -> Callable[[], None]:
        """As `Pipeline.signal`."""
        return self._all[0].signal(limit=limit, paths=paths)

    @property
    def state(self) -> str:
        """As `Pipeline.state`: working when one of them is, starting while none can read."""
        states = [pipeline.state for pipeline in self._all]
        if "working" in states:
            return "working"
        return next((state for state in states if state != "starting"), "starting")

    @property
    def batch(self) -> BatchInWork | None:
        """The oldest batch in work."""
        found = [batch for pipeline in self._all if (batch := pipeline.batch) is not None]
        return min(found, key=lambda batch: batch["id"], default=None)

    def pages_per_second(self) -> float:
        """Of all workers together, over the last minute."""
        return sum(pipeline.pages_per_second() for pipeline in self._all)
