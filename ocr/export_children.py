"""Files made by several export processes side by side, passed on in the order of the images.

The images are dealt out in turn. Each process may be ahead by what its pipe holds, and waits then:
so memory does not grow with the number of images or with their size, and nothing is kept in files.

    1 4 7 …  ──▶  Child  ──▶
    2 5 8 …  ──▶  Child  ──▶  1 2 3 4 5 6 7 8 …
    3 6 9 …  ──▶  Child  ──▶

Standard library only.
"""

import contextlib
import dataclasses
import itertools
import math
from collections.abc import Generator, Iterator, Sequence

from export_child import COMMAND, LEAST_MEMORY, Child, Order
from machine_limits import usable_cpus
from ocr_contract.export.formats import FORMATS
from ocr_contract.export.frames import Begun, Ended, Event, Failed

_MOST = 4
"""Whoever asked passes on what they make, one processor's work: it keeps up with so many."""
_LEAST_IMAGES = 64
"""For each: to start one takes as long as fifty files."""
_NICE_STEP = 1.25
"""A process has so much less weight with each step of niceness, says sched(7)."""


def count_for(wanted: Order) -> int:
    """How many processes pay for that order, at least 1.

    As many as there are processors. Formats that hold a whole file or picture in memory have all
    that there is for one process; the others share it, each with what is enough for one.
    """
    if not FORMATS[wanted.format].is_made_by_page:
        return 1
    fitting = wanted.memory_bytes // LEAST_MEMORY
    paying = len(wanted.image_ids) // _LEAST_IMAGES
    return max(min(_MOST, usable_cpus(), fitting, paying), 1)


def events(wanted: Order, command: Sequence[str] = COMMAND) -> Iterator[Event]:
    """The files; the processes end when this is closed."""
    with contextlib.closing(portions(wanted, count_for(wanted), command)) as found:
        yield from itertools.chain.from_iterable(found)


def portions(
    wanted: Order, count: int, command: Sequence[str] = COMMAND
) -> Generator[list[Event], None, None]:
    """As `events`, as many at a time as are there, made by `count` processes."""
    with contextlib.ExitStack() as stack:
        children: list[Child] = []
        for part in _dealt(wanted, count):
            children.append(stack.enter_context(contextlib.closing(Child(part, command))))
            stack.callback(children[-1].hang_up)
        held: list[Event] = []
        for image_id, child in zip(wanted.image_ids, itertools.cycle(children), strict=False):
            while True:
                if not child.ahead:
                    if held:
                        yield held
                        held = []
                    if not child.wait():
                        break  # none of those that are left exists
                event = child.ahead[0]
                if isinstance(event, Begun) and event.image_id != image_id:
                    break  # this one does not exist
                held.append(child.ahead.popleft())
                if isinstance(event, Ended | Failed):
                    break
        if held:
            yield held


def _dealt(wanted: Order, count: int) -> Iterator[Order]:
    """A part for each, which together have the memory of one, and its weight beside other work."""
    nice = wanted.nice + round(math.log(count, _NICE_STEP))
    for first in range(count):
        yield dataclasses.replace(
            wanted, image_ids=wanted.image_ids[first::count], nice=nice,
            memory_bytes=wanted.memory_bytes // count,
        )  # fmt: skip
