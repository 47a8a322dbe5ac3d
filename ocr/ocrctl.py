"""ocrctl: ask the running ocr_service from a terminal.

    ocrctl status [--json]
    ocrctl process [--wait] [--limit N] [PATH …]
    ocrctl pause | resume
    ocrctl reprocess IMAGE_ID …
    ocrctl retry --quarantined
    ocrctl try IMAGE_ID [--with READING | --take | --drop] [--page N]
    ocrctl search [--json] [--limit N | --all] QUERY …
    ocrctl export --format FORMAT [--query QUERY] [--machine] --to FOLDER|FILE
    ocrctl coverage [--json]
    ocrctl backup [FILE] [--to PATH]
    ocrctl restore FILE
    ocrctl doctor [--json] [--sizes]

Data goes to stdout, talk to stderr. Exit codes are those of `ocr_errors`.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import export_command
import remembered_settings
import search_command
import try_command
from ocr_contract.control import ControlClient, ControlError, ServiceUnreachable
from ocr_contract.data_folder import SOCKET_PATH
from ocr_contract.error_codes import ErrorCode
from ocr_contract.replies import BatchInWork, DatabaseCheck, ProcessReply, StatusReply
from ocr_errors import (
    EXIT_BAD_ARGUMENTS,
    EXIT_BAD_CONFIGURATION,
    EXIT_INTERRUPTED,
    EXIT_NO_ACCESS,
    EXIT_OTHER,
    OcrError,
    SettingsError,
)
from ocr_settings import Settings, load
from safekeeping import upkeep_commands

_Reply = TypeVar("_Reply")
_POLL_S = 0.3
_BUSY_STATES = frozenset({"working", "starting"})
_UPTIME_ROUNDING_S = 0.2
_WITH_SETTINGS = ("doctor", "export")
"""Commands that look at the image folder and at how it is read: as the service was told."""
EXIT_READER_GONE = 141
"""As the shell says of a program that SIGPIPE ended."""
_UNREACHABLE_S = 30.0
"""While waiting, the service may restart: how long nobody may answer."""


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        code = _run(argv)
        sys.stdout.flush()  # here an error is still told, and is no success
    except BrokenPipeError:  # whoever reads has seen enough: `ocrctl coverage | head`
        _drop_output()
        return EXIT_READER_GONE
    except OSError as error:
        _drop_output()
        what = error.filename or "The output cannot be written"
        return _fail(f"{what}: {error.strerror}.", EXIT_NO_ACCESS)
    return code


def _drop_output() -> None:
    """What is left of it; or Python tries once more as it ends, and complains."""
    with contextlib.suppress(ValueError, OSError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        os.close(devnull)


def _run(argv: list[str] | None) -> int:
    options = _parser().parse_args(_queries_marked(sys.argv[1:] if argv is None else argv))
    try:
        settings = _settings(options)
        if options.command == "search":
            return search_command.run(options, settings)
        if options.command == "export":
            return export_command.run(options, settings)
        client = ControlClient(settings.data_folder / SOCKET_PATH)
        if options.command == "try":
            return try_command.run(client, options, settings)
        if options.command in upkeep_commands.COMMANDS:
            return upkeep_commands.COMMANDS[options.command](client, options, settings)
        return _COMMANDS[options.command](client, options)
    except ServiceUnreachable as error:
        return _fail(error.message + _elsewhere(options), EXIT_NO_ACCESS)
    except ControlError as error:
        return _fail(error.message, EXIT_OTHER)
    except SettingsError as error:
        return _fail(error.message, EXIT_BAD_CONFIGURATION)
    except OcrError as error:
        is_there = error.code != ErrorCode.DATABASE_NOT_READY or settings.database.exists()
        return _fail(error.message + ("" if is_there else _elsewhere(options)), error.exit_code)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> "None":  # type: ignore[override]
        self.print_usage(sys.stderr)
        self.exit(EXIT_BAD_ARGUMENTS, f"ocrctl: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="ocrctl", description="Ask the running ocr_service.")
    parser.add_argument("--data", type=Path, help="the data folder (default: OCR_DATA_FOLDER)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    status = commands.add_parser("status", help="what the service is doing")
    status.add_argument("--json", action="store_true", help="the whole reply, for programs")
    process = commands.add_parser("process", help="look at the folder now and read what is new")
    process.add_argument("--wait", action="store_true", help="show progress until all is read")
    process.add_argument(
        "--limit", type=_positive, help="how many images to read at most (signal mode)"
    )
    process.add_argument("paths", nargs="*", metavar="PATH", help="only these (signal mode)")
    commands.add_parser("pause", help="start no further batch, also after a restart")
    commands.add_parser("resume", help="go on after pause")
    reprocess = commands.add_parser("reprocess", help="read images again")
    reprocess.add_argument("image_ids", nargs="+", type=_positive, metavar="IMAGE_ID")
    retry = commands.add_parser("retry", help="read again what was given up")
    retry.add_argument(
        "--quarantined", action="store_true", required=True, help="every quarantined image"
    )
    try_command.add_parser(commands)
    search_command.add_parser(commands)
    export_command.add_parser(commands)
    upkeep_commands.add_parsers(commands)
    return parser


def _queries_marked(argv: list[str]) -> list[str]:
    """So that a query may begin with `-`, as `-draft`, and is no option then."""
    at = 0
    while at < len(argv) and argv[at].startswith("--data"):
        at += 1 if "=" in argv[at] else 2
    before, command, rest = argv[:at], "".join(argv[at : at + 1]), argv[at + 1 :]
    if command == "search":
        return [*before, command, *search_command.with_words_last(rest)]
    for n, each in enumerate(rest[:-1]):
        if command == "export" and each == "--query":
            return [*before, command, *rest[:n], f"--query={rest[n + 1]}", *rest[n + 2 :]]
    return argv


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _settings(options: argparse.Namespace) -> Settings:
    """With --data the environment, which may be Compose's, matters only to these."""
    if options.data is not None and options.command not in _WITH_SETTINGS:
        return Settings(data_folder=options.data)
    settings = load(os.environ)
    data_folder = settings.data_folder if options.data is None else options.data
    if options.command in _WITH_SETTINGS:
        settings = remembered_settings.recall(data_folder)
    return dataclasses.replace(settings, data_folder=data_folder)


