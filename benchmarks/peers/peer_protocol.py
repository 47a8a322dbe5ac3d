"""The peers' end of the wire between the benchmark and a peer's process; standard library only.

    benchmark → peer   one JSON object on stdin:
                       {"models": folder, "model": "small" | "tiny", "images": [path],
                        "forgiving": true to go on after an image that cannot be read,
                        "languages": {path: code}, "languages_folder": folder}
    peer → benchmark   one JSON object a line on stdout:
                       {"event": "ready", "detail": text}        models loaded, can read
                       {"event": "done", "texts": {path: text}, "seconds": wall time of reading,
                        "failed": {path: reason}, without a text; empty unless forgiving,
                        "peak_mb": the peer's largest resident size, or that of one it started}

Between the two events the peer reads the first image once, so that no lazy start is measured.
Whatever a library prints goes to stderr: file descriptor 1 is moved away before one is loaded.
"""

import contextlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple


class Job(NamedTuple):
    """What the benchmark asks for."""

    models: str
    """The folder with one folder for each PP-OCRv6 model."""
    model: str
    """small or tiny."""
    images: list[str]
    forgiving: bool = False
    """An image that cannot be read has no text, instead of ending the run."""
    languages: dict[str, str] | None = None
    """Images that are in a language of their own, as tesseract calls it …"""
    languages_folder: str = ""
    """… and where its data lie."""


class Peer(NamedTuple):
    """A peer that is loaded."""

    read: Callable[[list[str]], list[str]]
    """The text of each of these image files."""
    detail: str
    """What it reads with: engine and models, for a person."""


def serve(load: Callable[[Job], Peer]) -> None:
    """Carry out the job on stdin with what `load` loads."""
    wire = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = Job(**json.load(sys.stdin))
    peer = load(job)
    _send(wire, {"event": "ready", "detail": peer.detail})
    failed: dict[str, str] = {}
    with contextlib.suppress(*([Exception] if job.forgiving else [])):
        peer.read(job.images[:1])
    begun = time.monotonic()
    if job.forgiving:
        texts = _read_what_can_be(peer, job.images, failed)
    else:
        texts = dict(zip(job.images, peer.read(job.images), strict=True))
    seconds = time.monotonic() - begun
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    peak_mb = max(usage.ru_maxrss for usage in usages) / 1024
    _send(
        wire,
        {
            "event": "done",
            "texts": texts,
            "failed": failed,
            "seconds": seconds,
            "peak_mb": peak_mb,
        },
    )


def _read_what_can_be(peer: Peer, images: list[str], failed: dict[str, str]) -> dict[str, str]:
    """Image by image; what a library raises is the image's reason."""
    texts = {}
    for image in images:
        try:
            texts[image] = peer.read([image])[0]
        except Exception as error:
            failed[image] = f"{type(error).__name__}: {error}".split("\n", 1)[0]
    return texts


def _send(wire: Any, message: dict[str, Any]) -> None:
    wire.write(json.dumps(message) + "\n")
    wire.flush()
