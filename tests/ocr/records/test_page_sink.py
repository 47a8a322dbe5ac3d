"""Pieces are handed on when all their pages are there; any other order ends the copy."""

from collections.abc import Iterator

import pytest

from ocr_errors import StoreError
from records import page_sink
from records.chunk_store import CHUNK_BYTES
from records.page_sink import PageSink

PAGE = 4096
PAGES = CHUNK_BYTES // PAGE


class Taker:
    """A sink and what it handed on."""

    def __init__(self) -> None:
        self.pieces: dict[int, bytes] = {}
        self.sink = PageSink(self.pieces.__setitem__)

    def write(self, *numbers: int) -> None:
        for number in numbers:
            self.sink.write(bytes([number % 251]) * PAGE, number * PAGE)


@pytest.fixture
def taker() -> Iterator[Taker]:
    made = Taker()
    yield made
    made.sink.unregister()


def test_the_first_page_may_come_last(taker: Taker) -> None:
    taker.write(*range(1, 2 * PAGES + 3))
    assert list(taker.pieces) == [1]
    taker.write(0)
    taker.sink.finish()
    assert sorted(taker.pieces) == [0, 1, 2]
    assert taker.sink.size_bytes == (2 * PAGES + 3) * PAGE
    assert len(taker.pieces[2]) == 3 * PAGE
    whole = b"".join(taker.pieces[index] for index in range(3))
    for number in range(1, 2 * PAGES + 3):
        assert whole[number * PAGE] == number % 251
    assert whole[18:20] == b"\1\1", "no write-ahead log belongs to it"


def test_a_page_of_a_piece_that_is_gone_ends_it(taker: Taker) -> None:
    taker.write(*range(2 * PAGES))
    with pytest.raises(StoreError) as caught:
        taker.write(PAGES + 1)
    assert caught.value.code == "copy_failed"


def test_a_gap_ends_it(taker: Taker) -> None:
    taker.write(*(number for number in range(2 * PAGES) if number != PAGES + 3))
    with pytest.raises(StoreError) as caught:
        taker.sink.finish()
    assert caught.value.code == "copy_failed"


def test_the_page_where_sqlite_locks_is_never_written(taker: Taker) -> None:
    lock = (1 << 30) // PAGE
    taker.write(*range(lock + 1, lock + PAGES))
    taker.sink.finish()
    (piece,) = taker.pieces.values()
    assert piece[:PAGE] == bytes(PAGE)
    assert piece[PAGE] == (lock + 1) % 251


def test_a_piece_is_made_once_and_not_for_each_of_its_pages(
    taker: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def counted(size: int) -> bytearray:
        made.append(size)
        return bytearray(size)

    monkeypatch.setattr(page_sink, "bytearray", counted, raising=False)
    taker.write(*range(3 * PAGES))
    assert made == [CHUNK_BYTES] * 3
