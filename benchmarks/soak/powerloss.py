"""Power losses under the database: is everything acknowledged there when the power is back?

    make soak WHAT=powerloss [ARGS="--losses 100 --way shim"]

Two ways. `device`, as root: an ext4 file system on a loop device is shut down without writing its
journal (the kernel's own test of a power cut), mounted again, and the database opened. `shim`,
without rights: SQLite's writes and syncs are recorded, and the files are put together as a power
cut may leave them: all that was synced, and of the rest any part of any sector in any order.
Acknowledged is what Store.finish returned for. Every loss must come after new acknowledgements.
"""

import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from soak_report import NOTHING_LOST, conclude, run_parser


def run(losses: int, way: str, seed: int) -> dict[str, Any]:
    """All losses in one of the two ways, or half of them in each; raises Violation."""
    import device_loss
    import shim_loss

    draw = random.Random(seed)
    ways = {"shim": shim_loss.lose_power, "device": device_loss.lose_power}
    chosen = [way] if way != "both" else list(ways)
    started = time.monotonic()
    acknowledged = {}
    for name in chosen:
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            acknowledged[name] = ways[name](Path(folder), losses // len(chosen), draw)
    return {
        "losses": {name: losses // len(chosen) for name in chosen},
        "acknowledged": acknowledged,
        **NOTHING_LOST,
        "seed": seed,
        "seconds": round(time.monotonic() - started, 1),
    }


def main() -> int:
    """Returns 1 when anything acknowledged was lost, or the database was damaged."""
    parser = run_parser("Power losses.")
    parser.add_argument("--losses", type=int, default=100)
    parser.add_argument(
        "--way",
        choices=("shim", "device", "both"),
        default="both" if os.geteuid() == 0 else "shim",
    )
    return conclude("powerloss", parser, lambda asked: run(asked.losses, asked.way, asked.seed))


if __name__ == "__main__":
    sys.exit(main())
