"""The steps of `make scale` that only ask: each measures one size and returns its rows."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

from ocr_contract.data_folder import DATABASE_NAME
from process_memory import resident_mb, tree
from project import ROOT
from running_service import ServiceError, query
from safekeeping import database_sizes
from scale_figures import Row, percentile_95, timed_row
from scale_place import Place
from scale_requests import STATUS_MS, ask, ask_in_turn, facets, questions, search
from scale_servers import Reader, datasette, web_service
from time_to_return import processor_s

REPEAT = 40
LIMIT_S = 20.0
"""For one row; a fast one needs far less."""
START_S = 3.0
MEMORY_MB = 120.0
LOOK_S = 5.0
STARTS = 3
_QUIET_S = 900.0
_NOT_THERE = 404
_INDEXED = {"images_fts": "images", "pages_fts": "pages"}
"""Full-text index to the table whose rows it finds."""


def search_step(place: Place) -> list[Row]:
    """Lists, searches, one image, facets, status: as visitors and ocrctl ask, both services up."""
    reader = Reader(place.folders)
    with reader.running(), web_service(place.folders.data) as site:
        reader.wait_until_quiet(_QUIET_S)
        rows = [ask(site, question, REPEAT, LIMIT_S) for question in questions(place.archive)]
        times = []
        for _ in range(REPEAT):
            started = time.perf_counter()
            reader.client.status()
            times.append(1000 * (time.perf_counter() - started))
        rows.append(timed_row("socket, status (ocrctl status)", times, at_most=STATUS_MS))
        memory = sum(map(resident_mb, tree(site.process.pid)))
        rows.append(Row("web_service, resident", memory, "MB"))
        return rows


def datasette_step(place: Place) -> list[Row]:
    """The same questions to web_service and to Datasette, in turn."""
    archive, data = place.archive, place.folders.data
    numbers = range(1, archive.pages, max(1, archive.pages // 20))
    words = {
        "a rare word": archive.rare,
        "a common word": [word for word in archive.common if word.isascii()],  # it folds nothing
        "a word that occurs nowhere": archive.nowhere,
    }
    pairs: dict[str, tuple[list[str], list[str]]] = {
        "first page": (["/"], ["/ocr_data"]),
        "list": (["/?state=all"], ["/ocr_data/images?_size=50"]),
        "one image": (
            [f"/images/{number}" for number in numbers],
            [f"/ocr_data/images/{number}" for number in numbers],
        ),
        **{
            f"search, {what}": (
                [search(w) for w in some],
                [_datasette_search(data, w) for w in some],
            )
            for what, some in words.items()
        },
        "facets": ([facets(archive.common[0])], ["/ocr_data/images?_size=50&_facet=status"]),
    }
    rows = []
    with web_service(data) as ours, datasette(data) as theirs:
        for what, (our_paths, their_paths) in pairs.items():
            if ours.visit(our_paths[0])[0] == _NOT_THERE:
                rows.append(Row(f"{what}: ours", None, note="not there in this version"))
                continue
            found = ask_in_turn(
                {"ours": ours.visit, "Datasette": theirs.visit},
                {"ours": our_paths, "Datasette": their_paths},
                REPEAT, LIMIT_S,
            )  # fmt: skip
            rows += _compared(what, found)
        for name, site in (("web_service", ours), ("Datasette", theirs)):
            memory = sum(map(resident_mb, tree(site.process.pid)))
            rows.append(Row(f"resident: {name}", memory, "MB"))
    return rows


def _datasette_search(data: Path, word: str) -> str:
    """The table whose full-text index it is, as this version's schema has it."""
    indexes = query(data, "SELECT name FROM sqlite_schema WHERE sql LIKE '%USING fts5%' ORDER BY 1")
    index = next(name for (name,) in reversed(indexes) if name in _INDEXED)
    found = {"_size": 50, "_fts_table": index, "_fts_pk": "id", "_search": word}
    return f"/ocr_data/{_INDEXED[index]}?{urlencode(found)}"


def _compared(what: str, found: dict[str, tuple[list[float], int]]) -> list[Row]:
    rows = []
    for name, (times, failed) in found.items():
        words = f"{failed} of {len(times)} were not answered" if failed else ""
        rows.append(timed_row(f"{what}: {name}", times, failures=words))
    (ours, our_failures), (theirs, _) = found.values()
    ratio = percentile_95(ours) / percentile_95(theirs)
    failures = "ours did not answer all" if our_failures else ""
    rows.append(Row(f"{what}: ours / Datasette", ratio, "×", at_most=1.0, failures=failures,
                    grows=False))  # fmt: skip
    return rows


def start_step(place: Place) -> list[Row]:
    """Until the socket answers after a clean stop and after kill -9; the page; the memory."""
    reader = Reader(place.folders)
    reader.start()
    reader.wait_until_quiet(_QUIET_S)
    peak = reader.peak_mb()
    after: dict[str, list[float]] = {"a clean stop": [], "kill -9": []}
    spent: dict[str, list[float]] = {what: [] for what in after}
    for _ in range(STARTS):
        for what, times in after.items():
            if what == "kill -9":
                reader.client.pause()  # something that is in the write-ahead log only
                reader.client.resume()
                reader.kill()
            else:
                reader.stop()
            times.append(1000 * reader.start())
            spent[what].append(1000 * processor_s(reader.process.pid))
    reader.stop()
    pages = []
    for _ in range(STARTS):
        with web_service(place.folders.data) as site:
            pages.append(1000 * site.start_s)
    return [
        *(
            timed_row(f"start of ocr_service after {what}", times, at_most=1000 * START_S)
            for what, times in after.items()
        ),
        *(timed_row(f"its processor time after {what}", times) for what, times in spent.items()),
        timed_row("start of web_service until its first page", pages, at_most=1000 * START_S),
        Row("ocr_service's main process, largest", peak, "MB", at_most=MEMORY_MB),
    ]


def look_step(place: Place) -> list[Row]:
    """One look at the folder in which nothing changed."""
    script = str(Path(__file__).with_name("scale_look.py"))
    folders = [ROOT / name for name in ("contract", "ocr", "tools", "benchmarks")]
    done = subprocess.run(
        [sys.executable, script, str(place.folders.images), str(place.folders.data)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))},
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ServiceError(f"the look ended with exit code {done.returncode}")
    found = json.loads(done.stdout)
    return [
        Row("look, processor time", found["look_s"], "s", at_most=LOOK_S),
        Row("look, wall time", found["wall_s"], "s"),
        Row("first look after a start, processor time", found["first_s"], "s"),
        Row("memory of the looking process, largest", found["peak_mb"], "MB"),
    ]


def size_step(place: Place) -> list[Row]:
    """Bytes a page, by table and index, as `ocrctl doctor --sizes` has them."""
    database = place.folders.data / DATABASE_NAME
    found = database_sizes.measure(database, limit_s=_QUIET_S)
    return [
        Row("whole file", found.total_bytes / found.pages, "B/page"),
        *(
            Row(part.title, part.size_bytes / found.pages, "B/page")
            for part in found.parts
            if part.size_bytes is not None
        ),
    ]
