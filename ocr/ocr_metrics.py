"""What `GET /metrics` tells, in Prometheus' text format; counted from the database's truth."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from ocr_contract.control import StatusReply


class _StatusCollector:
    """One status reply as metrics."""

    def __init__(self, status: StatusReply) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """The protocol of prometheus_client."""
        status = self._status
        images = GaugeMetricFamily("ocr_images", "Images by status.", labels=["status"])
        for name, count in status.counts.items():
            if name != "total":
                images.add_metric([name], count)
        yield images
        yield GaugeMetricFamily(
            "ocr_pages_per_second", "Over the last minute.", status.pages_per_second
        )
        yield GaugeMetricFamily(
            "ocr_worker_restarts", "Workers started after the first.", status.worker_restarts
        )
        yield GaugeMetricFamily("ocr_uptime_seconds", "Since the start.", status.uptime_s)
        yield GaugeMetricFamily("ocr_warning", "1: needs a person.", status.warning is not None)


def render(status: StatusReply) -> bytes:
    """The metrics of this moment."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StatusCollector(status))
    return generate_latest(registry)
