"""Exported files have the source's name, are safe everywhere, and none is there twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_contract.export.names import UniqueNames, content_disposition, file_name, safe_path

NAMES = st.text(st.sampled_from('aAbé/.. \\:*"<>|?\n\u202e\ud800COn1()'), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("box/scan 1.jpg", "box/scan 1.jpg"), ("会议/记录.png", "会议/记录.png"),
        ("../../etc/passwd", "etc/passwd"), ("/abs", "abs"), ("C:\\x", "C__x"),
        ("a\u202egpj.exe", "a_gpj.exe"), ("con.txt", "_con.txt"), ("trailing. ", "trailing"),
        ("..", "_"), ("a\x00b\nc", "a_b_c"),
    ],
)  # fmt: skip
def test_a_name_leads_nowhere_and_hides_nothing(name: str, safe: str) -> None:
    assert safe_path(name) == safe


def test_a_long_name_keeps_its_ends() -> None:
    safe = safe_path("字" * 400 + ".jpg")
    assert len(safe.encode()) < 200
    assert safe.endswith("字.jpg")


def test_a_pdf_is_not_named_twice() -> None:
    assert file_name("box/letter.PDF", ".pdf") == "letter.PDF"
    assert file_name("box/letter.jpg", ".pdf") == "letter.jpg.pdf"


@settings(max_examples=50)
@given(st.lists(NAMES, min_size=1, max_size=40))
def test_no_name_is_given_twice_whatever_the_case(names: list[str]) -> None:
    unique = UniqueNames()
    taken = [unique.take(name, number, ".txt") for number, name in enumerate(names, 1)]
    assert len({name.casefold() for name in taken}) == len(names)
    for name in taken:
        name.encode()
        assert ".." not in name.split("/") and not name.startswith("/")


def test_one_sign_or_two_are_the_same_name_on_a_mac() -> None:
    """Unpacked there, the second file took the place of the first."""
    unique = UniqueNames()
    names = ["Café.png", "Cafe\u0301.png", "CAFE\u0301.png", "Cafe.png"]
    taken = [unique.take(name, number, ".txt") for number, name in enumerate(names, 1)]
    assert taken[0] == "Café.png.txt" and taken[3] == "Cafe.png.txt"
    assert taken[1].endswith(" (2).txt") and taken[2].endswith(" (3).txt")


def test_names_that_differ_stay_as_they_are_among_a_hundred_thousand() -> None:
    unique = UniqueNames()
    names = [unique.take(f"box/scan_{n:06}.jpg", n, ".txt") for n in range(100_000)]
    assert sum("(" in name for name in names) == 0


def test_a_browser_gets_the_whole_name() -> None:
    header = content_disposition('r"ésumé\n%.pdf')
    assert header.isascii() and "\n" not in header
    assert header.startswith('attachment; filename="r__sum___.pdf"')
    assert header.endswith("filename*=UTF-8''r%22%C3%A9sum%C3%A9%0A%25.pdf")
