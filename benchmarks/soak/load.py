"""Both real services at full load: does memory or the number of open files grow?

    make soak WHAT=load [ARGS="--seconds 300"]

Images are made anew all the time, so that the reader never rests; the page and the socket are
asked all the time. Every second resident memory and open files of ocr_service, its worker and
web_service are noted; a line is laid through those after the warm-up (the first third).
"""

import contextlib
import os
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from image_mix import load_samples, one_image
from least_squares import slope
from ocr_contract.control import ControlClient, ControlError
from ocr_contract.data_folder import SOCKET_PATH
from process_memory import resident_mb, tree
from project import ROOT
from servers import REAL, Servers
from soak_report import check_integrity, conclude, require, run_parser

_AHEAD = 12
_MOST_MB_A_MINUTE = {"ocr": 2.0, "worker": 4.0, "web": 2.0}
"""The worker still meets shapes of lines for the first time, and keeps some megabytes for each."""
_LONG_S = 300.0
"""Shorter runs say nothing about a slope: the allocators are still settling."""
_MOST_MORE_FILES = 12
"""Above the number after the warm-up: visitors come and go."""
_STILL_S = 60.0


class Asker(threading.Thread):
    """Asks the page and the socket in turn, and counts answers and failures."""

    def __init__(self, servers: Servers) -> None:
        super().__init__(daemon=True)
        self.answers = 0
        self.failures: list[str] = []
        self.stop = threading.Event()
        self._servers = servers

    def run(self) -> None:
        """Until `stop`."""
        client = ControlClient(self._servers.data / SOCKET_PATH)
        page = f"http://127.0.0.1:{self._servers.port}"
        while not self.stop.wait(0.05):
            try:
                client.status()
                for path in ("/", "/fragments/live", "/api/v1/search?q=a"):
                    with urllib.request.urlopen(page + path, timeout=10) as reply:
                        reply.read()
                self.answers += 4
            except (OSError, ControlError) as error:
                self.failures.append(repr(error))


def run(seconds: float, seed: int) -> dict[str, Any]:
    """Load them so long; raises Violation."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        servers = Servers(Path(folder), REAL)
        with servers:
            asker = Asker(servers)
            asker.start()
            samples = follow(servers, seconds, seed)
            asker.stop.set()
            asker.join(30)
            servers.check()
        check_integrity(servers.data / "ocr_data.db")
    require(not asker.failures, f"{len(asker.failures)} requests failed: {asker.failures[:3]}")
    require(asker.answers > seconds, "hardly any request was answered")
    steady = samples[len(samples) // 3 :]
    figures: dict[str, Any] = {
        "seconds": round(seconds),
        "images_read": int(samples[-1]["images"]),
        "requests_answered": asker.answers,
        "requests_failed": 0,
    }
    for name in ("ocr", "worker", "web"):
        grown = slope([s["at"] for s in steady], [s[f"{name}_mb"] for s in steady]) * 60
        figures[f"{name}_mb"] = [
            round(steady[0][f"{name}_mb"], 1),
            round(samples[-1][f"{name}_mb"], 1),
        ]
        figures[f"{name}_mb_a_minute"] = round(grown, 3)
        files = [s[f"{name}_files"] for s in steady]
        figures[f"{name}_files"] = [files[0], max(files), files[-1]]
        flat = grown < _MOST_MB_A_MINUTE[name]
        require(flat or seconds < _LONG_S, f"{name} grows by {grown:.2f} MB a minute")
        require(max(files[-10:]) <= files[0] + _MOST_MORE_FILES, f"{name} leaks files: {files}")
    return figures


def follow(servers: Servers, seconds: float, seed: int) -> list[dict[str, float]]:
    """Feed and note, every second; raises Violation when reading stands still."""
    pictures = load_samples(ROOT / "samples")
    samples: list[dict[str, float]] = []
    begun = moved = time.monotonic()
    fed = seen = 0
    while (now := time.monotonic()) - begun < seconds:
        read = servers.done()
        while fed < read + _AHEAD:
            staged = servers.images.with_name("staged.jpg")
            staged.write_bytes(one_image(pictures, fed, seed))
            staged.rename(servers.images / f"{fed:06}.jpg")
            fed += 1
        if read > seen:
            seen, moved = read, now
        require(now - moved < _STILL_S, f"nothing was read for {_STILL_S:g} s, after {read}")
        servers.check()
        worker = tree(servers.ocr.pid)[1:]
        web = tree(servers.web.pid)
        noted = {"at": now - begun, "images": float(read)}
        for name, pids in (("ocr", [servers.ocr.pid]), ("worker", worker), ("web", web)):
            noted[f"{name}_mb"] = sum(map(resident_mb, pids))
            noted[f"{name}_files"] = sum(map(_open_files, pids))
        samples.append(noted)
        time.sleep(1.0)
    require(seen > 0, "no image was read")
    return samples


def _open_files(pid: int) -> int:
    with contextlib.suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  a number is all that counts
    return 0


def main() -> int:
    """Returns 1 when something grew, failed or stood still."""
    parser = run_parser("Full load.")
    parser.add_argument("--seconds", type=float, default=1800.0)
    return conclude("load", parser, lambda asked: run(asked.seconds, asked.seed))


if __name__ == "__main__":
    sys.exit(main())
