"""A lesser processor than there is: `make bench ISA=avx2`.

Most offices have processors that compute in AVX2 and nothing more, and libraries choose their
kernels by what the CPUID instruction says. Linux lets a process trap that instruction, where the
processor can ("cpuid_fault" in /proc/cpuinfo); a small library, compiled here and loaded before
every process of the run, answers it without AVX-512, VNNI, bf16 and AMX. So each contestant takes
the path that it would take there. Clock and caches are those of the processor that there is.
"""

import os
import shutil
import sys
from pathlib import Path

import debian
from machine import MASKED
from project import EXIT_MISSING_DEPENDENCY, ROOT, ToolError

ISAS = ("avx2",)
"""What a processor may be made to look like."""
_SOURCE = Path(__file__).with_name("processor_mask.c")
_LIBRARY = ROOT / ".cache" / "processor_mask.so"


def put_on(isa: str) -> None:
    """Start this program anew, as on such a processor; returns when it was started so.

    Raises:
        ToolError: this processor cannot be made to look like another one, or no compiler is here.
    """
    if os.environ.get(MASKED) == isa:
        return
    environment = os.environ | {"LD_PRELOAD": str(library()), MASKED: isa}
    os.execve(sys.executable, sys.orig_argv, environment)


def library(path: Path = _LIBRARY, cpu_info: Path = Path("/proc/cpuinfo")) -> Path:
    """What LD_PRELOAD takes, compiled into `path`.

    Raises:
        ToolError: as above.
    """
    if "cpuid_fault" not in cpu_info.read_text().split():
        raise ToolError(
            "This processor cannot hide what it has (no cpuid_fault in /proc/cpuinfo): measure on "
            "one that has no more than AVX2.",
            EXIT_MISSING_DEPENDENCY,
        )
    if shutil.which("gcc") is None:
        debian.install(["gcc", "libc6-dev"], "There is no C compiler.")
    path.parent.mkdir(parents=True, exist_ok=True)
    debian.run(
        ["gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", str(path), str(_SOURCE), "-ldl"],
        "The library that hides instructions could not be compiled: see above.",
    )
    return path