def _elsewhere(options: argparse.Namespace) -> str:
    """What to try where nothing is found in the data folder that was taken for granted."""
    if options.data is not None or os.environ.get("OCR_HOST_IMAGE_FOLDER"):  # in a container
        return ""
    return " If its data lie elsewhere, name that folder: ocrctl --data FOLDER …"


def _pages(batch: BatchInWork) -> str:
    """How far the documents in work are."""
    if not batch.get("pages"):
        return ""
    return f" ({batch.get('pages_read', 0):,} of {batch['pages']:,} pages)"


def _status(client: ControlClient, options: argparse.Namespace) -> int:
    status = client.status()
    if options.json:
        sys.stdout.write(json.dumps(status.to_json(), indent=2) + "\n")
        return 0
    counts = status.counts
    rows = [
        ("state", _state(status)),
        ("folder", status.image_folder),
        ("images", ", ".join(_count(status, name) for name in counts if counts[name])),
        ("speed", f"{status.pages_per_second:.2f} pages a second over the last minute"),
        ("left", "unknown" if status.seconds_left is None else _duration(status.seconds_left)),
        ("engine", f"{status.engine or 'loading'} on {status.device or '?'} ({status.precision})"),
        ("models", ", ".join(status.models) or "loading"),
    ]
    if status.check is not None:
        rows.append(("checked", _check(status.check)))
    if status.warning:
        rows.insert(1, ("warning", status.warning))
    if status.batch:
        rows.insert(1, ("in work", ", ".join(status.batch["images"]) + _pages(status.batch)))
    sys.stdout.write("".join(f"{name:8} {value}\n" for name, value in rows))
    return 0


def _count(status: StatusReply, name: str) -> str:
    number = f"{status.counts[name]} {name}"
    if name == "done" and status.done_with_warning:
        number += f" ({status.done_with_warning} of them with a warning)"
    return number


def _check(check: DatabaseCheck) -> str:
    if check["checked_at"] is not None:
        return f"the database is sound, read through after {check['checked_at']}"
    return f"the database is being read through, {check['tables_left']} tables are left"


