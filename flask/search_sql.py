"""The WHERE clause of a list: which states, and where each token of a search must occur."""

import sqlite3
from typing import Any

import search_terms
from image_records import ImageFilter
from ocr_contract.schema import Status


def conditions(connection: sqlite3.Connection, wanted: ImageFilter) -> tuple[list[str], list[Any]]:
    """The conditions for `wanted` (never empty) and their parameters, on images as `i`."""
    found = ["1"]
    parameters: list[Any] = []
    if wanted.only_warned:  # as the index images_warned wants it
        found.append("i.status = 'done' AND i.warning_code IS NOT NULL")
    elif wanted.statuses is not None:
        # Most images are done: for them walk the list in its order (the + keeps the index on
        # status out of it); for the few others look them up by status.
        column = "+i.status" if Status.DONE in wanted.statuses else "i.status"
        found.append(f"{column} IN ({', '.join('?' * len(wanted.statuses))})")
        parameters += wanted.statuses
    if wanted.terms is None:
        return found, parameters
    # File names are few and short, so Python compares them: LIKE would fold ASCII only.
    connection.create_function("matches_token", 2, search_terms.matches_token, deterministic=True)
    for token in wanted.terms.tokens:
        if search_terms.is_indexed(token):
            pages = (
                "SELECT p.image_id FROM pages_fts JOIN pages p ON p.id = pages_fts.rowid "
                "WHERE pages_fts MATCH ?"
            )
            values = [search_terms.match_expression(token)]
        else:
            patterns = search_terms.like_patterns(token)
            clause = " OR ".join([r"p.text LIKE ? ESCAPE '\' OR p.corrected LIKE ? ESCAPE '\'"]
                                 * len(patterns))  # fmt: skip
            pages = f"SELECT p.image_id FROM pages p WHERE {clause}"  # noqa: S608  # fixed pieces only
            values = [pattern for pattern in patterns for _column in range(2)]
        found.append(f"(coalesce(i.duplicate_of, i.id) IN ({pages}) OR matches_token(i.name, ?))")
        parameters += [*values, token]
    return found, parameters
