"""Similar words: what was misread is found, other words are not, and the work has a bound."""

import sqlite3
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_contract import similar_words as module
from ocr_contract.likeness import ONE_WRONG, distance
from ocr_contract.similar_words import (
    LONGEST,
    MOST_ROWS,
    SHORTEST,
    similar_phrases,
    similar_words,
    stands_alone,
)
from ocr_contract.text_folding import fold, parted_words, skeleton, words

LATIN = "abcdefghijklmnopqrstuvwxyz0123456789"
SCRIPTS = [
    LATIN,
    "абвгдежзиклмнопрстуфхцчшщъыьэюя",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "กขคงจฉชซญฐณดตถทธนบปผพฟมยรลวศสหอ",
    "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसह",
]
CONFUSIONS = [
    ("0", "o"), ("1", "l"), ("1", "i"), ("l", "i"), ("5", "s"), ("8", "b"), ("6", "b"),
    ("2", "z"), ("rn", "m"), ("cl", "d"), ("ci", "d"), ("vv", "w"), ("li", "u"), ("nn", "m"),
    ("in", "m"), ("9", "g"), ("q", "g"),
]  # fmt: skip


class Words:
    """The table `words`, and how many rows it gave."""

    def __init__(self, spellings: Iterable[str]) -> None:
        self.rows = 0
        self._table = sqlite3.connect(":memory:")
        self._table.execute("CREATE TABLE words (word TEXT PRIMARY KEY, skeleton TEXT NOT NULL)")
        self._table.execute("CREATE INDEX words_skeleton ON words (skeleton)")
        self._table.executemany(
            "INSERT OR IGNORE INTO words VALUES (?, ?)",
            [(spelling, skeleton(spelling.replace(" ", ""))) for spelling in spellings],
        )

    def execute(self, sql: str, parameters: tuple[Any, ...], /) -> list[Any]:
        rows = self._table.execute(sql, parameters).fetchall()
        self.rows += len(rows)
        return rows

    def plan(self, sql: str, parameters: tuple[Any, ...]) -> str:
        rows = self._table.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
        return "\n".join(row[-1] for row in rows)


@st.composite
def a_word(draw: st.DrawFn, shortest: int = 5, longest: int = 14) -> str:
    alphabet = draw(st.sampled_from(SCRIPTS))
    return draw(st.text(alphabet, min_size=shortest, max_size=longest))


@st.composite
def one_wrong(draw: st.DrawFn) -> tuple[str, str]:
    """A word, and the same with one character replaced, lost, added, or two changed places."""
    alphabet = draw(st.sampled_from(SCRIPTS))
    word = draw(st.text(alphabet, min_size=5, max_size=14))
    place = draw(st.integers(0, len(word) - 1))
    letter = draw(st.sampled_from(alphabet))
    head, rest = word[:place], word[place:]
    how = draw(st.sampled_from(["replaced", "lost", "added", "swapped"]))
    if how == "replaced":
        return word, head + letter + rest[1:]
    if how == "lost":
        return word, head + rest[1:]
    if how == "added":
        return word, head + letter + rest
    return word, head + rest[1:2] + rest[:1] + rest[2:]


@given(one_wrong())
def test_one_wrong_character_in_a_word_of_five_and_more(pair: tuple[str, str]) -> None:
    word, reading = pair
    found = similar_words(Words([reading]), word)
    assert found == ([reading] if word not in reading else [])


@given(st.text("ol1is5b8m", max_size=4), st.sampled_from(CONFUSIONS), st.text(LATIN, max_size=6))
def test_one_confusion_in_a_word_of_any_length(
    before: str, pair: tuple[str, str], after: str
) -> None:
    for one, other in (pair, pair[::-1]):
        word, reading = before + one + after, before + other + after
        if min(len(word), len(reading)) >= SHORTEST and word not in reading:
            assert similar_words(Words([reading]), word) == [reading]


@pytest.mark.parametrize(
    ("word", "reading"),
    [
        ("invoice", "1nv01ce"),
        ("illusion", "lllusi0n"),
        ("bill", "8111"),
        ("summary", "surnrnary"),
        ("S0LD", "5o1d"),
        ("total", "тоtаl"),
        ("итого", "иtoго"),
        ("inclusive", "inciusive"),
        ("cornet", "c0met"),
        ("cs00082662", "cs00082552"),
        ("100100000006", "1000000006"),
    ],
)
def test_several_confusions_at_once(word: str, reading: str) -> None:
    assert similar_words(Words([reading]), word) == [reading]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("sejati", "taman se jati 5"),
        ("kenari", "jalan kenar i 5"),
        ("world", "of the wor id sdn"),
        ("item", "i ten count"),
        ("180088", "call 1800 88 1231"),
    ],
)
def test_a_blank_that_was_read_into_a_word(word: str, text: str) -> None:
    spellings = similar_words(Words(words(text) | parted_words(text)), word)
    assert any(stands_alone(spelling, text) and " " in spelling for spelling in spellings)


