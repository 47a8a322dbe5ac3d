"""Readings by what recognisers confuse, and by the words and amounts of the page."""

import pytest

from ocr_contract.alternatives import Alternative
from page_records import Line
from reading.look_alikes import look_alikes
from reading.page_words import with_page_words

SQUARE = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


@pytest.mark.parametrize(
    ("read", "was"),
    [
        ("Itern", "Item"),
        ("Involce", "Invoice"),
        ("ES1O0O", "ES1000"),
        ("0C", "00"),
        ("M00", "MOO"),
        ("Againl", "Again!"),
        ("2597", "2697"),
    ],
)
def test_what_is_often_confused(read: str, was: str) -> None:
    shares = [0.96 if each in "lr5" else 0.98 for each in read]
    assert was in look_alikes(read, 0, len(read), shares)


def test_a_clear_word_is_left_alone() -> None:
    assert look_alikes("dollars", 0, 7, [0.999] * 7) == {}
    assert look_alikes("2597", 0, 4, [0.999] * 4) == {}


def line(text: str, doubt: float, *places: Alternative) -> Line:
    return Line(text, 0.97, SQUARE, doubt=doubt, alternatives=places)


def other(lines: list[Line]) -> tuple[Alternative, ...]:
    """Of the first line."""
    return with_page_words(lines)[0].alternatives


def test_a_word_that_stands_elsewhere_on_the_page_comes_first() -> None:
    known = Alternative(0, 7, ("Imvolce", "Irvolce"))
    found = other([line("Involce No. 7", 0.3, known), line("TAX INVOICE", 0.002)])
    assert found == (Alternative(0, 7, ("Invoice", "Imvolce")),)
    assert other([line("Involce No. 7", 0.3, known)]) == (known,)


def test_of_all_readings_the_page_s_words_come_first_and_two_are_kept() -> None:
    known = Alternative(0, 4, ("ltem", "Itom", "Itoin", "Item"))
    found = other([line("ltom", 0.3, known), line("Item Qty", 0.002)])
    assert found == (Alternative(0, 4, ("Item", "ltem")),)
    assert other([line("ltom", 0.3, known)]) == (Alternative(0, 4, ("ltem", "Itom")),)
    assert other([line("ltom", 0.003, known)]) == (Alternative(0, 4, ("ltem", "Itom")),)


def test_two_words_of_the_page_without_a_blank() -> None:
    lines = [line("TAXINVOICE", 0.02), line("Invoice 7", 0.002), line("Tax 6 %", 0.002)]
    assert other(lines) == (Alternative(0, 10, ("TAX INVOICE",)),)


def test_a_blank_that_parts_a_word() -> None:
    assert Alternative(8, 9, ("",)) in other([line("TAMAN SE JATI", 0.02)])
    assert other([line("MEAT TO GO", 0.02), line("TO YOU", 0.002), line("GO ON", 0.002)]) == ()


def test_an_amount_among_amounts_that_lost_its_point() -> None:
    amounts = [line("7,74", 0.002), line("RM 12,50", 0.002)]
    assert other([line("821", 0.02), *amounts]) == (Alternative(0, 3, ("8,21",)),)
    assert other([line("821", 0.02), line("822", 0.002), line("823", 0.002)]) == ()


def test_clear_lines_and_common_words_are_left_alone() -> None:
    clear = [line("Involce", 0.003), line("Invoice", 0.002)]
    assert with_page_words(clear) == clear
    common = [line("name known", 0.03), line("same", 0.002)]
    assert with_page_words(common) == common
