"""What all long runs share: the violation that ends one, the integrity check, the result's file."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from machine import describe
from result_files import write_results

_CHECK = """
import sqlite3, sys
print(*[row[0] for row in sqlite3.connect(sys.argv[1]).execute("PRAGMA integrity_check")])
"""


class Violation(Exception):  # noqa: N818  what a run is there to find, not a defect of the run
    """The service broke a promise; the sentence says which."""


def require(holds: object, what: str) -> None:
    """Raise Violation unless it holds."""
    if not holds:
        raise Violation(what)


def check_integrity(database: Path) -> None:
    """In a process of its own, so that no lock of this one is touched."""
    found = subprocess.run(
        [sys.executable, "-c", _CHECK, str(database)], capture_output=True, text=True, check=False
    )
    require(found.stdout.strip() == "ok", f"integrity_check said: {found.stdout}{found.stderr}")


def conclude(name: str, run: Callable[[], Mapping[str, Any]], *, write: bool) -> int:
    """Run it, print and (with `write`) store its figures; returns the exit code."""
    print(describe() + "\n", flush=True)
    try:
        figures = run()
    except Violation as violation:
        print(f"VIOLATION: {violation}", file=sys.stderr)
        return 1
    lines = "\n".join(f"{key}: {value}" for key, value in figures.items())
    print(lines)
    if write:
        table = "\n".join(f"- {key}: {value}" for key, value in figures.items())
        path = write_results(name, {"figures": dict(figures)}, table)
        print(f"written: {path.name}")
    return 0