def test_a_blank_that_was_lost_between_two_words() -> None:
    table = Words(["comeagain", "c0meagain", "again", "come"])
    assert similar_words(table, "come again") == ["comeagain", "c0meagain"]


@pytest.mark.parametrize(
    ("word", "archive", "expected"),
    [
        ("invoice", ["inv", "oice", "in", "voice"], ["inv oice"]),
        ("salesperson", ["sale", "sper", "son", "person"], ["sale sper son"]),
        ("120ml", [], ["120 ml"]),
        ("no4", [], ["no 4"]),
        ("a1b2", [], []),
        ("invoice", ["inv"], []),
        ("two words", ["two", "words"], []),
        ("早上好", [], []),
    ],
)
def test_phrases(word: str, archive: list[str], expected: list[str]) -> None:
    assert similar_phrases(Words(archive), word) == expected


def test_the_likeliest_comes_first_and_digits_for_digits_last() -> None:
    table = Words(["81740", "8i760", "81750", "8176", "bi760", "817 60"])
    found = similar_words(table, "81760")
    assert found == ["8i760", "817 60", "bi760", "8176", "81750", "81740"]


def test_what_exact_search_finds_is_not_named() -> None:
    table = Words(["invoice", "invoices", "e-invoice", "an invoice", "lnvoices", "lnvoice"])
    assert similar_words(table, "Invoice") == ["lnvoice", "lnvoices"]


def test_short_words_are_not_like_every_other_short_word() -> None:
    table = Words(["cat", "dog", "c4t", "bat", "catalogue"])
    assert similar_words(table, "cat") == ["c4t", "bat"]
    assert similar_words(table, "17") == []


@given(a_word(3, 8), st.lists(a_word(3, 9), max_size=30))
def test_a_far_word_is_never_named(word: str, others: list[str]) -> None:
    for reading in similar_words(Words(others), word):
        assert word not in reading
        beginnings = [distance(word, reading[:end], 9.0) for end in range(len(reading) + 1)]
        assert min(beginnings) <= 2 * ONE_WRONG


@given(st.text())
def test_anything_may_be_typed(text: str) -> None:
    table = Words(["total", "tota1"])
    assert len(similar_words(table, text)) <= 2
    for phrase in similar_phrases(table, text):
        assert phrase.replace(" ", "") == fold(text)


@pytest.mark.parametrize("most", [0, 1, 3])
def test_no_more_than_were_asked_for(most: int) -> None:
    table = Words(["t0tal", "tota1", "totai", "to tal"])
    assert len(similar_words(table, "total", most)) == most
    assert len(
        similar_phrases(Words(["abc", "defghi", "abcdef", "ghi"]), "abcdefghi", most)
    ) == min(most, 2)


def test_the_rows_that_are_looked_at_have_a_bound() -> None:
    """Ten thousand words with the same skeleton and as many that begin with it."""
    alike = [
        "".join("il1"[number // 3**place % 3] for place in range(9)) for number in range(9_999)
    ]
    table = Words([*alike, *(word + "x" for word in alike)])
    assert len(similar_words(table, "liliilili")) == module.MOST_WORDS
    assert MOST_ROWS <= table.rows <= MOST_ROWS + 100


@pytest.mark.parametrize(
    "word", ["w" * LONGEST, "щ" * LONGEST, "".join(map(chr, range(0x5D0, 0x5EB)))]
)
def test_the_words_that_are_looked_up_have_a_bound(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    original = module._with_skeletons

    def counted(connection: module.Connection, skeletons: list[str]) -> list[str]:
        asked.append(len(skeletons))
        return original(connection, skeletons)

    monkeypatch.setattr(module, "_with_skeletons", counted)
    similar_words(Words([]), word)
    assert 0 < asked[0] <= module._MOST_EDITS + 1


def test_nothing_is_scanned() -> None:
    """Both questions go to the index of skeletons, whatever the table's size."""
    asked: list[tuple[str, tuple[Any, ...]]] = []

    class Listening(Words):
        def execute(self, sql: str, parameters: tuple[Any, ...], /) -> list[Any]:
            asked.append((sql, parameters))
            return super().execute(sql, parameters)

    table = Listening(["t0tal"])
    assert similar_words(table, "total") == ["t0tal"]
    assert len(asked) == 2
    for sql, parameters in asked:
        plan = table.plan(sql, parameters)
        assert "SEARCH words USING INDEX words_skeleton" in plan.replace("COVERING ", "")
        assert "SCAN words" not in plan


@pytest.mark.parametrize(
    ("spelling", "text", "alone"),
    [
        ("ash", "paid in ash.", True),
        ("ash", "cash and wash", False),
        ("al am", "total amount", False),
        ("ai am", "seti (ai am) 5", True),
        ("ash", "cash, ash", True),
        ("a.b", "axb", False),
        ("一", "一二", False),
    ],
)
def test_a_spelling_that_stands_alone(spelling: str, text: str, alone: bool) -> None:
    assert stands_alone(spelling, text) is alone
