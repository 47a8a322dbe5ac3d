"""A few rare trigrams in the place of a word, so that one that few images have is found at once.

FTS5 looks for a word as the phrase of its trigrams: it goes through the images of each of them,
places and all, also where a word that hardly anybody wrote is made of syllables that everybody
uses. How common a trigram is shows in how near the first images lie that have it. The rarest ones
that together, near each other, leave few images are asked for; each of those is then compared.
"""

import dataclasses
import math
import re
from collections.abc import Iterator

from ocr_contract.search.expressions import quoted
from ocr_contract.search.source import Rare, Source
from ocr_contract.search.tree import TRIGRAM_CHARS, And, Folder, Node, Word

FEW_IMAGES = 2_000
"""Where there are no more, nothing needs to be chosen."""
FEW_CANDIDATES = 50
"""So many images may be left to be compared."""
MOST_CANDIDATES = 250
"""With more the word is not as rare as was thought."""
POSTINGS_A_COST = 100
"""So many images of a trigram are gone through while one row is looked at, as `streams` counts."""
_POSTINGS_A_CANDIDATE = 12_000
"""Three times what comparing one takes: trigrams come together more often than chance has it."""
_ENOUGH_POSTINGS = 150_000
"""What takes as long as to look for better trigrams would."""
_MOST_PROBED = 32
_PROBED_TOGETHER = 8
_STEP = 3
_ROWS = 8
_PROBE_COST = 30
_NEAR_IN_A_WORD = 0.3
_NEAR_IN_A_PHRASE = 0.1
"""Of the images that hold two trigrams by chance so many hold them near each other."""
_REMEMBERED = 20_000
_STILL_TRUE = 0.9
"""A share is remembered until the archive has grown by a tenth, more or less."""
_RUN = re.compile(r"[^\W_]+|[\W_]+")


@dataclasses.dataclass(frozen=True, slots=True)
class _Term:
    """A trigram of a word or phrase."""

    text: str
    whole: str
    """The word or phrase."""
    run: tuple[str, int]
    """Which of its words: trigrams of one come together wherever it stands."""
    place: int
    is_name: bool


def find(source: Source, node: Node) -> Rare | None:
    """What finds the hits of `node` and little else; None: there are many.

    `node` is a word, a folder, or an AND of which such parts are looked at. Asked again of the same
    source it is known.
    """
    parts = node.parts if isinstance(node, And) else (node,)
    if parts not in source.rare:
        source.rare[parts] = _find(source, parts)
    return source.rare[parts]


def _find(source: Source, parts: tuple[Node, ...]) -> Rare | None:
    images = source.last_id - source.first_id + 1
    if images <= FEW_IMAGES:
        return None
    shares: list[tuple[float, _Term]] = []
    found: Rare | None = None
    for some in _spread(list(_terms(parts))):
        shares += [(_share(source, term, images), term) for term in some]
        chosen, postings = _choose(shares, images)
        if chosen:
            found = Rare(_expression(chosen), int(postings / POSTINGS_A_COST))
            if postings <= _ENOUGH_POSTINGS:
                break
    return found


def _choose(shares: list[tuple[float, _Term]], images: int) -> tuple[list[_Term], float]:
    """Those that together cost least, and how many images of theirs are gone through.

    None, when all of them leave many.
    """
    waiting = list(shares)
    chosen: list[_Term] = []
    left, postings = float(images), 0.0
    best: tuple[list[_Term], float] = [], 0.0
    least = math.inf

    def cost(share: float, term: _Term) -> float:
        return images * share + left * _leaves(share, term, chosen) * _POSTINGS_A_CANDIDATE

    while waiting:
        share, term = next_one = min(waiting, key=lambda each: cost(*each))
        total = postings + cost(share, term)
        left *= _leaves(share, term, chosen)
        postings += images * share
        waiting.remove(next_one)
        chosen.append(term)
        if left <= FEW_CANDIDATES and total < least:
            least, best = total, (chosen[:], postings)
        if postings >= least:
            break  # each further one only adds to that
    return best


def _leaves(share: float, term: _Term, beside: list[_Term]) -> float:
    """Which part of the images a further trigram leaves."""
    in_a_word = [abs(other.place - term.place) for other in beside if other.run == term.run]
    if in_a_word:
        # Of two that overlap the one tells much of the other.
        return float(share**0.5 * (1.0 if min(in_a_word) == 1 else _NEAR_IN_A_WORD))
    if any(other.whole == term.whole for other in beside):
        return share * _NEAR_IN_A_PHRASE
    return share


def _expression(terms: list[_Term]) -> str:
    """Those of each word near each other."""
    groups: dict[tuple[bool, str], list[str]] = {}
    for term in terms:
        groups.setdefault((term.is_name, term.whole), []).append(quoted(term.text))
    parts = []
    for (is_name, whole), texts in groups.items():
        near = texts[0] if len(texts) == 1 else f"NEAR({' '.join(texts)}, {len(whole)})"
        parts.append(f"({{name}} : {near})" if is_name else near)
    return " AND ".join(parts)


def _terms(parts: tuple[Node, ...]) -> Iterator[_Term]:
    """Each trigram of what must be there."""
    for part in parts:
        if isinstance(part, Word | Folder) and len(part.folded) >= TRIGRAM_CHARS:
            is_name = isinstance(part, Folder) or part.only_name
            known = set()
            for run in _RUN.finditer(part.folded):
                for place in range(run.start(), min(run.end(), len(part.folded) - 2)):
                    text = part.folded[place : place + TRIGRAM_CHARS]
                    if text not in known:
                        known.add(text)
                        yield _Term(text, part.folded, (part.folded, run.start()), place, is_name)


def _spread(terms: list[_Term]) -> Iterator[list[_Term]]:
    """Some from everywhere, then some from between: most of the time the first ones are enough.

    Digits first, of which each three are as rare as others; what parts words last.
    """
    spread = [term for first in range(_STEP) for term in terms[first::_STEP]]
    order = sorted(spread, key=lambda term: (not term.text.isalnum(), term.text.isalpha()))
    for place in range(0, min(len(order), _MOST_PROBED), _PROBED_TOGETHER):
        yield order[place : min(place + _PROBED_TOGETHER, _MOST_PROBED)]


def _share(source: Source, term: _Term, images: int) -> float:
    """In which share of the images it is, as the first ones tell: the last take longer to find."""
    key = source.file, term.is_name, term.text
    share, images_then = _shares.get(key, (0.0, 0))
    if _STILL_TRUE * images <= images_then <= images / _STILL_TRUE:
        return share
    share = _probe(source, term, images)
    if len(_shares) >= _REMEMBERED:
        _shares.clear()
    _shares[key] = share, images
    return share


_shares: dict[tuple[str, bool, str], tuple[float, int]] = {}
"""Of each file's trigrams that were met: in which share of how many images. Whoever is wrong here
is slow, and nothing else."""


def _probe(source: Source, term: _Term, images: int) -> float:
    source.spend(_PROBE_COST)
    with source.asking():
        rows = source.connection.execute(
            "SELECT rowid FROM images_fts WHERE images_fts MATCH ? AND rowid BETWEEN ? AND ? "
            "ORDER BY rowid LIMIT ?",
            (_expression([term]), source.first_id, source.last_id, _ROWS),
        ).fetchall()
    if len(rows) < _ROWS:
        return len(rows) / images
    return float((_ROWS - 1) / (rows[-1][0] - rows[0][0]))
