"""What web_service gives up once it listens: every way out, for all of its processes.

    serve()      for the processes that hold the page's sockets: they may accept, never connect
    connect()    for the one that connects to ocr_service (`reader_door`): it may connect, and has
                 no socket but Unix ones to do it with

Two means, each as far as it is there: a filter of system calls (`syscall_filter`), which alone
suffices, and the kernel's Landlock. The log says which are in force. Where a machine has neither
the page works all the same.

Refusing to make internet sockets is not enough: a connection that was accepted, and the listening
socket, can be disconnected and connected to anybody anew. Therefore `serve` refuses to connect.
"""

import logging
import socket

import landlock
from syscall_filter import MASKED_EQUAL, FilterUnavailable, Refusal, refuse

_CREATE = (
    Refusal("socket", 0, first=socket.AF_UNIX),
    Refusal("socketpair", 0, first=socket.AF_UNIX),
)
_CONNECT = (
    Refusal("connect"),
    # TCP Fast Open connects as it sends.
    *(
        Refusal(call, argument, MASKED_EQUAL, socket.MSG_FASTOPEN, socket.MSG_FASTOPEN)
        for call, argument in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3))
    ),
    Refusal("bind"),
    Refusal("listen"),
)
_AROUND = tuple(
    Refusal(call)
    for call in (
        # Does all of the above out of sight of a filter.
        *("io_uring_setup", "io_uring_enter", "io_uring_register"),
        # Would do it by the hands of another process.
        *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd"),
    )
)

logger = logging.getLogger("web_service")


def serve() -> None:
    """Give up connecting; call it once the page listens, before other threads are started."""
    _confine((*_CREATE, *_CONNECT, *_AROUND), is_told=True)


def connect() -> None:
    """Give up everything but connecting Unix sockets; for a process that has no other."""
    _confine((*_CREATE, *_AROUND), is_told=False)


def _confine(refusals: tuple[Refusal, ...], *, is_told: bool) -> None:
    try:
        version = landlock.lock()
        locked = f"Landlock {version}" if version else "no Landlock here"
    except OSError as error:
        locked = f"no Landlock: {error.strerror}"
    try:
        refuse(refusals)
    except FilterUnavailable as error:
        if is_told:
            logger.warning(
                "the page could reach out if it were hijacked: no filter of system calls (%s; %s). "
                "Install libseccomp2 and start it again.",
                error, locked,
            )  # fmt: skip
    else:
        if is_told:
            logger.info("no way out of web_service from now on: seccomp, %s", locked)
