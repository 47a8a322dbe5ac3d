"""The process that makes one backup, as the service sees it: started, waited for, killed.

backup_process.py JSON        its order (`Order`) as one argument
standard output               one line: what was made (`Made`), or {"error": {code, message}}
exit code                     TOO_SLOW: it gave way to all others, and would not end in time

The first try takes what the others leave of the processors. Where that is too little there is a
second one, which asks for a share of them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import ocr_contract
from ocr_contract.error_codes import ErrorCode
from ocr_errors import StoreError
from safekeeping.backup_work import Made

COMMAND = (sys.executable, str(Path(__file__).parent.with_name("backup_process.py")))
TOO_SLOW = 75
"""What sysexits.h calls a failure for the time being."""
_POLL_S = 0.1
_CONTRACT = Path(ocr_contract.__file__).parents[1]


class Order(NamedTuple):
    """What the process is told."""

    database: str
    target: str
    keep: int
    limit_bytes: int
    min_free_mb: float
    parent: int
    """The process that it ends with."""
    gives_way: bool = True
    """It runs only where nobody else wants to, and ends with TOO_SLOW if that lasts too long."""


def run(order: Order, between: Callable[[], None], command: Sequence[str] = COMMAND) -> Made:
    """Have a backup made; `between` is called meanwhile and may raise to give up.

    Raises:
        StoreError: why there is none.
    """
    said, code = _try(order, between, command)
    if code == TOO_SLOW:
        said, code = _try(order._replace(gives_way=False), between, command)
    return _understood(said, code)


def _try(order: Order, between: Callable[[], None], command: Sequence[str]) -> tuple[bytes, int]:
    """What the process said, and its exit code."""
    try:
        process = subprocess.Popen(
            [*command, json.dumps(order._asdict())],
            env={**os.environ, "PYTHONPATH": _with_contract()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
    except OSError as error:
        raise StoreError(
            ErrorCode.BACKUP_FAILED,
            f"The process that makes it cannot be started ({os.strerror(error.errno or 0)}).",
        ) from error
    with process:  # whatever happens it is waited for, and its pipe closed
        try:
            while True:
                between()
                try:
                    said, _ = process.communicate(timeout=_POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    continue
        finally:
            process.kill()  # nothing at all when it has ended
    return said, process.returncode


def _with_contract() -> str:
    return os.pathsep.join(filter(None, [str(_CONTRACT), os.environ.get("PYTHONPATH")]))


def _understood(said: bytes, code: int) -> Made:
    try:
        reply: dict[str, Any] = json.loads(said)
        if "error" in reply:
            raise StoreError(reply["error"]["code"], reply["error"]["message"])
        return Made(**reply)
    except (ValueError, KeyError, TypeError):
        raise StoreError(
            ErrorCode.BACKUP_FAILED,
            f"The process that makes it ended (exit code {code}). Is there enough memory?",
        ) from None
