"""One measured run over a list of images: what it gives, and the run of this service.

Every run is a fresh process that first reads one image that is not measured, so that times leave
out what happens once: loading, and the first use of each part.
"""

import contextlib
import json
import statistics
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from process_memory import PeakWatch
from running_service import RunningService, query

_WARM_UP = "0-warm-up"


class Run(NamedTuple):
    """What one run gave."""

    texts: dict[Path, str]
    seconds: float
    """From the first image's start to the last one's end."""
    start_s: float | None
    """From the process's start until it could read; None where each image has its own start."""
    peak_mb: float
    """Largest resident size of all its processes together."""
    detail: str = ""
    """Engine and models, for a person."""
    inference_share: float | None = None
    """Of `seconds`, the share spent inside inference, 0 to 1; None when unknown."""
    first_batch_ratio: float | None = None
    """Time for a page in the very first batch over the median of the others; None when unknown."""

    first_page_s: float | None = None
    """From the process's start until the page that is read first is done; None when unknown."""

    @property
    def pages_per_second(self) -> float:
        """Over the whole run."""
        return len(self.texts) / self.seconds


def run_service(images: list[Path], environ: Mapping[str, str] | None = None) -> Run:
    """ocr_service from the first claim to the last commit, previews and all.

    Raises:
        ServiceError: it ended early or took too long.
    """
    started = time.monotonic()
    with RunningService(environ) as service, PeakWatch(service.process.pid) as watch:
        detail = service.wait_until_ready()
        start_s = time.monotonic() - started
        # One byte behind the end: the same pixels, yet no duplicate of the measured image.
        service.drop(_WARM_UP + images[0].suffix, images[0].read_bytes() + b"\0")
        service.wait_until_read(1)
        first_page_s = time.monotonic() - started
        warm_up = int(service.query("SELECT max(id) FROM batches")[0][0])
        service.drop_all((image.name, image) for image in images)
        service.wait_until_read(1 + len(images))
        found = dict(service.query("SELECT name, text FROM page_texts"))
        return Run(
            texts={image: str(found.get(image.name, "")) for image in images},
            seconds=wall_seconds(service.data, after_batch=warm_up),
            start_s=start_s,
            peak_mb=watch.peak_mb,
            detail=detail,
            inference_share=inference_share(service.data, after_batch=warm_up),
            first_batch_ratio=_first_batch_ratio(service.data, warm_up),
            first_page_s=first_page_s,
        )


def wall_seconds(data_folder: Path, *, after_batch: int = 0) -> float:
    """From the start of the first batch after that one to the end of the last."""
    rows = query(
        data_folder,
        "SELECT min(started_at), max(finished_at) FROM batches "
        "WHERE id > ? AND finished_at IS NOT NULL",
        after_batch,
    )
    first, last = (datetime.fromisoformat(at) for at in rows[0])
    return (last - first).total_seconds()


def inference_share(data_folder: Path, *, after_batch: int = 0) -> float | None:
    """The share of wall time inside inference, 0 to 1, over the batches after that one.

    Each batch tells its `inference_seconds` in a column of that name or in the JSON of
    `parameters`. None when one of them does not.
    """
    names = [row[1] for row in query(data_folder, "PRAGMA table_info(batches)")]
    rows = query(
        data_folder,
        "SELECT * FROM batches WHERE id > ? AND finished_at IS NOT NULL",
        after_batch,
    )
    batches = [dict(zip(names, row, strict=True)) for row in rows]
    inside = [_inference_seconds(batch) for batch in batches]
    known = [seconds for seconds in inside if seconds is not None]
    if not known or len(known) < len(inside):
        return None
    return sum(known) / max(wall_seconds(data_folder, after_batch=after_batch), 1e-9)


def _inference_seconds(batch: Mapping[str, Any]) -> float | None:
    value = batch.get("inference_seconds")
    if value is None:
        with contextlib.suppress(TypeError, ValueError, AttributeError):
            value = json.loads(batch["parameters"]).get("inference_seconds")
    return None if value is None else float(value)


def _first_batch_ratio(data_folder: Path, first: int) -> float | None:
    rows = query(
        data_folder,
        "SELECT id, seconds / pages FROM batches WHERE pages > 0 AND seconds IS NOT NULL",
    )
    later = [seconds for number, seconds in rows if number > first]
    begin = [seconds for number, seconds in rows if number == first]
    if not later or not begin:
        return None
    return float(begin[0] / statistics.median(later))
