"""Whether TZ names a time zone: what the C library does not know is UTC to it, without a word."""

import re
from collections.abc import Mapping
from pathlib import Path

ZONES = Path("/usr/share/zoneinfo")
_RULE = re.compile(r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)[+-]?\d{1,2}(?::\d\d){0,2}\D?.*")
"""A zone described in full, as POSIX does: CET-1CEST,M3.5.0,M10.5.0/3."""


def problem(environ: Mapping[str, str]) -> str | None:
    """A sentence when the times in the log are not those that TZ asks for; else None."""
    name = environ.get("TZ", "").removeprefix(":")
    if not name or _RULE.fullmatch(name) or (ZONES / name).is_file():
        return None
    return (
        f"TZ is {name[:100]!r}, which is no time zone that is known here, so times are in UTC. Use "
        "a name such as Europe/Berlin."
    )
