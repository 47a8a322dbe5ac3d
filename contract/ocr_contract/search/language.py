"""The query language: what is typed into the search box becomes a tree.

    words              every one of them, as a part of a word, too
    "a phrase"         as it stands, within one line
    -word  -"a b"      without it; also -name:… and so on
    a OR b             either; OR joins its two neighbours, so `x a OR b` is x and (a or b)
    exact:Café         accents and case as typed; also exact:"Café au lait"
    name:scan          in the file's name or its folders'
    folder:2024/tax    in this folder, at any depth; folder:/2024/tax only where the path begins so
    state:failed       a state of the page's tabs, or a status of the database
    after:2026-01-31   found on that day or later; before: on a day before it (UTC); 2026-01 and
                       2026 are understood as well
    confidence:<90     the mean confidence in percent; < > <= >= = or none, which is =
    lines:>0           the number of lines

What is not understood is searched as text, and `notes` says so. Nothing typed is an error, but
for its length.
"""

import dataclasses
import re

from ocr_contract.search.fields import FIELDS, REASONS, read_word
from ocr_contract.search.read_back import describe
from ocr_contract.search.tree import (
    And,
    Node,
    Not,
    Or,
    Word,
)

MAX_QUERY_CHARS = 200
MAX_TOKENS = 16

QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\uff02\u00ab\u00bb"), '"')
_TOKEN = re.compile(
    r"(?P<minus>-(?=[^\s-]))?"
    r"(?P<field>(?i:name|folder|state|after|before|confidence|lines|exact):)?"
    r'(?:"(?P<phrase>[^"]+)"|(?P<bare>[^\s"]+)|(?P<lone>"+))?'
)
_SPACE = re.compile(r"\s*")


class QueryTooLongError(Exception):
    """More than is searched at once; the sentence says how much that is."""


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """A query as it was understood."""

    raw: str
    tree: Node
    read_as: str
    notes: tuple[str, ...] = ()
    """What was not understood, and what was made of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Token:
    node: Node | None
    """None: the word OR."""
    typed: str


def parse(raw: str) -> Query | None:
    """The query in `raw`, or None when there is nothing to search in it.

    Raises:
        QueryTooLongError: it is too long or has too many words.
    """
    if len(raw) > MAX_QUERY_CHARS:
        raise QueryTooLongError(
            f"The search text has {len(raw)} characters; at most {MAX_QUERY_CHARS} are searched."
        )
    # No text holds control characters or halves of surrogate pairs, and SQLite ends at a NUL.
    text = "".join(
        " " if character < " " or "\ud800" <= character <= "\udfff" else character
        for character in raw
    ).translate(QUOTES)
    notes: list[str] = []
    tokens = _tokens(text, notes)
    if not tokens:
        # A quotation mark means nothing, unless it is all there is.
        everything = read_word(text.strip())
        if everything is None:
            return None
        tokens, notes = [_Token(everything, text)], []
    words = len({token.node for token in tokens})
    if words > MAX_TOKENS:
        raise QueryTooLongError(
            f"The search text has {words} words; at most {MAX_TOKENS} are searched."
        )
    parts = tuple(dict.fromkeys(_joined(tokens, notes)))
    tree = parts[0] if len(parts) == 1 else And(parts)
    return Query(raw.strip(), tree, describe(tree), tuple(dict.fromkeys(notes)))


def any_of(query: Query, word: Word, others: list[str]) -> Query:
    """`query` with any of `others`, folded spellings, in the place of `word`."""
    words = tuple(dataclasses.replace(word, folded=other, typed=other) for other in others)
    tree = _replaced(query.tree, word, words[0] if len(words) == 1 else Or(words))
    return Query(query.raw, tree, describe(tree))


def _replaced(node: Node, word: Word, new: Node) -> Node:
    if node == word:
        return new
    if isinstance(node, And | Or):
        return type(node)(tuple(_replaced(part, word, new) for part in node.parts))
    return node


def _tokens(text: str, notes: list[str]) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    while (place := _end(_SPACE, text, place)) < len(text):
        match = _TOKEN.match(text, place)
        assert match is not None  # every piece of it may be missing
        if match.end() == place:  # cannot be; never go round for ever
            place += 1
            continue
        place = match.end()
        if match["lone"]:
            notes.append("A quotation mark without its partner was left out.")
            if not (match["minus"] or match["field"]):
                continue
        found += _token(match, notes)
    return found


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    match = pattern.match(text, place)
    return match.end() if match else place


def _token(match: re.Match[str], notes: list[str]) -> list[_Token]:
    typed = match[0].rstrip('"') if match["lone"] else match[0]
    field = (match["field"] or "").lower().removesuffix(":")
    value = match["phrase"] or match["bare"] or ""
    if typed == "OR":
        return [_Token(None, typed)]
    node = FIELDS[field](value) if field else read_word(value)
    if node is None and field:
        what = typed.removeprefix("-") if match["minus"] else typed
        notes.append(f"“{what}” was searched as text{REASONS[field]}.")
        node = read_word(what.replace('"', ""))
    if node is None:
        if typed.strip('"').strip():
            notes.append(f"“{typed}” holds nothing that can be searched.")
        return []
    if match["bare"] and not field and value.startswith("(") and not value.endswith(")"):
        notes.append("Parentheses were searched as text.")
    return [_Token(Not(node) if match["minus"] else node, typed)]


def _joined(tokens: list[_Token], notes: list[str]) -> list[Node]:
    """Each token's node; those with OR between them as one."""
    groups: list[list[Node]] = []
    joins = False
    for number, token in enumerate(tokens):
        if token.node is None:
            after = tokens[number + 1 : number + 2]
            if groups and not joins and after and after[0].node is not None:
                joins = True
                continue
            notes.append("“OR” was searched as text: it stands between two words.")
        node = token.node or Word("or", token.typed)
        if joins:
            groups[-1].append(node)
        else:
            groups.append([node])
        joins = False
    return [_either(group) for group in groups]


def _either(group: list[Node]) -> Node:
    parts = tuple(dict.fromkeys(group))
    return parts[0] if len(parts) == 1 else Or(parts)
