"""Readings that a word might have had by what recognisers confuse, however sure this one was.

Each rule has a weight: so many times as likely as what is read it makes its reading. They are of
the order of what a recogniser says itself of a rival that is worth keeping (`rival_readings`), so
that the two can be sorted together. No language is known here: rules look at shapes alone.
"""

import itertools
import re
from collections.abc import Iterator, Sequence

_UNCLEAR, _NEARLY_CLEAR = 0.97, 0.995
"""The probability of a character below which it is easily confused, or sometimes."""
_SOMETIMES, _HARDLY = 0.6, 0.3
"""So much less does a rule weigh for a character above the first, and above the second."""
_LEAST, _LEAST_CLEAR = 0.008, 0.04
"""The weight that counts in a word that is unclear somewhere, and in one that is clear."""
_ONE_KIND = 0.5
"""What a word most likely was that mixes digits with letters that look like some."""
_SIGN_OF_CALL = 0.05
_SHORT = 2
_FEW_WAYS = 3
"""A word with more places for one rule says nothing of which of them is wrong."""
_PAIRS = (
    ("l", "i", 0.03), ("rn", "m", 0.05), ("i", "l", 0.012), ("I", "T", 0.03), ("I", "L", 0.012),
    ("I", "l", 0.012), ("T", "I", 0.012), ("cl", "d", 0.012), ("vv", "w", 0.02), ("c", "e", 0.012),
    ("o", "e", 0.012), ("h", "b", 0.01), ("b", "h", 0.01), ("D", "O", 0.012), ("O", "D", 0.012),
    ("f", "t", 0.01), ("t", "f", 0.01), ("n", "m", 0.01), ("a", "e", 0.01),
)  # fmt: skip
"""In words: what is read, what it was, and how likely that is."""
_DIGIT_PAIRS = (
    ("5", "6", 0.02), ("6", "5", 0.02), ("8", "6", 0.02), ("6", "8", 0.012), ("8", "3", 0.012),
    ("3", "8", 0.012), ("7", "1", 0.012), ("1", "7", 0.012), ("0", "8", 0.01), ("9", "0", 0.01),
)  # fmt: skip
"""In numbers, of which only the least certain digit counts."""
_LIKE_DIGITS = re.compile(
    r"(?<![^\W\d_])[\dOoDQCUlISBZ]*\d[\dOoDQCUlISBZ)\]]*$|[\dOoIl]*\d[\dOoIl]*"
)
_TO_DIGITS = str.maketrans("OoDQCUlI]SBZ)", "0000001115820")
_TO_CAPITALS, _TO_SMALL = str.maketrans("0158", "OISB"), str.maketrans("015", "ols")
_LAST_STROKE = re.compile(r"(?<=[a-z])[lI1]$")


def look_alikes(text: str, start: int, end: int, shares: Sequence[float]) -> dict[str, float]:
    """Readings of a word of a text, and how likely they are beside it; `shares` are the
    probabilities of the word's characters."""
    word = text[start:end]
    least = _LEAST if min(shares) < _UNCLEAR else _LEAST_CLEAR
    found: dict[str, float] = {}
    for reading, weight in itertools.chain(_of_one_kind(word), _confused(text, start, end, shares)):
        if reading != word and weight >= least:
            found[reading] = max(found.get(reading, 0.0), weight)
    return found


def _of_one_kind(word: str) -> Iterator[tuple[str, float]]:
    digits, letters = (sum(map(kind, word)) for kind in (str.isdigit, str.isalpha))
    if not digits or digits == len(word):
        return
    yield _LIKE_DIGITS.sub(lambda found: found[0].translate(_TO_DIGITS), word), _ONE_KIND
    if digits <= max(letters, _SHORT):
        is_small = any(map(str.islower, word))
        yield word.translate(_TO_SMALL if is_small else _TO_CAPITALS), _ONE_KIND / 2


def _confused(
    text: str, start: int, end: int, shares: Sequence[float]
) -> Iterator[tuple[str, float]]:
    """One place of the word taken for another."""
    word = text[start:end]
    if end == len(text) and _LAST_STROKE.search(word):
        yield f"{word[:-1]}!", _SIGN_OF_CALL
    is_number = 2 * sum(map(str.isdigit, word)) > len(word)
    for read, was, weight in _DIGIT_PAIRS if is_number else _PAIRS:
        if not 0 < word.count(read) <= _FEW_WAYS:
            continue
        for found in re.finditer(read, word):
            share = min(shares[found.start() : found.end()])
            if is_number and share > min(shares):
                continue
            often = 1 if share < _UNCLEAR else _SOMETIMES if share < _NEARLY_CLEAR else _HARDLY
            yield word[: found.start()] + was + word[found.end() :], weight * often
