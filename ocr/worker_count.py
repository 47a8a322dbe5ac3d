"""How many worker processes read: as many as were asked for, else as many as pay here.

The service and its workers each ask, and find the same: they see one machine. Standard library
only.
"""

import machine_limits
from ocr_settings import Settings

PROCESSORS_EACH = 8
"""One worker's Python lets only so much through: of a receipt's processor time a fifth is the
page's own thread, so more than some five processors would wait for it …"""
PROCESSORS_EACH_WITH_AMX = 4
"""… where networks are fast. Without AMX they take three times as long, and Python as before.
docs/decisions/0055 has the arithmetic."""
MEMORY_EACH = 1.2e9
"""Bytes of a worker with eight lanes."""
MEMORY_SHARE = 0.6
"""Of the memory that there is, for all workers: the rest is for the service and for one large
image more."""


def worker_count(settings: Settings) -> int:
    """At least 1. On a GPU 1, unless more are asked for: each takes the GPU's memory anew."""
    if settings.workers:
        return settings.workers
    memory = machine_limits.usable_memory()
    fitting = int(memory * MEMORY_SHARE / MEMORY_EACH) if memory else 1
    return max(min(workers_that_pay(settings), fitting), 1)


def workers_that_pay(settings: Settings) -> int:
    """How many the processors could feed, whatever memory there is; at least 1."""
    if settings.device.startswith("gpu") or (
        settings.device == "auto" and machine_limits.NVIDIA_CONTROL_DEVICE.exists()
    ):
        return 1
    each = PROCESSORS_EACH_WITH_AMX if machine_limits.has_amx() else PROCESSORS_EACH
    return max((settings.threads or machine_limits.usable_cpus()) // each, 1)
