"""What every page has is never looked up again; the rest is forgotten, and memory is bounded."""

import pytest

from records import known_words
from records.known_words import KnownWords


def test_what_every_page_has_stays_known_whatever_else_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(known_words, "MOST", 100)
    known = KnownWords()
    assert known.new_of({"total", "date"}) == {"total", "date"}
    for page in range(500):
        own = {f"{page}-{at}" for at in range(7)}
        assert known.new_of({"total", "date"} | own) == own
    assert len(known._younger) + len(known._older) <= 220


def test_no_word_is_taken_for_known_that_was_not_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_words, "MOST", 3)
    known = KnownWords()
    met: set[str] = set()
    for number in range(200):
        words = {str(number * step % 17) for step in range(1, 5)}
        assert known.new_of(words) >= words - met
        met |= words


def test_after_a_rollback_nothing_is_known() -> None:
    known = KnownWords()
    known.new_of({"a"})
    assert known
    known.clear()
    assert not known and known.new_of({"a"}) == {"a"}
