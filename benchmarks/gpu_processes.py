"""Several processes that read on one GPU at the same time, each as a worker would.

Python lets one thread run at a time, so that one process cannot feed a fast GPU. Each child loads,
says "ready", begins when told to, and tells when it began and ended by the clock that all share.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import gpu_steps

_READY = "ready"


def environ() -> dict[str, str]:
    """For a child that finds the same modules."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def pages_per_second(command: Sequence[str], count: int) -> float:
    """Of `count` children of this command together, from the first one's begin to the last one's
    end.

    Raises:
        RuntimeError: one ended early.
    """
    children = [
        subprocess.Popen(
            command, env=environ(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            if child.stdout.readline().strip() != _READY:
                raise RuntimeError("a process that was to read ended before it began")
        for child in children:
            assert child.stdin is not None
            child.stdin.write("\n")
            child.stdin.flush()
        found = [json.loads(child.communicate()[0]) for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()
    begun = min(one["begun"] for one in found)
    ended = max(one["ended"] for one in found)
    return float(sum(one["pages"] for one in found) / (ended - begun))


def read_when_told(images: list[Path], gpu: int | None, options: argparse.Namespace) -> None:
    """A child: its share of the pages, on standard output what it did."""
    settings, models = gpu_steps.settings_and_models(options.speed_in)
    made = gpu_steps.device_models(models, settings, gpu, fp16=options.fp16)
    gpu_steps.wait_until_prepared(made, gpu)
    engine = gpu_steps.engine_of(made, settings)
    threads = max(options.threads // options.processes, 2)
    gpu_steps.read_all(engine, images, threads)
    print(_READY, flush=True)
    sys.stdin.readline()
    count = max(options.pages // 10 // options.processes, len(images))
    begun = time.monotonic()
    speed = gpu_steps.speed(
        engine, made, list(itertools.islice(itertools.cycle(images), count)), threads, gpu
    )
    ended = time.monotonic()
    print(json.dumps({"begun": begun, "ended": ended, "pages": speed.pages}), flush=True)
