"""Stops one thread of a process, as a stuck one stands: root runs `freeze_thread.py TID`.

The thread is held by ptrace while all others go on. Ends when the process has ended.
"""

import ctypes
import os
import sys

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000  # __WALL: wait for threads, too


def main() -> int:
    thread = int(sys.argv[1])
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if ptrace(request, thread, None, None) == -1:
            raise OSError(ctypes.get_errno(), "ptrace")
    while True:
        _, status = os.waitpid(thread, WALL)
        if os.WIFSTOPPED(status):
            print("frozen", flush=True)
        else:
            return 0


if __name__ == "__main__":
    sys.exit(main())
