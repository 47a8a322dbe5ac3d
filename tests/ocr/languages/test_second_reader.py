"""Which of several languages reads a line, and how seldom the others are asked."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from decoding.pixels import Pixels
from languages.second_reader import (
    LineLostError,
    OtherReading,
    Reader,
    SecondReader,
    Words,
    coherence,
    plain,
)


def line(number: int = 0) -> Pixels:
    return np.full((20, 100, 3), number, dtype=np.uint8)


def says(
    text: str, confidence: float, places: tuple[float, ...] | None = None
) -> Callable[[Pixels], Words]:
    return lambda _: Words(text, confidence, places)


class Counting:
    """Reads every line as surely, and counts them."""

    def __init__(self, text: str, confidence: float) -> None:
        self.words = Words(text, confidence)
        self.asked = 0

    def __call__(self, _: Pixels) -> Words:
        self.asked += 1
        return self.words


def test_the_surest_language_reads_a_line() -> None:
    """And says where its words stand."""
    readers = [Reader("a", says("no", 0.3, (0.0, 1.0))), Reader("b", says("да", 0.9, (0.1, 0.8)))]
    (found,) = SecondReader(readers, 2).read([line()])
    assert found == ("да", 0.9, "b", (0.1, 0.8), False)


def test_what_nobody_reads_has_no_text() -> None:
    second = SecondReader([Reader("a", says("", 0.0))], 1)
    assert [reading.text for reading in second.read([line(), line()])] == ["", ""]


def test_once_a_language_is_usual_and_sure_the_others_rest() -> None:
    usual, other = Counting("да", 0.95), Counting("нет", 0.5)
    second = SecondReader([Reader("other", other), Reader("usual", usual)], 1)
    assert {reading.model for reading in second.read([line()] * 20)} == {"usual"}
    assert usual.asked == 20
    assert other.asked == 3


def test_an_unsure_language_does_not_keep_the_others_out() -> None:
    usual, other = Counting("да", 0.7), Counting("нет", 0.5)
    SecondReader([Reader("usual", usual), Reader("other", other)], 1).read([line()] * 20)
    assert other.asked == 20


def test_a_usual_language_is_believed_first() -> None:
    second = SecondReader(
        [
            Reader("usual", lambda crop: Words("да", 0.6 if crop[0, 0, 0] else 0.9)),
            Reader("other", lambda crop: Words("нет", 0.7 if crop[0, 0, 0] else 0.2)),
        ],
        1,
    )
    found = second.read([line(0)] * 3 + [line(1)])
    assert [reading.model for reading in found] == ["usual"] * 4


def test_each_page_begins_anew() -> None:
    usual, other = Counting("да", 0.95), Counting("нет", 0.5)
    second = SecondReader([Reader("usual", usual), Reader("other", other)], 1)
    for _ in range(2):
        second.read([line()] * 10)
    assert other.asked == 6


def test_which_thread_comes_first_changes_nothing() -> None:
    """The first lines are read slowly: what is read meanwhile must not care."""

    def usual(crop: Pixels) -> Words:
        time.sleep(0.05 if crop[0, 0, 0] < 3 else 0)
        return Words("да", 0.6)

    def other(crop: Pixels) -> Words:
        return Words("нет", 0.5 if crop[0, 0, 0] < 3 else 0.7)

    lines = [line(number) for number in range(12)]
    found = {
        tuple(
            reading.model
            for reading in SecondReader(
                [Reader("usual", usual), Reader("other", other)], threads
            ).read(lines)
        )
        for threads in (1, 2, 4)
    }
    assert len(found) == 1


def test_readings_keep_the_order_of_the_lines() -> None:
    second = SecondReader([Reader("a", lambda crop: Words(str(crop[0, 0, 0]), 0.5))], 3)
    found = second.read([line(number) for number in range(30)])
    assert [reading.text for reading in found] == [str(number) for number in range(30)]


def test_no_more_lines_are_read_at_a_time_than_there_are_threads() -> None:
    running, most, lock = [0], [0], threading.Lock()

    def read(_: Pixels) -> Words:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        with lock:
            running[0] -= 1
        return Words("x", 0.5)

    second = SecondReader([Reader("a", read)], 2)
    pages = [threading.Thread(target=second.read, args=([line()] * 30,)) for _ in range(3)]
    for page in pages:
        page.start()
    for page in pages:
        page.join()
    assert most[0] <= 2


def lost(_: Pixels) -> Words:
    raise LineLostError("the process ended")


def test_a_line_on_which_a_reader_failed_is_lost_unless_another_is_sure() -> None:
    """Some other language spells every line somehow."""
    somehow, surely = Reader("a", says("ปิท", 0.6)), Reader("a", says("да", 0.9))
    (found,) = SecondReader([Reader("lost", lost), somehow], 1).read([line()])
    assert found == OtherReading("", 0.0, "", is_lost=True)
    (found,) = SecondReader([Reader("lost", lost), surely], 1).read([line()])
    assert (found.text, found.is_lost) == ("да", False)


def test_a_reader_that_fails_fails_the_page() -> None:
    def broken(_: Pixels) -> Words:
        raise MemoryError

    with pytest.raises(MemoryError):
        SecondReader([Reader("a", broken)], 1).read([line()] * 3)


def test_text_is_composed_and_greek_has_no_micro_sign() -> None:
    assert plain("e\u0301 5 \u00b5m") == "\u00e9 5 \u00b5m"
    assert plain("\u200fשלום\u200e") == "שלום"
    assert plain("κόσ\u00b5ος") == "κόσμος"
    am, water = "\u0e33", "\u0e19\u0e49\u0e33"
    assert plain("\u0e4d\u0e32") == am
    for parted in (
        "\u0e19\u0e49\u0e4d\u0e32",
        "\u0e19\u0e4d\u0e49\u0e32",
        "\u0e19\u0e49\u0e49\u0e32",
    ):
        assert plain(parted) == water
    assert plain("\u0e19\u0e49\u0e32") == "\u0e19\u0e49\u0e32"


def test_words_of_one_script_are_coherent() -> None:
    assert coherence("Цена: 1 540,00 (руб.)") == 1
    assert coherence("ยอดรวม ทั้งหมด") == 1
    assert coherence("50 ปิท ผู|00ล") == pytest.approx(5 / 11)
    assert coherence("") == 0


def test_a_language_that_spells_everything_somehow_does_not_win() -> None:
    somehow = Reader("tha", says("วีบับ020 น8 0600ก 71ก006", 0.9))
    second = SecondReader([somehow, Reader("ell", says("Σύνολο με φόρο", 0.7))], 1)
    assert second.read([line()]) == [OtherReading("Σύνολο με φόρο", 0.7, "ell")]
