"""What all set-up tools share: the project's folders, the error that ends a tool, printed steps.

Standard library only, like every module that runs before an environment exists.
"""

import contextlib
import errno
import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venv"
CACHE = ROOT / ".cache"

EXIT_BAD_ARGUMENTS = 1
EXIT_BAD_INPUT = 2
EXIT_MISSING_DEPENDENCY = 3
EXIT_NO_ACCESS = 5
EXIT_BAD_CONFIGURATION = 9
EXIT_OTHER = 15
EXIT_INTERRUPTED = 130


class ToolError(Exception):
    """Ends a tool with a sentence that says what is wrong and what to do."""

    def __init__(self, message: str, exit_code: int = EXIT_OTHER) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def say(text: str) -> None:
    """One line for the person who watches; data goes to stdout, talk to stderr."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Announce one step, and say how long it took or that it failed."""
    started = time.monotonic()
    print(f"set-up: {text} … ", end="", file=sys.stderr, flush=True)
    try:
        yield
    except BaseException:
        say("failed")
        raise
    say(f"{time.monotonic() - started:.1f} s")


@contextlib.contextmanager
def exclusive(lock_file: Path) -> Iterator[None]:
    """Hold `lock_file`, so that two set-ups in one checkout take turns."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("set-up: waiting for another set-up in this folder to end")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def explain(error: OSError) -> ToolError:
    """The sentence for what the file system refused."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ToolError(f"The disk is full{where}: set-up needs about 2 GB. Make room, try again.")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return ToolError(
            f"No permission to write{where}: {error.strerror}. Choose another folder with "
            "DATA=/some/folder, or make this one writable for you.",
            EXIT_NO_ACCESS,
        )
    return ToolError(f"{error.strerror or error}{where}.")


def main_guard(main: Callable[[], int]) -> int:
    """Run a tool's `main`; turn what it raises into one sentence and an exit code."""
    try:
        return main()
    except ToolError as error:
        say(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("interrupted")
        return EXIT_INTERRUPTED
    except OSError as error:
        known = explain(error)
        say(f"error: {known}")
        return known.exit_code


def is_root() -> bool:
    """Whether packages may be installed without asking."""
    return os.geteuid() == 0
