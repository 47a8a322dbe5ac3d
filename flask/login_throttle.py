"""How often somebody may try a password, from one address and altogether.

Each limit lets a few attempts through at once and then one every few seconds. An address
that has logged in before does not count towards the limit of all, so that strangers who use
that up do not keep the people who work here out. Memory is bounded: the addresses heard of
longest ago are forgotten first, and the limit of all holds whatever is forgotten.
"""

import collections
import ipaddress
import threading
import time
from collections.abc import Callable

ADDRESS_BURST = 5
ADDRESS_INTERVAL_S = 20.0
TOTAL_BURST = 20
TOTAL_INTERVAL_S = 2.0
MAX_ADDRESSES = 4096


class _Limit:
    """One limit as the moment until which it is used up, earlier than now when it is not."""

    __slots__ = ("_burst_s", "_interval_s", "_used_until")

    def __init__(self, burst: int, interval_s: float) -> None:
        self._interval_s = interval_s
        self._burst_s = burst * interval_s
        self._used_until = 0.0

    def wait_s(self, now: float) -> float:
        """Seconds until one more is allowed; 0 when it is now."""
        return max(0.0, max(self._used_until, now) + self._interval_s - self._burst_s - now)

    def use(self, now: float) -> None:
        self._used_until = max(self._used_until, now) + self._interval_s


class LoginThrottle:
    """Safe to share between threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._total = _Limit(TOTAL_BURST, TOTAL_INTERVAL_S)
        self._addresses: collections.OrderedDict[str, _Limit] = collections.OrderedDict()
        self._known: collections.OrderedDict[str, None] = collections.OrderedDict()

    def admit(self, address: str) -> float:
        """0 and one attempt used, or the seconds to wait and nothing used."""
        key = group(address)
        with self._lock:
            now = self._clock()
            limit = self._addresses.setdefault(key, _Limit(ADDRESS_BURST, ADDRESS_INTERVAL_S))
            self._addresses.move_to_end(key)
            if len(self._addresses) > MAX_ADDRESSES:
                self._addresses.popitem(last=False)
            limits = [limit] if key in self._known else [limit, self._total]
            wait_s = max(one.wait_s(now) for one in limits)
            if not wait_s:
                for one in limits:
                    one.use(now)
            return wait_s

    def succeeded(self, address: str) -> None:
        """The right password came from `address`."""
        key = group(address)
        with self._lock:
            self._addresses.pop(key, None)
            self._known[key] = None
            self._known.move_to_end(key)
            if len(self._known) > MAX_ADDRESSES:
                self._known.popitem(last=False)

    @property
    def size(self) -> int:
        """How many addresses are remembered."""
        return len(self._addresses) + len(self._known)


def group(address: str) -> str:
    """The address, or for IPv6 the network of it that one household has (/64)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
