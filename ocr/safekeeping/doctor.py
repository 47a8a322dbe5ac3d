"""`ocrctl doctor`: looks at everything that the service needs and says what to do.

Each check is one line: ok, warn (it works, but a person should look) or fail (it does not).
Nothing is changed, and it does not matter whether the service runs.
"""

import contextlib
import datetime
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple, cast

import apsw

import folder_rights
import language_choice
import machine_limits
import models
from disk_guard import DiskGuard, free_bytes
from folder_rights import ImageRights
from ocr_contract import schema
from ocr_contract.control import ControlClient, ControlError
from ocr_contract.data_folder import BACKUPS_FOLDER, SOCKET_PATH
from ocr_contract.replies import StatusReply
from ocr_errors import ModelError, StoreError
from ocr_settings import Settings
from records.database_copy import listed, verify
from safekeeping import database_sizes, rotation

_CHECK_LIMIT_S = 600.0
_CLOCK_SLACK_S = 60.0
_BACKUP_LIMIT_S = 60.0
"""Some gigabytes."""
_OLD_BACKUP_DAYS = 7
_SIZES_LIMIT_S = 3.0
"""A gigabyte or so; `--sizes` takes the time that it needs."""


class Finding(NamedTuple):
    """One line."""

    check: str
    result: "Result"
    message: str


Result = Literal["ok", "warn", "fail"]


def parse(lines: Iterable[str]) -> list[Finding]:
    """What `bundle/preflight.sh` found on the host: result, check and message, a tab between."""
    rows = [line.rstrip("\n").split("\t", 2) for line in lines]
    return [Finding(check, cast(Result, result), message) for result, check, message in rows]


def examine(settings: Settings) -> list[Finding]:
    """All checks, in the order in which a person would mend things."""
    status, unreachable = _ask(settings)
    findings: list[Finding] = []
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("folders", lambda: _folders(settings)),
        ("disk", lambda: _disk(settings)),
        ("models", lambda: _models(settings)),
        ("languages", lambda: _languages(settings)),
        ("database", lambda: _database(settings)),
        ("size", lambda: _size(settings)),
        ("backups", lambda: _backups(settings)),
        ("clock", lambda: _clock(settings)),
        ("socket", lambda: _socket(settings, status, unreachable)),
        ("device", lambda: _device(settings, status)),
    ]
    for name, check in checks:
        try:
            findings += check()
        except OSError as error:
            findings.append(Finding(name, "fail", f"{error}. Mend that, then ask again."))
    return findings


def _ask(settings: Settings) -> tuple[StatusReply | None, ControlError | None]:
    try:
        return ControlClient(settings.data_folder / SOCKET_PATH).status(), None
    except ControlError as error:
        return None, error


def _folders(settings: Settings) -> Iterator[Finding]:
    images, data = settings.image_folder, settings.data_folder
    rights = ImageRights(images, settings.host_image_folder)
    try:
        is_folder = images.is_dir()
    except PermissionError:  # a folder above it is closed
        is_folder = True
    if not is_folder:
        yield Finding(
            "image folder",
            "fail",
            f"{rights.shown} is no folder. Create it, or set OCR_IMAGE_FOLDER.",
        )
    elif not os.access(images, os.R_OK | os.X_OK):
        yield Finding("image folder", "fail", rights.of_folder())
    elif _is_inside(data, images):
        yield Finding(
            "image folder",
            "warn",
            f"{images} holds the data folder {data}, which must be left out. Better choose a "
            "folder of images alone: OCR_IMAGE_FOLDER.",
        )
    else:
        yield Finding("image folder", "ok", f"{images} can be read.")
    if not data.is_dir():
        yield Finding("data folder", "fail", f"{data} is no folder yet; the service makes it.")
        return
    if not os.access(data, os.W_OK | os.X_OK):
        in_container = bool(settings.host_image_folder)
        said = folder_rights.of_data_folder(data, in_container=in_container)
        yield Finding("data folder", "fail", said)
        return
    yield Finding("data folder", "ok", f"{data} can be written.")
    database = settings.database
    if database.exists():
        yield _database_rights(database, data)


def _is_inside(inner: Path, outer: Path) -> bool:
    """By device and inode, since links and mounts hide names."""
    inner = inner.resolve()
    return any(path.exists() and path.samefile(outer) for path in (inner, *inner.parents))


