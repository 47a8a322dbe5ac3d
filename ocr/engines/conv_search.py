"""How cuDNN is to look for the way to compute a convolution: measured once, and remembered.

HEURISTIC and DEFAULT have each been forty times slower than the other in some release of ONNX
Runtime or for some network, and EXHAUSTIVE takes seconds for each new shape. So at the first start
each is tried on shapes that come often, and what was fastest in the steady state is kept in
data/engines for this GPU, driver, runtime and model.
"""

import json
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from engines.gpu import first_line
from engines.kept_files import Kept, Key

SEARCHES = ("HEURISTIC", "DEFAULT", "EXHAUSTIVE")
"""In the words of ONNX Runtime; the first is taken where two are as fast."""
_WORTH = 0.97
"""A later one is taken when it takes less than this share of the best before it."""
_RUNS = 3

log = logging.getLogger("inference")


class Memory(Protocol):
    """`KeptNetwork`, as far as it is used here."""

    def take(self, key: Key) -> Kept | None:
        """What was kept for this key."""

    def keep(self, key: Key, facts: dict[str, bool], content: bytes) -> None:
        """Keep this for the key."""

    def refuse(self, key: Key, reason: object) -> None:
        """What was taken cannot be used."""


def choose_search(
    measure: Callable[[str], float], memory: Memory | None, key: Mapping[str, str]
) -> str:
    """The search that `measure` gives the fewest seconds for; of `memory` where it is there."""
    remembered = _remembered(memory, key) if memory is not None else None
    if remembered is not None:
        return remembered
    seconds = {search: _measured(measure, search) for search in SEARCHES}
    best = SEARCHES[0]
    for search in SEARCHES[1:]:
        if seconds[search] < _WORTH * seconds[best]:
            best = search
    log.info(
        "convolutions: %s is fastest on this GPU (%s)",
        best,
        ", ".join(f"{search} {1000 * taken:.1f} ms" for search, taken in seconds.items()),
    )
    if memory is not None and math.isfinite(seconds[best]):
        memory.keep(key, {}, json.dumps({"search": best}).encode())
    return best


def steady_seconds(
    run: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> float:
    """The shortest of some runs after a first one, which looks and allocates."""
    run()
    best = math.inf
    for _ in range(_RUNS):
        started = clock()
        run()
        best = min(best, clock() - started)
    return best


def _measured(measure: Callable[[str], float], search: str) -> float:
    try:
        return measure(search)
    except Exception as error:  # the others may do
        log.warning("convolutions: %s cannot be used (%s)", search, first_line(error))
        return math.inf


def _remembered(memory: Memory, key: Mapping[str, str]) -> str | None:
    kept = memory.take(key)
    if kept is None:
        return None
    try:
        search = json.loads(kept.content)["search"]
        if search in SEARCHES:
            return str(search)
    except (ValueError, LookupError, TypeError):
        pass
    memory.refuse(key, "it names no search")
    return None
