"""What the words themselves say about columns, where geometry does not tell them from a table.

The lines of an index, and those of transcripts with several pages on one sheet, are short and
stand beside each other as the rows of a table do. But they are numbered, or sorted, down; so are
the pages of a table of contents. Two addresses tell the same sort of things from the top. And rows
of words, numbers, words and numbers again may be those of two tables.
"""

import itertools
import re
from collections.abc import Sequence

from reading.layout.boxes import Boxes, Indices, rows_of

_LEAST_ROWS = 6
_IN_SEQUENCE = 0.6
"""Of the numbers, so many are followed by the next one: some are always misread."""
_SORTED = 0.85
_WITH_WORDS = 0.5
"""Of numbered rows, so many have words, too; a table of numbers counts in both directions."""
_NUMBER = re.compile(r"(\d{1,3})(?![\d.,:/%-])")
_PAGE = re.compile(r"\W*page\W*(\d{1,5})\W*", re.IGNORECASE)
_ENTRY = re.compile(r"[^\W\d_]{2,}[\W\d_]*")
"""One word, and where it stands."""
_ENTRIES = 0.4
"""Of an index' lines."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_LONE_WORD = re.compile(r"(?=.*[^\W\d_])[\x21-\u024f]+")
_AT_HOME = re.compile(r"\S@\S|\bwww\.|https?:|\w\.(?:com|org|net)\b", re.IGNORECASE)
_LEAST_KINDS, _MANY_RUNS, _ALIKE = 3, 4, 0.75
"""Kinds of rows in each of several addresses, or how often they change, and the share of them that
follow each other so in all."""
_LEAST_CELLS, _LEAST_TABLE_ROWS, _TABULAR = 3, 4, 0.7
_MUCH_LONGER = 2
"""Rows with several numbers that one of two tables has more, at least, if nothing else tells."""
_MOSTLY = 0.7
"""Of the lines of an address, so many have more letters than other characters."""


class Listing:
    """The texts of a page's lines, as far as they count or are sorted."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        numbers = sum(_NUMBER.match(text) is not None for text in texts)
        entries = sum(_ENTRY.fullmatch(text) is not None for text in texts)
        self._pages = {
            index: int(page[1])
            for index, text in enumerate(texts)
            if (page := _PAGE.fullmatch(text)) is not None
        }
        self._is_numbered = numbers >= 2 * _LEAST_ROWS
        self._has_entries = entries >= max(2 * _LEAST_ROWS, _ENTRIES * len(texts))
        ends = sum(text.strip().isdecimal() for text in texts)
        self._has_ends = ends >= 2 * _LEAST_ROWS
        self.may_go_down = self._is_numbered or self._has_entries or self._has_ends
        """Whether it is worth asking."""

    def are_lone_words(self, indices: Indices) -> bool:
        """Whether most of these lines are one long word each, such as an address in a net: they
        are no sentences. Chinese and Japanese ones have no blanks."""
        known = [self._texts[index] for index in indices.tolist() if index < len(self._texts)]
        lone = sum(_LONE_WORD.fullmatch(text.strip()) is not None for text in known)
        return 2 * lone > len(indices)

    def is_words(self, indices: Indices) -> bool:
        """Whether these lines are words rather than numbers; False where the texts are not known,
        or a whole cell is among them."""
        if not len(self._texts) or int(indices.max()) >= len(self._texts):
            return False
        letters = [_letters(self._texts[index]) > 0.5 for index in indices.tolist()]
        return sum(letters) >= _MOSTLY * len(letters)

    def goes_down(self, boxes: Boxes, left: Indices, right: Indices) -> bool:
        """Whether both sides of a gap are listings that are to be read one after the other."""
        rows = [rows_of(boxes, side[side < len(self._texts)]) for side in (left, right)]
        if min(map(len, rows)) < _LEAST_ROWS:
            return False
        texts = [[[self._texts[index] for index in row.tolist()] for row in side] for side in rows]
        return (
            (self._is_numbered and _are_counted(*texts))
            or (self._has_entries and _are_sorted(*texts))
            or (self._has_ends and _are_paged(*texts))
        )

    def are_alike(self, boxes: Boxes, parts: Sequence[Indices]) -> bool:
        """Whether these parts tell the same sort of things in the same order from the top, as two
        addresses do: a name, a street, a telephone number. In a table each row does so."""
        if not len(self._texts) or any(int(part.max()) >= len(self._texts) for part in parts):
            return False
        told = [self._kinds(boxes, part) for part in parts]
        if not all(map(_is_varied, told)):
            return False
        kinds = [[kind for kind, _ in runs] for runs in told]
        fewest, most = min(map(len, kinds)), max(map(len, kinds))
        return most <= 2 * fewest and all(
            _common(one, other) >= _ALIKE * fewest
            for one, other in itertools.combinations(kinds, 2)
        )

    def are_tables(self, boxes: Boxes, left: Indices, right: Indices) -> bool:
        """Whether two tables stand beside each other, rather than the halves of one: the rows of
        both are words and then numbers, and both have a title or the same heads, or one is
        longer."""
        if not len(self._texts) or max(int(left.max()), int(right.max())) >= len(self._texts):
            return False
        halves = [
            [[self._texts[index] for index in row.tolist()] for row in rows_of(boxes, half)]
            for half in (left, right)
        ]
        if not all(map(_is_table, halves)):
            return False
        heads = [next(row for row in half if len(row) > 1) for half in halves]
        is_titled = all(len(half[0]) == 1 for half in halves)
        if is_titled or heads[0][0].casefold() == heads[1][0].casefold():
            return True
        lengths = [sum(len(row) >= _LEAST_CELLS for row in half) for half in halves]
        return min(lengths) >= _LEAST_TABLE_ROWS and abs(lengths[0] - lengths[1]) >= _MUCH_LONGER

    def _kinds(self, boxes: Boxes, indices: Indices) -> list[tuple[str, int]]:
        """Of the rows of a part, from the top, and how many follow each other of each."""
        texts = (
            " ".join(self._texts[index] for index in row.tolist())
            for row in rows_of(boxes, indices)
        )
        return [(kind, len(list(rows))) for kind, rows in itertools.groupby(map(_kind, texts))]

    def new_pages(self, boxes: Boxes, strip: Indices) -> bool | None:
        """Whether two pages of one sheet begin side by side, which are numbered in this order;
        None where no two do."""
        if len(self._pages) < 2:
            return None
        found = [
            (float(boxes[index, 0]), self._pages[index])
            for index in strip.tolist()
            if index in self._pages
        ]
        numbers = [number for _, number in sorted(found)]
        if len(numbers) < 2:
            return None
        return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _are_paged(left: list[list[str]], right: list[list[str]]) -> bool:
    """Whether the rows of each side are words and the number of a page, and the numbers ascend, as
    in a table of contents, down the left side and then down the right one."""
    ends: list[list[int]] = []
    for side in (left, right):
        numbers = [int(row[-1]) for row in side if len(row) > 1 and row[-1].strip().isdecimal()]
        ascending = sum(some <= other for some, other in itertools.pairwise(numbers))
        words = sum(_WORD.search(row[0]) is not None for row in side)
        if (
            len(numbers) < max(_LEAST_ROWS, _IN_SEQUENCE * len(side))
            or ascending < _SORTED * (len(numbers) - 1)
            or words < _WITH_WORDS * len(side)
        ):
            return False
        ends.append(numbers)
    return ends[0][-1] <= ends[1][0]


