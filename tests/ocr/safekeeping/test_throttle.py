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
        self.idle_s = 0.0
        self.others = 2.0
        """So many processors of two are busy with something else."""
        self.throttle = Throttle(
            share,
            in_haste=lambda: self.haste,
            idle=lambda: self.idle_s,
            clock=self.clock,
            worked=lambda: self.worked_s,
            sleep=self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.clock.now += seconds
        self.slept_s += seconds
        self.idle_s += seconds * (2 - self.others)

    def work(self, seconds: float) -> None:
        """Where three want two processors each gets two thirds of one."""
        self.worked_s += seconds
        self.clock.now += seconds * max(1.0, (self.others + 1) / 2)
        self.idle_s += seconds * max(0.0, 1 - self.others)

    def used(self, seconds: float) -> float:
        """Which share of one processor it uses in the time to come."""
        before, worked_s = self.clock.now, self.worked_s
        while self.clock.now < before + seconds:
            self.work(0.003)
            self.throttle()
        return (self.worked_s - worked_s) / (self.clock.now - before)


def test_it_rests_as_long_as_its_share_asks() -> None:
    assert 0.19 < Machine(0.2).used(30) < 0.21


def test_what_waited_for_the_disk_has_nothing_saved_up() -> None:
    machine = Machine(0.2)
    machine.clock.now += 1000
    machine.throttle()
    machine.work(1.0)
    machine.throttle()
    assert abs(machine.slept_s - 3.5) < 0.01


def test_in_haste_it_does_not_rest() -> None:
    machine = Machine(0.2)
    machine.haste = True
    machine.work(10.0)
    machine.throttle()
    assert machine.slept_s == 0
    machine.haste = False
    machine.throttle()
    assert machine.slept_s == 0, "what was done in haste is not made up for"


def test_an_idle_processor_may_be_used_until_somebody_wants_it() -> None:
    machine = Machine(0.2)
    assert machine.used(30) < 0.21
    machine.others = 0.5
    machine.used(2)
    assert machine.used(30) > 0.99
    machine.others = 2.0
    machine.used(2)
    assert machine.used(30) < 0.21
