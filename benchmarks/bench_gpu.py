"""The models on a GPU beside the same on the CPU: text, speed, memory, start.

    make bench-gpu IMAGES=folder [GPU=1|cuda12] [ARGS="--pages 10000"]
    make bench-gpu IMAGES=folder ARGS="--device cpu --limit 4 --pages 40"     # its own test

And what comes of too little memory. One process, no network, no service: files are decoded, read
and thrown away, as many at a time as there are processors. Targets: word F1 within 0.002 of the
CPU's, and 200 receipts a second on an H100. `--device cpu` runs the GPU's path on ONNX Runtime's
CPU with the same shapes; its figures say nothing about a GPU.
"""

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import gpu_processes
import gpu_steps
from bench_tables import markdown
from engines import nvml
from engines.gpu import gpu_problem
from gpu_host import HostCost, host_cost, record
from gpu_place import arguments, go_on_in_gpu_environment, has_cuda
from gpu_steps import Speed, Starved
from least_squares import slope
from machine import describe
from project import ROOT, ToolError
from result_files import write_results
from scoring import images_with_truth, score

_TARGET_F1, _TARGET_SPEED = 0.002, 200.0
_SHOWN = 20
_WARM_UP_SHARE = 1 / 3


class Findings(NamedTuple):
    """All that is told."""

    device: str
    start_s: tuple[float, float]
    """Of the first load, which chooses how to compute, and of one that remembers."""
    prepared_s: float
    """From then on until every shape is prepared; 0 on a CPU, where none is in advance."""
    f1: tuple[float, float]
    """On the CPU and on the device."""
    lines: int
    differing: list[tuple[str, str, str]]
    speed: Speed
    together: tuple[int, float] | None
    """How many processes read besides, and their pages a second together."""
    host: HostCost
    starved: Starved
    samples: list[tuple[int, float, float | None]]


def main() -> int:
    """Print and write the figures; returns 1 only when something broke."""
    parser = argparse.ArgumentParser(description="The GPU beside the CPU.")
    parser.add_argument("--images", required=True, type=Path, help="with a CSV beside each")
    parser.add_argument("--device", default="gpu", help="gpu, gpu:N or cpu (default: gpu)")
    parser.add_argument("--limit", type=int, default=0, help="only so many images; 0: all")
    parser.add_argument("--pages", type=int, default=10_000, help="for the slope of memory")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--fp16", action="store_true", help="TensorRT in half precision")
    parser.add_argument("--processes", type=int, default=1, help="how many read together, besides")
    parser.add_argument("--speed-in", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--start-in", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--gpu", default="", help="1 or cuda12: which environment is set up")
    options = parser.parse_args()
    kind, _, number = options.device.partition(":")
    gpu = int(number or 0) if kind == "gpu" else None
    if gpu is not None:
        if not has_cuda():
            try:
                go_on_in_gpu_environment(options.gpu, arguments())
            except ToolError as error:
                print(f"error: {error}", file=sys.stderr)
                return 1
        if (problem := gpu_problem("onnxruntime", gpu)) is not None:
            print(f"error: {problem}. --device cpu runs without one.", file=sys.stderr)
            return 1
    if options.start_in is not None:
        print(gpu_steps.start_seconds(options.start_in, gpu, fp16=options.fp16))
        return 0
    images = images_with_truth(options.images)
    images = images[: options.limit or None]
    if options.speed_in is not None:
        gpu_processes.read_when_told(images, gpu, options)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found = measure(images, gpu, options, Path(folder))
    text = tables(found, len(images))
    print(f"{describe()}\n\n{text}")
    name = "gpu" if gpu is not None else "gpu-path-on-cpu"
    path = write_results(name, as_json(found), text)
    print(f"\nwritten: {path.relative_to(ROOT)} and .md beside it")
    return 0


