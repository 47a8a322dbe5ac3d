"""`ocrctl search`: the search of the page, in a terminal and for programs.

It reads the database itself, so it works whether or not the service runs.
"""

import argparse
import contextlib
import itertools
import json
import sqlite3
import sys
from collections.abc import Iterator
from typing import Any

from ocr_contract.error_codes import ErrorCode
from ocr_contract.schema import SchemaError, open_reader
from ocr_contract.search import documents, evaluator, language, similar
from ocr_contract.search.language import Query
from ocr_contract.search.marks import Marker
from ocr_errors import OcrError, StoreError
from ocr_settings import Settings

DEFAULT_LIMIT = 20
_PAGE_HITS = 200
_LIMIT_S, _SIMILAR_LIMIT_S = 30.0, 3.0
"""In a terminal one may wait longer than a web page does."""


def add_parser(commands: "argparse._SubParsersAction[Any]") -> None:
    """The arguments of the command."""
    search = commands.add_parser("search", help="look for words in all texts and file names")
    search.add_argument(
        "words", nargs="+", metavar="QUERY", help="as in the page's search box; in quotes"
    )
    search.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help="how many hits to show")
    search.add_argument("--all", action="store_true", help="show every hit")
    search.add_argument("--json", action="store_true", help="one object, for programs")


def with_words_last(arguments: list[str]) -> list[str]:
    """The arguments behind `search`, so that none of the query is taken for an option: `-draft` is
    a word that is not wanted."""
    own: list[str] = []
    words: list[str] = []
    rest = iter(arguments)
    for each in rest:
        if each == "--":
            words += rest
        elif each == "--limit":
            own += [each, *itertools.islice(rest, 1)]
        elif each == "-h" or (each.startswith("--") and each[2:3].isalpha()):
            own.append(each)
        else:
            words.append(each)
    return [*own, "--", *words] if words else own


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Show the hits, newest first; 0 also when there are none."""
    try:
        query = language.parse(" ".join(options.words))
    except language.QueryTooLongError as error:
        raise OcrError(ErrorCode.QUERY_TOO_LONG, str(error)) from None
    if query is None:
        raise OcrError(ErrorCode.BAD_PARAMETER, "Nothing to search; for example: ocrctl search cat")
    if options.limit < 1:
        raise OcrError(ErrorCode.BAD_PARAMETER, "--limit must be at least 1, or take --all.")
    try:
        with contextlib.closing(open_reader(settings.database)) as connection:
            return _Output(connection, query, sys.maxsize if options.all else options.limit).show(
                as_json=options.json
            )
    except SchemaError as error:
        raise StoreError(ErrorCode.DATABASE_VERSION, str(error)) from error
    except sqlite3.Error as error:
        message = f"The database {settings.database} cannot be read ({error})."
        raise StoreError(ErrorCode.DATABASE_NOT_READY, message) from error


class _Output:
    """Up to `most` hits, told as they are found."""

    def __init__(self, connection: sqlite3.Connection, query: Query, most: int) -> None:
        self._connection = connection
        self._query = query
        self._most = most
        self._count: tuple[int, bool] | None = None
        self._is_complete = True
        self._shown: set[int] = set()

    def show(self, *, as_json: bool) -> int:
        """The whole output; returns the exit code."""
        if as_json:
            self._show_json()
        else:
            self._show_lines()
        return 0

    def _show_json(self) -> None:
        sys.stdout.write('{"images": [')
        for number, hit in enumerate(self._hits()):
            sys.stdout.write(("," if number else "") + "\n" + json.dumps(hit))
        count, is_exact = self._count or (0, True)
        facts = {
            "count": count, "count_is_exact": is_exact, "complete": self._is_complete,
            "read_as": self._query.read_as, "notes": list(self._query.notes),
            "index_percent": evaluator.percent_seen(self._connection),
            "similar": self._similar_to_json(),
        }  # fmt: skip
        sys.stdout.write(f"\n], {json.dumps(facts)[1:]}\n")

    def _show_lines(self) -> None:
        for hit in self._hits():
            page = f", page {hit['page_number']}" if (hit["page_number"] or 1) > 1 else ""
            sys.stdout.write(f"{hit['id']:>8}  {_printable(hit['name'])}{page}\n")
            if hit["snippet"]:
                sys.stdout.write(f"{'':10}{_printable(hit['snippet'])}\n")
        found = self._similar()
        for reading, hit in self._told(found) if found else ():
            read = _printable(reading.read)
            sys.stdout.write(f"{hit['id']:>8}  {_printable(hit['name'])}  (read there: {read})\n")
        count, is_exact = self._count or (0, True)
        number = (
            f"{'' if is_exact else 'more than '}{count:,} {'image' if count == 1 else 'images'}"
        )
        said = [f"{number}; read as: {self._query.read_as}", *self._query.notes]
        if not self._is_complete:
            said.append("The search took too long and was cut.")
        percent = evaluator.percent_seen(self._connection)
        if percent < 100:
            said.append(f"The search index is being made ({percent} %); hits may be missing.")
        sys.stderr.write("\n".join(map(_printable, said)) + "\n")

    def _hits(self) -> Iterator[dict[str, Any]]:
        marker = Marker(self._query.tree)
        below: int | None = None
        left = self._most
        while left > 0:
            page = evaluator.find(
                self._connection, self._query.tree, limit=min(left, _PAGE_HITS), below=below,
                counts=self._count is None, limit_s=_LIMIT_S,
            )  # fmt: skip
            if self._count is None:
                self._count = page.count, page.count_is_exact
            self._is_complete = page.is_complete
            for image_id in page.ids:
                self._shown.add(image_id)
                yield self._hit(marker, image_id)
            left -= len(page.ids)
            below = page.next_below
            if below is None or not page.is_complete:
                return

    def _similar_to_json(self) -> dict[str, Any] | None:
        """As /api/v1/search has it."""
        found = self._similar()
        if found is None or not found.readings:
            return None
        return {
            "readings": [{"typed": each.typed, "read": each.read} for each in found.readings],
            "images": [hit | {"read": reading.read} for reading, hit in self._told(found)],
            "complete": found.is_complete,
        }

    def _similar(self) -> similar.SimilarHits | None:
        """Where little was found: hits that may have been misread."""
        count, is_exact = self._count or (0, True)
        if count >= similar.FEW_HITS or not is_exact:
            return None
        self._connection.set_progress_handler(None, 0)  # of the search, which has had its time
        return similar.find(
            self._connection, self._query.tree, known=self._shown, limit_s=_SIMILAR_LIMIT_S
        )

    def _told(self, found: similar.SimilarHits) -> list[tuple[similar.Reading, dict[str, Any]]]:
        return [
            (reading, self._hit(Marker(reading.tree), image_id)) for image_id, reading in found.hits
        ]

    def _hit(self, marker: Marker, image_id: int) -> dict[str, Any]:
        row = self._connection.execute(
            "SELECT id, name, status, found_at, duplicate_of FROM images WHERE id = ?", (image_id,)
        ).fetchone()
        found = documents.first_snippet(self._connection, marker, image_id)
        number, snippet = found or (None, None)
        return dict(row) | {"page_number": number, "snippet": str(snippet) if snippet else None}


def _printable(text: str) -> str:
    """A text in one line of a terminal: what would steer it is shown as a question mark."""
    return "".join(character if character.isprintable() else "?" for character in text)
