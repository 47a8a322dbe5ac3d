"""The commands of `ocrctl` that keep the data safe: coverage, backup, restore, doctor."""

import argparse
import dataclasses
import json
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import apsw

from ocr_contract.control import ControlClient, ControlError, ServiceUnreachable
from ocr_contract.data_folder import BACKUPS_FOLDER
from ocr_contract.error_codes import ErrorCode
from ocr_contract.replies import BackupReply, Reply
from ocr_errors import OcrError
from ocr_settings import Settings
from records.chunked_copy import assemble, is_manifest
from records.database_copy import publish, read_checksum, sha256_of, write_copy
from safekeeping import database_sizes, doctor, restore

_Reply = TypeVar("_Reply", bound=Reply)
_POLL_S = 0.3
_PATIENCE_S = 600.0
_BACKUP_PATIENCE_S = 7200.0
"""It gives way to reading, and the database may be large."""
_RESULT_WIDTH = 4
_SOMETHING_FAILED = 1
STANDARD_STREAM = "-"
"""In a file's place: standard output, or input. ocrctl uses it to reach into a container."""

Command = Callable[[ControlClient, argparse.Namespace, Settings], int]


def add_parsers(commands: "argparse._SubParsersAction[Any]") -> None:
    """The arguments of these commands."""
    coverage = commands.add_parser("coverage", help="every file of the folder, where it stands")
    coverage.add_argument("--json", action="store_true", help="the whole reply, for programs")
    backup = commands.add_parser("backup", help="a checked copy of the database")
    backup.add_argument("file", nargs="?", metavar="FILE", help="a name in data/backups")
    backup.add_argument(
        "--to",
        type=Path,
        help="copy it there, too, or to standard output (-); works without the service",
    )
    restoring = commands.add_parser("restore", help="put a backup back (the service stopped)")
    restoring.add_argument("file", metavar="FILE", help="a path, a name in data/backups, or -")
    # The wrapper has compared what it sends with the checksum that lies beside it on the host.
    restoring.add_argument("--compared", action="store_true", help=argparse.SUPPRESS)
    examining = commands.add_parser("doctor", help="check everything, say what to do")
    examining.add_argument("--json", action="store_true", help="the findings, for programs")
    examining.add_argument(
        "--sizes", action="store_true", help="what takes the room in the database, by table"
    )
    # What bundle/preflight.sh found on the host; ocrctl of an installation passes it in.
    examining.add_argument("--before", type=argparse.FileType(), help=argparse.SUPPRESS)


def coverage(client: ControlClient, options: argparse.Namespace, _: Settings) -> int:
    """Show `GET /v1/coverage`; 0 even when files failed: that is their state, not an error."""
    reply = _persist(client.coverage)
    if options.json:
        return _print_json(reply.to_json())
    counts = {name: count for name, count in reply.counts.items() if count}
    sum_ = " + ".join(f"{count} {name}" for name, count in counts.items()) or "0"
    lines = [f"{reply.files} files on disk = {sum_}"]
    if reply.warnings:
        number = sum(reason["count"] for reason in reply.warnings.values())
        lines.append(f"{number} of the {reply.counts['done']} done have a warning")
    for status, codes in ({"done": reply.warnings} | reply.reasons).items():
        for code, reason in codes.items():
            lines.append(f"{status}, {code}: {reason['count']}")
            lines += [f"    {name}" for name in reason["names"]]
            if reason["count"] > len(reason["names"]):
                lines.append(f"    and {reason['count'] - len(reason['names'])} more")
    lines.append(f"{reply.missing} missing, {reply.vanished} vanished since the last look")
    found = reply.found_by
    lines.append(f"found since the start: {found['event']} by event, {found['rescan']} by rescan")
    if reply.problem:
        lines.append(f"not complete: {reply.problem}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def backup(client: ControlClient, options: argparse.Namespace, settings: Settings) -> int:
    """Have the service make a backup and wait for it; `--to` copies it out."""
    streams = options.to == Path(STANDARD_STREAM)
    if options.to is not None and not streams:
        _refuse_what_is_no_file(options.to)
    if streams and sys.stdout.isatty():
        raise OcrError(ErrorCode.NO_ACCESS, "A database is no text: backup --to - >FILE")
    request_id = str(uuid.uuid4())
    try:
        reply = client.backup(options.file, request_id=request_id)
    except ServiceUnreachable:
        if options.to is None:
            raise
        if not streams:
            return _print_json(_copy_directly(settings.database, options.to).to_json())
        with _hidden_folder(settings) as folder:
            reply = _copy_directly(settings.database, Path(folder) / settings.database.name)
            return _stream(Path(reply.path), reply)
    until = time.monotonic() + _BACKUP_PATIENCE_S
    while reply.state == "running":
        if time.monotonic() > until:
            raise OcrError(ErrorCode.BACKUP_SLOW, "The backup takes long; ask later: ocrctl status")
        time.sleep(_POLL_S)
        reply = _persist(client.backup_state)
    made = settings.data_folder / reply.path
    if streams:
        return _stream(made, reply)
    if options.to is not None:
        assert reply.sha256 is not None  # it is done
        sha256 = _copy_out(made, options.to, reply.sha256)
        reply = dataclasses.replace(reply, sha256=sha256)
    return _print_json(reply.to_json())


def _refuse_what_is_no_file(target: Path) -> None:
    """Root would put the copy in the place of a device: in that of /dev/null for everybody."""
    if not target.name or target.is_dir():
        raise OcrError(ErrorCode.NO_ACCESS, f"{target} is a folder. Name a file in it: --to FILE")
    if target.exists() and not target.is_file():
        raise OcrError(
            ErrorCode.NO_ACCESS, f"{target} is no regular file. Name another one: --to FILE"
        )


def _hidden_folder(settings: Settings) -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix=".copy-", dir=settings.data_folder)


