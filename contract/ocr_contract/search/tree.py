"""What a query is once it is understood: a small tree of frozen nodes."""

import dataclasses
from collections.abc import Iterator

from ocr_contract.schema import Status

TRIGRAM_CHARS = 3
"""The trigram index finds what has as many characters; shorter texts are grams."""


@dataclasses.dataclass(frozen=True, slots=True)
class Word:
    """A word or phrase that occurs in the text or the name."""

    folded: str
    typed: str
    only_name: bool = False
    exact: str | None = None
    """Accents and case count as well: the text in NFC."""

    @property
    def is_short(self) -> bool:
        """Whether it is a gram."""
        return len(self.folded) < TRIGRAM_CHARS


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the image's path, or several that follow each other: "/invoices/2024/"."""

    folded: str
    typed: str
    is_from_top: bool = False
    """The path begins with it; otherwise it may lie anywhere."""


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """One of these statuses."""

    name: str
    statuses: tuple[Status, ...]
    only_warned: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """When the image was found first: the UTC day, or the beginning of one, is compared as text."""

    is_before: bool
    day: str


@dataclasses.dataclass(frozen=True, slots=True)
class Confidence:
    """The mean confidence in whole percent, as the page shows it; without lines never true."""

    comparison: str
    percent: int


@dataclasses.dataclass(frozen=True, slots=True)
class Lines:
    """The number of lines; an image that was not read has none."""

    comparison: str
    number: int


@dataclasses.dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    parts: tuple["Node", ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Or:
    """At least one of these."""

    parts: tuple["Node", ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Not:
    """All but these."""

    part: "Node"


Node = Word | Folder | State | Found | Confidence | Lines | And | Or | Not

COMPARISONS = ("<", ">", "<=", ">=", "=")


def wanted_words(node: Node) -> Iterator[Word]:
    """Every word that a hit may hold because of this tree: what is marked."""
    if isinstance(node, Word):
        yield node
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from wanted_words(part)


def any_part(node: Node, kind: type[Node]) -> bool:
    """Whether a node of this kind is anywhere in the tree."""
    if isinstance(node, kind):
        return True
    if isinstance(node, Not):
        return any_part(node.part, kind)
    return isinstance(node, And | Or) and any(any_part(part, kind) for part in node.parts)