def _database_rights(database: Path, data: Path) -> Finding:
    """The page reads as another user of the same group."""
    mode = database.stat().st_mode
    if not mode & stat.S_IRGRP:
        return Finding(
            "rights",
            "warn",
            f"{database.name} is not readable for its group, so the page may not show it. "
            f"Do: chmod 640 {database}*",
        )
    if mode & stat.S_IRWXO:
        return Finding(
            "rights", "warn", f"{database.name} is open to everybody. Do: chmod 640 {database}*"
        )
    if database.stat().st_uid != data.stat().st_uid:
        return Finding(
            "rights",
            "warn",
            f"{database.name} and its folder belong to different users. Give both to the user "
            "that runs ocr_service.",
        )
    return Finding("rights", "ok", "The database belongs to the service and its group.")


def _disk(settings: Settings) -> Iterator[Finding]:
    guard = DiskGuard(settings.data_folder, min_free_mb=settings.min_free_mb)
    short = guard.short_of(0)
    if short is not None:
        yield Finding("disk", "fail", short.message)
    else:
        yield Finding("disk", "ok", f"{free_bytes(settings.data_folder) / 1e6:.0f} MB are free.")


def _models(settings: Settings) -> Iterator[Finding]:
    try:
        used = models.resolve(
            settings.models_folder,
            settings.model,
            detection=settings.detection_model or None,
            recognition=settings.recognition_model or None,
        )
    except ModelError as error:
        yield Finding("models", "fail", error.message)
        return
    names = (used.detection.name, used.recognition.name)
    yield Finding("models", "ok", f"{' and '.join(names)}: every file is the right one.")


def _languages(settings: Settings) -> Iterator[Finding]:
    """Those of other scripts. Whether their reader is installed is seen when the worker starts."""
    if not settings.languages:
        yield Finding(
            "languages", "ok", "None are set up: lines in other scripts are marked (OCR_LANGUAGES)."
        )
        return
    try:
        found = language_choice.resolve(
            settings.languages, settings.languages_folder, settings.models_folder
        )
    except ModelError as error:
        yield Finding("languages", "fail", error.message)
        return
    names = ", ".join(language.name for language in found)
    yield Finding("languages", "ok", f"{names}: set up, every file is there.")
    for language in found:
        if language.model is not None and language_choice.is_unknown_version(language.model):
            yield Finding(
                "languages",
                "warn",
                f"{language.model.name} has other weights than the version whose SHA-256 is known. "
                "If you did not convert it yourself, fetch it again.",
            )


def _database(settings: Settings) -> Iterator[Finding]:
    database = settings.database
    if not database.exists():
        yield Finding("database", "ok", "There is none yet; the service makes it.")
        return
    advice = f"Put a backup back with: ocrctl restore (see {settings.data_folder / BACKUPS_FOLDER})"
    try:
        with contextlib.closing(
            schema.open_reader(database, query_limit_s=_CHECK_LIMIT_S)
        ) as reader:
            answer = reader.execute("PRAGMA quick_check(1)").fetchone()[0]
            pages = reader.execute("SELECT count(*) FROM pages").fetchone()[0]
    except schema.SchemaError as error:
        yield Finding("database", "fail", str(error))
        return
    except sqlite3.Error as error:
        yield Finding("database", "fail", f"{database} cannot be read: {error}. {advice}")
        return
    if answer != "ok":
        yield Finding("database", "fail", f"{database} is damaged ({answer}). {advice}")
        return
    yield Finding(
        "database", "ok", f"Sound, schema version {schema.SCHEMA_VERSION}, {pages} pages."
    )


def _size(settings: Settings) -> Iterator[Finding]:
    """Of a database that cannot be read, the check before has said so."""
    with contextlib.suppress(apsw.Error):
        if settings.database.exists():
            found = database_sizes.measure(settings.database, limit_s=_SIZES_LIMIT_S)
            yield Finding("size", "ok", database_sizes.sentence(found))


