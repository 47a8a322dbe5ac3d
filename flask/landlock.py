"""Locks this process out of the network and out of starting programs, with Landlock.

The kernel's own sandbox for unprivileged processes, as far as this kernel has it:

    version 1 (Linux 5.13)    no program is started; no process outside is traced or written into
    version 4 (Linux 6.7)     no TCP connection, no TCP port
    version 6 (Linux 6.12)    no signal and no connection to an abstract Unix socket outside

Reference: Documentation/userspace-api/landlock.rst of the kernel. Standard library only.
"""

import ctypes
import os

# The same numbers on every architecture.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_ASK_VERSION = 1
_EXECUTE = 1 << 0
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_ABSTRACT_SOCKETS, _SIGNALS = 1 << 0, 1 << 1
_NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS
NETWORK_VERSION = 4
_SCOPE_VERSION = 6

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    """What is handled, and so refused: no rule allows any of it."""

    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scope", ctypes.c_uint64),
    )


def version() -> int:
    """Landlock's version here; 0 where the kernel or the engine has none."""
    found = _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    return max(found, 0)


def lock() -> int:
    """Lock the calling thread and all that it starts, for ever; returns the version used.

    0 when there is no Landlock; then nothing is changed. Call it before other threads are started.

    Raises:
        OSError: the kernel has Landlock and refuses.
    """
    found = version()
    if not found:
        return 0
    ruleset = _Ruleset(files=_EXECUTE)
    size = _Ruleset.network.offset
    if found >= NETWORK_VERSION:
        ruleset.network = _BIND_TCP | _CONNECT_TCP
        size = _Ruleset.scope.offset
    if found >= _SCOPE_VERSION:
        ruleset.scope = _ABSTRACT_SOCKETS | _SIGNALS
        size = ctypes.sizeof(_Ruleset)
    descriptor = _call(
        _CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    _check(descriptor)
    try:
        # Without it only a privileged process may lock itself.
        _check(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
        _check(_call(_RESTRICT_SELF, ctypes.c_int(descriptor), ctypes.c_uint32(0)))
    finally:
        os.close(descriptor)
    return found


def _call(number: int, *arguments: object) -> int:
    return int(_libc.syscall(ctypes.c_long(number), *arguments))


def _check(code: int) -> None:
    if code < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