def _is_table(rows: list[list[str]]) -> bool:
    """Whether most rows are words and then numbers; the words are no labels of a form."""
    tabular = sum(
        len(row) > 1
        and _letters(row[0]) > 0.5
        and not row[0].rstrip().endswith(":")
        and all(_letters(cell) <= 0.5 for cell in row[1:])
        for row in rows
    )
    return tabular >= max(_LEAST_TABLE_ROWS, _TABULAR * len(rows))


def _kind(text: str) -> str:
    """What a row of a card or an address is, by its characters."""
    signs = "".join(text.split())
    digits, letters = sum(map(str.isdigit, signs)), sum(map(str.isalpha, signs))
    if _AT_HOME.search(text):
        return "address in a net"
    if signs.endswith(":"):
        return "label"
    if digits > letters:
        return "number"
    return "words and numbers" if digits else "words"


def _is_varied(runs: list[tuple[str, int]]) -> bool:
    """Whether the rows of a part differ more than a head and the cells below it."""
    kinds, lengths = zip(*runs, strict=True)
    if len(runs) >= _MANY_RUNS or len(set(kinds)) >= _LEAST_KINDS:
        return True
    return len(runs) > 1 and lengths[0] > 1 and lengths[0] >= sum(lengths[1:])


def _common(some: Sequence[str], others: Sequence[str]) -> int:
    """The length of the longest sequence that is in both, in this order."""
    row = [0] * (len(others) + 1)
    for one in some:
        before = row[:]
        for place, other in enumerate(others):
            row[place + 1] = (
                before[place] + 1 if one == other else max(before[place + 1], row[place])
            )
    return row[-1]


def _letters(text: str) -> float:
    """Their share of a text, blanks aside."""
    signs = "".join(text.split())
    return sum(map(str.isalpha, signs)) / max(len(signs), 1)


def _are_counted(left: list[list[str]], right: list[list[str]]) -> bool:
    """Whether each side's rows are numbered for themselves."""
    for side in (left, right):
        numbers = [int(match[1]) for row in side if (match := _NUMBER.match(row[0]))]
        steps = sum(after == before + 1 for before, after in itertools.pairwise(numbers))
        words = sum(any(_WORD.search(text) for text in row) for row in side)
        if (
            len(numbers) < max(_LEAST_ROWS, _IN_SEQUENCE * len(side))
            or steps < _IN_SEQUENCE * len(numbers)
            or words < _WITH_WORDS * len(side)
        ):
            return False
    return True


def _are_sorted(left: list[list[str]], right: list[list[str]]) -> bool:
    """Whether the entries of each side are sorted, and those of the right side come behind."""
    keys = [[row[0].casefold() for row in side if _WORD.match(row[0])] for side in (left, right)]
    for side in keys:
        ascending = sum(some <= other for some, other in itertools.pairwise(side))
        if len(side) < _LEAST_ROWS or ascending < _SORTED * (len(side) - 1):
            return False
    return keys[0][len(keys[0]) // 2] < keys[1][0] and keys[0][-1][0] <= keys[1][0][0]
