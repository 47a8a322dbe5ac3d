"""Words that stand in no text, but may: the other readings of doubtful places.

`other_words` tells the images that have one, and the lines' `alternatives` where and instead of
what. A row may be out of date, when the image was read again; then no place is found.
"""

import re
import sqlite3
from collections.abc import Iterator

from ocr_contract.alternatives import Alternative, from_json
from ocr_contract.text_folding import fold

_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 3
MOST_IMAGES = 10
"""So many are looked at, the newest."""


def other_words(alternative: Alternative, text: str) -> set[str]:
    """The words, folded, that a doubtful place of a text may hold, but for those that it shows."""
    shown = set(_WORD.findall(fold(text[alternative.start : alternative.end])))
    found = {word for reading in alternative.readings for word in _WORD.findall(fold(reading))}
    return {word for word in found - shown if len(word) >= _SHORTEST}


def places(connection: sqlite3.Connection, word: str) -> Iterator[tuple[int, str]]:
    """Images with a place that may hold the folded word, and what is read there, folded."""
    rows = connection.execute(
        "SELECT image_id FROM other_words WHERE word = ? ORDER BY image_id DESC LIMIT ?",
        (word, MOST_IMAGES),
    ).fetchall()
    for (image_id,) in rows:
        lines = connection.execute(
            "SELECT text, alternatives FROM lines WHERE alternatives IS NOT NULL "
            "AND page_id IN (SELECT id FROM pages WHERE image_id = ?)",
            (image_id,),
        )
        for text, stored in lines:
            for each in from_json(stored, text):
                read = fold(text[each.start : each.end]).strip()
                if read and word in other_words(each, text):
                    yield image_id, read
