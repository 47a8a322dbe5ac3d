"""A masked processor: programs see AVX2 and no more, and where it cannot be, that is said."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import processor_mask
from project import ToolError

SEEN = """
import faulthandler, threading
faulthandler.enable()  # takes SIGSEGV for itself, as it thinks
import numpy
def show():
    features = numpy._core._multiarray_umath.__cpu_features__
    print(sorted(name for name in features if features[name] and name.startswith("AVX")))
thread = threading.Thread(target=show)
thread.start(); thread.join()
"""


CRASH = "import ctypes; ctypes.string_at(0)"


def masked(folder: Path, program: str) -> "subprocess.CompletedProcess[str] | None":
    """The program's end on such a processor; None where none can be had, and that is said."""
    if "cpuid_fault" not in Path("/proc/cpuinfo").read_text():
        with pytest.raises(ToolError, match="cannot hide"):
            processor_mask.library(folder / "mask.so")
        return None
    environment = os.environ | {"LD_PRELOAD": str(processor_mask.library(folder / "mask.so"))}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_programs_see_avx2_and_no_more(tmp_path: Path) -> None:
    done = masked(tmp_path, SEEN)
    assert done is None or done.stdout.strip() == "['AVX', 'AVX2']", done


def test_a_crash_stays_one(tmp_path: Path) -> None:
    done = masked(tmp_path, CRASH)
    assert done is None or done.returncode == -signal.SIGSEGV


def test_a_processor_that_hides_nothing_is_named(tmp_path: Path) -> None:
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text("flags\t\t: fpu avx2 avx512f\n")
    with pytest.raises(ToolError, match="no cpuid_fault"):
        processor_mask.library(tmp_path / "mask.so", cpu_info)
