"""A few rare trigrams in the place of a word, so that one that few images have is found at once.

FTS5 looks for a word as the phrase of its trigrams: it goes through the images of each of them,
places and all, also where a word that hardly anybody wrote is made of syllables that everybody
uses. How common a trigram is shows in how near the newest images lie that have it. The rarest ones
that together leave few images are asked for without their order; each of those is then compared.
"""

from collections.abc import Iterator

from ocr_contract.search.expressions import quoted
from ocr_contract.search.source import Source
from ocr_contract.search.tree import TRIGRAM_CHARS, And, Folder, Node, Word

FEW_IMAGES = 2_000
"""Where there are no more, nothing needs to be chosen."""
FEW_CANDIDATES = 12
"""So many images may be left to be compared."""
_MOST_PROBED = 32
_PROBED_TOGETHER = 8
_STEP = 3
_ROWS = 8
_PROBE_COST = 30
"""In rows looked at, as `streams` counts them."""


def expression(source: Source, node: Node) -> str | None:
    """For images_fts: what all hits of `node` hold and few other images do; None: there are many.

    `node` is a word, a folder, or an AND of which such parts are looked at.
    """
    images = source.last_id - source.first_id + 1
    if images <= FEW_IMAGES:
        return None
    shares: list[tuple[float, str]] = []
    for some in _spread(list(dict.fromkeys(_terms(node)))):
        shares = sorted(shares + [(_share(source, term, images), term) for term in some])
        left = float(images)
        for number, (share, _) in enumerate(shares, 1):
            left *= share
            if left <= FEW_CANDIDATES:
                return " AND ".join(term for _, term in shares[:number])
    return None


def _terms(node: Node) -> Iterator[str]:
    """Each trigram of what must be there, as an expression."""
    for part in node.parts if isinstance(node, And) else (node,):
        if isinstance(part, Word | Folder) and len(part.folded) >= TRIGRAM_CHARS:
            is_name = isinstance(part, Folder) or part.only_name
            for place in range(len(part.folded) - TRIGRAM_CHARS + 1):
                term = quoted(part.folded[place : place + TRIGRAM_CHARS])
                yield f"{{name}} : {term}" if is_name else term


def _spread(terms: list[str]) -> Iterator[list[str]]:
    """Some from everywhere, then some from between: most of the time the first ones are enough."""
    order = [term for first in range(_STEP) for term in terms[first::_STEP]]
    for place in range(0, min(len(order), _MOST_PROBED), _PROBED_TOGETHER):
        yield order[place : min(place + _PROBED_TOGETHER, _MOST_PROBED)]


def _share(source: Source, term: str, images: int) -> float:
    """In which share of the images it is, as the newest ones tell."""
    source.spend(_PROBE_COST)
    with source.asking():
        rows = source.connection.execute(
            "SELECT rowid FROM images_fts WHERE images_fts MATCH ? AND rowid BETWEEN ? AND ? "
            "ORDER BY rowid DESC LIMIT ?",
            (term, source.first_id, source.last_id, _ROWS),
        ).fetchall()
    if len(rows) < _ROWS:
        return len(rows) / images
    return float((_ROWS - 1) / (rows[0][0] - rows[-1][0]))
