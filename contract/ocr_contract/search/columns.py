"""The part of a query that is about an image's row and its pages' numbers, as SQL on images `i`."""

from typing import Any

from ocr_contract.search.matching import PERCENT_ROUNDING
from ocr_contract.search.tree import And, Confidence, Found, Lines, Node, Not, Or, State

Condition = tuple[str, list[Any]]

LINE_COUNT = (
    "coalesce((SELECT sum(p.line_count) FROM pages p "
    "WHERE p.image_id = coalesce(i.duplicate_of, i.id)), 0)"
)
CONFIDENCE = (
    "(SELECT sum(p.confidence * p.line_count) / nullif(sum(p.line_count), 0) FROM pages p "
    "WHERE p.image_id = coalesce(i.duplicate_of, i.id) AND p.confidence IS NOT NULL)"
)


def condition(node: Node) -> Condition | None:
    """SQL that is 1 or 0 for each image; None when the tree is about texts as well.

    Only fixed pieces are joined; every value is a parameter.
    """
    match node:
        case State():
            marks = ", ".join("?" * len(node.statuses))
            warned = " AND i.warning_code IS NOT NULL" if node.only_warned else ""
            return f"(i.status IN ({marks}){warned})", [*node.statuses]
        case Found():
            return f"(substr(i.found_at, 1, 10) {'<' if node.is_before else '>='} ?)", [node.day]
        case Confidence():
            percent = f"CAST({CONFIDENCE} * 100 + {PERCENT_ROUNDING} AS INTEGER)"
            return f"coalesce({percent} {node.comparison} ?, 0)", [node.percent]
        case Lines():
            return f"({LINE_COUNT} {node.comparison} ?)", [node.number]
        case Not():
            inner = condition(node.part)
            return inner and (f"(NOT {inner[0]})", inner[1])
        case And() | Or():
            return _joined(node)
        case _:
            return None


def _joined(node: And | Or) -> Condition | None:
    pieces: list[str] = [] if node.parts else ["1"]
    values: list[Any] = []
    for part in node.parts:
        found = condition(part)
        if found is None:
            return None
        pieces.append(found[0])
        values += found[1]
    return f"({(' AND ' if isinstance(node, And) else ' OR ').join(pieces)})", values