def _backups(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_folder / BACKUPS_FOLDER
    backups = listed(folder)
    if not backups:
        yield Finding("backups", "warn", "There is no backup yet. Make one with: ocrctl backup")
        return
    newest = max(backups, key=lambda path: path.stat().st_mtime)
    age_s = datetime.datetime.now(datetime.UTC).timestamp() - newest.stat().st_mtime
    problem, was_read = _examine_backup(newest)
    if problem is not None:
        yield Finding(
            "backups",
            "fail",
            f"The newest cannot be restored: {problem} Make another one with: ocrctl backup",
        )
    elif age_s > _OLD_BACKUP_DAYS * 86_400:
        days = age_s / 86_400
        yield Finding(
            "backups", "warn", f"The newest is {days:.0f} days old. Make one with: ocrctl backup"
        )
    else:
        read = (
            "was read and is whole"
            if was_read
            else f"takes more than {_BACKUP_LIMIT_S:.0f} s to read"
        )
        yield Finding("backups", "ok", f"{len(backups)} in {folder}; the newest {read}.")
    yield _backups_need(settings, folder)


def _examine_backup(path: Path) -> tuple[str | None, bool]:
    """Why it cannot be restored, and whether it was read to its end."""
    until = time.monotonic() + _BACKUP_LIMIT_S

    def between() -> None:
        if time.monotonic() > until:
            raise TimeoutError

    try:
        verify(path, between)
    except TimeoutError:
        return None, False
    except (StoreError, OSError) as error:
        return f"{error}", True
    return None, True


def _backups_need(settings: Settings, folder: Path) -> Finding:
    """Of the disk, by those that are named after their time."""
    need = rotation.need(folder)
    limit = rotation.limit_bytes(folder, settings.backup_share)
    keep = settings.backup_keep
    said = f"{need.backups} of at most {keep} by the clock take {need.size_bytes / 1e6:.0f} MB"
    if need.backups < keep and need.one_more_bytes is not None:
        all_bytes = need.size_bytes + (keep - need.backups) * need.one_more_bytes
        said += f", {keep} will take about {all_bytes / 1e6:.0f} MB"
    share = f"OCR_BACKUP_SHARE allows {limit / 1e6:.0f} MB"
    if need.size_bytes > limit:
        return Finding(
            "backup size",
            "warn",
            f"{said}. {share}: only the newest is kept. Make room, or allow more.",
        )
    return Finding("backup size", "ok", f"{said}; {share}.")


def _clock(settings: Settings) -> Iterator[Finding]:
    """Times in the database only ever grow, unless the clock was set back."""
    newest = None
    if settings.database.exists():
        with (
            contextlib.suppress(sqlite3.Error, schema.SchemaError),
            contextlib.closing(schema.open_reader(settings.database)) as reader,
        ):
            newest = reader.execute("SELECT max(updated_at) FROM images").fetchone()[0]
    now = datetime.datetime.now(datetime.UTC)
    try:
        written = None if newest is None else datetime.datetime.fromisoformat(newest)
    except ValueError:
        written = None
    if written is not None and (written - now).total_seconds() > _CLOCK_SLACK_S:
        yield Finding(
            "clock",
            "warn",
            f"It is {now:%Y-%m-%d %H:%M} UTC by this machine's clock, but the newest row is of "
            f"{written:%Y-%m-%d %H:%M}. Set the clock right; nothing is lost.",
        )
    else:
        yield Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC, not before the newest row.")


def _socket(
    settings: Settings, status: StatusReply | None, error: ControlError | None
) -> Iterator[Finding]:
    path = settings.data_folder / SOCKET_PATH
    if status is None:
        assert error is not None
        yield Finding(
            "socket",
            "warn",
            f"{error.message} If it should run, start it: docker compose up -d, or make run.",
        )
        return
    yield Finding("socket", "ok", f"ocr_service {status.version} answers on {path}.")
    for warning in status.warnings:
        yield Finding("service", "warn", warning["message"])


def _device(settings: Settings, status: StatusReply | None) -> Iterator[Finding]:
    if status is None:
        yield Finding("device", "ok", f"Wanted: {settings.device}; known once the service runs.")
    elif status.device is None:
        yield Finding("device", "warn", "The models are still being loaded; ask again soon.")
    elif (
        status.device == "cpu"
        and settings.device != "cpu"
        and machine_limits.NVIDIA_CONTROL_DEVICE.exists()
    ):
        yield Finding(
            "device",
            "warn",
            "The machine has a GPU, but reading is done on the CPU. The service's log says why.",
        )
    else:
        yield Finding("device", "ok", f"{status.engine} reads on: {status.device}.")
