"""Writes what a benchmark found to benchmarks/results/: raw figures as JSON, a table beside it.

    2026-01-31-amd-epyc-bench.json    {"machine": …, "settings": …, and the benchmark's own part}
    2026-01-31-amd-epyc-bench.md      the tables that were printed

A second run on the same day gets -2, and so on: nothing is overwritten.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

from machine import describe, machine, slug

FOLDER = Path(__file__).resolve().parent / "results"


def write_results(
    name: str,
    figures: Mapping[str, Any],
    tables: str,
    *,
    folder: Path = FOLDER,
    today: date | None = None,
) -> Path:
    """Write both files; returns the JSON's path. `name` is the benchmark's."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{today or datetime.now(UTC).date()}-{slug()}-{name}"
    stems = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    path = next(p for s in stems if not (p := folder / f"{s}.json").exists())
    content = {"machine": machine(), "settings": settings(os.environ), **figures}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    text = f"# {name}, {path.name[:10]}\n\n{describe()}\n\n{tables.strip()}\n"
    path.with_suffix(".md").write_text(text, encoding="utf-8")
    return path


def settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The service's settings that the caller chose, without those that name folders."""
    return {
        name: value
        for name, value in sorted(environ.items())
        if name.startswith("OCR_") and value and "/" not in value
    }
