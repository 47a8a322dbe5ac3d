"""The Python that `make bench-gpu` runs in: one with ONNX Runtime for GPUs, set up without network.

    make vendor GPU=1     once, with internet; then vendor/wheels/ocr-gpu has all that is needed

The environment is .venv/gpu. The one for the tests has ONNX Runtime for CPUs, which is enough for
`--device cpu`.
"""

import os
import sys
from pathlib import Path

import setup_env
from project import ROOT

_VARIANTS = {"1": "gpu", "cuda12": "gpu-cuda12"}


def has_cuda() -> bool:
    """Whether this Python's ONNX Runtime was built for NVIDIA GPUs."""
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


def go_on_in_gpu_environment(variant: str, arguments: list[str]) -> None:
    """Replace this process by the same command in .venv/gpu, which is made when it is missing.

    Raises:
        ToolError: it cannot be made.
    """
    name = _VARIANTS.get(variant, "gpu")
    wheels = ROOT / "vendor" / "wheels" / f"ocr-{name}"
    if wheels.is_dir():
        os.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    folder = setup_env.ensure(name, ROOT / "ocr" / f"requirements-{name}.txt")
    python = str(folder / "bin" / "python")
    os.execv(python, [python, str(Path(__file__).with_name("bench_gpu.py")), *arguments])


def arguments() -> list[str]:
    """Of this process."""
    return sys.argv[1:]
