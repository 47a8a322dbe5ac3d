"""Hits as HTML: everything else is escaped, and nothing changes but for the marks."""

import html
import re

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

import highlighting
from ocr_contract.search import language
from ocr_contract.search.marks import Marker


def marker(typed: str) -> Marker | None:
    query = language.parse(typed)
    return Marker(query.tree) if query else None


@given(st.text(max_size=80), st.text(min_size=1, max_size=6))
def test_marking_changes_no_character(text: str, typed: str) -> None:
    marked = str(highlighting.marked_name(text, marker(typed)))
    plain = re.sub(r'</?mark>|<bdi dir="ltr">|</bdi>', "", marked)
    assert "<" not in plain and ">" not in plain
    assert html.unescape(plain) == html.unescape(str(escape(text)))


def test_marks_hits_and_escapes_the_rest() -> None:
    marked = highlighting.marked_name("<SCRIPT>1 & 2", marker("script"))
    assert marked == "&lt;<mark>SCRIPT</mark>&gt;1 &amp; 2"


def test_a_word_over_the_end_of_a_line_is_marked_in_both() -> None:
    lines = highlighting.marked_lines(["the infor-", "mation <desk>", ""], marker("information"))
    assert lines == [
        ("the <mark>infor-</mark>", True),
        ("<mark>mation</mark> &lt;desk&gt;", True),
        ("", False),
    ]
    assert highlighting.marked_lines(["<a>"], None) == [("&lt;a&gt;", False)]


def test_snippet_shows_the_hit() -> None:
    found = marker("cafe")
    assert found is not None
    shown = found.snippet("Un Café\n& more")
    assert shown is not None
    assert highlighting.snippet(shown) == "Un <mark>Café</mark> &amp; more"
    assert found.snippet("tea") is None


def test_a_path_stands_in_its_order_whatever_its_names_run() -> None:
    marked = highlighting.marked_name("2023/عربي.png", marker("عربي"))
    assert marked == (
        '<bdi dir="ltr"><bdi dir="ltr">2023</bdi>/<bdi dir="ltr"><mark>عربي</mark>.png</bdi></bdi>'
    )
