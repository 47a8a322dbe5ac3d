"""What the words before a colon mean: name:, folder:, state:, after:, confidence: and so on."""

import dataclasses
import datetime
import re
import unicodedata
from collections.abc import Callable

from ocr_contract import text_folding
from ocr_contract.search import states
from ocr_contract.search.tree import Confidence, Folder, Found, Lines, Node, State, Word

_DAY = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_NUMBER = re.compile(r"(<=|>=|<|>|=|≤|≥)?\s*([0-9]{1,6})\s*(%?)")
_SIGNS = {"≤": "<=", "≥": ">=", "": "="}


def read_word(value: str) -> Word | None:
    """A word or phrase; None when nothing of it is compared."""
    folded = text_folding.fold(value).strip()
    return Word(folded, value.strip()) if folded else None


def _name(value: str) -> Word | None:
    word = read_word(value)
    return word and dataclasses.replace(word, only_name=True)


def _exact(value: str) -> Word | None:
    word = read_word(value)
    return word and dataclasses.replace(word, exact=unicodedata.normalize("NFC", value.strip()))


def _folder(value: str) -> Folder | None:
    parts = [part for part in text_folding.fold(value).strip().split("/") if part.strip()]
    if not parts:
        return None
    return Folder(f"/{'/'.join(parts)}/", value.strip(), value.strip().startswith("/"))


def _state(value: str) -> State | None:
    found = states.named(value.lower())
    return State(value.lower(), *found) if found else None


def _found(*, is_before: bool) -> Callable[[str], Found | None]:
    def read(value: str) -> Found | None:
        if not _DAY.fullmatch(value):
            return None
        try:
            datetime.date.fromisoformat(value + "-01-01"[len(value) - 4 :])
        except ValueError:
            return None
        return Found(is_before, value)

    return read


def _confidence(value: str) -> Confidence | None:
    match = _NUMBER.fullmatch(value)
    if match is None or int(match[2]) > 100:
        return None
    return Confidence(_SIGNS.get(match[1] or "", match[1]), int(match[2]))


def _lines(value: str) -> Lines | None:
    match = _NUMBER.fullmatch(value)
    if match is None or match[3]:
        return None
    return Lines(_SIGNS.get(match[1] or "", match[1]), int(match[2]))


FIELDS: dict[str, Callable[[str], Node | None]] = {
    "name": _name, "folder": _folder, "state": _state, "exact": _exact,
    "after": _found(is_before=False), "before": _found(is_before=True),
    "confidence": _confidence, "lines": _lines,
}  # fmt: skip
"""Each reads what stands after its colon; None: it is not understood."""
REASONS = {
    "name": "", "folder": "", "exact": "",
    "state": f": the states are {', '.join(states.STATE_FILTERS)}",
    "after": ": a day is written 2026-01-31", "before": ": a day is written 2026-01-31",
    "confidence": ": it is written confidence:<90, in whole percent",
    "lines": ": it is written lines:>0",
}  # fmt: skip
"""What is said then, after "was searched as text"."""
