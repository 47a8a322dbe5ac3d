"""Child processes that are spoken to through a socket: their launch, and their end at once."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence

_KILL_TIMEOUT_S = 5.0


def launch(
    command: Sequence[str], environment: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """A process and our end of its socket; its own descriptor is the last argument, `environment`
    comes on top of ours, and what it prints goes to our standard error.

    Raises:
        OSError: no descriptor, process or memory is left, or there is no such program.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno(),
                env=os.environ | environment,
            )
        except BaseException:
            ours.close()
            raise
    return process, ours


def end_at_once(process: subprocess.Popen[bytes]) -> None:
    """Kill it and wait for its end; one that is stuck in the kernel is left there."""
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_KILL_TIMEOUT_S)
