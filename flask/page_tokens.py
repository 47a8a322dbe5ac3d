"""The opaque `next` token: where in the list the following page begins.

Inside is the sort key of the last row shown, (updated_at, id). A row that moves up while
somebody pages is neither repeated nor skipped below it, and page 1,000 costs what page 1 does.
"""

import base64
import binascii
import json

from web_errors import BadParameterError

MAX_ID = 2**63 - 1
_MAX_TOKEN_CHARS = 200
_MAX_TIME_CHARS = 40

SortKey = tuple[str, int]


def encode(key: SortKey) -> str:
    """The token for the rows after `key`."""
    raw = json.dumps(key, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(token: str) -> SortKey:
    """The sort key in `token`.

    Raises:
        BadParameterError: this is no token of ours.
    """
    problem = BadParameterError("This part of the list has no such address; start at the top.")
    if len(token) > _MAX_TOKEN_CHARS or not token.isascii():
        raise problem
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        value = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError):
        raise problem from None
    match value:
        case [str(time), int(number)] if (
            len(time) <= _MAX_TIME_CHARS
            and time.isascii()
            and not isinstance(number, bool)
            and 0 <= number <= MAX_ID
        ):
            return time, number
        case _:
            raise problem
