"""What is marked: what the folded comparison has found."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_contract.search import language, marks
from ocr_contract.search.marks import Marker


def marker(typed: str) -> Marker:
    query = language.parse(typed)
    assert query is not None
    return Marker(query.tree)


def marked(typed: str, text: str) -> list[str]:
    return [text[start:end] for start, end in marker(typed).spans(text)]


@pytest.mark.parametrize(
    ("typed", "text", "expected"),
    [
        ("cafe", "Un Café", ["Café"]),
        ("café", "cafe CAFE\u0301!", ["cafe", "CAFE\u0301"]),
        ("information", "the infor-\nmation desk", ["infor-\nmation"]),
        ("information", "Änd infor- \n mation", ["infor- \n mation"]),
        ("don't", "I don’t", ["don’t"]),
        ("file", "the ﬁle", ["ﬁle"]),
        ("123", "nr １２３", ["１２３"]),
        ("softhyphen", "a soft\u00adhyphen.", ["soft\u00adhyphen"]),
        ("istanbul", "İSTANBUL", ["İSTANBUL"]),
        ("a-b", "a\u2011b", ["a\u2011b"]),
        ("北京", "在北京市", ["北京"]),
        ("two words", "two words", ["two", "words"]),
        ('"two words"', "two  words\ntwo\nwords", ["two  words"]),
        ("exact:Café", "Café cafe CAFÉ", ["Café"]),
        ("one -two", "one two", ["one"]),
        ("name:one", "one", []),
        ("abc bcd", "abcd", ["abcd"]),
        ("zz", "first ä\nsecond zz", ["zz"]),
    ],
)
def test_marks_what_folds_to_the_same(typed: str, text: str, expected: list[str]) -> None:
    assert marked(typed, text) == expected


def test_a_name_has_more_to_mark() -> None:
    assert marker("name:one").spans("one.png", is_name=True) == [(0, 3)]


@given(st.text(max_size=60), st.text(min_size=1, max_size=6))
def test_spans_lie_in_the_text_one_after_the_other(text: str, typed: str) -> None:
    query = language.parse(typed)
    if query is None:
        return
    ends = [0, *(place for span in Marker(query.tree).spans(text) for place in span), len(text)]
    assert ends == sorted(ends)


def test_snippet_shows_the_hit_in_a_long_text() -> None:
    found = marker("needle").snippet("hay " * 500 + "Nëedle" + " hay" * 500)
    assert found is not None
    hits = [piece.text[slice(*span)] for piece in found.pieces for span in piece.spans]
    assert hits == ["Nëedle"]
    shown = str(found)
    assert shown.startswith("… ") and shown.endswith(" …") and len(shown) < 200
    assert marker("needle").snippet("hay") is None


def test_a_hit_cannot_grow_the_snippet_without_end() -> None:
    found = marker("a").snippet("a " * 10_000)
    assert found is not None and len(str(found)) < 600


def test_a_line_without_end_is_not_marked_and_no_error() -> None:
    assert marked("word", "é" * 20_000 + " word") == []


def test_what_is_typed_is_no_pattern() -> None:
    assert marked(".*", "a.*b") == [".*"]
    assert re.escape(".*") not in marked(".*", "abc")


def test_of_many_hits_only_the_lines_of_the_snippet_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To find where the characters of a folded line come from costs more than all else."""
    looked_at: list[str] = []

    def counting(line: str) -> list[int]:
        looked_at.append(line)
        return list(range(len(line) + 1))

    monkeypatch.setattr(marks, "_places", counting)
    text = "\n".join(f"Zeile {number} über Café und noch viel mehr Text" for number in range(90))
    snippet = marker("cafe").snippet(text)
    assert snippet is not None and "Café" in str(snippet)
    assert 0 < len(looked_at) <= 12


def test_hits_of_several_words_stand_in_order_and_none_over_another() -> None:
    text = "éa bcd éabcd a"
    spans = marker("eabc bcd ea a").spans(text)
    assert [text[start:end] for start, end in spans] == ["éa", "bcd", "éabcd", "a"]
    assert marker("eabc bcd ea a").spans(text, most=2) == spans[:2]


def test_every_hit_in_a_snippet_is_marked() -> None:
    text = "an word " * 80
    snippet = marker("an").snippet(text)
    assert snippet is not None
    for piece in snippet.pieces:
        assert len(piece.spans) == piece.text.count("an")
