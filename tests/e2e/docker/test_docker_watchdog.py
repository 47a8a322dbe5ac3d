"""A loop that really stands still: one thread is held from outside while all others go on."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
from containers import Stack, wait_until

LIMIT_S = 5


@pytest.mark.parametrize("loop", ["watcher", "pipeline"])
def test_a_stuck_loop_is_restarted(stack: Stack, loop: str) -> None:
    stack.run("docker compose up -d ocr_service", OCR_WATCHDOG_S=str(LIMIT_S))
    stack.wait_until_ready()
    container = stack.container("ocr_service")
    process = stack.process("ocr_service")
    thread = min(named(process, loop))  # a thread's name passes on to those that it starts
    freezer = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("freeze_thread.py"), str(thread)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert freezer.stdout is not None
        assert freezer.stdout.readline() == "frozen\n"
        assert stack.reader_answers(), "the rest of the service goes on"
        wait_until(lambda: stack.restarts("ocr_service") >= 1, "Docker restarted it")
    finally:
        freezer.kill()
        freezer.wait()
    assert stack.container("ocr_service") == container
    stack.wait_until_logged("ocr_service", f"{loop} has stood still for {LIMIT_S} s")
    stack.wait_until_ready()
    total = stack.counts()["done"]
    stack.add(f"after-{loop}.webp", mark=f"after {loop}")
    stack.wait_until_read(total + 1)


def named(process: int, name: str) -> list[int]:
    """The process's threads of that name; some end while it looks."""
    found = []
    for task in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(OSError):
            if (task / "comm").read_text().strip() == name:
                found.append(int(task.name))
    return found
