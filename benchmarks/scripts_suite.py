"""The suite `scripts` of `make accuracy`: lines in other scripts, marked, and read with languages.

Pages in 20 languages are drawn clean and as a scanner sees them. This project reads them twice, as
it comes (which lines are marked as being in another script?) and with all languages set up for
which data are there. PaddleOCR reads them with its own models; tesseract is told each page's
language. What counts is the share of characters that are wrong, missing or too many; no blanks.
"""

import random
import statistics
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import draw_cases
import fetch_languages
import language_choice
from bench_tables import markdown
from contestants import OURS, Contestant, environment
from drawing import sample_languages
from drawing.script_lines import page
from kept_readings import KeptReadings
from ocr_contract.data_folder import LANGUAGES_FOLDER
from project import ToolError, say
from running_service import RunningService
from service_folders import models_folder
from service_reading import Reading, marks, read_all
from suites import Item

SCRIPTS = "scripts"
WITH_LANGUAGES = f"{OURS}, with languages"
PAGES = 3
"""Of each language, clean and scanned."""
_NOT_READ = float("nan")
Texts = Mapping[Path, str]


class Figures(NamedTuple):
    """Of one language."""

    language: sample_languages.Language
    lines: int
    """That were found without languages."""
    marked: int
    errors: dict[str, float]
    """Of each contestant; NaN where it did not run."""


def items(folder: Path) -> list[Item]:
    """The pages, drawn into the folder; the kind is the language's code."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for language in sample_languages.EVERY:
        for seed in range(PAGES):
            for how in ("clean", "scanned"):
                source = random.Random(f"{language.code} {seed} {how}")
                drawing = page(language, source, clean=how == "clean")
                path = folder / f"{language.code}-{how}-{seed}.png"
                draw_cases.save(drawing.image, path)
                found.append(Item(path, language.code, "\n".join(drawing.lines)))
    return found


def languages_folder() -> Path:
    """Where the data of languages lie."""
    return fetch_languages.folder_of(models_folder().parent.parent)


def available() -> list[str]:
    """The languages other than those that the models spell, as far as their data are there or can
    be fetched."""
    codes = [language.code for language in sample_languages.OTHERS]
    try:
        fetch_languages.ensure(languages_folder(), codes)
    except ToolError as error:
        say(f"{error} Going on with what is there.")
    return [c for c in codes if language_choice.data_problem(languages_folder(), c) is None]


def read_by_us(
    pages: Sequence[Item], model: str, codes: Sequence[str], kept: KeptReadings | None = None
) -> tuple[dict[str, Texts], dict[Path, Sequence[bool]]]:
    """The texts without and with languages; and which lines are marked without.

    Raises:
        TurnOver: the turn's time is over; what was read is kept.
    """
    texts: dict[str, Texts] = {}
    paths = [item.path for item in pages]
    with RunningService(environment(model)) as service:
        found = _readings(service, "plain", paths, kept)
    texts[OURS] = {path: reading.text for path, reading in found.items()}
    marked = {path: reading.marked for path, reading in found.items()}
    if codes:
        with_languages = RunningService({**environment(model), "OCR_LANGUAGES": "+".join(codes)})
        (with_languages.data / LANGUAGES_FOLDER).symlink_to(languages_folder())
        with with_languages as service:
            found = _readings(service, "+".join(codes), paths, kept)
        texts[WITH_LANGUAGES] = {path: reading.text for path, reading in found.items()}
    return texts, marked


def _readings(
    service: RunningService, who: str, paths: Sequence[Path], kept: KeptReadings | None
) -> dict[Path, Reading]:
    """With the marks of each line."""
    service.wait_until_ready()
    say(f"scripts: {len(paths)} files")

    def read(prefix: str, those: Sequence[Path]) -> dict[Path, Reading]:
        found = read_all(service, prefix, those)
        marked = marks(service, prefix, those)
        return {path: one._replace(marked=marked[path]) for path, one in found.items()}

    return kept.of(who).read(read, SCRIPTS, paths) if kept else read(SCRIPTS, paths)


def read_by_peer(
    reader: Contestant, pages: Sequence[Path], kept: KeptReadings | None = None
) -> Texts:
    """What a peer reads; raises PeerError and TurnOver."""

    def read(_: str, those: Sequence[Path]) -> dict[Path, Reading]:
        texts = reader.run(list(those)).texts
        return {path: _by_peer(texts.get(path)) for path in those}

    found = kept.of(reader.product).read(read, SCRIPTS, pages) if kept else read(SCRIPTS, pages)
    return {path: reading.text for path, reading in found.items() if reading.status == "done"}


def _by_peer(text: str | None) -> Reading:
    return Reading("failed" if text is None else "done", None, text or "", None)


def judge(
    pages: Sequence[Item], texts: Mapping[str, Texts], marked: Mapping[Path, Sequence[bool]]
) -> list[Figures]:
    """By language; a page without a text from a contestant leaves it out of the language."""
    found = []
    for language in sample_languages.EVERY:
        own = [item for item in pages if item.kind == language.code]
        lines = [is_marked for item in own for is_marked in marked[item.path]]
        errors = {title: _error(own, read) for title, read in texts.items()}
        found.append(Figures(language, len(lines), sum(lines), errors))
    return found


def _error(pages: Sequence[Item], texts: Texts) -> float:
    if any(item.path not in texts for item in pages) or not pages:
        return _NOT_READ
    return statistics.fmean(error_rate(texts[item.path], item.known) for item in pages)


def error_rate(read: str, known: str) -> float:
    """Characters that are wrong, missing or too many, per character of the text; no blanks."""
    found, wanted = (unicodedata.normalize("NFC", "".join(text.split())) for text in (read, known))
    return distance(found, wanted) / max(len(wanted), 1)


def distance(one: str, other: str) -> int:
    """Levenshtein's."""
    before = list(range(len(other) + 1))
    for number, character in enumerate(one, 1):
        now = [number]
        for place, wanted in enumerate(other, 1):
            now.append(
                min(before[place] + 1, now[-1] + 1, before[place - 1] + (character != wanted))
            )
        before = now
    return before[-1]


def table(found: Sequence[Figures]) -> str:
    """By language, and which lines are marked in all."""
    titles = list(found[0].errors)
    rows = [
        [
            each.language.name,
            str(each.lines),
            f"{each.marked / max(each.lines, 1):.0%}",
            *(
                "-" if (error := each.errors[title]) != error else f"{error:.1%}"
                for title in titles
            ),
        ]
        for each in found
    ]
    head = ["scripts: characters wrong", "lines", "marked", *titles]
    goals = "Goals: 95 % of lines in other scripts, 1 % of those that are spelled."
    return f"{markdown(head, rows)}\n\nMarked: {_marked(found)}. {goals}"


def _marked(found: Sequence[Figures]) -> str:
    kinds: tuple[tuple[str, Callable[[Figures], bool]], ...] = (
        ("in other scripts", lambda each: not each.language.is_spelled),
        ("that the models spell", lambda each: each.language.is_spelled),
    )
    parts = []
    for what, belongs in kinds:
        own = [each for each in found if belongs(each)]
        lines, marked = sum(each.lines for each in own), sum(each.marked for each in own)
        parts.append(f"{marked} of {lines} lines {what} ({marked / max(lines, 1):.1%})")
    return ", ".join(parts)


def raw(found: Sequence[Figures]) -> dict[str, Any]:
    """For the JSON."""
    return {
        each.language.code: {
            "lines": each.lines,
            "marked": each.marked,
            "errors": {
                title: None if error != error else round(error, 5)
                for title, error in each.errors.items()
            },
        }
        for each in found
    }
