"""The process that reads a page on trial, before it becomes a worker: less of everything.

    python trial_process.py CHANGES FD      CHANGES: JSON of settings that differ, memory_bytes

It takes what processor time nobody else wants and a bounded part of the memory, then goes on as
`worker.py` in its own place, so that `pool` watches it as it does the other one. Standard library
only.
"""

import json
import os
import resource
import sys
from pathlib import Path

_NICE = 10
_WORKER = str(Path(__file__).with_name("worker.py"))
MEMORY = "memory_bytes"


def main() -> None:
    """Does not return."""
    changes: dict[str, str] = json.loads(sys.argv[1])
    memory_bytes = int(changes.pop(MEMORY))
    os.nice(_NICE)
    # What may be written to, not addresses: the engines reserve far more of those.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    os.environ.update(changes)
    os.execv(sys.executable, [sys.executable, _WORKER, sys.argv[2], "--on-trial"])  # noqa: S606


if __name__ == "__main__":
    main()
