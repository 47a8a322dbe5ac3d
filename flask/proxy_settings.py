"""What WEB_BASE_PATH and WEB_TRUSTED_PROXIES may say, and which address `gateway` is.

In a container the connections that come through the published port come from the gateway of the
container's network, and so do those of a proxy on the host. Its address is the engine's to choose;
`gateway` is the word for it, read once at the start (`gateways`).
"""

import ipaddress
import re

import gateways
from gateways import Address
from ocr_contract.data_folder import LATEST_PICTURE, PREVIEWS_FOLDER

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

OWN_ADDRESSES = frozenset({
    "actions", "api", "events", "export", "export.csv", "fragments", "images", "livez", "login",
    "logout", PREVIEWS_FOLDER, "readyz", "review", "static", LATEST_PICTURE, "thumbnails",
})  # fmt: skip
"""How the page's own addresses begin. Below such a path it could not be told whether a proxy has
cut the path off."""
GATEWAY = "gateway"
_MAX_PATH_CHARS = 200
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_PART = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")


def base_path(text: str) -> str:
    """`/ocr` or `/tools/ocr`, without a slash at the end; empty for the top of the site.

    Raises:
        ValueError: what it must be.
    """
    path = text.strip().rstrip("/")
    if not path:
        return ""
    parts = path.removeprefix("/").split("/")
    if not path.startswith("/") or len(path) > _MAX_PATH_CHARS:
        raise ValueError("a path that begins with a slash, such as /ocr")
    if not all(_PART.fullmatch(part) for part in parts):
        raise ValueError("a path of letters, digits, '-', '_', '~' and '.', such as /ocr")
    if parts[0] in OWN_ADDRESSES:
        raise ValueError(f"another path: below /{parts[0]} the page has addresses of its own")
    return path


def networks(text: str) -> tuple[Network, ...]:
    """The networks named in `text`, separated by commas; an address is a network of one.

    Raises:
        ValueError: what it must be.
    """
    words = [part.strip().lower() for part in text.split(",") if part.strip()]
    return tuple(network for word in words for network in _named(word))


def header(text: str) -> str:
    """The name of a header, such as X-Forwarded-User; empty for none.

    Raises:
        ValueError: what it must be.
    """
    name = text.strip()
    if name and not _HEADER.fullmatch(name):
        raise ValueError("the name of a header, such as X-Forwarded-User")
    return name


def parse_address(text: str) -> Address | None:
    """The address in `text`; one of IPv4 that is written as IPv6 is the one of IPv4."""
    try:
        found = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _named(word: str) -> list[Network]:
    if word == GATEWAY:
        found = sorted(gateways.default_gateways(), key=str)
        if not found:
            raise ValueError(
                "the proxy's address: there is no gateway here, so the word names nobody"
            )
        return [ipaddress.ip_network(address) for address in found]
    try:
        network = ipaddress.ip_network(word)
    except ValueError:
        raise ValueError(
            "addresses or networks of proxies separated by commas, such as 192.0.2.7, "
            "172.18.0.0/16 or the word gateway"
        ) from None
    if network.prefixlen == 0:
        raise ValueError(f"narrower: {word} would believe everybody")
    return [network]
