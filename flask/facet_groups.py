"""The facets of a list or a search as the page and the API show them: each value with its link.

/api/v1/facets and /fragments/facets count; the page itself does so only when asked to (`narrow`),
so that hits never wait for numbers beside them.
"""

import collections
import dataclasses
import sqlite3
from typing import Any

from image_records import ImageFilter
from ocr_contract.search import facets, narrowing
from ocr_contract.search.facets import Facets, Value
from ocr_contract.search.tree import Node, State
from wording import STATE_NAMES

MOST_MONTHS = 24
"""Hits of more months are shown by years."""
MOST_SHOWN = 12
"""Of one group at once; the others are folded."""
TITLES = {
    "state": "State",
    "folder": "Folder",
    "found": "Found",
    "confidence": "Confidence",
}
BAND_NAMES = {
    "high": f"{facets.HIGH_PERCENT} % and more",
    "medium": f"{facets.MEDIUM_PERCENT} to {facets.HIGH_PERCENT - 1} %",
    "low": f"below {facets.MEDIUM_PERCENT} %",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Link:
    """One value."""

    label: str
    images: int
    is_exact: bool
    query: str | None
    """The narrower search; None: it cannot be typed, or would find the same."""


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """One facet."""

    name: str
    title: str
    links: list[Link]


def count(connection: sqlite3.Connection, wanted: ImageFilter) -> Facets:
    """What is in the list or found."""
    tree = _tree(wanted)
    return facets.of_everything(connection) if tree is None else facets.of_hits(connection, tree)


def groups(found: Facets, raw: str) -> list[Group]:
    """What a page shows: groups in which there is something to choose."""
    shown = []
    for facet, values in found.values.items():
        chosen = _by_years(values) if facet == "found" and len(values) > MOST_MONTHS else values
        links = [_link(facet, value, found, raw) for value in chosen]
        if any(link.query for link in links):
            shown.append(Group(facet, TITLES[facet], links))
    return shown


def to_json(found: Facets, raw: str) -> dict[str, Any]:
    """The object of /api/v1/facets."""
    return {
        "count": found.images,
        "count_is_exact": found.is_exact,
        "facets": {
            facet: [
                {
                    "value": value.name,
                    "images": value.images,
                    "is_exact": value.is_exact,
                    "q": value.condition and narrowing.narrowed(raw, value.condition),
                }
                for value in values
            ]
            for facet, values in found.values.items()
        },
    }


def _tree(wanted: ImageFilter) -> Node | None:
    if wanted.tree is not None:
        return wanted.tree
    if wanted.statuses is None:
        return None
    return State("", wanted.statuses, wanted.only_warned)


def _link(facet: str, value: Value, found: Facets, raw: str) -> Link:
    label = value.name
    if facet == "state":
        label = STATE_NAMES[value.name]
    elif facet == "confidence":
        label = BAND_NAMES[value.name]
    is_all = value.images == found.images and found.is_exact and value.is_exact
    query = None
    if value.condition is not None and not is_all:
        query = narrowing.narrowed(raw, value.condition)
    return Link(label, value.images, value.is_exact, query)


def _by_years(months: list[Value]) -> list[Value]:
    images: collections.Counter[str] = collections.Counter()
    for month in months:
        images[month.name[:4]] += month.images
    is_exact = all(month.is_exact for month in months)
    return [
        Value(year, number, is_exact, narrowing.found(year, facets.next_month(year)))
        for year, number in images.items()
    ]
