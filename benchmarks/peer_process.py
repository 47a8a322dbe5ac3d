"""One run of a peer over a list of images, in a process of its own.

The scripts under peers/ are the other end; `peers/peer_protocol.py` describes the wire. A peer
that fails in whatever way raises PeerError, so that a benchmark can go on with the others.
"""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from process_memory import PeakWatch
from runs import Run

TIMEOUT_S = 3600.0
_LONGEST_REASON = 200
_CRASH_S = 5.0
_OFFLINE = {"PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK": "True"}


class PeerError(Exception):
    """A peer that could not be set up or did not finish; the message is the reason, one line."""


def run_peer(
    command: list[str],
    job: Mapping[str, Any],
    *,
    loads_once: bool = True,
    timeout_s: float = TIMEOUT_S,
) -> Run:
    """Start `command`, send it the job and take the times and texts that it reports.

    `loads_once` is False for a peer that starts anew for each image: it has no start-up time.

    Raises:
        PeerError: it ended early, was too slow, or said something else than the wire allows.
    """
    # The caller's PYTHONPATH is for this project's modules, not for the peer's environment.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryFile("w+", errors="replace") as talk:
        started = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=talk, text=True,
            env={**environ, **_OFFLINE}, start_new_session=True,
        )  # fmt: skip
        too_slow = threading.Event()

        def give_up() -> None:
            too_slow.set()
            _end(process)

        limit = threading.Timer(timeout_s, give_up)
        limit.start()
        try:
            with PeakWatch(process.pid) as watch:
                _send(process.stdin, job)
                ready = _event(process, "ready")
                start_s = time.monotonic() - started
                done = _event(process, "done")
            process.wait()
            return Run(
                texts={Path(path): str(text) for path, text in done["texts"].items()},
                seconds=float(done["seconds"]),
                start_s=start_s if loads_once else None,
                peak_mb=max(watch.peak_mb, float(done["peak_mb"])),
                detail=str(ready["detail"]),
            )
        except (EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
            # One that crashed closes its end a moment before it has an exit code to tell.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_CRASH_S if isinstance(error, EOFError) else 0)
            _end(process)
            if too_slow.is_set():
                raise PeerError(f"not finished within {timeout_s:.0f} s") from error
            raise PeerError(_reason(process.wait(), talk, error)) from error
        finally:
            limit.cancel()
            _end(process)


def _send(stream: IO[str] | None, job: Mapping[str, Any]) -> None:
    assert stream is not None
    with contextlib.suppress(BrokenPipeError), stream:  # the missing reply tells more
        stream.write(json.dumps(dict(job)))


def _event(process: "subprocess.Popen[str]", name: str) -> dict[str, Any]:
    """The next message, which must be this one; EOFError when the peer has ended."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise EOFError
    value = json.loads(line)
    if not isinstance(value, dict) or value.get("event") != name:
        raise ValueError(f"it said {line.strip()[:80]!r} where {name!r} belongs")
    return value


def _reason(exit_code: int, talk: IO[str], error: Exception) -> str:
    """The last line of what it wrote to stderr, or else how it ended."""
    talk.seek(0)
    said = [line.strip() for line in talk.read().splitlines() if line.strip()]
    if not isinstance(error, EOFError):
        return f"no valid reply: {error}"[:_LONGEST_REASON]
    how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
    return f"{how}: {said[-1] if said else 'it said nothing'}"[:_LONGEST_REASON]


def _end(process: "subprocess.Popen[str]") -> None:
    """End what still runs, with all that it started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
