"""Asks a service whether it is ready: what the containers' health checks run.

    python3 -I -S readiness.py /data/run/ocr.sock          the reader, on its socket
    python3 -I -S readiness.py http://localhost:5000       the page

Exit code 0 when `/readyz` says so, else 1 and its reason. By path and without site-packages, so
that it is over in 30 ms.
"""

import os
import socket
import sys

TIMEOUT_S = 4.0
_MAX_REPLY_BYTES = 16 * 1024


def ask(target: str, host: str) -> tuple[bool, str]:
    """(whether `target` is ready, its reply or why there is none)."""
    try:
        with _connect(target) as connection:
            connection.sendall(
                f"GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
            )
            reply = b""
            while len(reply) < _MAX_REPLY_BYTES and (chunk := connection.recv(4096)):
                reply += chunk
    except OSError as error:
        return False, f"{target}: {error}"
    head, _, body = reply.partition(b"\r\n\r\n")
    return head.split(b" ")[1:2] == [b"200"], body.decode("utf-8", "replace")


def _connect(target: str) -> socket.socket:
    if target.startswith("http://"):
        name, _, port = target.removeprefix("http://").rpartition(":")
        return socket.create_connection((name, int(port)), TIMEOUT_S)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(TIMEOUT_S)
    try:
        connection.connect(target)
    except OSError:
        connection.close()
        raise
    return connection


def main() -> int:
    # The page answers to the names it was given only.
    names = [name for name in os.environ.get("WEB_ALLOWED_HOSTS", "").split(",") if name.strip()]
    ready, reply = ask(sys.argv[1], names[0].strip() if names else "localhost")
    print(reply)
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(main())
