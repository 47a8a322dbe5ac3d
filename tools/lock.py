"""Compiles each requirements.in into a requirements.txt that pins every package by its hashes.

    $ make lock

The tests' file is compiled first, from all of them together; the services' files then take
their versions from it, so that a service is tested with exactly what it runs with. The peers
of the benchmark take theirs from it, too: side by side, all run the same ONNX Runtime.
"""

import shutil
import subprocess
import sys

from project import EXIT_MISSING_DEPENDENCY, ROOT, ToolError, main_guard, step

_UV = ("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes")
_OPTIONS = ("--python-version=3.11", "--only-binary=:all:", "--no-emit-index-url")

SERVICES = (
    *("ocr/requirements", "ocr/requirements-paddleocr"),
    *("ocr/requirements-gpu", "ocr/requirements-gpu-cuda12"),
    "ocr/requirements-languages",
    "flask/requirements",
)
PEERS = tuple(
    f"benchmarks/peers/{name}" for name in ("paddleocr", "rapidocr", "faster-paddle", "datasette")
)
"""What the benchmark measures beside this project; each in an environment of its own."""


OVERRIDES = "--override=ocr/requirements-left-out.txt"
"""What packages demand and this project leaves out; the peers get everything."""


def _compile(path: str, *constraints: str) -> None:
    command = [*_UV, *_OPTIONS, "--custom-compile-command=make lock", *constraints]
    command += [f"{path}.in", f"--output-file={path}.txt"]
    with step(f"{path}.txt"):
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            raise ToolError(f"{path}.in cannot be compiled: see above.")


def main() -> int:
    if shutil.which("uv") is None:
        raise ToolError("uv is missing. Run: pip install uv", EXIT_MISSING_DEPENDENCY)
    _compile("tests/requirements", OVERRIDES)
    for path in SERVICES:
        _compile(path, "--constraints=tests/requirements.txt", OVERRIDES)
    for path in PEERS:
        _compile(path, "--constraints=tests/requirements.txt")
    _compile("tools/requirements")
    return 0


if __name__ == "__main__":
    sys.exit(main_guard(main))
