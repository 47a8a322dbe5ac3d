"""What a look at the whole folder costs: a child process of `make scale`.

    scale_look.py IMAGES DATA      prints {"first_s", "look_s", "wall_s", "peak_mb"} as JSON

The parts are those of the service, put together as it does, without any thread of theirs running:
processor seconds are the look's alone. The first look after a start may do more than the others.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

import service_parts
from ocr_settings import Settings
from process_memory import peak_mb
from worker_link.reading_pools import Pools


def measure(images: Path, data: Path) -> dict[str, float]:
    """Two looks, by the watcher's own method."""
    settings = Settings(image_folder=images, data_folder=data)
    parts = service_parts.build(settings, Pools(()), threading.Event())
    try:
        begun = time.process_time()
        parts.watcher.look()
        first_s = time.process_time() - begun
        begun, begun_wall = time.process_time(), time.monotonic()
        parts.watcher.look()
        return {
            "first_s": first_s,
            "look_s": time.process_time() - begun,
            "wall_s": time.monotonic() - begun_wall,
            "peak_mb": peak_mb(os.getpid()),
        }
    finally:
        parts.database.close()


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), Path(sys.argv[2]))))
