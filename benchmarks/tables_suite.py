"""The suite `tables` of `make accuracy`: is each table found, and is it built as it is?

Drawn tables, drawn pages without any, and folders of pictures of one table each with a
`tables.jsonl`, a row a picture: `filename`, and `html.structure.tokens` with the tags, as PubTabNet
has them. A page's score is the mean TEDS without text (`table_score`) over its tables from the top;
one that is missing or too many counts 0.
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import draw_cases
from bench_tables import markdown
from drawing import table_pages
from project import EXIT_BAD_INPUT, ToolError
from suites import DRAWN, Item
from table_score import teds

TABLES = "tables"
_LIST = "tables.jsonl"
_END = "</table>"


class PageScore(NamedTuple):
    """One picture."""

    name: str
    kind: str
    known: int
    """Tables that are on it."""
    found: int
    score: float | None
    """None where there is none."""


def items(sources: Sequence[str], folder: Path) -> list[Item]:
    """Of each source: DRAWN, into the folder, or a folder; what is known of each is its HTML.

    Raises:
        ToolError: a folder without the list.
    """
    made: list[Item] = []
    for source in sources:
        made += _drawn(folder) if source == DRAWN else _listed(Path(source))
    return made


def _drawn(folder: Path) -> list[Item]:
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for recipe in table_pages.recipes():
        page = recipe.draw()
        path = folder / f"{recipe.kind}--{recipe.name}.png"
        draw_cases.save(page.drawing.image, path)
        made.append(Item(path, recipe.kind, "".join(page.tables)))
    return made


def _listed(folder: Path) -> list[Item]:
    try:
        rows = (folder / _LIST).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ToolError(f"{folder} has no {_LIST}: {error.strerror}.", EXIT_BAD_INPUT) from error
    return [
        Item(
            folder / row["filename"],
            folder.name,
            "<table>" + "".join(row["html"]["structure"]["tokens"]) + _END,
        )
        for row in map(json.loads, rows)
    ]


def judge(pages: Sequence[Item], found: Mapping[Path, Sequence[str]]) -> list[PageScore]:
    """`found` has the HTML of each page's tables, from the top."""
    scores = []
    for item in pages:
        known = [f"{part}{_END}" for part in item.known.split(_END)[:-1]]
        ours = found.get(item.path, ())
        most = max(len(known), len(ours))
        score = sum(map(teds, ours, known)) / most if known else None
        scores.append(PageScore(item.path.name, item.kind, len(known), len(ours), score))
    return scores


def table(scores: Sequence[PageScore]) -> str:
    """Kind by kind, and the pages that are below 0.95 or have a table too many."""
    rows = [_row(kind, [score for score in scores if score.kind == kind])
            for kind in dict.fromkeys(score.kind for score in scores)]  # fmt: skip
    parts = [markdown(["tables: structure (TEDS)", "files", "tables", "found", "score"], rows)]
    parts += [
        f"- {score.name}: {score.found} of {score.known} found"
        + ("" if score.score is None else f", {score.score:.3f}")
        for score in scores
        if score.found != score.known or (score.score or 1) < 0.95
    ]
    return "\n".join(parts)


def _row(kind: str, scores: Sequence[PageScore]) -> list[str]:
    known = [score.score for score in scores if score.score is not None]
    mean = f"{statistics.fmean(known):.4f}" if known else "-"
    counts = (len(scores), sum(score.known for score in scores), sum(s.found for s in scores))
    return [kind, *map(str, counts), mean]


def raw(scores: Sequence[PageScore]) -> list[dict[str, Any]]:
    """For the JSON."""
    return [score._asdict() for score in scores]
