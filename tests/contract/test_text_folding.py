"""What folds to the same, what must not, and where each folded character comes from."""

import hashlib
import itertools
import re
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocr_contract.text_folding import (
    fold,
    fold_page,
    fold_with_places,
    gram_token,
    gram_tokens,
    parted_words,
    skeleton,
    skeletons,
    words,
)

PINNED = "5e486d4d29578396a7d381d002747f0bb13ead5b6a39e7a69aea8f513979dd6a"
TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("aAéİıßσςＡ１’“­‑\u200b\u0301\u3099 \t\n-がか한é"),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CAFÉ", "cafe"),
        ("Cafe\u0301", "café"),
        ("İSTANBUL", "istanbul"),
        ("ISPARTA", "ısparta"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Smørrebrød", "smorrebrod"),
        ("Łódź", "lodz"),
        ("Œuvre", "oeuvre"),
        ("ПРИВЕТ", "привет"),
        ("Ｆｕｌｌ１２３", "full123"),
        ("ｶﾞ", "ガ"),
        ("don’t", "don't"),
        ("“quoted” «so»", '"quoted" "so"'),
        ("non\u2011stop", "non-stop"),
        ("1999–2001", "1999-2001"),
        ("co\u00adop\u200berate", "cooperate"),
        ("a\u00a0b\u3000c\td", "a b c d"),
        (unicodedata.normalize("NFD", "한국어 がぎ Škoda"), "한국어 がぎ skoda"),
        ("ﬁnal", "final"),
        ("m²", "m2"),
        ("كِتَاب", "كتاب"),
        ("שָׁלוֹם", "שלום"),
    ],
)
def test_what_a_person_takes_for_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("か", "が"), ("は", "ぱ"), ("कि", "क"), ("กี", "ก"), ("土", "士"), ("a b", "ab"), ("0", "o")],
)
def test_what_are_different_words_stay_so(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(TEXTS)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXTS)
@example("か\u3099")  # they compose, and no ASCII comes of them
def test_what_stands_beside_a_text_does_not_fold_it_otherwise(text: str) -> None:
    latin, chinese = "word " * 8 * len(text), "文" * len(text)  # the one is looked up less
    beside_latin, beside_chinese = fold(f"{text}\n{latin}"), fold(f"{text}\n{chinese}")
    assert beside_latin.rpartition("\n")[0] == beside_chinese.rpartition("\n")[0]


def test_each_character_alone_folds_for_good() -> None:
    for character in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(character) not in {"Cn", "Co", "Cs"}:  # those have no rules
            folded = fold(character)
            assert fold(folded) == folded, hex(ord(character))


@given(TEXTS)
def test_each_folded_character_has_its_place(text: str) -> None:
    folded, places = fold_with_places(text)
    assert folded == fold(text)
    assert len(places) == len(folded) + 1
    assert places == sorted(places)
    assert places[-1] == len(text)


def test_a_hit_can_be_shown_where_it_stands() -> None:
    text = "Le CAFÉ est là"
    folded, places = fold_with_places(text)
    start = folded.index("cafe")
    assert text[places[start] : places[start + 4]] == "CAFÉ"


def test_a_word_that_a_hyphen_parts_is_whole_too() -> None:
    page = fold_page("the infor-\nmation of 12-\n15 pages, infor-\nmally")
    assert page.splitlines()[-2:] == ["information", "informally"]
    assert "infor-\nmation" in page
    assert fold_page("no hyphen\nhere") == "no hyphen\nhere"


@given(TEXTS)
def test_folding_a_page_keeps_all_of_its_lines(text: str) -> None:
    assert fold_page(text).startswith(fold(text))


@given(TEXTS)
def test_every_short_piece_without_a_blank_is_a_gram(text: str) -> None:
    folded = fold(text)
    pieces = {
        folded[start : start + length]
        for length in (1, 2)
        for start in range(len(folded) - length + 1)
    }
    grams = {piece for piece in pieces if not set(piece) & {" ", "\n"}}
    assert gram_tokens(folded) == {gram_token(gram) for gram in grams}
    assert len(gram_tokens(folded)) == len(grams)
    assert all(token.isascii() and token.isalnum() for token in gram_tokens(folded))


def test_words_are_runs_of_letters_and_digits_where_blanks_part_words() -> None:
    assert words(fold("Total: 12.50 EUR_x 早上好 Ünal’s")) == {
        *("total", "12", "50", "eur", "x", "unal", "s")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [("T0TAL", "total"), ("B1LL", "bill"), ("S50", "550"), ("modern", "modem"), ("clear", "dear"),
     ("c1ear", "dear"), ("incl", "ind"), ("6O%", "8o%"), ("Gq9", "ggg"),
     ("ТОТАЛ", "ToTAЛ"), ("ΚΑΙ", "KAl")],
)  # fmt: skip
def test_what_is_confused_has_one_skeleton(one: str, other: str) -> None:
    assert skeleton(fold(one)) == skeleton(fold(other))


def test_parted_words_are_short_neighbours_of_one_kind_in_a_line() -> None:
    text = fold("Taman Se Jati, 5 items 10 24\nat wor id, of-the x 好 a b c")
    assert parted_words(text) == {
        *("taman se", "se jati", "10 24", "at wor", "wor id", "the x")
    }  # fmt: skip


def test_the_rules_are_those_that_the_databases_were_made_with() -> None:
    """If this fails, a migration must begin the search index anew: see the module's first lines."""
    alphabets = "".join(fold(chr(code)) for code in range(0x20, 0x590))
    page = fold_page("The CAFÉ’s infor-\nmation, 1999–2001: “Straße” se jati")
    found = sorted(words(page))
    made = (
        alphabets,
        page,
        sorted(gram_tokens(page)),
        found,
        sorted(parted_words(page)),
        [skeleton(word) for word in found],
    )
    assert hashlib.sha256(repr(made).encode()).hexdigest() == PINNED


@given(st.lists(st.text(st.characters(exclude_characters="\n"), min_size=1)))
def test_skeletons_of_many_are_those_of_each(typed: list[str]) -> None:
    assert skeletons(typed) == [skeleton(word.replace(" ", "")) for word in typed]


@given(st.lists(st.sampled_from(["a", "ab", "abc", "1", "12", "123", "a1", "北", "-", "é"])))
def test_parted_words_are_neighbours_of_which_one_is_short(pieces: list[str]) -> None:
    line = " ".join(pieces)
    whole = re.compile("[a-zé0-9]+")
    expected = {
        f"{first} {second}"
        for first, second in itertools.pairwise(pieces)
        if whole.fullmatch(first) and whole.fullmatch(second)
        and min(len(first), len(second)) <= 2 < len(first) + len(second)
        and first.isdecimal() == second.isdecimal()
    }  # fmt: skip
    assert parted_words(line) == expected
