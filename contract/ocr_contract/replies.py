"""What ocr_service answers over its socket: one record for each reply, the same at both ends.

A new field gets a default, so that a client still understands the service of the version before;
a client ignores fields that it does not know.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple, NotRequired, Self, TypedDict


class Reply:
    """A frozen dataclass whose fields are those of the JSON object."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """The JSON object. Not a deep copy: for sending."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]  # every subclass is one
        return {field.name: getattr(self, field.name) for field in fields}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The record in a decoded object.

        Raises:
            ValueError: a field is missing.
        """
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]
        try:
            return cls(**{f.name: value[f.name] for f in fields if f.name in value or _needed(f)})
        except KeyError as error:
            raise ValueError(f"{error} is missing") from error


def _needed(field: "dataclasses.Field[Any]") -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


class ServiceWarning(NamedTuple):
    """Something that needs a person: a stable code for programs, a sentence with the remedy."""

    code: str
    message: str
    holds: bool = False
    """While it lasts no batch begins."""


class WarningObject(TypedDict):
    """A `ServiceWarning` in a reply; docs/error-codes.md lists the codes."""

    code: str
    message: str
    holds: bool


class BatchInWork(TypedDict):
    """The batch that is being read."""

    id: int
    started_at: str
    images: list[str]
    pages_read: NotRequired[int]
    """Of the documents among them, with what earlier batches read; absent without any."""
    pages: NotRequired[int]
    """That these have."""


class NewestBackup(TypedDict):
    """The newest backup made since the start; `path` is relative to the data folder."""

    path: str
    bytes: int
    """Of the database that it holds."""
    finished_at: str
    kept: NotRequired[int]
    """So many are kept that are named after their time; known when this is one of them."""
    all_bytes: NotRequired[int]
    """What those take on the disk together."""


class DatabaseCheck(TypedDict):
    """How far the thorough check of the database is, which goes on behind the work."""

    state: str
    """running, or sound: every table was read through. Damage ends the service."""
    tables_left: int
    checked_at: str | None
    """When it is sound: since when at the latest; None while it runs."""


@dataclasses.dataclass(frozen=True, slots=True)
class StatusReply(Reply):
    """What `GET /v1/status` tells."""

    state: str
    """starting, idle, working, waiting (for the processing signal), or paused."""
    version: str
    trigger: str
    """watch or signal (OCR_TRIGGER)."""
    image_folder: str
    warning: str | None
    """What needs a person, e.g. that the folder is unreadable, in sentences; see `warnings`."""
    counts: dict[str, int]
    """Images by status, and "total"."""
    settling: int
    """Files that are new or changed but not yet finished: they are queued in a moment."""
    batch: BatchInWork | None
    """None when idle."""
    pages_per_second: float
    """Over the last minute."""
    seconds_left: float | None
    """For the images now pending, at that rate; None when the rate is not known yet."""
    engine: str | None
    """e.g. "onnxruntime 1.32.0"; None until the worker is ready. Likewise the next three."""
    device: str | None
    precision: str | None
    models: dict[str, str]
    """Model name to SHA-256 of its weights."""
    worker_restarts: int
    uptime_s: float
    warnings: list[WarningObject] = dataclasses.field(default_factory=list)
    """What `warning` says, one by one. While one that holds is there no batch begins."""
    backup: NewestBackup | None = None
    done_with_warning: int = 0
    """So many of the images that are done have a warning: something about them is doubtful."""
    check: DatabaseCheck | None = None
    readings: list[str] = dataclasses.field(default_factory=list)
    """What a page can be read with on trial: see `trial_readings`."""


@dataclasses.dataclass(frozen=True, slots=True)
class ProcessReply(Reply):
    """After the processing signal's look at the folder."""

    found: int
    """New or changed files."""
    queued: int
    """Images that wait now."""


@dataclasses.dataclass(frozen=True, slots=True)
class PauseReply(Reply):
    """After pause and resume."""

    paused: bool


@dataclasses.dataclass(frozen=True, slots=True)
class ReprocessReply(Reply):
    """After a request to read images again."""

    queued: int
    """Those that wait now and did not before."""


@dataclasses.dataclass(frozen=True, slots=True)
class CorrectionReply(Reply):
    """After a correction."""

    line_id: int


@dataclasses.dataclass(frozen=True, slots=True)
class TrialReply(Reply):
    """A trial reading that was asked for, taken or dropped."""

    trial_id: int
    state: str
    """waiting, or what became of it: taken, dropped."""


@dataclasses.dataclass(frozen=True, slots=True)
class BackupReply(Reply):
    """A backup in work (what is not known yet is None) or done; one that failed is an error."""

    state: str
    """running or done."""
    path: str
    """Relative to the data folder."""
    bytes: int | None = None
    """Of the database that it holds."""
    sha256: str | None = None
    images: int | None = None
    pages: int | None = None
    seconds: float | None = None
    added_bytes: int | None = None
    """What it took on the disk, where only what is new is stored; None for a whole file."""


class Reason(TypedDict):
    """Files of one status and error code: how many, and the names of the first."""

    count: int
    names: list[str]


@dataclasses.dataclass(frozen=True, slots=True)
class CoverageReply(Reply):
    """Every file of the image folder, and where it stands."""

    counted_at: str
    complete: bool
    """False when a part of the folder could not be read: `problem` says which."""
    problem: str | None
    files: int
    """On the disk: the sum of `counts`."""
    counts: dict[str, int]
    """By status, and "unfinished": not taken in yet."""
    missing: int
    """Deleted from the folder; their text is kept."""
    vanished: int
    """Gone since the last look, and not yet marked as missing."""
    reasons: dict[str, dict[str, Reason]]
    """Status to error code."""
    found_by: dict[str, int]
    """Files noticed since the start, by "event" and by "rescan"."""
    warnings: dict[str, Reason] = dataclasses.field(default_factory=dict)
    """Warning code to files that are done with it: they are among the done ones."""
