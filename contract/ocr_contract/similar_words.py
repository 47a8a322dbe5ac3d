"""Which readings in the archive may be misread forms of what somebody looks for.

`similar_words` asks the table `words`; `similar_phrases` guesses where a blank was read into a
long word. Both name spellings, the likeliest first. A spelling is a hit only where it stands as a
word of its own (`stands_alone`): exact search finds each place where the typed word itself stands.

Nothing is scanned. Whatever one wrong character makes of the typed word is worked out and looked
up by its skeleton, in which all that OCR confuses is alike; what that brings is compared by
`likeness.distance`. So the work follows the length of the word, not the size of the archive.
"""

import functools
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from ocr_contract.likeness import CONFUSED, distance, two_for_one
from ocr_contract.text_folding import fold, skeleton, skeletons, words

MOST_WORDS, MOST_PHRASES = 8, 4
"""How many spellings are named when the caller does not say."""
SHORTEST, LONGEST = 3, 32
"""The lengths of the words that can be looked up: those of the table."""
MOST_ROWS = 2_000
"""How many rows one look into the table may bring."""

_MOST_EDITS = 12_000
_COMPARED_AT_ONCE = 32
_MOST_OF_A_BEGINNING = 100
_BEGINNING = 1.0
"""What a word that only begins with a confused form of the typed one is farther away."""
_LATIN = "abcdefghijklmnopqrstuvwxyz0123456789"
_AREA = 128
_DIGITS_BEGIN_OR_END = re.compile(r"(?<=\d)(?=\D)|(?<=\D)(?=\d)")


class Connection(Protocol):
    """What is needed of a connection, of sqlite3 or apsw."""

    def execute(self, sql: str, parameters: tuple[Any, ...], /) -> Iterable[Any]: ...


def similar_words(
    connection: Connection, word: str, most: int = MOST_WORDS,
    *, is_over: Callable[[], bool] = lambda: False,
) -> list[str]:  # fmt: skip
    """Up to `most` spellings that occur in the archive, the likeliest reading of `word` first.

    Spellings are folded words, or two with a blank between that may be one word. None holds `word`
    itself. `word` is one word of 3 to 32 letters and digits, or several with blanks between, which
    may have been read as one; nothing is similar to anything else. When `is_over` no more are
    compared: a number has thousands that are like it.
    """
    word = fold(word).strip()
    joined = word.replace(" ", "")
    if not (SHORTEST <= len(joined) <= LONGEST and words(joined) == {joined}):
        return []
    farthest = _farthest(joined)
    found: dict[str, float] = {}
    for at, reading in enumerate(_with_skeletons(connection, _skeletons(joined))):
        if at % _COMPARED_AT_ONCE == _COMPARED_AT_ONCE - 1 and is_over():
            break
        if word not in reading and (far := distance(word, reading, farthest)) <= farthest:
            found[reading] = far
    for reading in _beginning_with(connection, skeleton(joined)):
        if word not in reading and reading not in found:
            far = _distance_of_beginning(joined, reading)
            if far <= 2 * CONFUSED:
                found[reading] = far + _BEGINNING
    return sorted(found, key=lambda reading: (found[reading], reading))[:most]


def similar_phrases(connection: Connection, word: str, most: int = MOST_PHRASES) -> list[str]:
    """Up to `most` phrases that `word` may have been read as, to be looked up in the full text.

    The word is cut where digits begin or end, and into two or three parts of three and more
    characters that each occur in the archive as words; whether they do so side by side is for the
    caller to see. Shorter parts are among `similar_words`.
    """
    word = fold(word)
    if not (SHORTEST <= len(word) <= LONGEST and words(word) == {word}):
        return []
    cuts = [*_cuts(word, 2), *_cuts(word, 3)]
    known = _known(connection, {part for cut in cuts for part in cut})
    phrases = [" ".join(cut) for cut in cuts if known.issuperset(cut)]
    if len(_DIGITS_BEGIN_OR_END.findall(word)) == 1:
        phrases.insert(0, _DIGITS_BEGIN_OR_END.sub(" ", word))
    return [*dict.fromkeys(phrases)][:most]