def measure(
    images: list[Path], gpu: int | None, options: argparse.Namespace, folder: Path
) -> Findings:
    """All steps in turn; `folder` is for what a start remembers."""
    settings, models = gpu_steps.settings_and_models(folder)
    threads = max(options.threads, 2)

    def device_models(memory_mb: int = 0) -> Any:
        return gpu_steps.device_models(
            models, settings, gpu, memory_mb=memory_mb, fp16=options.fp16
        )

    def read(made: Any) -> gpu_steps.Texts:
        return gpu_steps.read_all(gpu_steps.engine_of(made, settings), images, threads)

    cpu = read(gpu_steps.cpu_models(models, options.threads))
    start_s = (_start_seconds(folder), _start_seconds(folder))
    made = device_models()
    prepared_s = gpu_steps.wait_until_prepared(made, gpu)
    engine = gpu_steps.engine_of(made, settings)
    texts = read(made)
    count = max(options.pages // 10, len(images))
    repeated = list(itertools.islice(itertools.cycle(images), count))
    speed = gpu_steps.speed(engine, made, repeated, threads, gpu)
    samples = list(gpu_steps.memory_samples(engine, images, options.pages, threads, gpu))
    starved = gpu_steps.starve(device_models, read, texts, gpu)
    together = None
    if options.processes > 1:
        command = [sys.executable, __file__, *arguments(), "--speed-in", str(folder)]
        together = options.processes, gpu_processes.pages_per_second(command, options.processes)
    record(made)
    host = host_cost(
        lambda at: gpu_steps.read_file(engine, images[at]), len(images), threads, rounds=2
    )
    return Findings(
        device=_name(gpu),
        start_s=start_s,
        prepared_s=prepared_s,
        f1=(score(gpu_steps.as_text(cpu)).f1, score(gpu_steps.as_text(texts)).f1),
        lines=sum(map(len, cpu.values())),
        differing=gpu_steps.differing(cpu, texts),
        speed=speed,
        together=together,
        host=host,
        starved=starved,
        samples=samples,
    )


def tables(found: Findings, images: int) -> str:
    """The figures, the lines that differ, and what they mean."""
    speed, host = found.speed, found.host
    on_gpu = found.device != _name(None)
    apart = abs(found.f1[1] - found.f1[0])
    pages = speed.pages / speed.seconds
    rise, gpu_rise = slopes(found.samples)
    rows = [
        ["word F1 on the CPU, on the device", f"{found.f1[0]:.4f}, {found.f1[1]:.4f}",
         _word(apart <= _TARGET_F1, f"apart by at most {_TARGET_F1}")],
        ["lines read otherwise", f"{_missing(found)} of {found.lines}", ""],
        ["pages a second", f"{pages:.1f}",
         _word(pages >= _TARGET_SPEED, f"at least {_TARGET_SPEED:.0f}") if on_gpu else ""],
        *_together_rows(found, on_gpu=on_gpu),
        ["a lane is in a call", f"{speed.device_s / speed.seconds:.0%} of the time", ""],
        ["the GPU computes, says its driver", _or_none(speed.busy, "{:.0%} of the time"), ""],
        ["processor seconds a page", f"{speed.core_s / speed.pages:.3f}", ""],
        ["of them beside the networks", f"{host.core_s:.3f}", ""],
        [f"processors for {_TARGET_SPEED:.0f} pages/s beside the networks",
         f"{_TARGET_SPEED * host.core_s:.1f}", ""],
        ["the most that one process could read", f"{host.pages_per_second:.1f} pages/s",
         f"{host.threads} threads"],
        ["the GPU's memory, at most", _or_none(speed.gpu_mb, "{:.0f} MB"), ""],
        ["resident memory", f"{speed.resident_mb:.0f} MB", ""],
        ["start, first and remembered", f"{found.start_s[0]:.1f} s, {found.start_s[1]:.1f} s", ""],
        ["every shape prepared after", f"{found.prepared_s:.1f} s", ""],
        [f"growth per 1,000 of {found.samples[-1][0]} pages, resident", f"{rise:+.2f} MB", ""],
        ["the same of the GPU's memory", _or_none(gpu_rise, "{:+.2f} MB"), ""],
        ["too little memory: calls that failed", f"{found.starved.failures}", found.starved.how],
        ["lines read otherwise for that", f"{found.starved.differing}", ""],
    ]  # fmt: skip
    head = ["", found.device, "target"]
    note = "" if on_gpu else "\n\nNo GPU was used: nothing here says how fast one would be."
    shown = [f"    {sign} {image}: {line}" for image, line, sign in found.differing[:_SHOWN]]
    listed = "\n".join(["Lines that differ (- on the CPU, + on the device):", "", *shown])
    return f"{images} images.{note}\n\n{markdown(head, rows)}\n\n{listed if shown else ''}".strip()


def slopes(samples: list[tuple[int, float, float | None]]) -> tuple[float, float | None]:
    """MiB per 1,000 pages after the first third: resident, and of the GPU."""
    steady = [one for one in samples if one[0] >= samples[-1][0] * _WARM_UP_SHARE]
    at = [one[0] for one in steady]
    on_gpu = [one[2] for one in steady if one[2] is not None]
    rise = 1000 * slope(at, [one[1] for one in steady])
    return rise, 1000 * slope(at, on_gpu) if len(on_gpu) == len(at) else None


def as_json(found: Findings) -> dict[str, Any]:
    """For the file of raw figures."""
    return found._asdict() | {
        "speed": vars(found.speed),
        "host": found.host._asdict(),
        "starved": vars(found.starved),
    }


def _start_seconds(folder: Path) -> float:
    """In a process of its own, as a start is."""
    command = [sys.executable, __file__, *arguments(), "--start-in", str(folder)]
    done = subprocess.run(
        command, env=gpu_processes.environ(), stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout.splitlines()[-1])


def _together_rows(found: Findings, *, on_gpu: bool) -> list[list[str]]:
    if found.together is None:
        return []
    count, pages = found.together
    reached = _word(pages >= _TARGET_SPEED, f"at least {_TARGET_SPEED:.0f}") if on_gpu else ""
    return [[f"pages a second of {count} processes together", f"{pages:.1f}", reached]]


def _missing(found: Findings) -> int:
    return sum(sign == "-" for _, _, sign in found.differing)


def _name(gpu: int | None) -> str:
    if gpu is None:
        return "the GPU's path on the CPU"
    known = nvml.identity(gpu)
    return f"{known.name}, driver {known.driver}" if known else f"GPU {gpu}"


def _or_none(value: float | None, form: str) -> str:
    return "not known" if value is None else form.format(value)


def _word(reached: bool, target: str) -> str:
    return f"{target}: {'reached' if reached else 'not reached'}"


if __name__ == "__main__":
    sys.exit(main())
