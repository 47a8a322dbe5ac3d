"""How both services write their log: one line a message, as text or as JSON.

    text   2026-03-04 10:00:00 INFO pipeline: batch 7: 2 images in 1.30 s
    json   {"time": "2026-03-04T10:00:00.123+00:00", "level": "info", "logger": "pipeline",
            "message": "batch 7: 2 images in 1.30 s", "batch_id": 7}

Whatever a message holds, such as the name of a file, it stays one line and moves no cursor:
control characters, marks that turn the direction of writing and halves of surrogate pairs are
shown as escapes. A traceback is part of its message's line.

JSON also has the image or batch that a message is about, as `image_id` and `batch_id`:
`with about(batch_id=7):` says it for all that is logged inside, `extra={"image_id": 3}` for one
message.
"""

import contextlib
import contextvars
import datetime
import json
import logging
import unicodedata
from collections.abc import Iterator, Mapping

FORMATS = ("text", "json")
_IDS = ("image_id", "batch_id")
_subject: contextvars.ContextVar[Mapping[str, int]] = contextvars.ContextVar("subject")
_ESCAPED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)

"".encode("unicode_escape")  # loads the codec now: without a free descriptor it cannot be later


def escape(text: str) -> str:
    """`text` on one line, with nothing in it that a terminal obeys."""
    if text.isprintable():  # the usual case; surrogates and direction marks are not printable
        return text
    return "".join(
        _shown(character)
        if character in _DIRECTION_MARKS or unicodedata.category(character) in _ESCAPED_CATEGORIES
        else character
        for character in text
    )


def _shown(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def before_the_log(
    service: str, message: str, environ: Mapping[str, str], level: int = logging.CRITICAL
) -> str:
    """What a service says before it has a log, on a line of the form that the log will have.

    The form is what `environ` wants, which may be what the message complains of.
    """
    prefix = service.partition("_")[0].upper()
    if environ.get(f"{prefix}_LOG_FORMAT", "").strip() != "json":
        return f"{service}: {escape(message)}\n"
    record = logging.LogRecord(service, level, "", 0, "%s", (message,), None)
    return LineFormatter("json").format(record) + "\n"


@contextlib.contextmanager
def about(**ids: int) -> Iterator[None]:
    """What this thread logs in the block is about this `image_id` or `batch_id`."""
    token = _subject.set({**_subject.get({}), **ids})
    try:
        yield
    finally:
        _subject.reset(token)


class SubjectFilter(logging.Filter):
    """On a handler: gives each record the ids of `about`, unless it has its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in _subject.get({}).items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class LineFormatter(logging.Formatter):
    """One line a record, in one of `FORMATS`."""

    def __init__(self, kind: str = "text") -> None:
        super().__init__()
        if kind not in FORMATS:
            raise ValueError(f"there is no log format {kind!r}")
        self._is_json = kind == "json"

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        for part in (record.exc_text, record.stack_info):
            if part:
                message = f"{message}\n{part}"
        moment = datetime.datetime.fromtimestamp(record.created).astimezone()
        if not self._is_json:
            clock = moment.strftime("%Y-%m-%d %H:%M:%S")
            return f"{clock} {record.levelname} {record.name}: {escape(message)}"
        line = json.dumps({
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
            **{
                name: value
                for name in _IDS
                if isinstance(value := getattr(record, name, None), int)
            },
        })  # fmt: skip
        return line.replace("\x7f", "\\u007f")  # the one control character that JSON lets through
