"""Which address this network's packets to the rest of the world go to first: the kernel's tables.

In a container it is the host's own address on the bridge, the engine's to choose.
"""

import ipaddress
import struct
from pathlib import Path

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_ROUTES = (Path("/proc/net/route"), Path("/proc/net/ipv6_route"))
_UP_AND_GATEWAY = 0x0001 | 0x0002  # RTF_UP, RTF_GATEWAY of linux/route.h


def default_gateways() -> frozenset[Address]:
    """Where this network's packets to the rest of the world go first; empty when nowhere."""
    texts = []
    for path in _ROUTES:
        try:
            texts.append(path.read_text(encoding="ascii"))
        except OSError:  # a kernel without IPv6
            texts.append("")
    return frozenset([*ipv4_gateways(texts[0]), *ipv6_gateways(texts[1])])


def ipv4_gateways(table: str) -> list[Address]:
    """Of the default routes in `table`, the text of /proc/net/route.

    Its columns: interface, destination, gateway, flags, three counts, mask, …; addresses are
    hexadecimal numbers in the machine's own byte order.
    """
    rows = [line.split() for line in table.splitlines()[1:]]
    return [
        ipaddress.IPv4Address(struct.pack("=L", int(row[2], 16)))
        for row in rows
        if int(row[1], 16) == int(row[7], 16) == 0
        and int(row[3], 16) & _UP_AND_GATEWAY == _UP_AND_GATEWAY
    ]


def ipv6_gateways(table: str) -> list[Address]:
    """The same for /proc/net/ipv6_route.

    Its columns: destination, its prefix length, source, its length, next hop, three counts, flags,
    interface.
    """
    rows = [line.split() for line in table.splitlines()]
    return [
        ipaddress.IPv6Address(bytes.fromhex(row[4]))
        for row in rows
        if int(row[0], 16) == int(row[1], 16) == 0
        and int(row[8], 16) & _UP_AND_GATEWAY == _UP_AND_GATEWAY
    ]