def _state(status: StatusReply) -> str:
    return {
        "waiting": "waiting for the processing signal (ocrctl process)",
        "paused": "paused (ocrctl resume)",
    }.get(status.state, status.state)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _process(client: ControlClient, options: argparse.Namespace) -> int:
    reply = _signal(client, options)
    sys.stderr.write(f"{reply.found} new or changed, {reply.queued} waiting\n")
    if not options.wait:
        return 0
    return _wait(client, options)


def _signal(client: ControlClient, options: argparse.Namespace) -> ProcessReply:
    return client.process(
        paths=options.paths or None, limit=options.limit, request_id=str(uuid.uuid4())
    )


def _wait(client: ControlClient, options: argparse.Namespace) -> int:
    """Show progress until the queue is empty, or all that was ordered is read."""
    seen = _look(client)
    status = seen.status
    done_before = _finished(status)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("reading", total=None)
        while True:
            waiting = status.counts["pending"] + status.counts["processing"] + status.settling
            done = _finished(status) - done_before
            progress.update(
                task,
                description=_doing(status),
                total=max(done + waiting, 1),
                completed=done,
            )
            if status.state == "paused" and waiting:
                return _fail("The service is paused; `ocrctl resume` lets it go on.", EXIT_OTHER)
            if not waiting and status.state not in _BUSY_STATES:
                progress.update(task, total=max(done, 1), completed=max(done, 1))
                return 0
            if not status.settling and status.state == "waiting":
                return 0  # a limited order is carried out; the rest waits for the next signal
            time.sleep(_POLL_S)
            before, seen = seen, _persist(lambda: _look(client))
            if seen.is_another_run_than(before) and options.limit is None:
                _persist(lambda: _signal(client, options))  # it has forgotten what it was told
                seen = _persist(lambda: _look(client))
            status = seen.status


def _doing(status: StatusReply) -> str:
    held = any(warning.get("holds") for warning in status.warnings)
    return "held back (ocrctl status says why)" if held else "reading"


@dataclasses.dataclass(frozen=True, slots=True)
class _Seen:
    """A status, and between which moments of our clock the service that sent it started."""

    status: StatusReply
    earliest_start: float
    latest_start: float

    def is_another_run_than(self, before: "_Seen") -> bool:
        return self.earliest_start > before.latest_start + _UPTIME_ROUNDING_S


def _look(client: ControlClient) -> _Seen:
    asked = time.monotonic()
    status = client.status()
    return _Seen(status, asked - status.uptime_s, time.monotonic() - status.uptime_s)


def _persist(ask: Callable[[], _Reply]) -> _Reply:
    """Ask until there is an answer: the service may be busy, or starting again."""
    until = time.monotonic() + _UNREACHABLE_S
    while True:
        try:
            return ask()
        except ControlError as error:
            temporary = isinstance(error, ServiceUnreachable) or error.http_status == 503
            if not temporary or time.monotonic() > until:
                raise
        time.sleep(_POLL_S)


def _finished(status: StatusReply) -> int:
    return sum(status.counts[name] for name in ("done", "failed", "quarantined", "ignored"))


def _pause(client: ControlClient, _: argparse.Namespace) -> int:
    client.pause(request_id=str(uuid.uuid4()))
    sys.stderr.write("paused; the batch in work is finished first\n")
    return 0


def _resume(client: ControlClient, _: argparse.Namespace) -> int:
    client.resume(request_id=str(uuid.uuid4()))
    sys.stderr.write("reading again\n")
    return 0


def _reprocess(client: ControlClient, options: argparse.Namespace) -> int:
    reply = client.reprocess(options.image_ids, request_id=str(uuid.uuid4()))
    sys.stderr.write(f"{reply.queued} queued\n")
    return 0


def _retry(client: ControlClient, _: argparse.Namespace) -> int:
    reply = client.retry_quarantined(request_id=str(uuid.uuid4()))
    sys.stderr.write(f"{reply.queued} queued\n")
    return 0


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"ocrctl: {message}\n")
    return code


_COMMANDS = {
    "status": _status,
    "process": _process,
    "pause": _pause,
    "resume": _resume,
    "reprocess": _reprocess,
    "retry": _retry,
}

if __name__ == "__main__":
    sys.exit(main())
