"""By what the hits of a search can be narrowed: how many of them lie in each state, folder, month
and band of confidence.

Hits are counted one by one, the newest first, for a short time: where more are left, every number
is of those alone, and the true one may be larger. Of the whole archive what is kept as rows change
is read instead (`image_counts`, `found_days`, `folder_counts`).
"""

import collections
import dataclasses
import itertools
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator

from ocr_contract import text_folding
from ocr_contract.search import evaluator, narrowing
from ocr_contract.search.columns import CONFIDENCE
from ocr_contract.search.matching import PERCENT_ROUNDING
from ocr_contract.search.narrowing import Condition
from ocr_contract.search.states import STATE_FILTERS, WARNINGS
from ocr_contract.search.tree import And, Confidence, Folder, Node

FACETS = ("state", "folder", "found", "confidence")
HIGH_PERCENT, MEDIUM_PERCENT = 90, 75
BANDS: dict[str, tuple[Confidence, ...]] = {
    "high": (Confidence(">=", HIGH_PERCENT),),
    "medium": (Confidence(">=", MEDIUM_PERCENT), Confidence("<", HIGH_PERCENT)),
    "low": (Confidence("<", MEDIUM_PERCENT),),
}
LIMIT_S = 0.3
FIND_LIMIT_S = 0.04
COUNT_LIMIT_S = 0.03
"""Of processor time, as the number of hits is counted (`evaluator`)."""
MOST_COUNTED = 10_000
MOST_VALUES = 200
"""Of one facet: as many folders, the fullest, are told."""
_TOGETHER = 500
_STATES = tuple(name for name in STATE_FILTERS if name not in ("latest", "all"))


