"""Takes system calls away from this process and from all that it starts, with libseccomp.

libseccomp knows the numbers of the calls on each processor and writes the kernel's filter program;
this is the small part of its interface that is needed here, by `ctypes`. What the filter refuses
fails with EPERM; a call of another architecture (32-bit code in a 64-bit process) ends the process.
"""

import ctypes
import dataclasses
import errno
import os
from collections.abc import Sequence

# Of seccomp.h, libseccomp 2.4 and newer.
_LIBRARY = "libseccomp.so.2"
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_THREAD_SYNC = 4
NOT_EQUAL = 1
MASKED_EQUAL = 7


class FilterUnavailable(Exception):  # noqa: N818  a state of affairs, named as such
    """This machine has no such filter; the message says what is missing."""


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """A call that is refused: always, or when one of its arguments compares as it says."""

    call: str
    argument: int | None = None
    """Counted from 0."""
    operator: int = NOT_EQUAL
    first: int = 0
    """What the argument is compared with; of MASKED_EQUAL the mask."""
    second: int = 0
    """Of MASKED_EQUAL the value."""


def refuse(refusals: Sequence[Refusal]) -> None:
    """Refuse these calls from now on, in every thread, for ever.

    Raises:
        FilterUnavailable: nothing was changed.
    """
    library = _load_library()
    context = library.seccomp_init(_ALLOW)
    if not context:
        raise FilterUnavailable("libseccomp has no memory")
    try:
        _check(library.seccomp_attr_set(context, _THREAD_SYNC, 1), "threads together")
        for refusal in refusals:
            number = library.seccomp_syscall_resolve_name(refusal.call.encode())
            if number == -1:
                raise FilterUnavailable(f"this libseccomp does not know {refusal.call}")
            comparisons = (_Comparison * 1)()
            if refusal.argument is not None:
                comparisons[0] = _Comparison(
                    refusal.argument, refusal.operator, refusal.first, refusal.second
                )
            count = 0 if refusal.argument is None else 1
            _check(
                library.seccomp_rule_add_array(context, _REFUSE, number, count, comparisons),
                refusal.call,
            )
        _check(library.seccomp_load(context), "the filter")
    finally:
        library.seccomp_release(context)


def _load_library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        raise FilterUnavailable(f"there is no {_LIBRARY}") from None
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_attr_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32]
    library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p,
    ]  # fmt: skip
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    library.seccomp_release.restype = None
    return library


def _check(code: int, what: str) -> None:
    if code < 0:
        raise FilterUnavailable(f"the kernel refuses {what}: {os.strerror(-code)}")
