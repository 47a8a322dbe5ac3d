"""What all long runs share: command line, the violation that ends one, the result's file."""

import argparse
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
NOTHING_LOST = {"lost": 0, "duplicates": 0, "integrity": "ok"}
"""What a run about the database has shown when it ends without a Violation."""


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


def run_parser(description: str) -> argparse.ArgumentParser:
    """With what every run can be told: the seed of its draws, and to write no result."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--dry", action="store_true", help="write no result")
    return parser


def conclude(
    name: str,
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], Mapping[str, Any]],
) -> int:
    """Run it as the command line asks, print and store its figures; returns the exit code.

    `parser` is `run_parser`'s, with the run's own options.
    """
    asked = parser.parse_args()
    print(describe() + "\n", flush=True)
    try:
        figures = run(asked)
    except Violation as violation:
        print(f"VIOLATION: {violation}", file=sys.stderr)
        return 1
    lines = "\n".join(f"{key}: {value}" for key, value in figures.items())
    print(lines)
    if not asked.dry:
        table = "\n".join(f"- {key}: {value}" for key, value in figures.items())
        path = write_results(name, {"figures": dict(figures)}, table)
        print(f"written: {path.name}")
    return 0
