"""One page of a search, as the page and the API show it.

Hits are newest first by id; the list without a search is in `queries`.
"""

import dataclasses
import sqlite3
import time
from collections.abc import Collection
from typing import Any

import highlighting
import page_tokens
import queries
from image_records import ImageFilter, ImageSummary
from ocr_contract.search import documents, evaluator, similar
from ocr_contract.search.language import Query
from ocr_contract.search.marks import Marker
from ocr_contract.search.tree import Node
from page_tokens import SearchPlace

SEARCH_SHARE = 0.75
"""Of the time that a whole request may take: what is left is for reading the hits."""


@dataclasses.dataclass(frozen=True, slots=True)
class SearchPage:
    """Hits, and what a visitor should know of them."""

    query: Query
    images: list[ImageSummary]
    following: SearchPlace | None
    count: int
    count_is_exact: bool
    """False: there are more than `count`."""
    is_complete: bool
    """False: the search was cut."""
    index_percent: int
    """Below 100 the index is being made and some hits may be missing."""
    similar: "SimilarPage | None" = None
    """Only where little was found."""

    @property
    def next_token(self) -> str | None:
        """For the next page."""
        return page_tokens.encode(self.following) if self.following else None

    def to_json(self) -> dict[str, Any]:
        """The object of /api/v1/search, but for its images."""
        return {
            "next": self.next_token,
            "count": self.count,
            "count_is_exact": self.count_is_exact,
            "complete": self.is_complete,
            "read_as": self.query.read_as,
            "notes": list(self.query.notes),
            "index_percent": self.index_percent,
            "similar": self.similar.to_json() if self.similar else None,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class SimilarPage:
    """Hits that may have been misread, each with what is read there instead."""

    readings: list[similar.Reading]
    images: list[tuple[ImageSummary, similar.Reading]]
    is_complete: bool
    """False: there was not the time to look everything up."""

    def to_json(self) -> dict[str, Any]:
        """The field `similar` of /api/v1/search."""
        return {
            "readings": [{"typed": each.typed, "read": each.read} for each in self.readings],
            "images": [
                image.hit_to_json() | {"read": reading.read} for image, reading in self.images
            ],
            "complete": self.is_complete,
        }


def search(
    connection: sqlite3.Connection, wanted: ImageFilter, *, place: SearchPlace | None,
    limit: int, limit_s: float,
) -> SearchPage:  # fmt: skip
    """The hits of a filter that has a query; `limit_s` is the whole request's."""
    query, tree = wanted.query, wanted.tree
    assert query is not None and tree is not None
    began = time.monotonic()
    hits = evaluator.find(
        connection, tree, limit=limit, below=place and place.below, counts=place is None,
        limit_s=limit_s * SEARCH_SHARE,
    )  # fmt: skip
    search_s = time.monotonic() - began
    count, is_exact = hits.count, hits.count_is_exact
    if place is not None:
        count, is_exact = place.hits, place.is_exact
    marker = Marker(query.tree)
    images = [
        _with_snippet(connection, image, marker)
        for image in queries.summaries(connection, hits.ids)
    ]
    following = None
    if hits.next_below is not None:
        following = SearchPlace(hits.next_below, count, is_exact)
    percent = evaluator.percent_seen(connection)
    alike = None
    is_little = hits.count_is_exact and hits.count < similar.FEW_HITS and not hits.no_row_fits
    if place is None and is_little:
        alike = _similar(connection, tree, hits.ids, search_s)
    return SearchPage(query, images, following, count, is_exact, hits.is_complete, percent, alike)


def neighbours(
    connection: sqlite3.Connection, image: ImageSummary, wanted: ImageFilter, *, limit_s: float
) -> tuple[int | None, int | None]:
    """The ids before and after `image` in the list or among the hits: (newer, older)."""
    if wanted.tree is None:
        return queries.neighbours(connection, image, wanted)
    return evaluator.neighbours(connection, wanted.tree, image.id, limit_s=limit_s * SEARCH_SHARE)


def _similar(
    connection: sqlite3.Connection, tree: Node, known: Collection[int], search_s: float
) -> SimilarPage | None:
    if known:  # a further search takes about as long as this one did
        limit_s, each_s = similar.LIMIT_BESIDE_HITS_S, search_s
    else:
        limit_s, each_s = similar.LIMIT_S, 0.0
    found = similar.find(connection, tree, known=known, limit_s=limit_s, each_s=each_s)
    if not found.readings:
        return None
    by_id = dict(found.hits)
    images = queries.summaries(connection, list(by_id))
    return SimilarPage(
        found.readings,
        [
            (_with_snippet(connection, image, Marker(by_id[image.id].tree)), by_id[image.id])
            for image in images
        ],
        found.is_complete,
    )


def _with_snippet(
    connection: sqlite3.Connection, image: ImageSummary, marker: Marker
) -> ImageSummary:
    found = documents.first_snippet(connection, marker, image.id)
    if found is None:
        return image
    page_number, snippet = found
    return image.replaced(snippet=highlighting.snippet(snippet), page_number=page_number)
