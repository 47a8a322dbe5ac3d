"""A query made narrower by one more condition, as somebody would have typed it.

What is added is added to the text, and read again: a query that would mean anything else than
"as before, and this" is not offered.
"""

import dataclasses
import re
from collections.abc import Sequence

from ocr_contract.search import language
from ocr_contract.search.matching import COMPARE
from ocr_contract.search.tree import And, Confidence, Folder, Found, Node

_REPLACED = {
    "folder": (Folder,),
    "found": (Found,),
    "confidence": (Confidence,),
}
"""By facet: what a narrower value of the same facet makes needless."""
_TOKENS = {
    "folder": re.compile(r'(?i)(?<!\S)folder:(?:"[^"]*"|[^\s"]+)(?!\S)'),
    "found": re.compile(r'(?i)(?<!\S)(?:after|before):(?:"[^"]*"|[^\s"]+)(?!\S)'),
    "confidence": re.compile(r'(?i)(?<!\S)confidence:(?:"[^"]*"|[^\s"]+)(?!\S)'),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """One value of a facet, as it is typed."""

    facet: str
    typed: str


def narrowed(raw: str, condition: Condition) -> str | None:
    """`raw` within `condition`; None where it cannot be typed.

    A condition of the same kind that stands for itself gives way to a new one that lies within it.
    """
    added = _parts(condition.typed)
    before = _parts(raw)
    if added is None or before is None:
        return None
    tries = [(raw, before)]
    kinds = _REPLACED.get(condition.facet, ())
    token = _TOKENS.get(condition.facet)
    if token is not None and all(_is_within(added, p) for p in before if isinstance(p, kinds)):
        rest = tuple(p for p in before if not isinstance(p, kinds))
        tries.insert(0, (" ".join(token.sub(" ", raw).split()), rest))
    for text, parts in tries:
        wanted = {*parts, *added}
        for typed in (f"{text} {condition.typed}", f"{condition.typed} {text}"):
            found = _parts(typed.strip())
            if found is not None and set(found) == wanted:
                return typed.strip()
    return None


def _is_within(added: Sequence[Node], old: Node) -> bool:
    """Whether all that is found by `added` is found by `old`, a condition of the same kind."""
    match old:
        case Found():
            same = [n for n in added if isinstance(n, Found) and n.is_before == old.is_before]
            return any(n.day <= old.day if old.is_before else n.day >= old.day for n in same)
        case Confidence():
            bounds = [new for new in added if isinstance(new, Confidence)]
            shown = [
                percent
                for percent in range(101)
                if all(COMPARE[new.comparison](percent, new.percent) for new in bounds)
            ]
            return all(COMPARE[old.comparison](percent, old.percent) for percent in shown)
        case Folder():
            places = [new.folded for new in added if isinstance(new, Folder) and new.is_from_top]
            if old.is_from_top:
                return any(place.startswith(old.folded) for place in places)
            return any(old.folded in place for place in places)
        case _:
            return False


def folder(path: str) -> Condition | None:
    """Within the folder at this place in the image folder; None where that cannot be typed."""
    return _checked("folder", "folder:", f"/{path.strip('/')}")


def found(first: str, after_last: str) -> Condition:
    """Found from the beginning of `first` until before the beginning of `after_last`."""
    return Condition("found", f"after:{first} before:{after_last}")


def _checked(facet: str, field: str, value: str) -> Condition | None:
    if '"' in value.translate(language.QUOTES):
        return None
    quoted = re.search(r"\s", value) is not None
    typed = f'{field}"{value}"' if quoted else f"{field}{value}"
    parts = _parts(typed)
    return Condition(facet, typed) if parts and len(parts) == 1 else None


def _parts(raw: str) -> tuple[Node, ...] | None:
    """What a query wants all of; None when it is too long."""
    try:
        query = language.parse(raw)
    except language.QueryTooLongError:
        return None
    if query is None:
        return ()
    return query.tree.parts if isinstance(query.tree, And) else (query.tree,)