def first_images(connection: Connection, spellings: Iterable[str]) -> dict[str, int]:
    """The image in which each of these was met first; it may have gone from there."""
    wanted = [(skeleton(spelling.replace(" ", "")), spelling) for spelling in spellings]
    rows = connection.execute(
        "SELECT words.word, words.image_id FROM json_each(?) AS wanted CROSS JOIN words"
        " ON words.skeleton = json_extract(wanted.value, '$[0]')"
        " AND words.word = json_extract(wanted.value, '$[1]')",
        (json.dumps(wanted),),
    )
    return {row[0]: row[1] for row in rows}


def stands_alone(spelling: str, folded: str) -> bool:
    """Whether a spelling stands in a folded text with no letter or digit beside it."""
    return re.search(rf"(?<![^\W_]){re.escape(spelling)}(?![^\W_])", folded) is not None


def _farthest(word: str) -> float:
    """How far away a reading may be: short words have too many neighbours."""
    if len(word) < 5:
        return 1.0
    return 1.6 if len(word) < 7 else 2.0


def _skeletons(word: str) -> list[str]:
    """Those of all that confusions and one wrong character can make of a word; its own first."""
    edits = itertools.islice(itertools.chain(two_for_one(word), _edits(word)), _MOST_EDITS)
    own = skeleton(word)
    return [own, *sorted(set(skeletons(list(edits))) - {own})]


def _edits(word: str) -> Iterator[str]:
    """One character more, less, in another's place, or two that changed places.

    Of a long word two neighbours less as well, or its first and its last character.
    """
    letters = _alphabet(frozenset(ord(character) // _AREA for character in word))
    for place in range(len(word) + 1):
        head, rest = word[:place], word[place:]
        yield head + rest[1:]
        if len(rest) > 1:
            yield head + rest[1] + rest[0] + rest[2:]
        for letter in letters:
            yield head + letter + rest
            yield head + letter + rest[1:]
        if len(word) > 6:
            yield head + rest[2:]
    if len(word) > 6:
        yield word[1:-1]


@functools.lru_cache(maxsize=64)
def _alphabet(areas: frozenset[int]) -> tuple[str, ...]:
    """What may stand wrongly in a word with characters of these areas: one of each skeleton.

    Letters and digits of Latin script, and of two areas of 128 code points beyond it.
    """
    beyond = itertools.islice((area for area in sorted(areas) if area * _AREA > 0x1FF), 2)
    near = (chr(area * _AREA + place) for area in beyond for place in range(_AREA))
    letters = (letter for letter in near if words(letter) == {letter} and fold(letter) == letter)
    return tuple(sorted({skeleton(letter) for letter in (*_LATIN, *letters)}))


def _cuts(word: str, parts: int) -> list[tuple[str, ...]]:
    """The word in so many parts, none too short to be looked up."""
    if parts == 1:
        return [(word,)]
    ends = range(SHORTEST, len(word) - SHORTEST * (parts - 1) + 1)
    return [(word[:end], *rest) for end in ends for rest in _cuts(word[end:], parts - 1)]


def _known(connection: Connection, parts: set[str]) -> set[str]:
    """Those that occur in the archive as words."""
    return parts.intersection(_with_skeletons(connection, sorted(set(map(skeleton, parts)))))


def _with_skeletons(connection: Connection, skeletons: list[str]) -> list[str]:
    rows = connection.execute(
        "SELECT words.word FROM json_each(?) AS wanted CROSS JOIN words"
        " ON words.skeleton = wanted.value LIMIT ?",
        (json.dumps(skeletons), MOST_ROWS),
    )
    return [row[0] for row in rows]


def _beginning_with(connection: Connection, start: str) -> list[str]:
    """Words whose skeleton begins so and goes on."""
    rows = connection.execute(
        "SELECT word FROM words WHERE skeleton > ? AND skeleton < ? LIMIT ?",
        (start, start + "\U0010ffff", _MOST_OF_A_BEGINNING),
    )
    return [row[0] for row in rows if " " not in row[0]]


def _distance_of_beginning(word: str, reading: str) -> float:
    """That of the beginning of `reading` which is most like `word`."""
    return min(distance(word, reading[:end], 1.0) for end in range(len(word) - 1, len(word) + 2))