def _stream(file: Path, reply: BackupReply) -> int:
    """The backup to standard output; what is said of it, its checksum above all, to stderr."""
    if is_manifest(file):
        reply = dataclasses.replace(reply, sha256=assemble(file, sys.stdout.buffer))
    else:
        with file.open("rb") as source:
            shutil.copyfileobj(source, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    sys.stderr.write(json.dumps(reply.to_json(), indent=2) + "\n")
    return 0


def _copy_out(source: Path, target: Path, sha256: str) -> str:
    """A whole copy of the backup `source`; returns its checksum, which for a file is `sha256`."""
    partial = target.with_name(f".{target.name}.copying")
    try:
        if is_manifest(source):
            with partial.open("wb") as stream:
                sha256 = assemble(source, stream)
        else:
            shutil.copyfile(source, partial)
        if sha256_of(partial) != sha256:
            raise OcrError(
                ErrorCode.COPY_DIFFERS, f"The copy for {target} differs from the backup."
            )
        publish(partial, target, sha256)
    except PermissionError as error:
        raise OcrError(
            ErrorCode.NO_ACCESS,
            f"The backup is {source}, but cannot be copied to {target} ({error.strerror}). Copy "
            "it as root, or as a member of its group.",
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return sha256


def _copy_directly(database: Path, target: Path) -> BackupReply:
    """The service is stopped: read what it left, its write-ahead log included."""
    if not database.is_file():
        raise OcrError(ErrorCode.NO_DATABASE, f"There is no database {database} yet.")
    try:
        connection = apsw.Connection(
            f"{database.absolute().as_uri()}?mode=ro",
            apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
        )
        try:
            copy = write_copy(connection, target)
        finally:
            connection.close()
    except apsw.Error as error:
        raise OcrError(ErrorCode.NO_ACCESS, f"{database} cannot be read: {error}.") from error
    return BackupReply("done", str(target), copy.size_bytes, copy.sha256, copy.images, copy.pages)


def restore_backup(_: ControlClient, options: argparse.Namespace, settings: Settings) -> int:
    """Put a backup back; the service must be stopped."""
    if options.file != STANDARD_STREAM:
        chosen = restore.find(options.file, settings.data_folder / BACKUPS_FOLDER)
        return _restore(chosen, settings, was_compared=read_checksum(chosen) is not None)
    with _hidden_folder(settings) as folder:
        given = Path(folder, "standard-input.db")
        with given.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        return _restore(given, settings, was_compared=options.compared)


def _restore(chosen: Path, settings: Settings, *, was_compared: bool) -> int:
    done = restore.restore(chosen, settings.database, settings.data_folder / BACKUPS_FOLDER)
    with_checksum = "" if was_compared else " (it had no checksum; its content is sound)"
    sys.stderr.write(f"restored {done.source}{with_checksum}\n")
    if done.kept is not None:
        sys.stderr.write(f"the database that was there is now {done.kept}\n")
    sys.stderr.write("start the service again; what appeared since the backup is read again\n")
    return _print_json(
        {
            "source": str(done.source),
            "kept": None if done.kept is None else str(done.kept),
            "images": done.images,
            "pages": done.pages,
        }
    )


def examine(_: ControlClient, options: argparse.Namespace, settings: Settings) -> int:
    """Print the findings; 1 when something does not work."""
    findings = doctor.examine(settings)
    if options.before is not None:
        findings[:0] = doctor.parse(options.before)
    room = _sizes(settings) if options.sizes else None
    if options.json:
        rows: list[dict[str, Any]] = [finding._asdict() for finding in findings]
        if room is not None:
            next(row for row in rows if row["check"] == "size")["sizes"] = database_sizes.to_json(
                room
            )
        _print_json(rows)
    else:
        width = max(len(finding.check) for finding in findings)
        for check, result, message in findings:
            sys.stdout.write(f"{result:{_RESULT_WIDTH}}  {check:{width}}  {message}\n")
        if room is not None:
            sys.stdout.write(f"\n{database_sizes.table(room)}\n")
    failed = any(finding.result == "fail" for finding in findings)
    return _SOMETHING_FAILED if failed else 0


def _sizes(settings: Settings) -> database_sizes.Sizes | None:
    """None without a database that can be read: the findings say so."""
    try:
        return database_sizes.measure(settings.database, limit_s=_PATIENCE_S)
    except apsw.Error:
        return None


def _persist(ask: Callable[[], _Reply]) -> _Reply:
    """Ask again while the service says that it counts, copies, or is busy."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return ask()
        except ControlError as error:
            if error.code not in {ErrorCode.COUNTING, ErrorCode.BUSY} or time.monotonic() > until:
                raise
        time.sleep(_POLL_S)


def _print_json(value: object) -> int:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
    return 0


COMMANDS: dict[str, Command] = {
    "coverage": coverage,
    "backup": backup,
    "restore": restore_backup,
    "doctor": examine,
}
