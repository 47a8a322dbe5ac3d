"""How well text is read, suite by suite, beside PaddleOCR's own pipeline and tesseract.

    make accuracy [SUITES="receipts print cases positions sizes layout calibration tables scripts"]
                  [IMAGES=folder of receipts] [CASES="drawn folder …"] [LAYOUTS="drawn folder …"]
                  [TABLES="drawn folder …"] [PEERS="paddleocr tesseract"]
                  [ARGS="--keep folder [--minutes 9]"]

Needs no IMAGES unless receipts are asked for; `suites` tells what each suite is. Receipts and
print are scored by F1 of words (`scoring`), cases and sizes by recall (`word_recall`), layout by
the words that stand in the order of reading (`word_order`). A file that ends in any other way
than done counts 0, as does one that a peer cannot read. Positions are this project's alone: the
peers run without their part for turned pages. So are calibration, where it is told how often lines
of each doubt are wrong (`reliability`), and tables, whose structure is scored (`tables_suite`).
Scripts are scored by characters, with and without languages set up (`scripts_suite`). The results
are printed and written to benchmarks/results/.

With --keep, what was read stays in that folder and is not read again; with --minutes a run ends
after about so long, to be called again until all is read (`kept_readings`).
"""

import argparse
import contextlib
import functools
import math
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import accuracy_tables
import reliability
import scripts_suite
import setup_fonts
import suites
import tables_suite
from accuracy_figures import Outcome, figures_of
from contestants import OURS, environment, peer, set_up
from kept_readings import KeptReadings, TurnOver, code_and_settings
from line_truth import is_right, tidy
from machine import describe
from page_positions import Positions, as_they_are, judge, lay_down
from peer_process import PeerError
from project import ToolError, main_guard, say
from reliability import Judged
from result_files import write_results
from running_service import RunningService
from scripts_suite import SCRIPTS
from service_reading import Reading, doubts, read_all, tables
from suites import Item
from table_score import html_of
from tables_suite import TABLES, PageScore

PEERS = {"paddleocr": "PaddleOCR predict", "tesseract": "tesseract"}
_TURNED = ("receipts", "print", "cases", "layout")
_UPRIGHT = ("sizes",)
"""Large pages: an upright one that is turned would be seen, but turned ones would cost hours."""
_PEER_TIMEOUT_S = 4 * 3600.0


def main() -> int:
    """Returns 1 when PaddleOCR reads one of the suites better."""
    parser = argparse.ArgumentParser(description="Words read right, suite by suite.")
    parser.add_argument("--suites", default="", help=f"of: {' '.join(suites.NAMES)}; all of them")
    parser.add_argument("--images", default="", help="folder of receipts, each with a CSV")
    parser.add_argument("--cases", default="", help="folders of cases; 'drawn': the project's own")
    parser.add_argument("--layouts", default="", help="folders with hOCR; 'drawn': the project's")
    parser.add_argument("--tables", default="", help="folders with tables.jsonl; 'drawn': our own")
    parser.add_argument("--peers", default=" ".join(PEERS), help="of: %(default)s; '' for none")
    parser.add_argument("--model", choices=("small", "tiny"), default="small")
    parser.add_argument("--keep", default="", help="folder in which readings stay for later runs")
    parser.add_argument("--minutes", type=float, default=math.inf, help="of a run, with --keep")
    parser.add_argument("--no-results", action="store_true", help="print only")
    options = parser.parse_args()
    chosen = _names(parser, options.suites, suites.NAMES) or [*suites.NAMES]
    peers = _names(parser, options.peers, tuple(PEERS))
    if "receipts" in chosen and not options.images:
        if options.suites:
            parser.error("the receipts are yours: name their folder with --images")
        say("No folder of receipts is named (IMAGES=…): they are left out.")
        chosen.remove("receipts")
    kept = keep(options.keep, options.minutes, options.model) if options.keep else None
    if kept and {suites.CALIBRATION, TABLES} & set(chosen):
        parser.error(f"{suites.CALIBRATION} and {TABLES} need more than the text: without --keep")
    place = (
        contextlib.nullcontext(options.keep)
        if kept
        else tempfile.TemporaryDirectory(prefix="ocr-accuracy-")
    )
    with place as folder:
        sources = Sources(
            options.images, options.cases.split(), options.layouts.split(), options.tables.split()
        )
        items = gather(chosen, sources, Path(folder))
        in_scripts = items.pop(SCRIPTS, [])
        ready = prepare(peers)
        print(f"{describe()}\nPP-OCRv6 {options.model}\n", flush=True)
        try:
            found, positions, judged, built = run_ours(
                items, "positions" in chosen, Path(folder), options.model, kept
            )
            written = read_scripts(in_scripts, options.model, ready, kept) if in_scripts else []
        except TurnOver as over:
            say(f"{over}: run this again.")
            return 0
        items.pop(suites.CALIBRATION, None)
        items.pop(TABLES, None)
        for name, reason in ready.items():
            model = "eng" if name == "tesseract" else options.model
            outcomes = found.setdefault(PEERS[name], {})
            for suite, its_items in items.items():
                outcomes[suite] = (
                    reason if reason is not None else run_peer_on(name, model, suite, its_items)
                )
    results = accuracy_tables.everything(found, positions)
    if judged:
        results += f"\n\n{reliability.table(judged)}"
    if built:
        results += f"\n\n{tables_suite.table(built)}"
    if written:
        results += f"\n\n{scripts_suite.table(written)}"
    print(results)
    failures = accuracy_tables.failures(found[OURS])
    print(f"\n{failures}")
    if not options.no_results:
        raw = accuracy_tables.raw(found, positions)
        if judged:
            raw[suites.CALIBRATION] = [part._asdict() for part in reliability.tenths(judged)]
        if built:
            raw[TABLES] = tables_suite.raw(built)
        if written:
            raw[SCRIPTS] = scripts_suite.raw(written)
        path = write_results("accuracy", {"model": options.model, **raw}, results)
        say(f"Written to {path} and the .md beside it.")
    return int(accuracy_tables.is_behind(found, PEERS["paddleocr"]))


