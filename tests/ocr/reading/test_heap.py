"""Memory that goes back to the system."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from project import ROOT
from reading.heap import Heap

_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from reading.heap import Heap

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

heap = Heap(every=3)
arrays = [np.ones(10_000) for _ in range(2000)]  # 160 MB in pieces too small to be mapped
kept = arrays[-1]
del arrays
full = resident()
heap.image_done()
heap.image_done()
early = resident()
heap.image_done()
print(full, early, resident())
"""


_LARGE_BLOCKS = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from reading.heap import keep_large_blocks_apart

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

if sys.argv[2] == "apart":
    keep_large_blocks_apart()
del (large := [np.ones(3_500_000)])[:]  # 28 MB, freed: from now on so much goes into the heap
arrays = [np.ones(250_000) for _ in range(100)]  # 200 MB
kept = arrays[-1]
full = resident()
del arrays
print(full - resident())
"""


def given_back_mb(how: str) -> float:
    told = subprocess.run(
        [sys.executable, "-c", _LARGE_BLOCKS, str(ROOT / "ocr"), how],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    return float(told)


def test_large_blocks_go_back_at_once() -> None:
    """Though the last of them is still in use, which keeps all others in the C library's heap."""
    assert given_back_mb("apart") > 150
    assert given_back_mb("in the heap") < 50


def test_what_was_freed_goes_back_after_some_images() -> None:
    """Though the last of it is still in use: the C library alone gives back the end of its heap."""
    told = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(ROOT / "ocr")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    full, early, late = map(float, told.split())
    assert full > 160
    assert early > full - 10
    assert late < full - 120


def test_it_counts_the_images_of_all_threads() -> None:
    heap = Heap(every=10)
    trimmed: list[int] = []
    heap._trim = trimmed.append
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: heap.image_done(), range(100)))
    assert trimmed == [0] * 10


def test_without_glibc_nothing_happens() -> None:
    heap = Heap(every=1)
    heap._trim = None
    heap.image_done()


_ONE_HEAP = """
import ctypes, sys, threading
sys.path.insert(0, sys.argv[1])
from reading.heap import keep_large_blocks_apart
if sys.argv[2] == "apart":
    keep_large_blocks_apart()
malloc = ctypes.CDLL(None).malloc
malloc.restype = ctypes.c_void_p
places = [malloc(1000)]
for _ in range(4):
    thread = threading.Thread(target=lambda: places.append(malloc(1000)))
    thread.start()
    thread.join()
print(max(places) - min(places))
"""


@pytest.mark.parametrize(("how", "near"), [("apart", True), ("as it is", False)])
def test_all_threads_share_one_heap(how: str, near: bool) -> None:
    """What one thread freed, another may use."""
    told = subprocess.run(
        [sys.executable, "-c", _ONE_HEAP, str(ROOT / "ocr"), how],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert (int(told) < 64 * 2**20) == near


def test_large_pages_count_as_several_images(monkeypatch: pytest.MonkeyPatch) -> None:
    heap = Heap(every=10)
    trimmed: list[int] = []
    monkeypatch.setattr(heap, "_trim", trimmed.append)
    for _ in range(2):
        heap.page_decoded(8_700_000)
        heap.image_done()
    assert len(trimmed) == 1, "9 of 10, then 18"
    for _ in range(9):
        heap.page_decoded(900_000)
        heap.image_done()
    assert len(trimmed) == 1
    heap.image_done()
    assert len(trimmed) == 2
