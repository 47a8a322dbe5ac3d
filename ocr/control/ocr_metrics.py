"""What `GET /metrics` tells, in Prometheus' text format; counted from the database's truth."""

import dataclasses
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ocr_contract.replies import StatusReply
from records.ocr_totals import Totals


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """What is told besides the status."""

    totals: Totals
    resident_bytes: Mapping[str, int]
    """By process: main, worker."""
    free_bytes: int | None
    """Where the data folder lies; None when that cannot be asked."""
    found: Mapping[str, int]
    """Files noticed, by what noticed them: event, rescan."""


class _Collector:
    """One moment as metrics."""

    def __init__(self, status: StatusReply, measured: Measured) -> None:
        self._status = status
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        """The protocol of prometheus_client."""
        yield from self._of_status()
        yield from self._of_totals()
        memory = GaugeMetricFamily(
            "ocr_resident_bytes", "Resident memory by process.", labels=["process"]
        )
        for process, size in self._measured.resident_bytes.items():
            memory.add_metric([process], size)
        yield memory
        if self._measured.free_bytes is not None:
            yield GaugeMetricFamily(
                "ocr_free_bytes", "Free space for the data folder.", self._measured.free_bytes
            )
        found = CounterMetricFamily(
            "ocr_files_found", "Files noticed, by what noticed them.", labels=["by"]
        )
        for by, count in self._measured.found.items():
            found.add_metric([by], count)
        yield found

    def _of_status(self) -> Iterator[Metric]:
        status = self._status
        images = GaugeMetricFamily("ocr_images", "Images by status.", labels=["status"])
        for name, count in status.counts.items():
            if name != "total":
                images.add_metric([name], count)
        yield images
        yield GaugeMetricFamily(
            "ocr_pages_per_second", "Over the last minute.", status.pages_per_second
        )
        yield CounterMetricFamily(
            "ocr_worker_restarts", "Workers started after the first.", status.worker_restarts
        )
        yield GaugeMetricFamily("ocr_uptime_seconds", "Since the start.", status.uptime_s)
        if status.check is not None:
            yield GaugeMetricFamily(
                "ocr_database_tables_to_check",
                "Tables that the thorough check has still to read; 0: the database is sound.",
                status.check["tables_left"],
            )
        yield GaugeMetricFamily("ocr_warning", "1: needs a person.", status.warning is not None)

    def _of_totals(self) -> Iterator[Metric]:
        totals = self._measured.totals
        yield CounterMetricFamily("ocr_pages", "Pages read, over all starts.", totals.pages)
        yield CounterMetricFamily("ocr_batches", "Batches read, over all starts.", totals.batches)
        yield CounterMetricFamily(
            "ocr_reading_seconds", "Wall time of these batches in the worker.", totals.seconds
        )
        failures = GaugeMetricFamily(
            "ocr_failed_images", "Failed and quarantined images by error code.", labels=["code"]
        )
        for code, count in totals.failures.items():
            failures.add_metric([code], count)
        yield failures
        warned = GaugeMetricFamily(
            "ocr_warned_images",
            "Images that are done with a warning, by its code.",
            labels=["code"],
        )
        for code, count in totals.warnings.items():
            warned.add_metric([code], count)
        yield warned


def render(status: StatusReply, measured: Measured) -> bytes:
    """The metrics of this moment."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(status, measured))
    return generate_latest(registry)
