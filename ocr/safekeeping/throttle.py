"""Keeps a process from using more than a share of one processor while others want it.

Where one processor would be idle without it, it may have that one: nobody waits for it.
"""

import time
from collections.abc import Callable

_LEAST_REST_S = 0.005
_LONGEST_REST_S = 0.5
_LOOK_EVERY_S = 0.5
_A_WHOLE_ONE = 0.9


class Throttle:
    """Call it often: it sleeps as long as the work since the last call was over the share."""

    def __init__(
        self,
        share: float,
        *,
        in_haste: Callable[[], bool] = lambda: False,
        idle: Callable[[], float] = lambda: 0.0,
        clock: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.process_time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """While `in_haste()` is true it does not rest. `idle` counts the seconds in which any
        processor had nothing to do, `worked` those of this process."""
        self._share = share
        self._in_haste = in_haste
        self._idle = idle
        self._clock = clock
        self._worked = worked
        self._sleep = sleep
        self._nobody_waits = False
        self._looked = (clock(), idle(), worked())
        self._mark()

    def __call__(self) -> None:
        """Rest, if that is due. Waiting for the disk is rest, too, but not saved for later."""
        self._look()
        debt_s = (self._worked() - self._worked_before) / self._share
        rest_s = debt_s - (self._clock() - self._before)
        if rest_s <= 0:
            self._mark()
        elif rest_s >= _LEAST_REST_S:
            self._rest(rest_s)
            self._mark()

    def _look(self) -> None:
        """Whether a whole processor is left for this process, counted with what it took itself."""
        now, idle_s, worked_s = self._clock(), self._idle(), self._worked()
        before, idle_before_s, worked_before_s = self._looked
        if now - before >= _LOOK_EVERY_S:
            free_s = idle_s - idle_before_s + worked_s - worked_before_s
            self._nobody_waits = free_s >= _A_WHOLE_ONE * (now - before)
            self._looked = (now, idle_s, worked_s)

    def _rest(self, rest_s: float) -> None:
        while rest_s > 0 and not self._nobody_waits and not self._in_haste():
            self._sleep(min(rest_s, _LONGEST_REST_S))
            rest_s -= _LONGEST_REST_S
            self._look()

    def _mark(self) -> None:
        self._before = self._clock()
        self._worked_before = self._worked()
