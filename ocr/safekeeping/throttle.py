"""Keeps a process from using more than a share of one processor, whatever the machine is doing."""

import time
from collections.abc import Callable

_LEAST_REST_S = 0.005
_LONGEST_REST_S = 0.5


class Throttle:
    """Call it often: it sleeps as long as the work since the last call was over the share."""

    def __init__(
        self,
        share: float,
        *,
        in_haste: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.process_time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """While `in_haste()` is true it does not rest."""
        self._share = share
        self._in_haste = in_haste
        self._clock = clock
        self._worked = worked
        self._sleep = sleep
        self._mark()

    def __call__(self) -> None:
        """Rest, if that is due. Waiting for the disk is rest, too, but not saved for later."""
        debt_s = (self._worked() - self._worked_before) / self._share
        rest_s = debt_s - (self._clock() - self._before)
        if rest_s <= 0:
            self._mark()
        elif rest_s >= _LEAST_REST_S:
            if not self._in_haste():
                self._rest(rest_s)
            self._mark()

    def _rest(self, rest_s: float) -> None:
        while rest_s > 0 and not self._in_haste():
            self._sleep(min(rest_s, _LONGEST_REST_S))
            rest_s -= _LONGEST_REST_S

    def _mark(self) -> None:
        self._before = self._clock()
        self._worked_before = self._worked()