class Sources(NamedTuple):
    """Where files come from; of cases and layouts, none means the project's own."""

    images: str
    cases: list[str]
    layouts: list[str]
    tables: list[str]


def gather(chosen: list[str], sources: Sources, folder: Path) -> dict[str, list[Item]]:
    """The files of each suite that is read as it lies; drawn ones are made in `folder`."""
    wanted = set(chosen)
    if wanted == {"positions"}:
        wanted |= {"print", "cases", "layout"} | ({"receipts"} if sources.images else set())
    cases, layouts, tables = (
        named or [suites.DRAWN] for named in (sources.cases, sources.layouts, sources.tables)
    )
    drawn = suites.DRAWN in [*cases, *layouts, *tables]
    if wanted & {"print", "sizes", suites.CALIBRATION, SCRIPTS} or drawn:
        setup_fonts.main()
    say("Drawing the suites …")
    makers: dict[str, Callable[[], list[Item]]] = {
        "receipts": lambda: suites.receipts(Path(sources.images)),
        "print": lambda: suites.printed(folder / "print"),
        "cases": lambda: suites.all_cases(cases, folder / "cases"),
        "sizes": lambda: suites.sized(folder / "sizes"),
        "layout": lambda: suites.laid_out(layouts, folder / "layout"),
        suites.CALIBRATION: lambda: suites.worn_pages(folder / suites.CALIBRATION),
        TABLES: lambda: tables_suite.items(tables, folder / TABLES),
        SCRIPTS: lambda: scripts_suite.items(folder / SCRIPTS),
    }
    return {name: make() for name, make in makers.items() if name in wanted}


def keep(folder: str, minutes: float, model: str) -> KeptReadings:
    """The folder's readings, if they are by this code with these settings."""
    return KeptReadings(
        Path(folder), code_and_settings({**os.environ, **environment(model)}), minutes
    )


