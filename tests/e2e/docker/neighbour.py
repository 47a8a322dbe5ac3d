"""A machine beside this one, with a way to every network of this one: a network namespace.

It is what a colleague's computer or a virtual machine is that sends packets for the containers'
subnet to this host. The host forwards, as every host with Docker does.
"""

import contextlib
import ipaddress
import subprocess
from collections.abc import Iterator
from pathlib import Path

_NAME, _LINK = "ocr-neighbour", "ocr-nb"
_HOST_SIDE = ipaddress.ip_interface("198.51.100.1/30")  # TEST-NET-2: for documentation
_ITS_OWN = ipaddress.ip_interface("198.51.100.2/30")
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")

ASK = """
import http.client, sys
address, port, path = sys.argv[1:]
visitor = http.client.HTTPConnection(address, int(port), timeout=4)
try:
    visitor.request("GET", path, headers={"Host": "localhost"})
    print(visitor.getresponse().status)
except OSError as error:
    print(type(error).__name__)
"""
"""Prints the HTTP status, or the name of the error."""
TURNED_AWAY = {"ConnectionResetError", "RemoteDisconnected", "TimeoutError"}
"""By the page, or (engine 28) by the engine before the page is asked."""


class Neighbour:
    """The machine, while it is there."""

    address = str(_ITS_OWN.ip)
    host = str(_HOST_SIDE.ip)
    """This host, as the neighbour knows it."""

    def asks(self, address: str, port: int, path: str = "/api/v1/search?q=a") -> str:
        """What it gets there, calling the page localhost."""
        return _run("netns", "exec", _NAME, "python3", "-c", ASK, address, str(port), path).strip()


@contextlib.contextmanager
def neighbour() -> Iterator[Neighbour]:
    """The machine; gone after it."""
    _run("netns", "delete", _NAME, check=False)
    forwarding = _FORWARDING.read_text()
    _run("netns", "add", _NAME)
    try:
        _FORWARDING.write_text("1")
        _run("link", "add", _LINK, "type", "veth", "peer", "name", "eth0", "netns", _NAME)
        _run("address", "add", str(_HOST_SIDE), "dev", _LINK)
        _run("link", "set", _LINK, "up")
        _run("-n", _NAME, "address", "add", str(_ITS_OWN), "dev", "eth0")
        _run("-n", _NAME, "link", "set", "eth0", "up")
        _run("-n", _NAME, "route", "add", "default", "via", str(_HOST_SIDE.ip))
        yield Neighbour()
    finally:
        _FORWARDING.write_text(forwarding)
        _run("netns", "delete", _NAME, check=False)
        _run("link", "delete", _LINK, check=False)


def _run(*arguments: str, check: bool = True) -> str:
    return subprocess.run(
        ["ip", *arguments], check=check, capture_output=True, text=True, timeout=30
    ).stdout
