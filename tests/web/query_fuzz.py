"""Hostile searches and addresses by the thousand: made here, counted here.

    PYTHONPATH=contract:ocr:flask:tests/web:benchmarks/soak python tests/web/query_fuzz.py 100000

A search must be answered or refused with a sentence (QueryTooLongError), an address with any
status but a 5xx. Whatever else happens is an unhandled error. The same seed gives the same run.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from demo_data import DemoDatabase
from flask.testing import FlaskClient

import queries
import searches
from app import create_app
from hostile_requests import percent_encoded, web_address
from image_records import ImageFilter
from ocr_contract.search import language
from web_settings import from_environment

FTS5 = [
    "AND", "OR", "NOT", "NEAR", "NEAR(", "NEAR(a b, 3)", "NEAR/2", "and", "or", "not", "*", "^",
    "+", "-", ":", ",", "(", ")", "{", "}", '"', '""', '"""', "'", "text:", "corrected :",
    "{text}:", "- text:", "-{text corrected}:", "^abc", "abc*", '"abc" *', "a + b", "rank",
    "rowid", "pages_fts", "MATCH", "optimize", "rebuild", "integrity-check", "bm25(",
    "highlight(pages_fts,0,'[',']')", "snippet(",
]  # fmt: skip
"""Every word and sign that means something in an FTS5 expression, or to its table."""
OTHERS = [
    "%", "_", "\\", "\\%", ";", "--", "/*", "' OR 1=1 --", "x'00'", "NULL", "1e30", "-1", "0",
    "?1", ":a", "\0", "\n", "\t", "\x7f", "\x9b", "\ud800", "\udfff", "\ufeff", "\u202e",
    "\u200d", "\U0010ffff", "İ", "ß", "ŉ", "ǆ", "ﬁ", "Å", "e\u0301", "北京", "京", "ｆｕｌｌ",
    "<script>", "&amp;", "../", "%00", "words",
]  # fmt: skip


LANGUAGE = [
    "OR", "-", "--", "-\"", "- ", "OR OR", "-OR", "name:", "folder:", "state:", "after:", "before:",
    "confidence:", "lines:", "exact:", "name:words", "-name:words", "folder:/", "folder:..//",
    "state:failed", "state:nothing", "after:2026-01-31", "after:2026-13-41", "before:yesterday",
    "before:0000-00-00", "confidence:<90", "confidence:>=90%", "confidence:high", "confidence:<1e9",
    "lines:>0", "lines:-1", "lines:>99999999999", "exact:Café", "exact:\"", "exact:exact:a", "(",
    ")", "-state:all", "state:all", "“words”", "„words“", "«", "😀", "👨‍👩‍👧", "🇦🇺", "\u0301",
    "\u200b",
]  # fmt: skip
"""The same of the query language, and signs that fold to little or nothing."""


class Outcome(NamedTuple):
    """What a run gave."""

    tried: int
    answered: int
    refused: int
    found: int
    """Searches with at least one hit: so that the run was no run against nothing."""


def make_query(chance: random.Random) -> str:
    """One thing that somebody might type into the search box, or never would."""
    pieces = [
        chance.choice((FTS5, OTHERS, LANGUAGE, list("abcxyz 0\"'*-:")))[:]
        for _ in range(chance.randint(1, 6))
    ]
    words = [chance.choice(piece) for piece in pieces]
    if chance.random() < 0.2:
        words.append("".join(chr(chance.randrange(0x11_0000)) for _ in range(chance.randint(1, 8))))
    if chance.random() < 0.02:
        words *= chance.randint(2, 60)
    if chance.random() < 0.02:
        signs = [*'"-:()<>=', " OR ", "😀", "é", "words"]
        return "".join(chance.choice(signs) for _ in range(200))[: chance.randint(150, 200)]
    return chance.choice(("", " ", "  ", "\u3000")).join(words)


def make_address(chance: random.Random) -> str:
    """One address with parameters, all bytes allowed."""

    def value() -> str:
        number = str(chance.randint(-5, 2**70))
        return percent_encoded(chance.choice((number, make_query(chance), "")))

    return web_address(chance, value)


def fill(database: DemoDatabase) -> None:
    """Texts that hold what the searches look for."""
    for number, text in enumerate((*FTS5, *OTHERS, *LANGUAGE)):
        text = text.encode("utf-8", "replace").decode().replace("\0", " ")
        database.add_text(f"{number} {text}.png", f"{text} words {text}\nabc")
        if number == len(FTS5):
            database.fold()  # the others the index holds as they stand


def search(database: Path, count: int, chance: random.Random) -> Outcome:
    """Every operator alone and in pairs, then random searches, up to `count` or somewhat more."""
    words = [*FTS5, *LANGUAGE]
    pairs = [f"{one} {other}" for one in words for other in words]
    chance.shuffle(pairs)
    fixed = [*words, *OTHERS, *pairs][: count // 2]
    texts = fixed + [make_query(chance) for _ in range(count - len(fixed))]
    answered = refused = found = 0
    for start in range(0, len(texts), 100):
        with queries.reading(database, 60.0) as connection:
            for text in texts[start : start + 100]:
                try:
                    wanted = ImageFilter(None, language.parse(text))
                except language.QueryTooLongError:
                    refused += 1
                    continue
                answered += 1
                if wanted.query is not None:
                    page = searches.search(connection, wanted, place=None, limit=5, limit_s=60.0)
                    found += bool(page.images)
    return Outcome(len(texts), answered, refused, found)


def visit(client: FlaskClient, count: int, chance: random.Random) -> Outcome:
    """Random addresses; fails on the first 5xx."""
    answered = refused = 0
    for _ in range(count):
        address = make_address(chance)
        with client.get(address) as reply:
            assert reply.status_code < 500, f"{reply.status_code} for {address!r}"
            assert b"Traceback" not in reply.get_data()
        answered += reply.status_code < 400
        refused += reply.status_code >= 400
    return Outcome(count, answered, refused, answered)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder, DemoDatabase(Path(folder)) as database:
        fill(database)
        client = create_app(from_environment({"WEB_DATA_FOLDER": folder})).test_client()
        runs: dict[str, Callable[[], Outcome]] = {
            "searches": lambda: search(database.path, count, random.Random(count)),
            "addresses": lambda: visit(client, count // 10, random.Random(count)),
        }
        for name, run in runs.items():
            started = time.monotonic()
            outcome = run()
            seconds = time.monotonic() - started
            print(f"{name}: {outcome._asdict()}, 0 unhandled errors, {seconds:.0f} s")
            assert outcome.found


if __name__ == "__main__":
    main()
