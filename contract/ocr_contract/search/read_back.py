"""How a query was understood, in words for people."""

from ocr_contract.search.tree import (
    And,
    Confidence,
    Folder,
    Found,
    Lines,
    Node,
    Not,
    Or,
    State,
    Word,
)

_COMPARED = {
    "<": "below {}", ">": "above {}", "<=": "at most {}", ">=": "at least {}", "=": "{}",
}  # fmt: skip


def describe(node: Node) -> str:
    """One phrase: “cat” and (“dog” or “bird”), without “fish”."""
    if isinstance(node, And):
        wanted = [describe(part) for part in node.parts if not isinstance(part, Not)]
        unwanted = [describe(part) for part in node.parts if isinstance(part, Not)]
        pieces = [" and ".join(wanted)] if wanted else []
        return ", ".join(pieces + unwanted)
    if isinstance(node, Or):
        return f"({' or '.join(describe(part) for part in node.parts)})"
    if isinstance(node, Not):
        return _unwanted(node.part)
    return _leaf(node)


def _unwanted(node: Node) -> str:
    match node:
        case State() | Folder() | Found():
            return f"not {_leaf(node)}"
        case Confidence() | Lines():
            return f"not with {_leaf(node)}"
        case _:
            return f"without {describe(node)}"


def _leaf(node: Word | Folder | State | Found | Confidence | Lines) -> str:
    match node:
        case Word(only_name=True):
            return f"“{node.typed}” in the name"
        case Word(exact=str()):
            return f"exactly “{node.exact}”"
        case Word():
            return f"“{node.typed}”"
        case Folder():
            way = node.folded.rstrip("/") if node.is_from_top else node.folded.strip("/")
            return f"in the folder “{way}”"
        case State():
            return f"in the state {node.name}"
        case Found(is_before=True):
            return f"found before {node.day}"
        case Found():
            return (
                f"found in {node.day} or later"
                if len(node.day) < len("2026-01-31")
                else (f"found on {node.day} or later")
            )
        case Confidence():
            return f"confidence {_COMPARED[node.comparison].format(f'{node.percent} %')}"
        case Lines():
            return f"lines: {_COMPARED[node.comparison].format(node.number)}"
