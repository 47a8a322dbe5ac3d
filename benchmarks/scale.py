"""What each thing costs at 10,000, 100,000 and 1,000,000 pages, and how the cost grows.

    make scale [ARGS="--pages 10000 100000 --only search start --work FOLDER --keep"]

For each size a made-up archive is written as files and as a database; then come the steps (STEPS).
Each size's figures are kept in the work folder as they come: a run that was broken off goes on
where it was, and `--only` measures a step anew. At the end everything is written to
benchmarks/results/ and the work folder is removed, unless it is to be kept. A figure that is missed
is a finding and no error. Where removing files is slow, `--images` on a tmpfs helps. Most of the
time goes into making the databases: two for each size, since `migration` needs one of its own.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import scale_beside
import scale_changes
import scale_steps
import setup_env
from machine import describe
from other_load import OtherLoad
from project import ROOT, say
from result_files import write_results
from scale_figures import Row, by_what, exponent
from scale_place import Place
from scale_servers import DATASETTE
from scale_tables import missed, step_table

SIZES = (10_000, 100_000, 1_000_000)
Step = Callable[[Place], list[Row]]
STEPS: dict[str, tuple[str, Step]] = {
    "search": ("requests, median / p95", scale_steps.search_step),
    "datasette": ("beside Datasette, median / p95", scale_steps.datasette_step),
    "start": ("start, median / slowest", scale_steps.start_step),
    "look": ("a look at the folder", scale_steps.look_step),
    "size": ("size", scale_steps.size_step),
    "backup": ("backup", scale_changes.backup_step),
    "beside": ("reading beside a backup", scale_beside.beside_step),
    "writer": ("writer", scale_changes.writer_step),
    "migration": ("from schema version 2", scale_changes.migration_step),
    "vanish": ("a folder that vanishes and returns", scale_changes.vanish_step),
}
_MADE = "made"


def main() -> int:
    """Print and write the figures; returns 1 only when something broke."""
    options = _options()
    print(f"{describe()}\n", flush=True)
    failed = False
    places = [Place(options.work, options.images, pages) for pages in options.pages]
    steps = options.only or list(STEPS)
    if "datasette" in steps:
        setup_env.ensure(DATASETTE, ROOT / "benchmarks" / "peers" / "datasette.txt")
    for place in places:
        _make(place)
        for name in steps:
            failed |= not _measure(place, name, anew=bool(options.only))
    tables = _tables(places)
    print(f"\n{tables}\n")
    path = write_results("scale", _raw(places), tables)
    print(f"written: {path.relative_to(ROOT)} and .md beside it")
    if not options.keep and not failed:
        for place in places:
            place.remove()
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Costs at three sizes, and how they grow.")
    parser.add_argument("--pages", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--only", type=_steps, default=[], metavar="STEP,…", help=", ".join(STEPS))
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("/var/tmp/ocr-scale"),
        help="folder for the databases (default: %(default)s)",
    )
    parser.add_argument(
        "--images", type=Path, help="folder for the image files (default: in the work folder)"
    )
    parser.add_argument(
        "--repeat",
        type=int,
        default=scale_steps.REPEAT,
        help="how often each request is made (default: %(default)s)",
    )
    parser.add_argument("--keep", action="store_true", help="leave the databases for a next run")
    options = parser.parse_args()
    scale_steps.REPEAT = options.repeat
    options.work = options.work.absolute()
    options.images = options.images and options.images.absolute()
    return options


def _steps(text: str) -> list[str]:
    chosen = [name for name in text.replace(",", " ").split() if name]
    if unknown := sorted(set(chosen) - set(STEPS)):
        raise argparse.ArgumentTypeError(f"no {unknown[0]!r}; there are {', '.join(STEPS)}")
    return chosen


def _make(place: Place) -> None:
    with OtherLoad() as others:
        seconds = place.make()
    if seconds is not None:
        place.remember(_MADE, [Row("files and database made", seconds, "s")], others.share)
    say(f"{place.pages:,} pages: made")


def _measure(place: Place, name: str, *, anew: bool) -> bool:
    """One step at one size, unless it was measured before; False when it broke."""
    if not anew and place.remembered(name) is not None:
        say(f"{place.pages:,} pages: {name}: measured before")
        return True
    started = time.monotonic()
    try:
        with OtherLoad() as others:
            rows = STEPS[name][1](place)
    except Exception:  # hours of other figures must not go with it
        traceback.print_exc()
        say(f"{place.pages:,} pages: {name}: failed")
        return False
    place.remember(name, rows, others.share)
    say(f"{place.pages:,} pages: {name}: {time.monotonic() - started:.0f} s")
    return True


def _found(places: list[Place], name: str) -> dict[int, tuple[list[Row], float]]:
    """By pages: a step's rows, and the load by others."""
    found = {place.pages: place.remembered(name) for place in places}
    return {pages: known for pages, known in found.items() if known is not None}


def _tables(places: list[Place]) -> str:
    parts, missing = [], []
    for name, title in [(_MADE, "made"), *((name, title) for name, (title, _) in STEPS.items())]:
        if found := _found(places, name):
            rows = {pages: some for pages, (some, _) in found.items()}
            busy = " / ".join(f"{load:.0%}" for _, load in found.values())
            parts.append(f"{step_table(title, rows)}\n\nOther work took {busy} of the machine.")
            missing += missed(rows)
    words = [f"Missed: {len(missing)}.", *(f"- {sentence}" for sentence in missing)]
    return "\n\n".join([*parts, "\n".join(words) if missing else "Everything wanted was reached."])


def _raw(places: list[Place]) -> dict[str, object]:
    return {name: _raw_step(found) for name in (_MADE, *STEPS) if (found := _found(places, name))}


def _raw_step(found: dict[int, tuple[list[Row], float]]) -> dict[str, object]:
    grown = by_what({pages: rows for pages, (rows, _) in found.items()})
    return {
        "other_load": {pages: load for pages, (_, load) in found.items()},
        "rows": {pages: [row.to_json() for row in rows] for pages, (rows, _) in found.items()},
        "exponents": {
            what: round(power, 3)
            for what, sizes in grown.items()
            if (power := exponent(sizes)) is not None
        },
    }


if __name__ == "__main__":
    sys.exit(main())
