"""The gate before a GPU: many that use it, or one that captures."""

import random
import threading
import time

import pytest
from polling import wait_until

from engines.capture_gate import CaptureGate, gate_of


def test_many_use_it_at_a_time() -> None:
    gate = CaptureGate()
    inside = threading.Barrier(3)

    def use() -> None:
        with gate.using():
            inside.wait(10)  # passes only when all three are inside

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    use()
    for thread in threads:
        thread.join()
    assert not inside.broken


def test_who_captures_is_alone_and_nobody_is_forgotten() -> None:
    gate = CaptureGate()
    state = threading.Lock()
    using = capturing = done = 0
    wrong: list[str] = []

    def visit(seed: int) -> None:
        nonlocal using, capturing, done
        rng = random.Random(seed)
        for _ in range(40):
            captures = rng.random() < 0.3
            with gate.capturing() if captures else gate.using():
                with state:
                    using, capturing = using + (not captures), capturing + captures
                    if capturing > 1 or (capturing and using):
                        wrong.append(f"{using} use and {capturing} capture")
                time.sleep(0)
                with state:
                    using, capturing = using - (not captures), capturing - captures
        with state:
            done += 1

    threads = [threading.Thread(target=visit, args=(seed,), daemon=True) for seed in range(6)]
    for thread in threads:
        thread.start()
    wait_until(lambda: done == 6)
    assert not wrong


def test_a_capture_that_waits_is_not_overtaken() -> None:
    gate = CaptureGate()
    order: list[str] = []

    def capture() -> None:
        with gate.capturing():
            order.append("capture")

    def use() -> None:
        with gate.using():
            order.append("use")

    with gate.using():
        first = threading.Thread(target=capture)
        first.start()
        wait_until(lambda: gate._capturing == 1)
        second = threading.Thread(target=use)
        second.start()
    first.join(10)
    second.join(10)
    assert order == ["capture", "use"]


@pytest.mark.parametrize("way", ["using", "capturing"])
def test_a_failure_leaves_the_gate_open(way: str) -> None:
    gate = CaptureGate()
    with pytest.raises(ValueError, match="broken"), getattr(gate, way)():
        raise ValueError("broken")
    with gate.capturing():
        pass


def test_each_gpu_has_one_gate() -> None:
    assert gate_of(0) is gate_of(0)
    assert gate_of(0) is not gate_of(1)
