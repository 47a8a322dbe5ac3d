"""A loop that really stands still: one thread is held from outside while all others go on."""

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
    thread = min(  # a thread's name passes on to those that it starts
        int(task.name)
        for task in Path(f"/proc/{process}/task").iterdir()
        if (task / "comm").read_text().strip() == loop
    )
    freezer = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("freeze_thread.py"), str(thread)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert freezer.stdout is not None
        assert freezer.stdout.readline() == "frozen\n"
        assert stack.reader_answers(), "the rest of the service goes on"
        wait_until(lambda: stack.state("ocr_service")["RestartCount"] == 1, "Docker restarted it")
    finally:
        freezer.kill()
        freezer.wait()
    assert stack.container("ocr_service") == container
    assert f"{loop} has stood still for {LIMIT_S} s" in stack.logs("ocr_service")
    stack.wait_until_ready()
    total = stack.counts()["done"]
    stack.add(f"after-{loop}.webp", mark=f"after {loop}")
    stack.wait_until_read(total + 1)
