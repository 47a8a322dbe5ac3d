"""Which misread words are found by a search that allows for misreading, and what else it brings.

    make tolerance IMAGES=folder [ARGS="--words 1000000 --readings file.json"]

Each image needs a CSV of its text beside it (`misread_words`). The engine reads them once; a known
word that exact search misses on its page is looked up with `similar_words` and `similar_phrases`,
once among the words of these pages and once among a million others that are near each other
(`made_words`). The tables are printed and written to benchmarks/results/.
"""

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench_tables import markdown
from decoding.documents import decode_pages
from engines.inference import choose, load_models
from machine import describe
from machine_limits import usable_cpus
from made_words import made_words
from misread_words import ReadLine, box_of, known_lines, page_text, places
from models import resolve
from ocr_contract.similar_words import MOST_PHRASES, MOST_WORDS
from ocr_contract.text_folding import parted_words, words
from ocr_settings import load
from project import main_guard, say
from reading.engine import PageEngine
from result_files import write_results
from scoring import images_with_truth
from service_folders import models_folder
from tolerance_figures import GOAL_FOUND, GOAL_P95_MS, GOAL_WRONG, Figures, judge

Readings = Mapping[str, list[ReadLine]]


def main() -> int:
    """Returns 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description="Misread words that are found all the same.")
    parser.add_argument("--images", type=Path, required=True, help="folder of images and CSVs")
    parser.add_argument("--words", type=int, default=1_000_000, help="of the large archive")
    parser.add_argument("--readings", type=Path, help="kept here, and taken from here if it exists")
    parser.add_argument("--no-results", action="store_true", help="print only")
    options = parser.parse_args()
    images = images_with_truth(options.images)
    readings = _readings(images, options.readings)
    known = [
        place
        for image in images
        for place in places(image.name, known_lines(image), readings[image.name])
    ]
    texts = {page: page_text(lines) for page, lines in readings.items()}
    missed = [place for place in known if place.word not in texts[place.page]]
    unread = {(p.page, p.word) for p in missed} - {(p.page, p.word) for p in missed if p.was_read}
    archive = set().union(*(words(text) | parted_words(text) for text in texts.values()))
    say("Asking both archives …")
    found = [
        judge(known, missed, texts, archive),
        judge(known, missed, texts, archive | made_words(options.words)),
    ]
    tables = _tables(found, len({(p.page, p.word) for p in known}), len(unread))
    print(f"{describe()}\n\n{tables}")
    if not options.no_results:
        raw = [dataclasses.asdict(figures) for figures in found]
        most = {"words": MOST_WORDS, "phrases": MOST_PHRASES}
        path = write_results(
            "tolerance", {"pages": len(images), "most": most, "archives": raw}, tables
        )
        say(f"Written to {path} and the .md beside it.")
    return int(not all(figures.is_good() for figures in found))


def _readings(images: list[Path], kept: Path | None) -> Readings:
    if kept is None or not kept.exists():
        read = _read(images)
        if kept is None:
            return read
        kept.write_text(json.dumps(read), encoding="utf-8")
    raw: dict[str, list[Any]] = json.loads(kept.read_text(encoding="utf-8"))
    return {
        page: [ReadLine(text, box_of([(box[0], box[1]), (box[2], box[3])])) for text, box in lines]
        for page, lines in raw.items()
    }


def _read(images: list[Path]) -> Readings:
    settings = load(os.environ)
    chosen = choose(settings, usable_cpus())
    engine = PageEngine(
        load_models(chosen, resolve(models_folder(), "small"), settings),
        detection_side=settings.detection_side,
        orientation=True,
    )
    read: dict[str, list[ReadLine]] = {}
    for image in images:
        say(f"Reading {image.name} …")
        for page in decode_pages(image.read_bytes(), 1e9):
            lines = engine.read(page.pixels).lines
            read.setdefault(image.name, []).extend(
                ReadLine(line.text, box_of(line.polygon)) for line in lines
            )
    return read


def _tables(found: list[Figures], known: int, unread: int) -> str:
    rows = [
        [
            f"{figures.archive_words:,}",
            f"{figures.found} of {figures.misread} ({figures.found_share:.1%})",
            f"{figures.wrong_for_each_right:.2f}",
            f"{figures.p50_ms:.0f} / {figures.p95_ms:.0f} ms",
        ]
        for figures in found
    ]
    goals = ["goal", f"{GOAL_FOUND:.0%}", f"{GOAL_WRONG:.0f}", f"p95 {GOAL_P95_MS:.0f} ms"]
    head = ["words in the archive", "misread words found", "wrong for each right one", "p50 / p95"]
    lost = "\n".join(f"- {word}: {read}" for word, read in found[0].lost)
    return (
        f"{known} words are known; exact search misses {found[0].misread + unread} on their page. "
        f"Of these {unread} are not counted: no line was read at their place.\n\n"
        f"{markdown(head, [*rows, goals])}\n\n"
        f"Not found among the fewest, and the line that was read there:\n\n{lost}"
    )


if __name__ == "__main__":
    sys.exit(main_guard(main))
