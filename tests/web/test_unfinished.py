"""What has come of a request, and how many that are not whole are waited for."""

import socket
import threading

import pytest

import patient_worker
from unfinished import Places, is_unfinished

FORM = b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
CHUNKED = b"POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"", False), (b"G", True), (b"GET / HTTP/1.1\r\nHost: a\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", False), (FORM, True), (FORM + b"abc", True),
        (FORM + b"abcd", False), (FORM.lower() + b"abc", True), (CHUNKED, True),
        (CHUNKED + b"0\r\n\r\n", False), (b"x" * 50_000, False),
        (FORM.replace(b" 4", b" 99999999") + b"x" * 50_000, False),
    ],
)  # fmt: skip
def test_what_has_come_is_looked_at_and_left(sent: bytes, expected: bool) -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(sent)
        assert is_unfinished(here) == expected
        here.setblocking(False)
        assert sent == b"" or here.recv(100_000).startswith(sent[:1000])


def test_so_many_have_a_place() -> None:
    places = Places(most=1)
    pairs = [socket.socketpair() for _ in range(2)]
    for _, there in pairs:
        there.sendall(b"half")
    (one, _), (other, far) = pairs
    with places.while_read(one) as first, places.while_read(other) as second:
        assert (first, second) == (True, False)
        far.sendall(b"\r\n\r\n")
        with places.while_read(other) as whole:
            assert whole
    with places.while_read(one) as again:
        assert again
    for here, there in pairs:
        here.close()
        there.close()


class Silent:
    """A connection on which nothing comes."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def wait_for_data(self, timeout: float) -> bool:
        self.waits.append(timeout)
        return False


def test_only_so_many_threads_wait_for_a_first_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_worker, "_FIRST_WORDS", threading.BoundedSemaphore(1))
    alone, beside = Silent(), Silent()
    assert not patient_worker.has_first_word(alone)
    with patient_worker._FIRST_WORDS:
        assert not patient_worker.has_first_word(beside)
    assert (alone.waits, beside.waits) == ([0, patient_worker.FIRST_WORD_S], [0])
