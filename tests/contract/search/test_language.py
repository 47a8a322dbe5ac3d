"""What is typed, and how it is understood."""

import pytest

from ocr_contract.schema import Status
from ocr_contract.search import language
from ocr_contract.search.tree import (
    And,
    Confidence,
    Folder,
    Found,
    Lines,
    Node,
    Not,
    Or,
    State,
    Word,
)


def word(text: str, **more: object) -> Word:
    return Word(text.lower(), text, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "tree"),
    [
        ("one  two", And((word("one"), word("two")))),
        ('"one two" three', And((word("one two"), word("three")))),
        ("“one two”", word("one two")),
        ('5" nail', And((word("5"), word("nail")))),
        ("北京　上海", And((word("北京"), word("上海")))),
        ("same same", word("same")),
        ("Café", Word("cafe", "Café")),
        ("exact:Café", Word("cafe", "Café", exact="Café")),
        (
            'exact:"Cafe\u0301 au lait"',
            Word("cafe au lait", "Cafe\u0301 au lait", exact="Café au lait"),
        ),
        ("a -b", And((word("a"), Not(word("b"))))),
        ('-"a b"', Not(word("a b"))),
        ("-name:x", Not(word("x", only_name=True))),
        ("a - b", And((word("a"), word("-"), word("b")))),
        ("--x", word("--x")),
        ("a-b", word("a-b")),
        ("a OR b", Or((word("a"), word("b")))),
        ("x a OR b OR c y", And((word("x"), Or((word("a"), word("b"), word("c"))), word("y")))),
        ("a OR -b", Or((word("a"), Not(word("b"))))),
        ("a or b", And((word("a"), word("or"), word("b")))),
        ('a "OR" b', And((word("a"), word("OR"), word("b")))),
        ("Name:x", word("x", only_name=True)),
        ("folder:/2024/Tax/", Folder("/2024/tax/", "/2024/Tax/", is_from_top=True)),
        ('folder:"my box"', Folder("/my box/", "my box")),
        ("state:failed", State("failed", (Status.FAILED, Status.QUARANTINED))),
        ("state:pending", State("pending", (Status.PENDING,))),
        ("state:warnings", State("warnings", (Status.DONE,), only_warned=True)),
        ("after:2026-01-31", Found(is_before=False, day="2026-01-31")),
        ("before:2026-02", Found(is_before=True, day="2026-02")),
        ("confidence:<90", Confidence("<", 90)),
        ("confidence:≥90%", Confidence(">=", 90)),
        ("confidence:100", Confidence("=", 100)),
        ("lines:>0", Lines(">", 0)),
    ],
)  # fmt: skip
def test_understood(typed: str, tree: Node) -> None:
    query = language.parse(typed)
    assert query is not None
    assert query.tree == tree
    assert query.notes == () or '"' in typed


@pytest.mark.parametrize(
    ("typed", "texts", "note"),
    [
        ("after:yesterday", ["after:yesterday"], "a day is written 2026-01-31"),
        ("before:2026-13-01", ["before:2026-13-01"], "a day is written"),
        ("after:20260131", ["after:20260131"], "a day is written"),
        ("confidence:high", ["confidence:high"], "whole percent"),
        ("confidence:<101", ["confidence:<101"], "whole percent"),
        ("lines:many", ["lines:many"], "lines:>0"),
        ("state:asleep", ["state:asleep"], "the states are latest, done"),
        ("name:", ["name:"], "searched as text"),
        ("name: x", ["name:", "x"], "searched as text"),
        ("folder:/", ["folder:/"], "searched as text"),
        ("OR", ["or"], "between two words"),
        ("OR a", ["or", "a"], "between two words"),
        ("a OR", ["a", "or"], "between two words"),
        ('say "hello', ["say", "hello"], "without its partner was left out"),
        ('name:"x', ["name:", "x"], "searched as text"),
        ("a \u0301", ["a"], "nothing that can be searched"),
        ("(a b) OR c", ["(a", "b)", "c"], "Parentheses"),
    ],
)
def test_what_is_not_understood_is_text_and_said(typed: str, texts: list[str], note: str) -> None:
    query = language.parse(typed)
    assert query is not None
    parts = query.tree.parts if isinstance(query.tree, And) else (query.tree,)
    flat = [leaf for part in parts for leaf in (part.parts if isinstance(part, Or) else (part,))]
    assert [leaf.folded for leaf in flat if isinstance(leaf, Word)] == texts
    assert any(note in sentence for sentence in query.notes), query.notes


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("cat dog OR bird -fish", "“cat” and (“dog” or “bird”), without “fish”"),
        ("name:a folder:b/c", "“a” in the name and in the folder “b/c”"),
        ("exact:Café state:failed", "exactly “Café” and in the state failed"),
        ("after:2026-01-31 before:2027", "found on 2026-01-31 or later and found before 2027"),
        ("confidence:<90 lines:>=3", "confidence below 90 % and lines: at least 3"),
        ("-a", "without “a”"),
        ("-state:done -folder:x", "not in the state done, not in the folder “x”"),
        ("a -lines:>9", "“a”, not with lines: above 9"),
        ("-before:2026 -name:b", "not found before 2026, without “b” in the name"),
    ],
)
def test_says_how_it_was_read(typed: str, read_as: str) -> None:
    query = language.parse(typed)
    assert query is not None and query.read_as == read_as


@pytest.mark.parametrize("typed", ["", " \t\n", "\0", "\u200b", "\u0301", "　"])
def test_nothing_is_no_search(typed: str) -> None:
    assert language.parse(typed) is None


@pytest.mark.parametrize("typed", ['"', '""', '"""'])
def test_a_quotation_mark_alone_is_searched(typed: str) -> None:
    query = language.parse(typed)
    assert query is not None and query.tree == Word(typed, typed) and query.notes == ()


def test_length_and_words_are_bounded() -> None:
    assert language.parse("x" * 200) is not None
    with pytest.raises(language.QueryTooLongError, match="201 characters"):
        language.parse("x" * 201)
    assert language.parse(" ".join(map(str, range(16)))) is not None
    assert language.parse(" ".join(["x"] * 20)) is not None
    with pytest.raises(language.QueryTooLongError, match="17 words"):
        language.parse(" ".join(map(str, range(17))))


def test_other_spellings_take_the_place_of_one_word() -> None:
    query = language.parse("invoice c0de -x")
    assert query is not None and isinstance(query.tree, And)
    similar = language.any_of(query, Word("c0de", "c0de"), ["code", "code s"])
    assert similar.tree == And(
        (word("invoice"), Or((word("code"), word("code s"))), Not(word("x")))
    )
