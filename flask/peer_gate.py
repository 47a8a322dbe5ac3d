"""Who may connect at all, looked at before a byte is read.

A page that is published for its own machine only is asked by its own machine only. The address
on which it is published cannot see to that alone: in a container it listens on the bridge, and
engines before 28 let whoever has a route to the bridge's subnet reach a published port there.

    what arrives                                       its address              admitted
    a program in the same container or machine         127.0.0.1, ::1           yes
    the host, through the published port               the default gateway      yes
    a proxy that was named                             in WEB_TRUSTED_PROXIES   yes
    anybody else: a neighbour, another container       their own                no

A Host header plays no part. A page that is published for other machines admits every address: it
has a password (`web_settings`).
"""

import errno
import ipaddress
import logging
import socket
import struct
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

import gateways
from gateways import Address
from ocr_contract.error_codes import ErrorCode
from web_settings import WebSettings, is_loopback

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

TELL_EVERY_S = 60.0
"""A neighbour that knocks all day long fills no log."""
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no seconds: closed with a reset

logger = logging.getLogger("web_service")


class PeerGate:
    """Admits connections by the address that they come from. For one thread."""

    def __init__(
        self,
        *,
        is_closed: bool,
        gateways: Callable[[], Collection[Address]],
        trusted: Iterable[Network] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_closed`: only this machine and `trusted` come in, else everybody does.

        `gateways` is asked anew each time: a container can be given other networks as it runs.
        """
        self._is_closed = is_closed
        self._gateways = gateways
        self._trusted = tuple(trusted)
        self._clock = clock
        self._told_at: float | None = None
        self._untold = 0

    def admits(self, peer: str) -> bool:
        """Whether a connection from the address `peer` may ask for anything."""
        if not self._is_closed:
            return True
        address = _plain(peer)
        return (
            address.is_loopback
            or any(address in network for network in self._trusted)
            or address in self._gateways()
        )

    def accept(self, listener: socket.socket) -> tuple[socket.socket, Any]:
        """The next connection of `listener`.

        Raises:
            ConnectionAbortedError: it came from elsewhere and is closed. It is the kernel's own
                word for a visitor who is gone already, so whoever accepts knows what to do.
        """
        connection, address = listener.accept()
        if self.admits(address[0]):
            return connection, address
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.close()
        self._tell(address[0])
        raise ConnectionAbortedError(errno.ECONNABORTED, "not admitted")

    def _tell(self, peer: str) -> None:
        now = self._clock()
        if self._told_at is not None and now - self._told_at < TELL_EVERY_S:
            self._untold += 1
            return
        more = f" ({self._untold} more since the last line like this)" if self._untold else ""
        logger.warning(
            "%s: a connection from %s was refused%s: the page is published for this machine only. "
            "If that is a proxy of yours, or this machine itself, put the address into "
            "WEB_TRUSTED_PROXIES; for other machines set WEB_BIND and a password.",
            ErrorCode.PEER_NOT_ALLOWED, peer, more,
        )  # fmt: skip
        self._told_at, self._untold = now, 0


class GatedListener:
    """A listening socket behind a gate, as far as Gunicorn's workers ask it for anything."""

    def __init__(self, listener: Any, gate: PeerGate) -> None:
        self._listener = listener
        self._gate = gate

    def accept(self) -> tuple[socket.socket, Any]:
        """As `PeerGate.accept`."""
        return self._gate.accept(self._listener)

    def getsockname(self) -> Any:
        """The address that it listens on."""
        return self._listener.getsockname()


def for_settings(settings: WebSettings) -> PeerGate:
    """The gate for where the page is published.

    Only what listens on more than it is published on, as in a container, has a gateway that
    speaks for its own machine; otherwise the gateway is some router.
    """
    return PeerGate(
        is_closed=is_loopback(settings.published_address or settings.bind),
        gateways=frozenset if is_loopback(settings.bind) else gateways.default_gateways,
        trusted=settings.trusted_proxies,
    )


def _plain(peer: str) -> Address:
    """Without the zone of a link, and IPv4 as such also where it arrives on an IPv6 socket."""
    address = ipaddress.ip_address(peer.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
