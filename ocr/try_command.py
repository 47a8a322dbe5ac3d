"""`ocrctl try`: read an image once more with another profile, model or language, and compare.

    ocrctl try IMAGE_ID --with best [--page N]     reads it, shows the lines that differ
    ocrctl try IMAGE_ID --take | --drop            decides

The text stays until it is taken. Differences are read from the database, so they are shown also
while the service is stopped.
"""

import argparse
import contextlib
import sqlite3
import sys
import time
import uuid
from typing import Any

from ocr_contract import trial_readings
from ocr_contract.control import ControlClient
from ocr_contract.error_codes import ErrorCode
from ocr_contract.line_marks import points
from ocr_contract.reading_differences import pairs
from ocr_contract.schema import SchemaError, open_reader
from ocr_contract.trial_readings import State, TrialReading
from ocr_errors import EXIT_OTHER, OcrError, StoreError
from ocr_settings import Settings

_POLL_S = 0.3


def add_parser(commands: "argparse._SubParsersAction[Any]") -> None:
    """The arguments of the command."""
    trial = commands.add_parser("try", help="read an image with another profile or model, compare")
    trial.add_argument("image_id", type=int, metavar="IMAGE_ID")
    what = trial.add_mutually_exclusive_group()
    what.add_argument("--with", dest="reading", help="fast, balanced, best, model:NAME, …")
    what.add_argument("--take", action="store_true", help="let what was read be the text")
    what.add_argument("--drop", action="store_true", help="keep the present text")
    trial.add_argument("--page", type=int, help="of a document; else its first")


def run(client: ControlClient, options: argparse.Namespace, settings: Settings) -> int:
    """Ask for it and wait, or decide; without either show what there is."""
    if options.reading:
        client.try_reading(
            options.image_id, options.reading, options.page, request_id=str(uuid.uuid4())
        )
        while (found := _found(settings, options)).is_in_work:
            time.sleep(_POLL_S)
    else:
        found = _found(settings, options)
    if options.take or options.drop:
        decide = client.take_trial if options.take else client.drop_trial
        sys.stderr.write(f"{decide(found.id, request_id=str(uuid.uuid4())).state}\n")
        return 0
    if found.state == State.FAILED:
        raise OcrError(found.error_code or ErrorCode.UNKNOWN, found.error or "It failed.")
    if found.is_in_work:
        sys.stderr.write(f"{found.state}\n")
        return EXIT_OTHER
    return _show(settings, options, found)


def _found(settings: Settings, options: argparse.Namespace) -> TrialReading:
    with _reading(settings) as connection:
        found = trial_readings.find(connection, options.image_id, options.page)
    if found is None:
        raise OcrError(
            ErrorCode.UNKNOWN_TRIAL,
            f"Nothing was read on trial of image {options.image_id}. Ask with: "
            f"ocrctl try {options.image_id} --with best",
        )
    return found


def _show(settings: Settings, options: argparse.Namespace, trial: TrialReading) -> int:
    with _reading(settings) as connection:
        page = connection.execute(
            "SELECT p.* FROM pages p JOIN images i ON p.image_id = coalesce(i.duplicate_of, i.id) "
            "WHERE i.id = ? AND p.number = ?",
            (options.image_id, trial.page_number),
        ).fetchone()
        rows = connection.execute(
            "SELECT coalesce(c.text, l.text) AS text, polygon FROM lines l "
            "LEFT JOIN corrections c ON c.line_id = l.id WHERE page_id = ? ORDER BY number",
            (page["id"] if page else 0,),
        ).fetchall()
    before = [(row["text"], points(row["polygon"])) for row in rows]
    now = [(line.text, line.polygon) for line in trial.lines]
    lie_alike = page is not None and (page["width"], page["height"], page["rotation"]) == (
        *(trial.width, trial.height, trial.rotation),
    )
    count, last, in_order = 0, -1, True
    for pair in pairs(before, now, lie_alike=lie_alike):
        old = None if pair.before is None else before[pair.before][0]
        new = None if pair.now is None else now[pair.now][0]
        if pair.before is not None and pair.now is not None:
            in_order, last = in_order and pair.now > last, pair.now
        if old != new:
            count += 1
            for sign, text in (("-", old), ("+", new)):
                if text is not None:
                    sys.stdout.write(f"{sign} {_printable(text)}\n")
    again = f"ocrctl try {options.image_id}"
    if trial.page_number > 1:
        again += f" --page {trial.page_number}"
    if count == 0 and lie_alike and in_order:
        sys.stderr.write(f"nothing differs; drop it with: {again} --drop\n")
        return 0
    said = f"{count} difference{'' if count == 1 else 's'}"
    said += "" if in_order else ", and another order of lines"
    said += "" if lie_alike else ", and the page turned otherwise"
    sys.stderr.write(f"{said}; take it with: {again} --take, or --drop\n")
    return 0


@contextlib.contextmanager
def _reading(settings: Settings) -> Any:
    try:
        with contextlib.closing(open_reader(settings.database)) as connection:
            yield connection
    except SchemaError as error:
        raise StoreError(ErrorCode.DATABASE_VERSION, str(error)) from error
    except sqlite3.Error as error:
        message = f"The database {settings.database} cannot be read ({error})."
        raise StoreError(ErrorCode.DATABASE_NOT_READY, message) from error


def _printable(text: str) -> str:
    """A text in one line of a terminal: what would steer it is shown as a question mark."""
    return "".join(character if character.isprintable() else "?" for character in text)
