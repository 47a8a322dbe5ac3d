"""HTTP over the socket byte by byte, as strangers speak it."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any


def connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(10)
    connection.connect(str(path))
    return connection


def read_reply(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, as a strict client reads them."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    body = response.read()
    return response.status, {k.lower(): v for k, v in response.getheaders()}, body


def ask(
    path: Path,
    method: str,
    target: str,
    body: bytes | None = None,
    **headers: str,
) -> tuple[int, dict[str, str], Any]:
    """One request on a connection of its own; the body decoded when it is JSON."""
    length = {} if body is None else {"Content-Length": str(len(body))}
    lines = [f"{method} {target} HTTP/1.1", "Host: ocr", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in (length | headers).items()]
    with connect(path) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + (body or b""))
        status, found, content = read_reply(connection)
    is_json = found["content-type"] == "application/json"
    return status, found, json.loads(content) if is_json and content else content


def error_code(answer: tuple[int, dict[str, str], Any]) -> tuple[int, str]:
    """The HTTP status and the code of an error reply, which must have the agreed form."""
    status, _, body = answer
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    assert body["error"]["message"]
    return status, body["error"]["code"]
