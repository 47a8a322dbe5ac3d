"""The default gateways in the text of the kernel's routing tables."""

import ipaddress

import gateways

GATEWAY = ipaddress.ip_address("172.18.0.1")
GATEWAY_6 = ipaddress.ip_address("fd00:18::1")
HEADER = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"


def row(destination: str, gateway: str, flags: int, mask: str) -> str:
    """A line of /proc/net/route, with addresses as this machine's kernel writes them."""

    def number(address: str) -> str:
        packed = ipaddress.ip_address(address).packed
        return f"{int.from_bytes(packed, 'little'):08X}"

    words = [number(destination), number(gateway), f"{flags:04X}", "0", "0", "0", number(mask)]
    return "eth0\t" + "\t".join(words) + "\t0\t0\t0\n"


def test_ipv4_gateways() -> None:
    table = (
        HEADER
        + row("0.0.0.0", "172.18.0.1", 3, "0.0.0.0")
        + row("172.18.0.0", "0.0.0.0", 1, "255.255.0.0")
        + row("10.0.0.0", "172.18.0.9", 3, "255.0.0.0")  # not the default
        + row("0.0.0.0", "172.18.0.8", 2, "0.0.0.0")  # down
        + row("0.0.0.0", "172.18.0.7", 3, "128.0.0.0")  # half of the world
        + row("0.0.0.0", "0.0.0.0", 1, "0.0.0.0")  # a link without a gateway
    )
    assert gateways.ipv4_gateways(table) == [GATEWAY]
    assert gateways.ipv4_gateways(HEADER) == gateways.ipv4_gateways("") == []


def test_ipv6_gateways() -> None:
    none, gateway = "0" * 32, "fd000018000000000000000000000001"
    rest = "00000400 00000001 00000000"
    table = (
        f"{none} 00 {none} 00 {gateway} {rest} 00000003 eth0\n"
        f"{none} 00 {none} 00 {none} ffffffff 00000001 00000000 00200200 lo\n"
        f"fd000000000000000000000000000000 40 {none} 00 {gateway} {rest} 00000003 eth0\n"
    )
    assert gateways.ipv6_gateways(table) == [GATEWAY_6]
    assert gateways.ipv6_gateways("") == []


def test_this_machine_has_a_table_that_can_be_read() -> None:
    for gateway in gateways.default_gateways():
        assert not gateway.is_loopback and not gateway.is_unspecified
