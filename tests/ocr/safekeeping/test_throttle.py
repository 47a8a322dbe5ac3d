"""A share of one processor and no more, and no rest in haste."""

from polling import Clock

from safekeeping.throttle import Throttle


class Machine:
    """Time that passes, and work of one process in it."""

    def __init__(self, share: float) -> None:
        self.clock = Clock()
        self.worked_s = 0.0
        self.slept_s = 0.0
        self.haste = False
        self.throttle = Throttle(
            share,
            in_haste=lambda: self.haste,
            clock=self.clock,
            worked=lambda: self.worked_s,
            sleep=self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.clock.now += seconds
        self.slept_s += seconds

    def work(self, seconds: float) -> None:
        self.clock.now += seconds
        self.worked_s += seconds


def test_it_rests_as_long_as_its_share_asks() -> None:
    machine = Machine(0.2)
    for _ in range(500):
        machine.work(0.003)
        machine.throttle()
    used = machine.worked_s / (machine.worked_s + machine.slept_s)
    assert 0.19 < used < 0.21


def test_what_waited_for_the_disk_has_nothing_saved_up() -> None:
    machine = Machine(0.2)
    machine.clock.now += 1000
    machine.throttle()
    machine.work(1.0)
    machine.throttle()
    assert abs(machine.slept_s - 4.0) < 0.01


def test_in_haste_it_does_not_rest() -> None:
    machine = Machine(0.2)
    machine.haste = True
    machine.work(10.0)
    machine.throttle()
    assert machine.slept_s == 0
    machine.haste = False
    machine.throttle()
    assert machine.slept_s == 0, "what was done in haste is not made up for"