def run_ours(
    items: Mapping[str, list[Item]],
    with_positions: bool,
    folder: Path,
    model: str,
    kept: KeptReadings | None = None,
) -> tuple[dict[str, dict[str, Outcome]], Positions | None, list[Judged], list[PageScore]]:
    """One service reads everything that is not kept."""
    found: dict[str, Outcome] = {}
    judged: list[Judged] = []
    built: list[PageScore] = []
    readings: dict[Path, Reading] = {}
    with RunningService(environment(model)) as service:
        service.wait_until_ready()

        def read(prefix: str, paths: Sequence[Path]) -> dict[Path, Reading]:
            straight = functools.partial(read_all, service)
            return kept.read(straight, prefix, paths) if kept else straight(prefix, paths)

        for suite, its_items in items.items():
            say(f"{suite}: {len(its_items)} files")
            paths = [item.path for item in its_items]
            readings |= read(suite, paths)
            if suite == suites.CALIBRATION:
                judged = judge_lines(its_items, doubts(service, suite, paths))
                continue
            if suite == TABLES:
                of_page = tables(service, suite, paths).items()
                html = {path: [html_of(each) for each in those] for path, those in of_page}
                built = tables_suite.judge(its_items, html)
                continue
            found[suite] = figures_of(suite, its_items, _texts(readings, its_items))
        positions = None
        if with_positions:
            lying = lay_down(_of(items, _TURNED), folder / "positions")
            lying += as_they_are(_of(items, _UPRIGHT))
            turned = [position.path for position in lying if position.rotation]
            say(f"positions: {len(turned)} turned files")
            readings |= read("turned", turned)
            positions = judge(lying, readings)
    return {OURS: found}, positions, judged, built


def read_scripts(
    items: list[Item], model: str, ready: Mapping[str, str | None], kept: KeptReadings | None
) -> list[scripts_suite.Figures]:
    """Ours with and without languages, and the peers that are ready; raises TurnOver."""
    codes = scripts_suite.available()
    texts, marked = scripts_suite.read_by_us(items, model, codes, kept)
    in_language = {item.path: item.kind for item in items if item.kind in codes}
    for name, reason in ready.items():
        is_told = name == "tesseract"
        pages = [item.path for item in items if not is_told or item.path in in_language]
        texts[PEERS[name]] = {}
        if reason is not None or not pages:
            continue
        reader = peer(
            name,
            "eng" if is_told else model,
            forgiving=True,
            timeout_s=_PEER_TIMEOUT_S,
            languages=in_language if is_told else None,
            languages_folder=scripts_suite.languages_folder(),
        )
        say(f"{PEERS[name]}: scripts, {len(pages)} files")
        try:
            texts[PEERS[name]] = scripts_suite.read_by_peer(reader, pages, kept)
        except PeerError as error:
            say(f"{PEERS[name]}, scripts: failed, {error}.")
    return scripts_suite.judge(items, texts, marked)


def judge_lines(items: list[Item], lines: Mapping[Path, list[tuple[str, float]]]) -> list[Judged]:
    """Each line's doubt, and whether the line is wrong."""
    found = []
    for item in items:
        known = [tidy(line) for line in item.known.splitlines()]
        found += [
            Judged(doubt, not is_right(text, known), item.path.name, item.kind)
            for text, doubt in lines[item.path]
        ]
    return found


def prepare(peers: list[str]) -> dict[str, str | None]:
    """Provide each peer; one that cannot be has its reason."""
    ready: dict[str, str | None] = {}
    for name in peers:
        ready[name] = None
        try:
            set_up(name)
        except ToolError as error:
            ready[name] = str(error).splitlines()[-1]
    return ready


def run_peer_on(name: str, model: str, suite: str, items: list[Item]) -> Outcome:
    """The peer's figures, or why it has none."""
    say(f"{PEERS[name]}: {suite}, {len(items)} files")
    reader = peer(name, model, forgiving=True, timeout_s=_PEER_TIMEOUT_S)
    try:
        texts = reader.run([item.path for item in items]).texts
    except PeerError as error:
        return str(error)
    return figures_of(suite, items, texts)


def _of(items: Mapping[str, list[Item]], names: Sequence[str]) -> list[Item]:
    return [item for name in names for item in items.get(name, ())]


def _texts(readings: Mapping[Path, Reading], items: list[Item]) -> dict[Path, str]:
    """Those that were read."""
    paths = (item.path for item in items)
    return {path: readings[path].text for path in paths if readings[path].status == "done"}


def _names(parser: argparse.ArgumentParser, text: str, known: tuple[str, ...]) -> list[str]:
    names = text.replace(",", " ").split()
    if unknown := [name for name in names if name not in known]:
        parser.error(f"there is no {unknown[0]!r}; there are {', '.join(known)}")
    return [name for name in known if name in names]


if __name__ == "__main__":
    sys.exit(main_guard(main))
