"""What a query means: whether one image, as it stands, is a hit.

This is the definition. The indexes are a faster way to the same answer.
"""

import dataclasses
import functools
import operator
import unicodedata

from ocr_contract import text_folding
from ocr_contract.schema import Status
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

COMPARE = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "=": operator.eq,
}  # fmt: skip
PERCENT_ROUNDING = 1e-9
"""0.29 * 100 is 28.999999999999996."""


@dataclasses.dataclass(frozen=True)
class Document:
    """An image as the search sees it; a duplicate has its original's text, lines, confidence."""

    id: int
    name: str
    """With a stroke before it."""
    text: str
    """Of all pages: what the machine read, then a person's corrections."""
    status: Status
    has_warning: bool
    found_at: str
    line_count: int
    confidence: float | None

    @functools.cached_property
    def folded_name(self) -> str:
        """As it is compared."""
        return text_folding.fold(self.name)

    @functools.cached_property
    def folded_text(self) -> str:
        """As it is compared, words over a line's end also whole."""
        return text_folding.fold_page(self.text)


def matches(document: Document, node: Node) -> bool:
    """Whether the image is a hit."""
    match node:
        case And():
            return all(matches(document, part) for part in node.parts)
        case Or():
            return any(matches(document, part) for part in node.parts)
        case Not():
            return not matches(document, node.part)
        case Word():
            return _has_word(document, node)
        case Folder():
            if node.is_from_top:
                return document.folded_name.startswith(node.folded)
            return node.folded in document.folded_name
        case State():
            return document.status in node.statuses and (
                document.has_warning or not node.only_warned
            )
        case Found():
            day = document.found_at[: len("2026-01-31")]
            return day < node.day if node.is_before else day >= node.day
        case Confidence():
            if document.confidence is None:
                return False
            shown = int(document.confidence * 100 + PERCENT_ROUNDING)
            return bool(COMPARE[node.comparison](shown, node.percent))
        case Lines():
            return bool(COMPARE[node.comparison](document.line_count, node.number))


def _has_word(document: Document, word: Word) -> bool:
    if word.folded in document.folded_name and _is_exact(word, document.name):
        return True
    if word.only_name or word.folded not in document.folded_text:
        return False
    return _is_exact(word, document.text)


def _is_exact(word: Word, text: str) -> bool:
    return word.exact is None or word.exact in unicodedata.normalize("NFC", text)
