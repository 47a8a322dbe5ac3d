"""Who may connect, by address; what becomes of the others, and how often it is told."""

import ipaddress
import logging
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gateways
import peer_gate
from gateways import Address
from patient_worker import PatientWorker
from peer_gate import PeerGate
from web_settings import from_environment

GATEWAY = ipaddress.ip_address("172.18.0.1")
GATEWAY_6 = ipaddress.ip_address("fd00:18::1")
CONTAINER = {"WEB_BIND": "0.0.0.0", "WEB_PUBLISHED_ADDRESS": "127.0.0.1"}


@pytest.fixture
def in_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    found = frozenset([GATEWAY, GATEWAY_6])
    monkeypatch.setattr(gateways, "default_gateways", lambda: found)


def gate(**variables: str) -> PeerGate:
    return peer_gate.for_settings(from_environment(variables))


@pytest.mark.parametrize(
    ("peer", "is_admitted"),
    [
        ("127.0.0.1", True),  # the health check
        ("::1", True),
        ("172.18.0.1", True),  # the host, through the published port
        ("::ffff:172.18.0.1", True),
        ("fd00:18::1", True),
        ("fd00:18::1%eth0", True),
        ("172.18.0.2", False),  # itself under its other address
        ("172.18.0.3", False),  # another container on the bridge
        ("::ffff:172.18.0.3", False),
        ("192.0.2.7", False),  # routed to the bridge
        ("fd00:18::3", False),
        ("fe80::1%eth0", False),
        ("0.0.0.0", False),
    ],
)
@pytest.mark.usefixtures("in_a_container")
def test_a_page_for_this_machine_only(peer: str, is_admitted: bool) -> None:
    for published in ("127.0.0.1", "localhost", "[::1]", "::ffff:127.0.0.1"):
        admits = gate(WEB_BIND="0.0.0.0", WEB_PUBLISHED_ADDRESS=published).admits
        assert admits(peer) is is_admitted


@pytest.mark.usefixtures("in_a_container")
def test_a_page_for_other_machines_admits_them() -> None:
    """It has a password: without one it does not start."""
    for published in ("0.0.0.0", "::", "192.0.2.1", "scans.example"):
        opened = gate(
            WEB_BIND="0.0.0.0", WEB_PUBLISHED_ADDRESS=published, WEB_PASSWORD_FILE="some/file"
        )
        assert opened.admits("198.51.100.4") and opened.admits("2001:db8::4")


@pytest.mark.usefixtures("in_a_container")
def test_named_proxies_are_admitted() -> None:
    admits = gate(**CONTAINER, WEB_TRUSTED_PROXIES="172.18.0.5, 10.1.0.0/16,fd00::/64").admits
    assert admits("172.18.0.5") and admits("10.1.2.3") and admits("::ffff:10.1.2.3")
    assert admits("fd00::9")
    assert not admits("172.18.0.6") and not admits("10.2.0.1")


@pytest.mark.usefixtures("in_a_container")
def test_without_a_container_the_gateway_is_a_router_and_a_stranger() -> None:
    for bind in ("127.0.0.1", "::1", "localhost"):
        assert gate(WEB_BIND=bind).admits("127.0.0.1")
        assert not gate(WEB_BIND=bind).admits(str(GATEWAY))


@given(st.ip_addresses())
def test_nobody_else_is_admitted(address: Address) -> None:
    """Whatever the address: only loopback, gateways and named networks, in every spelling."""
    named = ipaddress.ip_network("10.0.0.0/8")
    closed = PeerGate(is_closed=True, gateways=lambda: {GATEWAY}, trusted=[named])
    mapped = getattr(address, "ipv4_mapped", None) or address
    expected = mapped.is_loopback or mapped == GATEWAY or mapped in named
    assert closed.admits(str(address)) is expected
    if address.version == 4:
        assert closed.admits(f"::ffff:{address}") is expected


# --- The door is shut -----------------------------------------------------------------------------


class Strangers(PeerGate):
    """Takes visitors on the loopback for strangers."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(is_closed=True, gateways=frozenset, clock=lambda: self.now)

    def admits(self, peer: str) -> bool:
        return False


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def knock(listener: socket.socket) -> socket.socket:
    visitor = socket.create_connection(listener.getsockname(), 5)
    visitor.sendall(b"GET /api/v1/search?q=a HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return visitor


def test_a_stranger_is_hung_up_on_unread_and_told_of_once_a_minute(
    listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    strangers = Strangers()

    def turn_away() -> None:
        with knock(listener) as visitor:
            with pytest.raises(ConnectionAbortedError):
                strangers.accept(listener)
            with pytest.raises(ConnectionResetError):
                visitor.recv(1)

    with caplog.at_level(logging.INFO, "web_service"):
        for _ in range(5):
            turn_away()
        (record,) = caplog.records
        assert "peer_not_allowed: a connection from 127.0.0.1 was refused: " in record.message
        assert "WEB_TRUSTED_PROXIES" in record.message
        strangers.now = peer_gate.TELL_EVERY_S
        turn_away()
        assert "(4 more since the last line like this)" in caplog.records[1].message
        assert len(caplog.records) == 2


def test_a_worker_goes_on_after_a_stranger(listener: socket.socket) -> None:
    worker = object.__new__(PatientWorker)
    worker.nr_conns = 0
    worker.gate = Strangers()
    with knock(listener):
        worker.accept(listener)
    assert worker.nr_conns == 0  # no place is kept for who was never in
