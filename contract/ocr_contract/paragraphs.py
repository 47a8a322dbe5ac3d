"""The running text of a page: its lines joined to paragraphs, words parted at line ends made whole.

A hyphen at the end of a line is of three kinds: it parts a word ("recog-/nised"), belongs to it
("Anglo-/Saxon"), or stands for what follows later ("vor- und nachher"). Which one is told by the
rest of the text, where the word stands in one of its forms, and else by the letters around it.
"""

import re
from collections.abc import Iterable, Set

_BREAK = re.compile(r"[^\W\d_]+[-\u2010\u00ad¬]\Z")
"""A letter and a hyphen at a line's end, with the word's part before them."""
_OF_NUMBERS = re.compile(r"\d[-\u2010-\u2013]\Z")
_ALWAYS_PARTS = "\u00ad¬"
"""These stand where a word was parted, and nowhere else."""
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LEAVES_OPEN = frozenset(("und", "oder", "bzw", "sowie", "and", "or"))
"""What follows a hyphen that stands for a part of a word named later."""
_RUNS_ON = re.compile("[\u0e00-\u0e7f\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]")
"""Thai, Chinese, Japanese: no blank where a line ends."""


def joined(lines: Iterable[tuple[str, int | None]]) -> list[str]:
    """The paragraphs of a page, each in one line of text.

    `lines` are its lines in reading order, each with the number of its paragraph; one without a
    number, of a page that was read before there were any, is a paragraph of its own.
    """
    known = list(lines)
    words = {word.casefold() for text, _ in known for word in _WORD.findall(text)}
    paragraphs: list[str] = []
    before: int | None = None
    for text, paragraph in known:
        if paragraphs and paragraph is not None and paragraph == before:
            paragraphs[-1] = _continued(paragraphs[-1], text.strip(), words)
        else:
            paragraphs.append(text.strip())
        before = paragraph
    return paragraphs


def _continued(text: str, line: str, words: Set[str]) -> str:
    """A paragraph's text with one line more."""
    hyphenated, following = _BREAK.search(text), _FIRST_WORD.match(line)
    if hyphenated and following:
        first, hyphen, rest = hyphenated[0][:-1], hyphenated[0][-1], following[0]
        if hyphen in _ALWAYS_PARTS or _is_parted(first, rest, words):
            return text[:-1] + line
        is_open = rest in _LEAVES_OPEN
        return f"{text} {line}" if is_open else text + line
    if _OF_NUMBERS.search(text) and line[:1].isdigit():
        return text + line
    if text and line and _RUNS_ON.match(text[-1]) and _RUNS_ON.match(line[0]):
        return text + line
    return f"{text} {line}".strip()


def _is_parted(first: str, rest: str, words: Set[str]) -> bool:
    """Whether the hyphen between two parts belongs to the line's end, and not to the word."""
    if rest in _LEAVES_OPEN:
        return False
    whole, with_hyphen = f"{first}{rest}".casefold(), f"{first}-{rest}".casefold()
    if (whole in words) != (with_hyphen in words):
        return whole in words
    return rest.islower() or (len(first) > 1 and first.isupper() and rest.isupper())
