"""The names under which images are listed by their state, on the page and in `state:`."""

from ocr_contract.schema import Status

STATE_FILTERS: dict[str, tuple[Status, ...] | None] = {
    "latest": (Status.DONE, Status.PROCESSING, Status.FAILED, Status.QUARANTINED),
    "done": (Status.DONE,),
    "warnings": (Status.DONE,),
    "waiting": (Status.PENDING, Status.PROCESSING),
    "failed": (Status.FAILED, Status.QUARANTINED),
    "ignored": (Status.IGNORED,),
    "missing": (Status.MISSING,),
    "all": None,
}
"""`?state=`: which statuses it lists; None is every one. WARNINGS lists those of its status that
have a warning."""
WARNINGS = "warnings"


def named(name: str) -> tuple[tuple[Status, ...], bool] | None:
    """(statuses, only those with a warning) of a filter's name or a status; None: no such name."""
    if name in STATE_FILTERS:
        return STATE_FILTERS[name] or tuple(Status), name == WARNINGS
    try:
        return (Status(name),), False
    except ValueError:
        return None
