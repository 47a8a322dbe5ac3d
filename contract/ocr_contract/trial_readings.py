"""Trial readings: a page read once more with other models, beside the text that it has.

What a trial is read with (`reading`) is one of these:

    fast, balanced, best       the settings of that OCR_PROFILE
    model:NAME                 the folders NAME_det and NAME_rec in data/paddle_models/whl
    language:rus               as images are read, and this language of data/languages, too

The row's `page` is JSON, as the worker sends a page:

    {"width", "height", "rotation", "preview", …,
     "lines": [[text, confidence, [[x, y], [x, y], [x, y], [x, y]], {"doubt", "model", …}], …]}

Only ocr_service writes such rows; `find` reads them for whoever shows them.
"""

import dataclasses
import enum
import json
import sqlite3
from typing import Any

from ocr_contract import doubt
from ocr_contract.doubt import Band

MODEL, LANGUAGE = "model:", "language:"
MAX_READING_CHARS = 200


class State(enum.StrEnum):
    """What becomes of a trial; taken or dropped, its row is gone."""

    WAITING = "waiting"
    READING = "reading"
    DONE = "done"
    FAILED = "failed"


IN_WORK = (State.WAITING, State.READING)


@dataclasses.dataclass(frozen=True, slots=True)
class TrialLine:
    """One line as it was read on trial."""

    text: str
    confidence: float
    polygon: list[list[float]]
    doubt: float
    model: str | None = None
    """What read it when that was not the reading's recogniser, as in `lines`."""

    @property
    def band(self) -> Band:
        """What the doubt means."""
        return doubt.band(self.doubt)


@dataclasses.dataclass(frozen=True, slots=True)
class TrialReading:
    """One trial; sizes, picture and lines only of one that is done."""

    id: int
    page_number: int
    reading: str
    state: State
    created_at: str
    finished_at: str | None
    error_code: str | None
    error: str | None
    seconds: float | None
    models: tuple[str, ...]
    """By name: detection, recognition, and others that took part."""
    width: int
    height: int
    rotation: int
    preview: str | None
    lines: list[TrialLine]

    @property
    def is_in_work(self) -> bool:
        """Whether one has to wait for it."""
        return self.state in IN_WORK

    @property
    def recogniser(self) -> str:
        """The model that read the lines, as far as it is known; or what was asked for."""
        return recogniser(self.models) or self.reading

    @property
    def readers(self) -> tuple[str, ...]:
        """All that took part: the models, and what read single lines instead."""
        others = (line.model for line in self.lines if line.model is not None)
        return tuple(dict.fromkeys((*self.models, *others)))


def recogniser(models: tuple[str, ...]) -> str | None:
    """Of a reading's models, in their order: the one that reads lines."""
    return models[1] if len(models) > 1 else None


def find(
    connection: sqlite3.Connection, image_id: int, page_number: int | None = None
) -> TrialReading | None:
    """The trial of that page of an image, or the newest of any; of a duplicate the original's."""
    row = connection.execute(
        "SELECT * FROM trial_readings WHERE image_id = "
        "(SELECT coalesce(duplicate_of, id) FROM images WHERE id = ?1) "
        "AND (?2 IS NULL OR page_number = ?2) ORDER BY id DESC LIMIT 1",
        (image_id, page_number),
    ).fetchone()
    return None if row is None else _trial(row)


def _trial(row: sqlite3.Row) -> TrialReading:
    page: dict[str, Any] = json.loads(row["page"] or "{}")
    provenance: dict[str, Any] = json.loads(row["provenance"] or "{}")
    return TrialReading(
        id=row["id"], page_number=row["page_number"], reading=row["reading"],
        state=State(row["state"]), created_at=row["created_at"], finished_at=row["finished_at"],
        error_code=row["error_code"], error=row["error"], seconds=provenance.get("seconds"),
        models=tuple(provenance.get("models", {})), width=page.get("width", 0),
        height=page.get("height", 0), rotation=page.get("rotation", 0),
        preview=page.get("preview"), lines=[_line(*line) for line in page.get("lines", ())],
    )  # fmt: skip


def _line(
    text: str, confidence: float, polygon: list[list[float]], more: dict[str, Any] | None = None
) -> TrialLine:
    known = (more or {}).get("doubt")
    found = doubt.from_confidence(confidence) if known is None else known
    return TrialLine(text, confidence, polygon, found, (more or {}).get("model"))
