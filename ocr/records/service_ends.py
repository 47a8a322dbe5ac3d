"""Images that were in work when the service ended: nothing against them, until it follows them.

Whether the service was killed, the machine lost its power, or the image itself took everything
down, the database cannot tell: an image is only counted as "in work at an end" (decision 17).

    end 1              waits as before: most ends come from outside
    end 2 and more     comes last, alone, and only once the service has lived for a while without it
    more than allowed  quarantined; once more alone, when the service has lived for a minute
    and that one, too  quarantined for good

Any result of the image, and any person who asks for it, clears it. The counts belong to the content
(its SHA-256) and lie in `service_state`; there are none in nearly every database.

Each function is part of the transaction of its caller, `store`.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from ocr_contract.error_codes import ErrorCode
from ocr_contract.schema import Status
from ocr_errors import ImageError
from records import duplicates
from records.database import Connection

LAST_TRIAL_S = 60.0
"""How long the service must have lived before a quarantined image is tried once more."""
_SUSPECT_FROM = 2
_LONGEST_WAIT_S = 60.0
_MOST_KEPT = 500
_KEY = "in_work_at_ends"

ENDS_THE_SERVICE = ImageError(
    ErrorCode.SERVICE_ENDED,
    "The service ended several times while it read this image, at last with no other beside it. It "
    "is tried once more by itself; ocrctl retry --quarantined tries it at once.",
)
ENDS_IT_FOR_GOOD = ImageError(
    ErrorCode.SERVICE_ENDED,
    "The service ended each time while it read this image, also when it was tried once more. Use "
    "ocrctl retry --quarantined, or replace the file.",
)


class Named(NamedTuple):
    """A condition on `images` of which ones are meant, and its values; by default all."""

    condition: str = ""
    values: Sequence[bytes] = ()


class Trial(NamedTuple):
    """An image that may be tried alone."""

    due_s: float
    """How long the service must have lived by then."""
    image_id: int
    is_quarantined: bool


def allowed_ends(max_attempts: int) -> int:
    """With so many ends an image is quarantined: two that it may have shared, the others alone."""
    return _SUSPECT_FROM + max_attempts


def after_an_end(
    connection: Connection, sha256s: list[str], max_attempts: int
) -> dict[str, ImageError]:
    """Count an end for these contents; returns which are quarantined now, and with which words."""
    ends = _load(connection)
    allowed = allowed_ends(max_attempts)
    verdicts: dict[str, ImageError] = {}
    for sha256 in sha256s:
        ends[sha256] = ends.get(sha256, 0) + 1
        if ends[sha256] > allowed:
            verdicts[sha256] = ENDS_IT_FOR_GOOD
            del ends[sha256]  # nothing more comes of it
        elif ends[sha256] == allowed:
            verdicts[sha256] = ENDS_THE_SERVICE
    _save(connection, ends)
    return verdicts


def held_back(connection: Connection) -> list[str]:
    """The contents that come last and alone."""
    return [sha256 for sha256, count in _load(connection).items() if count >= _SUSPECT_FROM]


def trials(connection: Connection, named: Named, *, quarantined: bool) -> list[Trial]:
    """Who may be tried alone and when, the soonest first; `quarantined` ones last of all."""
    ends = {sha256: count for sha256, count in _load(connection).items() if count >= _SUSPECT_FROM}
    if not ends:
        return []
    rows = connection.execute(
        "SELECT id, sha256, status FROM images WHERE duplicate_of IS NULL AND (status = ? "  # noqa: S608
        "OR (? AND status = ? AND error_code = ?)) "
        f"AND sha256 IN (SELECT value FROM json_each(?)) {named.condition}",  # a constant of ours
        (
            Status.PENDING,
            quarantined,
            Status.QUARANTINED,
            ErrorCode.SERVICE_ENDED,
            json.dumps(list(ends)),
            *named.values,
        ),
    )
    found = [
        Trial(_wait_s(ends[sha256]), image_id, False)
        if status == Status.PENDING
        else Trial(LAST_TRIAL_S, image_id, True)
        for image_id, sha256, status in rows
    ]
    return sorted(found, key=lambda trial: (trial.is_quarantined, trial.due_s, trial.image_id))


def on_trial(connection: Connection, named: Named, lived_s: float) -> list[int]:
    """The id of the next one, pending now, if the service has lived long enough for it."""
    for trial in trials(connection, named, quarantined=True):
        if trial.due_s > lived_s:
            continue
        if trial.is_quarantined:
            connection.execute(
                "UPDATE images SET status = ?, error_code = NULL, error = NULL WHERE id = ?",
                (Status.PENDING, trial.image_id),
            )
            duplicates.spread(connection, trial.image_id)
        return [trial.image_id]
    return []


def clear(connection: Connection, image_id: int) -> None:
    """The image has a result, or a person wants it: it begins anew."""
    ends = _load(connection)
    if not ends:
        return
    for (sha256,) in connection.execute("SELECT sha256 FROM images WHERE id = ?", (image_id,)):
        if ends.pop(sha256, None) is not None:
            _save(connection, ends)


def _wait_s(ends: int) -> float:
    """A service that is killed again and again is given time to live between two trials."""
    return min(2.0 ** (ends - 1), _LONGEST_WAIT_S)


def _load(connection: Connection) -> dict[str, int]:
    rows = connection.execute("SELECT value FROM service_state WHERE key = ?", (_KEY,)).fetchall()
    if not rows:
        return {}
    try:
        return {sha256: int(count) for sha256, count in json.loads(rows[0][0]).items()}
    except (ValueError, TypeError, AttributeError):  # changed on the disk: as if there were none
        return {}


def _save(connection: Connection, ends: dict[str, int]) -> None:
    if not ends:
        connection.execute("DELETE FROM service_state WHERE key = ?", (_KEY,))
        return
    if len(ends) > _MOST_KEPT:  # of those that were hit once, whoever has been there longest
        kept = sorted(ends, key=ends.__getitem__, reverse=True)[:_MOST_KEPT]
        ends = {sha256: ends[sha256] for sha256 in kept}
    connection.execute(
        "INSERT OR REPLACE INTO service_state (key, value) VALUES (?, ?)", (_KEY, json.dumps(ends))
    )
