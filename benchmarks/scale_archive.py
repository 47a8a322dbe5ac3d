"""A made-up archive for `make scale`: its files, their texts, and what is known of them.

    archive = Archive(100_000)
    archive.scans(0, 1000)      the first thousand files, the same at every call

Words come in Zipf's proportions; on a few percent of the pages some lines are Chinese. What a
search is asked for is planted: RARE words on a few pages each, whatever the archive's size.
"""

import dataclasses
import datetime
import random
from collections.abc import Iterator
from functools import cached_property

import numpy as np

SEED = 17
LINES = 20
WORDS = 5
"""Of a line."""
BOX = 1000
"""Files of a folder."""
RARE = 20
RARE_PAGES = 4
"""So many words are on so many pages each."""
_VOCABULARY = 40_000
_FIRST_DAY = datetime.datetime(2016, 1, 1, 8, tzinfo=datetime.UTC)
_DAYS = 3650
_ONSETS = ("b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w",
           "br", "cl", "gr", "pl", "sch", "st", "tr")  # fmt: skip
_RHYMES = ("a", "e", "i", "o", "u", "al", "an", "el", "en", "er", "ing", "ol", "or", "um", "und")
_ACCENTS = str.maketrans("aeou", "áéöü")
_NO_IMAGES = ("failed", "ignored")
_STEMS = ("scan", "invoice", "receipt", "letter", "Rechnung", "Café-bill", "photo")
_KINDS = ("jpg", "png", "tif")
_CHINESE = ("发票", "合同", "金额", "日期", "公司", "地址", "电话", "客户", "上海", "北京",
            "数量", "单价", "合计", "银行", "账户", "签字", "编号", "备注")  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Scan:
    """One file."""

    number: int
    path: bytes
    """Relative to the image folder."""
    content: bytes
    fate: str
    """done, failed, ignored or missing; a duplicate is done, too."""
    warned: bool
    at: str
    """When it was found and read, as the database writes it."""
    original: int
    """Number of the file that has the same content; its own when there is none before it."""


class Archive:
    """`pages` files of one page each, and what to search for in them."""

    def __init__(self, pages: int, seed: int = SEED) -> None:
        self.pages = pages
        self._seed = seed

    @cached_property
    def vocabulary(self) -> list[str]:
        """The commonest word first; no word twice."""
        chance = random.Random(self._seed)
        words: dict[str, None] = {}
        while len(words) < _VOCABULARY:
            syllables = chance.choice((1, 2, 2, 3, 3, 4))
            word = "".join(
                chance.choice(_ONSETS) + chance.choice(_RHYMES) for _ in range(syllables)
            )
            words[word.translate(_ACCENTS) if chance.random() < 0.04 else word] = None
        # What is common is short, more or less.
        return sorted(words, key=lambda word: len(word) + chance.uniform(0, 10))

    @cached_property
    def common(self) -> list[str]:
        """Words that are on nearly every page, long enough to be looked up by themselves."""
        return [word for word in self.vocabulary[:200] if len(word) >= 4][:RARE]

    @cached_property
    def rare(self) -> list[str]:
        """Words that are on RARE_PAGES pages each, made of syllables that all words have."""
        chance = random.Random(self._seed + 1)
        known = set(self.vocabulary)
        found: dict[str, None] = {}
        while len(found) < RARE:
            word = "".join(chance.choice(_ONSETS) + chance.choice(_RHYMES) for _ in range(5))
            if word not in known:
                found[word] = None
        return list(found)

    @cached_property
    def nowhere(self) -> list[str]:
        """Words that no page has although all their syllables are common."""
        chance = random.Random(self._seed + 2)
        return [
            "".join(chance.choice(_ONSETS) + chance.choice(_RHYMES) for _ in range(6))
            for _ in range(RARE)
        ]

    @cached_property
    def planted(self) -> dict[int, str]:
        """Number of a file to the rare word that is in it."""
        chance = random.Random(self._seed + 3)
        places = [at for at in range(self.pages) if _fate(at) == ("done", at)]
        chosen = chance.sample(places, RARE * RARE_PAGES)
        return {number: self.rare[at % RARE] for at, number in enumerate(chosen)}

    def scans(self, start: int, stop: int) -> Iterator[Scan]:
        """The files from number `start` to before `stop`."""
        for number in range(start, min(stop, self.pages)):
            yield self.scan(number)

    def scan(self, number: int) -> Scan:
        """File by its number, from 0."""
        fate, original = _fate(number)
        day = self._day(number)
        return Scan(
            number,
            self.path(number).encode(),
            b"no image %d" % number if fate in _NO_IMAGES else b"\xff\xd8\xff%d" % original,
            fate,
            warned=original % 50 == 11,
            at=f"{day:%Y-%m-%dT%H:%M:%S}.{number % 1000:03d}Z",
            original=original,
        )

    def lines(self, scan: Scan) -> tuple[list[str], list[float]]:
        """What is read in it, line by line, and how sure."""
        number = scan.original
        chance = np.random.default_rng((self._seed, number))
        picks = np.searchsorted(self._shares, chance.random(LINES * WORDS))
        words = [self.vocabulary[at] for at in picks.tolist()]
        lines = [" ".join(words[at : at + WORDS]) for at in range(0, len(words), WORDS)]
        lines[0] = f"{lines[0]} {number:07d}"
        lines[1] = f"Date {self._day(number):%d.%m.%Y} {lines[1]}"
        lines[-1] = f"Total {chance.integers(1, 10**6) / 100:,.2f} EUR"
        if number % 30 == 4:
            for at in (5, 6, 7):
                lines[at] = "".join(chance.choice(_CHINESE, 6).tolist())
        if word := self.planted.get(number):
            lines[9] = f"{lines[9]} {word}"
        return lines, (1 - 0.4 * chance.random(LINES) ** 4).round(4).tolist()

    def path(self, number: int) -> str:
        """Of the file with that number."""
        box = number // BOX
        year = 2016 + 10 * box * BOX // self.pages
        kind = "txt" if _fate(number)[0] == "ignored" else _KINDS[number % len(_KINDS)]
        return f"{year}/box-{box:04d}/{_STEMS[number % len(_STEMS)]}-{number:07d}.{kind}"

    def _day(self, number: int) -> datetime.datetime:
        return _FIRST_DAY + datetime.timedelta(days=_DAYS * number / self.pages)

    @cached_property
    def _shares(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        weights = 1 / (np.arange(_VOCABULARY) + 2.7)
        shares = np.cumsum(weights / weights.sum())
        shares[-1] = 1.0
        return shares


def _fate(number: int) -> tuple[str, int]:
    """What becomes of a file, and the number of the file that it repeats (or its own)."""
    if number % 1000 == 555:
        return "ignored", number
    if number % 500 == 99:
        return "missing", number
    if number % 100 == 37:
        return "failed", number
    if number % 40 == 23 and _fate(number - 7)[0] == "done":
        return "done", number - 7
    return "done", number
