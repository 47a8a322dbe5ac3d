"""Paragraphs as running text: hyphens at line ends undone where they are not the word's own."""

import pytest

from ocr_contract.paragraphs import joined


def test_lines_of_one_paragraph_are_one_text() -> None:
    lines = [("Heading", 1), ("This is the first", 2), ("paragraph.", 2), ("And another.", 3)]
    assert joined(lines) == ["Heading", "This is the first paragraph.", "And another."]


def test_lines_without_a_number_stay_apart() -> None:
    assert joined([("old", None), ("lines", None)]) == ["old", "lines"]


@pytest.mark.parametrize(("first", "second", "text"), [
    ("it was recog-", "nised at once", "it was recognised at once"),
    ("the Anglo-", "Saxon kings", "the Anglo-Saxon kings"),
    ("die Vor-", "und Nachteile", "die Vor- und Nachteile"),
    ("two-", "and three-fold", "two- and three-fold"),
    ("DIE VERWAL-", "TUNG DER STADT", "DIE VERWALTUNG DER STADT"),
    ("from 1990-", "1995 only", "from 1990-1995 only"),
    ("so it is -", "or is it", "so it is - or is it"),
    ("an em dash\u2014", "here", "an em dash\u2014 here"),
    ("soft\u00ad", "Ware", "softWare"),
    ("zu\u00ac", "Gabe", "zuGabe"),
    ("中文的", "行没有空格", "中文的行没有空格"),
    ("中文 and", "more", "中文 and more"),
    ("한국어", "문장", "한국어 문장"),
    ("", "only", "only"),
])  # fmt: skip
def test_what_a_hyphen_means_is_told_by_the_letters_around_it(
    first: str, second: str, text: str
) -> None:
    assert joined([(first, 1), (second, 1)]) == [text]


def test_or_by_the_form_in_which_the_word_stands_elsewhere() -> None:
    parted = [("a well-", 1), ("known fact", 1)]
    assert joined(parted) == ["a wellknown fact"]
    assert joined([*parted, ("It is well-known.", 2)]) == ["a well-known fact", "It is well-known."]
    named = [("by Bern-", 1), ("Stein", 1), ("BernStein", 2)]
    assert joined(named) == ["by BernStein", "BernStein"]


def test_a_hyphen_at_a_paragraphs_end_stays() -> None:
    assert joined([("recog-", 1), ("nised", 2)]) == ["recog-", "nised"]
