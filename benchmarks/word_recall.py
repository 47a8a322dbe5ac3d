"""How many of the words that stand on a picture were read, and which were not.

Unlike `scoring`, case and signs count: a word is whatever stands between blanks, Chinese and
Japanese are counted by the character, and all is compared in Unicode's composed form.
"""

import re
import unicodedata
from collections import Counter

_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_CJK}]|[^\\s{_CJK}]+")


def words(text: str) -> "Counter[str]":
    """How often each word occurs."""
    return Counter(_WORD.findall(unicodedata.normalize("NFC", text)))


def recall(read: str, known: str) -> float:
    """The share of known words that were read, 0 to 1.

    Where nothing is known, nothing may be read: 1 then, else 0.
    """
    ours, truth = words(read), words(known)
    if not truth:
        return float(not ours)
    return (ours & truth).total() / truth.total()


def unread(read: str, known: str) -> list[str]:
    """Known words that were not read, in the order in which they stand."""
    left = words(known) - words(read)
    missing = []
    for word in _WORD.findall(unicodedata.normalize("NFC", known)):
        if left[word] > 0:
            left[word] -= 1
            missing.append(word)
    return missing


def invented(read: str, known: str) -> list[str]:
    """Read words that are not known, in the order in which they stand."""
    return unread(known, read)
