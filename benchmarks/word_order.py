"""How many words of a page stand in the order in which a person reads them.

Words are what white space parts; case and punctuation count. Of what is known the longest
sequence that also stands in what was read, with other words between or not, is in order.
"""

import collections
import html
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

_HOCR_WORD = re.compile(r"<span class=['\"]ocrx_word['\"][^>]*>(.*?)</span>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


class WordOrder(NamedTuple):
    """Numbers of words, of one page or of several."""

    known: int
    read: int
    """Of those known, wherever they stand."""
    in_order: int

    @property
    def share(self) -> float:
        """Of all that are known."""
        return self.in_order / max(self.known, 1)

    @property
    def share_of_read(self) -> float:
        """Of those that were read: what the order alone makes of them."""
        return self.in_order / max(self.read, 1)


def word_order(found: str, known: str) -> WordOrder:
    """How the words of one page stand."""
    theirs, ours = known.split(), found.split()
    both = collections.Counter(theirs) & collections.Counter(ours)
    return WordOrder(len(theirs), both.total(), longest_common(theirs, ours))


def together(pages: Iterable[WordOrder]) -> WordOrder:
    """The sums of some pages."""
    counts = list(zip(*pages, strict=True)) or [(), (), ()]
    return WordOrder(*map(sum, counts))


def longest_common(some: Sequence[str], others: Sequence[str]) -> int:
    """Length of the longest common subsequence: a row of its table in the bits of one number
    (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004)."""
    places: dict[str, int] = {}
    for number, word in enumerate(some):
        places[word] = places.get(word, 0) | 1 << number
    every = (1 << len(some)) - 1
    row = every
    for word in others:
        matches = row & places.get(word, 0)
        row = (row + matches | row - matches) & every
    return len(some) - row.bit_count()


def hocr_text(path: Path) -> str:
    """The words of an hOCR file in their order, one a line."""
    words = _HOCR_WORD.findall(path.read_text(encoding="utf-8"))
    return "\n".join(html.unescape(_TAG.sub("", word)).strip() for word in words)
