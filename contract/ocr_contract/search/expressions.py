"""The part of a query that one FTS5 table answers by itself, as an FTS5 expression."""

import re
from collections.abc import Callable

from ocr_contract import text_folding
from ocr_contract.search.tree import TRIGRAM_CHARS, And, Folder, Node, Not, Or, Word

_PARTS = re.compile(r"[^\W_]+")
Expression = Callable[[Node], str | None]


def quoted(text: str) -> str:
    """One FTS5 string, so that nothing in it is syntax."""
    return '"' + text.replace('"', '""') + '"'


def texts(node: Node) -> str | None:
    """For images_fts; None when it alone cannot tell."""
    return _expression(node, _text_leaf)


def grams(node: Node) -> str | None:
    """For grams_fts; None when it alone cannot tell."""
    return _expression(node, _gram_leaf)


def loose_texts(node: Node) -> str | None:
    """Like `texts`, but of a phrase or a file's name only that its parts are there.

    None where there are none. FTS5 compares the places of every trigram of a phrase; to look for
    its parts is faster where few images have them all. The rarest first: numbers, then the long.
    """
    if not isinstance(node, Word):
        return None
    parts = sorted(
        {part for part in _PARTS.findall(node.folded) if len(part) >= TRIGRAM_CHARS},
        key=lambda part: (part.isalpha(), -len(part), part),
    )
    if not parts or parts == [node.folded]:
        return None
    loose = f"({' AND '.join(map(quoted, parts))})"
    return f"({{name}} : {loose})" if node.only_name else loose


def cover(word: Word) -> Word:
    """What every hit of an `exact:` word, or of a short one in the name, holds at the least."""
    return Word(word.folded, word.typed, word.only_name and not word.is_short)


def _text_leaf(node: Node) -> str | None:
    if isinstance(node, Folder):
        return f"{{name}} : {'^ ' if node.is_from_top else ''}{quoted(node.folded)}"
    if isinstance(node, Word) and not node.is_short and node.exact is None:
        return f"{{name}} : {quoted(node.folded)}" if node.only_name else quoted(node.folded)
    return None


def _gram_leaf(node: Node) -> str | None:
    if isinstance(node, Word) and node.is_short and node.exact is None and not node.only_name:
        return quoted(text_folding.gram_token(node.folded))
    return None


def _expression(node: Node, leaf: Expression) -> str | None:
    if isinstance(node, Or):
        parts = [_expression(part, leaf) for part in node.parts]
        found = [part for part in parts if part is not None]
        return f"({' OR '.join(found)})" if len(found) == len(parts) else None
    if isinstance(node, And):
        wanted = [_expression(part, leaf) for part in node.parts if not isinstance(part, Not)]
        unwanted = [_expression(part.part, leaf) for part in node.parts if isinstance(part, Not)]
        return _conjunction(wanted, unwanted)
    return leaf(node)


def _conjunction(wanted: list[str | None], unwanted: list[str | None]) -> str | None:
    """FTS5 knows "a and not b" only: something must be wanted."""
    have = [part for part in wanted if part is not None]
    lack = [part for part in unwanted if part is not None]
    if not have or len(have) < len(wanted) or len(lack) < len(unwanted):
        return None
    positive = f"({' AND '.join(have)})"
    return f"({positive} NOT ({' OR '.join(lack)}))" if lack else positive
