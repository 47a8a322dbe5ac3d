"""What a visitor asks of the page and of the API at each size, and how long the answers take.

Each row is asked many times, with other words each time where there are others, so that no answer
is remembered. One that takes long is asked less often.
"""

import dataclasses
import itertools
import json
import random
import time
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlencode

from scale_archive import LINES, RARE_PAGES, SEED, Archive
from scale_figures import Row, timed_row
from scale_servers import Website

PAGE_MS = 50.0
FACETS_MS = 150.0
TOLERANT_MS = 150.0
STATUS_MS = 10.0
STATES = ("latest", "done", "warnings", "waiting", "failed", "ignored", "missing", "all")
_WARM_UP = 2
_OK = 200
_NOT_THERE = 404


@dataclasses.dataclass(frozen=True)
class Question:
    """One row: the addresses that are asked in turn."""

    what: str
    paths: list[str]
    at_most: float | None
    optional: bool = False
    """A version may not have it."""
    shows: str = ""
    """What stands in the answer to the first address; empty: nothing known."""
    hits: tuple[int, int] | None = None
    """At least and at most so many images answer the first address."""


def search(query: str, **others: str) -> str:
    """The address of a search on the page."""
    return "/?" + urlencode({"q": query, **others})


def facets(query: str) -> str:
    """The address that tells by what the hits of a search can be narrowed."""
    return "/api/v1/facets?" + urlencode({"q": query})


def questions(archive: Archive) -> list[Question]:
    """All rows of the step `search`."""
    chance = random.Random(SEED)
    common, rare, nowhere = archive.common, archive.rare, archive.nowhere
    phrases = list(itertools.islice(_phrases(archive, chance), 20))
    numbers = [chance.randrange(archive.pages) for _ in range(20)]
    names = [archive.path(number).rpartition("/")[2] for number in numbers]
    letters = [word[:2] for word in archive.vocabulary if len(word) > 2 and word.isascii()][:20]
    lists = [
        Question(f"list, {state}", [f"/?state={state}"], PAGE_MS) for state in STATES
    ]  # fmt: skip
    pages = [f"/images/{number + 1}" for number in numbers]
    searches = {
        "a rare word": rare,
        "a common word": common,
        "a word that occurs nowhere": nowhere,
        "a phrase that occurs once": [f'"{phrase}"' for phrase in phrases],
        "two letters": letters,
        "two Chinese characters": ["发票", "合同", "金额", "上海", "银行", "签字"],
        "a file's name": names,
        "name:": [f"name:{name}" for name in names],
        "a common word without another (-word)": _pairs("{} -{}", common),
        "either of two words (OR)": [f"{a} OR {b}" for a, b in zip(rare, common, strict=False)],
        "a common word in a folder": [f"folder:box-{n // 1000:04d} {common[0]}" for n in numbers],
        "a common word after a day": [f"{word} after:2025-12-01" for word in common],
        "a common word before a day": [f"{word} before:2016-02-01" for word in common],
        "confidence:": [f"{word} confidence:<90" for word in common],
        "state: and lines:": [f"{word} state:failed lines:>0" for word in common],
    }
    misread = [f"{word[:7]}x{word[8:]}" for word in rare]
    hits = {
        "a rare word": (RARE_PAGES, 2 * RARE_PAGES),  # a duplicate shows the text, too
        "a word that occurs nowhere": (0, 0),
        "a phrase that occurs once": (1, 2),
        "two Chinese characters": (1, archive.pages),
        "a file's name": (1, 1),
        "name:": (1, 1),
    }
    return [
        *lists,
        Question("one image", pages, PAGE_MS),
        *(
            Question(
                f"search, {what}", list(map(search, queries)), PAGE_MS, hits=hits.get(what)
            )
            for what, queries in searches.items()
        ),
        Question("search, a word with one wrong character", list(map(search, misread)),
                 TOLERANT_MS, shows=rare[0]),
        Question("first facets", list(map(facets, common)), FACETS_MS, optional=True),
        Question("API, list", ["/api/v1/images"], PAGE_MS),
        Question("API, search, a common word",
                 [f"/api/v1/search?{urlencode({'q': word})}" for word in common], PAGE_MS),
        Question("API, status", ["/api/v1/status"], STATUS_MS),
    ]  # fmt: skip


def ask(site: Website, question: Question, repeat: int, limit_s: float) -> Row:
    """Ask it `repeat` times, or until `limit_s` have gone by."""
    status, _ = site.visit(question.paths[0])
    if question.optional and status == _NOT_THERE:
        return Row(question.what, None, note="not there in this version")
    for path in question.paths[:_WARM_UP]:
        site.visit(path)
    wrong = _wrong(site, question)
    times, failed = [], 0
    for status, milliseconds in _answers(site.visit, question.paths, repeat, limit_s):
        times.append(milliseconds)
        failed += status != _OK
    words = [wrong] if wrong else []
    words += [f"{failed} of {len(times)} were not answered"] if failed else []
    return timed_row(question.what, times, at_most=question.at_most, failures="; ".join(words))


def _wrong(site: Website, question: Question) -> str:
    """What is wrong with the answer itself; empty when nothing is."""
    path = question.paths[0]
    if question.shows and question.shows.encode() not in site.visit(path)[1]:
        return "what was meant is not offered"
    if question.hits is not None:
        low, high = question.hits
        status, body = site.visit(path.replace("/?", "/api/v1/search?") + "&size=200")
        found = len(json.loads(body)["images"]) if status == _OK else -1
        if not low <= found <= high:
            return f"{max(found, 0)} images found where there are {low} to {high}"
    return ""


def ask_in_turn(
    sites: dict[str, Callable[[str], tuple[int, bytes]]],
    paths: dict[str, list[str]],
    repeat: int,
    limit_s: float,
) -> dict[str, tuple[list[float], int]]:
    """Of each site the times in milliseconds, and how often it gave no answer; A B, A B, …."""
    found: dict[str, tuple[list[float], int]] = {name: ([], 0) for name in sites}
    for name, get in sites.items():
        get(paths[name][0])
    until = time.monotonic() + limit_s
    for at in range(repeat):
        for name, get in sites.items():
            path = paths[name][at % len(paths[name])]
            ((status, milliseconds),) = _answers(get, [path], 1, limit_s)
            times, failed = found[name]
            found[name] = ([*times, milliseconds], failed + (status != _OK))
        if time.monotonic() > until:
            break
    return found


def _answers(
    get: Callable[[str], tuple[int, bytes]], paths: list[str], repeat: int, limit_s: float
) -> Iterator[tuple[int, float]]:
    until = time.monotonic() + limit_s
    for at in range(repeat):
        started = time.perf_counter()
        status, _ = get(paths[at % len(paths)])
        yield status, 1000 * (time.perf_counter() - started)
        if time.monotonic() > until:
            return


def _phrases(archive: Archive, chance: random.Random) -> Iterator[str]:
    """Whole lines of words, of which each may be common: together they stand there once."""
    while True:
        scan = archive.scan(chance.randrange(archive.pages))
        if scan.fate == "done" and scan.original == scan.number:
            yield archive.lines(scan)[0][chance.randrange(10, LINES - 2)]


def _pairs(form: str, words: Iterable[str]) -> list[str]:
    given = list(words)
    return [form.format(one, other) for one, other in itertools.pairwise(given)]