@dataclasses.dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet."""

    name: str
    """The state's or the band's name, the folder's path, or "2026-01"."""
    images: int
    is_exact: bool
    """False: there are more than `images`, or may be."""
    condition: Condition | None
    """What narrows a query to it; None where that cannot be typed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Facets:
    """The values of each facet that hits have."""

    values: dict[str, list[Value]]
    images: int
    is_exact: bool
    """False: there are more than `images` hits, and the numbers are of the newest ones."""


@dataclasses.dataclass(slots=True)
class _Tally:
    """Numbers by facet and value."""

    counts: dict[str, collections.Counter[str]] = dataclasses.field(
        default_factory=lambda: {facet: collections.Counter() for facet in FACETS}
    )
    images: int = 0

    def state(self, status: str, has_warning: bool, images: int) -> None:
        for name in _STATES:
            statuses = STATE_FILTERS[name]
            if statuses and status in statuses and (has_warning or name != WARNINGS):
                self.counts["state"][name] += images


def of_hits(connection: sqlite3.Connection, tree: Node) -> Facets:
    """Those of the hits of `tree`."""
    hits = evaluator.find(
        connection, tree, limit=MOST_COUNTED, counts=False, limit_s=LIMIT_S,
        cpu_limit_s=FIND_LIMIT_S,
    )  # fmt: skip
    is_exact = hits.is_complete and hits.next_below is None
    tally = _Tally()
    below = _FoldersBelow(_chosen_folder(tree))
    ends = time.thread_time() + COUNT_LIMIT_S
    for some in _slices(hits.ids):
        if tally.images and time.thread_time() > ends:
            is_exact = False
            break
        tally.images += _count(connection, some, tally, below)
    return Facets(_values(tally.counts, is_exact), tally.images, is_exact)


def of_everything(connection: sqlite3.Connection) -> Facets:
    """Those of all images that are known, whatever became of them."""
    tally = _Tally()
    for status, has_warning, images in connection.execute(
        "SELECT status, has_warning, images FROM image_counts"
    ):
        tally.state(status, bool(has_warning), images)
        tally.images += images
    for month, images in connection.execute(
        "SELECT substr(day, 1, 7), sum(images) FROM found_days GROUP BY 1"
    ):
        tally.counts["found"][month] += images
    below = _FoldersBelow(None)
    for folder, images in connection.execute(
        "SELECT substr(folder, 1, instr(folder, '/')), sum(images) FROM folder_counts GROUP BY 1"
    ):
        if images and (top := below.of(folder)) is not None:
            tally.counts["folder"][top] += images
    values = _values(tally.counts, is_exact=True)
    values["confidence"] = list(_bands(connection))
    return Facets(values, tally.images, is_exact=True)


def _bands(connection: sqlite3.Connection) -> Iterator[Value]:
    """Nobody keeps these: the few are counted, of the many it is told that they are many."""
    for name, parts in BANDS.items():
        hits = evaluator.find(connection, And(parts), limit=1, limit_s=LIMIT_S)
        if hits.count:
            yield Value(name, hits.count, hits.count_is_exact, _condition("confidence", name))


def _count(
    connection: sqlite3.Connection, ids: list[int], tally: _Tally, below: "_FoldersBelow"
) -> int:
    rows = connection.execute(
        "SELECT i.status, i.warning_code IS NOT NULL, substr(i.found_at, 1, 7), "  # noqa: S608
        "rtrim(i.name, replace(i.name, '/', '')), "
        f"CAST({CONFIDENCE} * 100 + {PERCENT_ROUNDING} AS INTEGER) "  # constants of ours
        "FROM images i WHERE i.id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    ).fetchall()
    for (status, has_warning), images in collections.Counter(row[:2] for row in rows).items():
        tally.state(status, bool(has_warning), images)
    tally.counts["found"].update(row[2] for row in rows)
    tally.counts["confidence"].update(_band(row[4]) for row in rows if row[4] is not None)
    for folder, images in collections.Counter(row[3] for row in rows).items():
        if (inner := below.of(folder)) is not None:
            tally.counts["folder"][inner] += images
    return len(rows)


def _band(percent: int) -> str:
    if percent >= HIGH_PERCENT:
        return "high"
    return "medium" if percent >= MEDIUM_PERCENT else "low"


def _values(counts: dict[str, collections.Counter[str]], is_exact: bool) -> dict[str, list[Value]]:
    """States and bands in their own order, the newest month first, folders by name."""
    folders = [name for name, _ in counts["folder"].most_common(MOST_VALUES)]
    order = {
        "state": _STATES,
        "folder": sorted(folders, key=text_folding.fold),
        "found": sorted(counts["found"], reverse=True),
        "confidence": tuple(BANDS),
    }
    return {
        facet: [
            Value(name, counts[facet][name], is_exact, _condition(facet, name))
            for name in order[facet]
            if counts[facet][name]
        ]
        for facet in FACETS
    }


def _condition(facet: str, name: str) -> Condition | None:
    match facet:
        case "state":
            return Condition(facet, f"state:{name}")
        case "folder":
            return narrowing.folder(name)
        case "found":
            return narrowing.found(name, next_month(name))
        case _:
            return Condition(
                facet,
                " ".join(f"confidence:{part.comparison}{part.percent}" for part in BANDS[name]),
            )


def next_month(month: str) -> str:
    """The month after "2026-12", or the year after "2026", written alike."""
    year, _, number = month.partition("-")
    if not number:
        return f"{int(year) + 1:04}"
    return f"{int(year) + 1:04}-01" if number == "12" else f"{year}-{int(number) + 1:02}"


def _chosen_folder(tree: Node) -> Folder | None:
    """The deepest folder that every hit lies in."""
    parts = tree.parts if isinstance(tree, And) else (tree,)
    folders = [part for part in parts if isinstance(part, Folder)]
    return max(folders, key=lambda folder: folder.folded.count("/"), default=None)


class _FoldersBelow:
    """Of each image's folder the next level below the one that was chosen, or the first level."""

    def __init__(self, chosen: Folder | None) -> None:
        self._chosen = chosen.folded.strip("/").split("/") if chosen else []
        self._is_from_top = chosen is None or chosen.is_from_top
        self._known: dict[str, str | None] = {}
        self._spellings: dict[str, str] = {}

    def of(self, folder: str) -> str | None:
        """The path of that folder; None: the image lies in the chosen folder itself."""
        if folder not in self._known:
            self._known[folder] = self._find(folder)
        return self._known[folder]

    def _find(self, folder: str) -> str | None:
        names = folder.rstrip("/").split("/") if folder else []
        folded = [text_folding.fold(name) for name in names]
        depth = len(self._chosen)
        for start in range(1 if self._is_from_top else len(names)):
            if folded[start : start + depth] == self._chosen and start + depth < len(names):
                inner = names[: start + depth + 1]
                # Spellings that a search takes for the same are one folder.
                alike = "/".join(folded[: start + depth + 1])
                return self._spellings.setdefault(alike, "/".join(inner))
        return None


def _slices(ids: list[int]) -> Iterable[list[int]]:
    batches = iter(ids)
    return iter(lambda: list(itertools.islice(batches, _TOGETHER)), [])
