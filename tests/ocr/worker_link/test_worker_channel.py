"""Frames from a worker: whatever bytes it sends are a message, an error or the end."""

import json
import socket
import struct
import threading
from multiprocessing.connection import Connection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_strategies import json_values

from ocr_errors import WorkerError
from worker_link import worker_channel
from worker_link.worker_channel import Channel


def test_input_is_noticed_and_so_is_the_end() -> None:
    channel, connection = pair()
    assert not channel.has_input()
    worker_channel.send(connection, {"a": 1})
    assert channel.has_input()
    assert channel.receive() == {"a": 1}
    assert not channel.has_input()
    connection.close()
    assert channel.has_input()
    channel.close()
    assert channel.has_input(), "receive() says what is the matter"


def pair() -> tuple[Channel, Connection]:
    """The service's end and the worker's."""
    ours, theirs = socket.socketpair()
    return Channel(ours, lambda: None), Connection(theirs.detach())


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=5))
def test_messages_travel_both_ways(message: dict[str, Any]) -> None:
    message = json.loads(json.dumps(message).replace("NaN", "0"))
    channel, connection = pair()
    with connection:
        channel.send(message)
        assert worker_channel.receive(connection) == message
        worker_channel.send(connection, message)
        worker_channel.send(connection, {"next": 1})
        assert channel.receive() == message
        assert channel.receive() == {"next": 1}
        channel.close()


def test_large_messages_travel_both_ways() -> None:
    channel, connection = pair()
    message = {"text": "x" * 3_000_000}
    with connection:
        sender = threading.Thread(target=worker_channel.send, args=(connection, message))
        sender.start()
        assert channel.receive() == message
        sender.join(5)
        sender = threading.Thread(target=channel.send, args=(message,))
        sender.start()
        assert worker_channel.receive(connection) == message
        sender.join(5)
        channel.close()


@given(st.binary(max_size=40))
def test_any_bytes_are_a_message_or_an_error(content: bytes) -> None:
    ours, theirs = socket.socketpair()
    channel = Channel(ours, lambda: None)
    with theirs:
        theirs.sendall(content)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises((EOFError, WorkerError)):
            while True:
                channel.receive()
    channel.close()


def test_a_frame_that_is_too_long_is_refused_before_it_is_read() -> None:
    ours, theirs = socket.socketpair()
    channel = Channel(ours, lambda: None)
    with theirs:
        theirs.sendall(struct.pack("!i", worker_channel.MAX_MESSAGE_BYTES + 1))
        with pytest.raises(WorkerError):
            channel.receive()
    channel.close()
