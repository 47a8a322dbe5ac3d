"""Requests that nobody in their right mind sends. The same seed gives the same ones."""

import json
import random
import string
from collections.abc import Callable
from urllib.parse import quote_from_bytes

_WORDS = [
    "AND", "OR", "NOT", "NEAR(a b, 3)", "*", "^", '"', '"""', "text:", "(", "{text}:", "%", "_",
    "\\", ";", "' OR 1=1 --", "\0", "\n", "\ud800", "\u202e", "\U0010ffff", "北京", "<script>",
    "../", "..%2f", "-1", "0", "1e30", "99999999999999999999", "words", "NaN", "", " ",
]  # fmt: skip
_ADDRESSES = [
    "/", "/fragments/live", "/images/1", "/images/{}", "/images/{}.txt", "/images/{}.json",
    "/export.csv", "/previews/{}/{}", "/thumbnails/{}/1", "/temp.png", "/api/v1/status",
    "/api/v1/images", "/api/v1/images/{}", "/api/v1/search", "/actions/{}", "/static/{}", "/{}",
    "/login", "/livez",
]  # fmt: skip
_PARAMETERS = ["q", "state", "size", "next", "page", "edit", "notice", "v", "x", "q[]", ""]
_ROUTES = [
    "/v1/status", "/v1/process", "/v1/reprocess", "/v1/corrections", "/v1/coverage", "/livez",
    "/v1/resume", "/v1/retry", "/metrics", "/v1/{}", "/{}",
]  # fmt: skip
"""Without readyz, whose 503 is the truth, and without pause, which would end all progress; backup
is left out for the disk's sake."""
_FIELDS = ["request_id", "paths", "limit", "image_ids", "line_id", "text", "file", "x", ""]


def text(draw: random.Random) -> str:
    """Some words, some of them random characters."""
    words = [draw.choice(_WORDS) for _ in range(draw.randint(0, 5))]
    if draw.random() < 0.2:
        words.append("".join(chr(draw.randrange(0x11_0000)) for _ in range(draw.randint(1, 8))))
    return draw.choice(("", " ")).join(words)


def web_address(draw: random.Random, value: Callable[[], str]) -> str:
    """Any address of the page with up to three parameters, whose values `value` makes."""
    path = _filled(draw.choice(_ADDRESSES), value)
    pairs = [f"{draw.choice(_PARAMETERS)}={value()}" for _ in range(draw.randint(0, 3))]
    return f"{path}?{'&'.join(pairs)}"


def percent_encoded(words: str) -> str:
    """As a client would write it into an address, half surrogate pairs included."""
    return quote_from_bytes(words.encode("utf-8", "surrogatepass"), safe="")


def web_request(draw: random.Random) -> bytes:
    """One for the page: mostly GET, any address, now and then broken heads or a form."""
    address = web_address(draw, lambda: _quoted(draw))
    method = draw.choices(("GET", "HEAD", "POST", "PUT", "OPTIONS"), (88, 3, 6, 2, 1))[0]
    body = b"" if method in ("GET", "HEAD") else _quoted(draw).encode()
    return _request(method, address, body, draw, form=True)


def socket_request(draw: random.Random) -> bytes:
    """One for the control socket: any route, any JSON or what only looks like it."""
    path = _filled(draw.choice(_ROUTES), lambda: _quoted(draw))
    method = draw.choices(("GET", "POST", "PUT", "DELETE"), (30, 62, 4, 4))[0]
    body = b"" if method == "GET" else _body(draw)
    return _request(method, path, body, draw, form=False)


def _request(method: str, path: str, body: bytes, draw: random.Random, *, form: bool) -> bytes:
    head = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if draw.random() < 0.1:
        letters = "".join(draw.choices(string.printable[:94], k=draw.randint(1, 200)))
        head.append(f"X-{draw.randrange(99)}: {letters}")
    if draw.random() < 0.05:
        head.append(draw.choice(("Origin: http://elsewhere", "Cookie: session=\x7f", "Range: x")))
    if method not in ("GET", "HEAD"):
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        head += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode("latin-1", "replace") + body


def _body(draw: random.Random) -> bytes:
    way = draw.random()
    if way < 0.1:
        return draw.randbytes(draw.randint(0, 60))
    if way < 0.13:
        return b"[" * draw.choice((10, 5000)) + b"]" * draw.choice((10, 5000))
    fields = {draw.choice(_FIELDS): _value(draw, 2) for _ in range(draw.randint(0, 4))}
    encoded = json.dumps(fields).encode()
    return encoded[: draw.randint(0, len(encoded))] if way < 0.2 else encoded


def _value(draw: random.Random, depth: int) -> object:
    kinds: list[Callable[[], object]] = [
        lambda: draw.randint(-3, 30), lambda: draw.choice((2**63, 2**63 - 1, -(2**70), 1e30)),
        lambda: text(draw), lambda: None, lambda: True, lambda: draw.random(),
    ]  # fmt: skip
    if depth:
        kinds.append(lambda: [_value(draw, depth - 1) for _ in range(draw.randint(0, 4))])
        kinds.append(lambda: {text(draw): _value(draw, depth - 1)})
    return draw.choice(kinds)()


def _quoted(draw: random.Random) -> str:
    return percent_encoded(text(draw))


def _filled(path: str, value: Callable[[], str]) -> str:
    return path.format(*(value() or "0" for _ in range(path.count("{}"))))
