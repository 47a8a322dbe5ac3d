"""The real application with one page more, which tries every way out of the process that serves.

    /probe    {"tcp": "Operation not permitted", …}: of each way the error, or what it led to

Loaded by Gunicorn with our configuration in place of `app`, so that what answers is the process
that answers visitors, in one of its threads.
"""

import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Callable

from flask import Flask, request

from app import create_app

NOWHERE = ("192.0.2.1", 9)  # TEST-NET-1
_IO_URING_SETUP = 425  # the same on every architecture
_libc = ctypes.CDLL(None, use_errno=True)


def create() -> Flask:
    """The application for Gunicorn."""
    app = create_app()
    app.add_url_rule("/probe", view_func=probe)
    return app


def probe() -> dict[str, str]:
    """What became of each way."""
    return {way.__name__: outcome(way) for way in WAYS} | {"in_a_child": in_a_child(tcp)}


def outcome(way: Callable[[], object]) -> str:
    """The error's words, or what came of it."""
    try:
        return f"done: {way()}"
    except OSError as error:
        return error.strerror or type(error).__name__


def in_a_child(way: Callable[[], object]) -> str:
    """The same in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, outcome(way).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return pipe.read()


def tcp() -> object:
    """A connection as anybody makes one."""
    return socket.create_connection(NOWHERE, 1)


def tcp6() -> object:
    """Likewise with IPv6."""
    return socket.socket(socket.AF_INET6, socket.SOCK_STREAM)


def udp() -> object:
    """One packet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
        return packets.sendto(b"text", NOWHERE)


def netlink() -> object:
    """What asks the kernel about its network."""
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)


def name() -> object:
    """A question to a name server."""
    return socket.getaddrinfo("example.org", 80)


def visitor_again() -> object:
    """The visitor's own connection, disconnected to be connected elsewhere."""
    return _checked(_disconnect(request.environ["gunicorn.socket"].fileno()))


def listener_again() -> object:
    """The same with the socket that listens."""
    (listener,) = [fd for fd in map(int, os.listdir("/proc/self/fd")) if _listens(fd)]
    return _checked(_disconnect(listener))


def send_and_connect() -> object:
    """TCP Fast Open: sending that connects."""
    visitor = request.environ["gunicorn.socket"]
    return visitor.sendto(b"text", socket.MSG_FASTOPEN, NOWHERE)


def unix_socket() -> object:
    """A Unix socket of another program."""
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect("/nobody")


def another_port() -> object:
    """A socket of its own to be asked on."""
    with socket.socket(socket.AF_UNIX) as listener:
        return listener.bind("\0probe")


def ring() -> object:
    """The kernel's other way to do all this."""
    return _checked(_libc.syscall(ctypes.c_long(_IO_URING_SETUP), 1, None))


def other_process() -> object:
    """By the hands of the process above (PTRACE_ATTACH is 16)."""
    return _checked(_libc.ptrace(16, os.getppid(), None, None))


def program() -> object:
    """Another program."""
    return subprocess.run([sys.executable, "-c", ""], check=True).returncode


WAYS = (
    tcp, tcp6, udp, netlink, name, visitor_again, listener_again, send_and_connect, unix_socket,
    another_port, ring, other_process, program,
)  # fmt: skip


def _disconnect(descriptor: int) -> int:
    nobody = (ctypes.c_ushort * 8)(socket.AF_UNSPEC)
    return int(_libc.connect(descriptor, ctypes.byref(nobody), ctypes.sizeof(nobody)))


def _listens(descriptor: int) -> bool:
    try:
        copy = socket.socket(fileno=os.dup(descriptor))
    except OSError:
        return False
    with copy:
        return bool(
            copy.family != socket.AF_UNIX
            and copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        )


def _checked(code: int) -> int:
    if code < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return code
