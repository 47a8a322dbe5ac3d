"""Whatever is typed: no error, and exactly the images that hold every token."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_data import DemoDatabase
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import escape

import queries
import search_terms
from image_records import ImageFilter
from web_errors import BadParameterError

TEXTS = [
    "Invoice 2026-03\nTOTAL 42.00 EUR",
    "100% cotton_wool \\ backslash",
    '12" screen, "quoted words" here',
    "北京市海淀区中关村大街\n明天上午九点",
    "Straße Äpfel ÉCOLE naïve",
    "Ελληνικά ΚΕΊΜΕΝΟ текст ТЕКСТ",
    "a AND b OR c NOT d NEAR(e f) text:x ^y z* -w (q) {r} +s",
    "ab",
    "",
]
NAMES = [f"folder/Näme_{number}.png" for number in range(len(TEXTS))]

# Characters on which the trigram index and Python agree what upper and lower case are.
ALPHABET = st.sampled_from("aAbBtTeExX0123 \"%_\\*^(){}:+-'.\n北京海大äÄéÉßαΑтТ")
TYPED = st.one_of(
    st.text(ALPHABET, max_size=12),
    st.text(max_size=30),
    st.sampled_from(TEXTS).flatmap(
        lambda text: st.tuples(st.integers(0, 40), st.integers(1, 8)).map(
            lambda cut: text[cut[0] : cut[0] + cut[1]].swapcase()
        )
    ),
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with DemoDatabase(tmp_path_factory.mktemp("corpus")) as database:
        for name, text in zip(NAMES, TEXTS, strict=True):
            database.add_text(name, text)
        yield database.path


def found_names(database: Path, terms: search_terms.SearchTerms) -> set[str]:
    with queries.reading(database, 2.0) as connection:
        images, _next = queries.list_images(
            connection, ImageFilter(None, terms), after=None, limit=100
        )
    return {image.name for image in images}


def holds(text: str, token: str) -> bool:
    """The naive scan: each character equal, or equal but for its case."""

    def same(one: str, other: str) -> bool:
        return one == other or one.lower() == other.lower() or one.upper() == other.upper()

    return any(
        all(same(*pair) for pair in zip(text[start:], token, strict=False))
        for start in range(len(text) - len(token) + 1)
    )


@given(st.text(ALPHABET, min_size=1, max_size=12))
@example("北京")
@example("京")
@example("%")
@example("_")
@example("\\")
@example('"')
@example("äP")
@example("É")
@example("TOTAL 00")
@example('"quoted words"')
@example("a AND b")
def test_finds_what_a_naive_scan_finds(corpus: Path, typed: str) -> None:
    terms = search_terms.parse(typed)
    if terms is None:
        assert not typed.strip()
        return
    expected = {
        name
        for name, text in zip(NAMES, TEXTS, strict=True)
        if all(holds(text, token) or holds(name, token) for token in terms.tokens)
    }
    assert found_names(corpus, terms) == expected


@given(TYPED)
@example('" OR 1 NEAR(')
@example('"""')
@example("\0abc")
@example("\ud800abc")
@example("text:foo AND *")
def test_nothing_typed_is_an_error(corpus: Path, typed: str) -> None:
    terms = search_terms.parse(typed)
    if terms is not None:
        names = found_names(corpus, terms)
        exact = {
            name
            for name, text in zip(NAMES, TEXTS, strict=True)
            if all(token in text for token in terms.tokens)
        }
        assert exact <= names


@given(st.text(max_size=80), st.text(min_size=1, max_size=6))
def test_marking_changes_no_character(text: str, typed: str) -> None:
    terms = search_terms.parse(typed)
    marked = str(search_terms.highlight(text, terms))
    plain = marked.replace("<mark>", "").replace("</mark>", "")
    assert "<" not in plain and ">" not in plain
    assert html.unescape(plain) == html.unescape(str(escape(text)))


def test_marks_hits_and_escapes_the_rest() -> None:
    terms = search_terms.parse("script")
    marked = search_terms.highlight("<SCRIPT>1 & 2", terms)
    assert marked == "&lt;<mark>SCRIPT</mark>&gt;1 &amp; 2"


def test_snippet_shows_the_hit_in_a_long_text() -> None:
    terms = search_terms.parse("needle")
    assert terms is not None
    shown = search_terms.snippet("hay " * 500 + "Needle" + " hay" * 500, terms)
    assert shown is not None
    assert "<mark>Needle</mark>" in shown
    assert shown.startswith("… ") and shown.endswith(" …")
    assert len(re.sub("<.*?>", "", shown)) < 200
    assert search_terms.snippet("hay", terms) is None


def test_a_hit_cannot_grow_the_snippet_without_end() -> None:
    terms = search_terms.parse("a")
    assert terms is not None
    shown = search_terms.snippet("a " * 10_000, terms)
    assert shown is not None and len(re.sub("<.*?>", "", shown)) < 600


@pytest.mark.parametrize(
    ("typed", "tokens"),
    [
        ("one  two", ("one", "two")),
        ('"one two" three', ("one two", "three")),
        ('5" nail', ("5", "nail")),
        ("北京　上海", ("北京", "上海")),
        ("same same", ("same",)),
        ('"', ('"',)),
        ('""', ('""',)),
    ],
)
def test_splits_into_tokens(typed: str, tokens: tuple[str, ...]) -> None:
    terms = search_terms.parse(typed)
    assert terms is not None and terms.tokens == tokens


def test_blank_is_no_search() -> None:
    assert search_terms.parse(" \t\n") is None


def test_length_and_words_are_bounded() -> None:
    assert search_terms.parse("x" * 200) is not None
    with pytest.raises(BadParameterError, match="201 characters"):
        search_terms.parse("x" * 201)
    assert search_terms.parse(" ".join(map(str, range(16)))) is not None
    with pytest.raises(BadParameterError, match="17 words"):
        search_terms.parse(" ".join(map(str, range(17))))
